//! A refund: where its money goes, and its one transition function.
//!
//! A refund at the source is made when the gateway says so, and only then. What a gateway says of its refunds of a
//! payment is kept as a set that only grows, each member going from pending to failed or processed and from failed to
//! processed; so messages may be lost, repeated and reordered. What the wallet is credited with, and what is clawed
//! back from it, follow from that set.

use domain::{Money, MoneyError, PaymentMethod, Timestamp};

domain::text_enum! {
    pub enum RefundTo {
        Wallet = "wallet",
        /// Back through the gateway it came from.
        Source = "source",
        EmiReserve = "emi_reserve",
    }
}

domain::text_enum! {
    pub enum RefundStatus {
        /// The consequences are told; the gateway has not been asked yet.
        Requested = "requested",
        /// The gateway was asked: it has it under way, or its answer is not known.
        Sent = "sent",
        Done = "done",
        /// The gateway did not make it: the money went to the wallet instead.
        Failed = "failed",
    }
}

domain::text_enum! {
    /// Where a refund stands at its gateway. The greater of two reports holds, whichever comes first.
    pub enum GatewayRefundState {
        Pending = "pending",
        Failed = "failed",
        Processed = "processed",
    }
}

domain::text_enum! {
    /// What a gateway's refund came to here.
    pub enum GatewayRefundOutcome {
        /// Nothing has gone back with it yet.
        Open = "open",
        /// Its money is accounted for.
        Settled = "settled",
        /// It matches nothing here: staff see to it.
        Unmatched = "unmatched",
    }
}

domain::text_enum! {
    /// Who asked for a refund.
    pub enum RefundActor {
        Person = "person",
        /// It was made in the gateway's own dashboard.
        Gateway = "gateway",
    }
}

domain::text_enum! {
    /// What staff found out about a refund whose outcome the gateway does not tell.
    pub enum Resolution {
        Refunded = "refunded",
        Failed = "failed",
    }
}

/// What the person who refunds may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    Wallet,
    Source,
}

/// To where it came from. Only a gateway can give back at the source; cash and transfers go to the wallet.
pub const fn destination(method: PaymentMethod, wish: Wish, gateway_gives_back: bool) -> RefundTo {
    match (method, wish) {
        (PaymentMethod::EmiDeduction, Wish::Wallet | Wish::Source) => RefundTo::EmiReserve,
        (PaymentMethod::Online, Wish::Source) if gateway_gives_back => RefundTo::Source,
        (
            PaymentMethod::Online | PaymentMethod::BankTransfer | PaymentMethod::Cash | PaymentMethod::Wallet,
            Wish::Wallet | Wish::Source,
        ) => RefundTo::Wallet,
    }
}

/// Hours for which a refund's outcome has to be unknown before staff may resolve it.
pub const RESOLVABLE_AFTER_HOURS: i64 = 24;

/// One refund of a payment as its gateway has it, made by us or in its dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRefund {
    pub id: String,
    pub amount: Money,
    pub state: GatewayRefundState,
    /// Whether it carries the id of our refund.
    pub is_ours: bool,
    /// What the wallet was asked to give back because of it.
    pub clawback: Money,
}

/// A refund of a whole payment, and all that is known of its money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundState {
    pub amount: Money,
    pub to: RefundTo,
    pub status: RefundStatus,
    /// How often the gateway was asked.
    pub attempts: i64,
    /// The gateway has refused to make it, or staff say that it did not.
    pub refused: bool,
    /// What is known to have gone back at the source without a refund of the gateway that shows it.
    pub confirmed: Money,
    /// What the wallet was credited with.
    pub credited: Money,
    /// Since when the gateway's answer is not known.
    pub unknown_since: Option<Timestamp>,
    pub gateway_refunds: Vec<GatewayRefund>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundSignal {
    /// The gateway is about to be asked.
    Attempt,
    /// It was not asked after all.
    NotAsked,
    /// The gateway says this of one refund: an answer to a request, or a message.
    Reported(GatewayRefund),
    /// All refunds of the payment, as the gateway lists them.
    Listed(Vec<GatewayRefund>),
    /// The gateway refused to make the refund, and then listed all that there are.
    Refused {
        listed: Vec<GatewayRefund>,
    },
    /// Whether the gateway did what it was asked is not known.
    Unknown,
    Resolved(Resolution),
}

/// Money that has to move because of a signal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefundEffects {
    /// To credit the payer's wallet with.
    pub credit: Money,
    /// To take back from the payer's wallet, and the gateway's refund that is the cause of it.
    pub clawbacks: Vec<(String, Money)>,
}

impl RefundState {
    fn total(&self, state: GatewayRefundState) -> Result<Money, MoneyError> {
        Money::total(self.gateway_refunds.iter().filter(|r| r.state == state).map(|r| r.amount))
    }

    fn clawed_back(&self) -> Result<Money, MoneyError> {
        Money::total(self.gateway_refunds.iter().map(|r| r.clawback))
    }

    /// What has gone back at the source.
    fn at_source(&self) -> Result<Money, MoneyError> {
        Ok(self.total(GatewayRefundState::Processed)?.max(self.confirmed))
    }

    /// What the payer has got back: at the source and in the wallet, less what is clawed back.
    pub fn given(&self) -> Result<Money, MoneyError> {
        self.at_source()?.add(self.credited)?.sub(self.clawed_back()?)
    }

    fn ours(&self) -> impl Iterator<Item = &GatewayRefund> {
        self.gateway_refunds.iter().filter(|r| r.is_ours)
    }

    /// Whether our own refund has come to an end at the gateway, or will never begin.
    fn is_concluded(&self) -> bool {
        let pending = self.ours().any(|r| r.state == GatewayRefundState::Pending);
        !pending && (self.refused || self.ours().next().is_some())
    }

    /// Whether the gateway has to be asked to make the refund, once it has listed all that there are.
    pub fn wants_create(&self) -> Result<bool, MoneyError> {
        let open = matches!(self.status, RefundStatus::Requested | RefundStatus::Sent);
        let made = self.at_source()?.add(self.total(GatewayRefundState::Pending)?)?;
        Ok(open && !self.refused && self.ours().next().is_none() && made < self.amount)
    }

    /// Whether staff may say what became of it.
    pub fn is_resolvable(&self, now: Timestamp) -> bool {
        self.status == RefundStatus::Sent
            && self.unknown_since.is_some_and(|since| since.plus_hours(RESOLVABLE_AFTER_HOURS) <= now)
    }

    /// The gateway's refund that stands for this one.
    pub fn gateway_refund_id(&self) -> Option<&str> {
        let best = |ours: bool| {
            self.gateway_refunds
                .iter()
                .filter(move |r| r.is_ours == ours)
                .max_by_key(|r| r.state)
                .map(|r| r.id.as_str())
        };
        best(true).or_else(|| best(false))
    }

    fn merge(&mut self, reported: &GatewayRefund) {
        match self.gateway_refunds.iter_mut().find(|r| r.id == reported.id) {
            Some(known) => {
                known.state = known.state.max(reported.state);
                known.is_ours |= reported.is_ours;
            }
            None => self.gateway_refunds.push(GatewayRefund { clawback: Money::ZERO, ..reported.clone() }),
        }
        if self.ours().next().is_some() {
            self.unknown_since = None;
        }
    }

    /// Takes back from the wallet what went back at the source as well, once for each of the gateway's refunds.
    fn claw_back(&mut self) -> Result<Vec<(String, Money)>, MoneyError> {
        let credited = self.credited.sub(self.clawed_back()?)?;
        let mut surplus = self.given()?.minus_or_zero(self.amount).min(credited);
        let mut clawbacks = Vec::new();
        let causes = |r: &&mut GatewayRefund| r.state == GatewayRefundState::Processed && r.clawback.is_zero();
        for refund in self.gateway_refunds.iter_mut().filter(causes) {
            let part = surplus.min(refund.amount);
            if part.is_positive() {
                surplus = surplus.sub(part)?;
                refund.clawback = part;
                clawbacks.push((refund.id.clone(), part));
            }
        }
        Ok(clawbacks)
    }

    fn next_status(&self) -> Result<RefundStatus, MoneyError> {
        if self.to != RefundTo::Source {
            return Ok(self.status);
        }
        Ok(if self.at_source()? >= self.amount {
            RefundStatus::Done
        } else if self.given()? >= self.amount {
            RefundStatus::Failed
        } else if self.status == RefundStatus::Requested {
            RefundStatus::Requested
        } else {
            RefundStatus::Sent
        })
    }

    /// Brings money and status in line with what is known. The wallet is credited only where all refunds that the
    /// gateway has are known, or staff say so.
    fn settle(&mut self, all_known: bool) -> Result<RefundEffects, MoneyError> {
        let clawbacks = self.claw_back()?;
        let due = self.given()?.add(self.total(GatewayRefundState::Pending)?)?;
        let mut credit = Money::ZERO;
        if self.to == RefundTo::Source && all_known && self.is_concluded() {
            credit = self.amount.minus_or_zero(due);
            self.credited = self.credited.add(credit)?;
        }
        self.status = self.next_status()?;
        if self.status != RefundStatus::Sent {
            self.unknown_since = None;
        }
        Ok(RefundEffects { credit, clawbacks })
    }
}

/// The only place where a refund's status, its credit and its clawbacks come from.
pub fn advance(
    mut state: RefundState,
    signal: &RefundSignal,
    now: Timestamp,
) -> Result<(RefundState, RefundEffects), MoneyError> {
    let effects = match signal {
        RefundSignal::Attempt => {
            state.attempts = state.attempts.saturating_add(1);
            if state.status == RefundStatus::Requested {
                state.status = RefundStatus::Sent;
            }
            RefundEffects::default()
        }
        RefundSignal::NotAsked => {
            state.attempts = state.attempts.saturating_sub(1).max(0);
            if state.attempts == 0 && state.status == RefundStatus::Sent && state.gateway_refunds.is_empty() {
                state.status = RefundStatus::Requested;
            }
            RefundEffects::default()
        }
        RefundSignal::Unknown => {
            if state.status == RefundStatus::Sent && state.ours().next().is_none() {
                state.unknown_since = state.unknown_since.or(Some(now));
            }
            RefundEffects::default()
        }
        RefundSignal::Reported(refund) => {
            state.merge(refund);
            state.settle(false)?
        }
        RefundSignal::Listed(listed) => {
            listed.iter().for_each(|refund| state.merge(refund));
            state.settle(true)?
        }
        RefundSignal::Refused { listed } => {
            listed.iter().for_each(|refund| state.merge(refund));
            state.refused = true;
            state.settle(true)?
        }
        RefundSignal::Resolved(resolution) => {
            match resolution {
                Resolution::Refunded => state.confirmed = state.amount,
                Resolution::Failed => state.refused = true,
            }
            state.settle(true)?
        }
    };
    Ok((state, effects))
}

#[cfg(test)]
mod tests;
