//! Refund state machine: destination, status, wallet credits and clawbacks.
//!
//! A refund at the source is done only when the gateway reports it as processed. The gateway's refunds of a payment
//! are a set that only grows; each of them moves from pending to failed or processed, and from failed to
//! processed. So messages may be lost, repeated and reordered. Wallet credits and clawbacks are derived from that set.

use super::GatewayName;
use domain::{Money, MoneyError, PaymentMethod, Timestamp};

pub use proto_events::vocabulary::RefundTo;

domain::text_enum! {
    /// Status of a refund.
    pub enum RefundStatus {
        /// `PaymentRefunded` is published; the gateway is not called yet.
        Requested = "requested",
        /// The gateway was called: the refund is pending there, or the outcome is unknown.
        Sent = "sent",
        Done = "done",
        /// The gateway did not create the refund: the wallet was credited instead.
        Failed = "failed",
    }
}

domain::text_enum! {
    /// State of a refund at its gateway. The greater of two reported states holds, in any order of arrival.
    pub enum GatewayRefundState {
        Pending = "pending",
        Failed = "failed",
        Processed = "processed",
    }
}

domain::text_enum! {
    /// Result of a gateway's refund in this service.
    pub enum GatewayRefundOutcome {
        /// Not processed yet.
        Open = "open",
        /// Its money is accounted for.
        Settled = "settled",
        /// It matches no refund of this service: shown to staff.
        Unmatched = "unmatched",
    }
}

domain::text_enum! {
    /// Requester of a refund.
    pub enum RefundActor {
        /// A member or staff.
        Person = "person",
        /// Made in the gateway's dashboard.
        Gateway = "gateway",
    }
}

domain::text_enum! {
    /// Staff's resolution of a refund with an unknown outcome.
    pub enum Resolution {
        Refunded = "refunded",
        Failed = "failed",
    }
}

/// Requested destination of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundPreference {
    Wallet,
    Source,
}

/// Decides the destination of a refund. Only a gateway can refund at the source; cash and bank transfers go to the
/// wallet, EMI deductions back to the reserve.
pub const fn decide_destination(
    method: PaymentMethod,
    preference: RefundPreference,
    can_refund_at_source: bool,
) -> RefundTo {
    match (method, preference) {
        (PaymentMethod::EmiDeduction, RefundPreference::Wallet | RefundPreference::Source) => RefundTo::EmiReserve,
        (PaymentMethod::Online, RefundPreference::Source) if can_refund_at_source => RefundTo::Source,
        (
            PaymentMethod::Online | PaymentMethod::BankTransfer | PaymentMethod::Cash | PaymentMethod::Wallet,
            RefundPreference::Wallet | RefundPreference::Source,
        ) => RefundTo::Wallet,
    }
}

/// Hours after which staff may resolve a refund with an unknown outcome.
pub const RESOLVABLE_AFTER_HOURS: i64 = 24;

/// A refund as its gateway reports it, requested by this service or made in the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayRefund {
    pub id: String,
    pub amount: Money,
    pub state: GatewayRefundState,
    /// Whether this service requested it: its receipt is the refund's id.
    pub is_ours: bool,
    /// The amount clawed back from the wallet because of it.
    pub clawback: Money,
}

/// A refund of a whole payment, with everything that decides its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundState {
    pub amount: Money,
    pub to: RefundTo,
    pub status: RefundStatus,
    /// Number of calls to the gateway.
    pub attempts: i64,
    /// The gateway refused the refund for good, or staff resolved it as failed.
    pub refused: bool,
    /// Amount that staff confirmed as refunded at the source.
    pub confirmed: Money,
    /// Amount credited to the wallet.
    pub credited: Money,
    /// Time since which the outcome is unknown.
    pub unknown_since: Option<Timestamp>,
    pub gateway_refunds: Vec<GatewayRefund>,
}

/// Input of the refund state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundSignal {
    /// The gateway is about to be called.
    Attempt,
    /// The call was not made.
    NotSent,
    /// The gateway reported one refund, in an answer or a webhook.
    Reported(GatewayRefund),
    /// The gateway listed all refunds of the payment.
    Listed(Vec<GatewayRefund>),
    /// The gateway refused the refund for good; `listed` are all refunds of the payment.
    Refused { listed: Vec<GatewayRefund> },
    /// The outcome of the call is unknown.
    Unknown,
    /// Staff resolved the refund.
    Resolved(Resolution),
}

/// Money movements that follow from a signal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefundEffects {
    /// Amount to credit to the payer's wallet.
    pub credit: Money,
    /// Amounts to claw back from the payer's wallet, each with the id of the gateway's refund that causes it.
    pub clawbacks: Vec<(String, Money)>,
}

impl RefundState {
    /// A refund that was just requested. It is done at once unless its gateway has to be called.
    pub fn requested(amount: Money, to: RefundTo, gateway: Option<GatewayName>) -> Self {
        let needs_api_call = to == RefundTo::Source && gateway.is_some_and(GatewayName::needs_api_calls);
        Self {
            amount,
            to,
            status: if needs_api_call { RefundStatus::Requested } else { RefundStatus::Done },
            attempts: 0,
            refused: false,
            confirmed: if to == RefundTo::Source && !needs_api_call { amount } else { Money::ZERO },
            credited: if to == RefundTo::Wallet { amount } else { Money::ZERO },
            unknown_since: None,
            gateway_refunds: Vec::new(),
        }
    }

    /// Whether the refund is done or failed.
    pub const fn is_final(&self) -> bool {
        matches!(self.status, RefundStatus::Done | RefundStatus::Failed)
    }

    fn total(&self, state: GatewayRefundState) -> Result<Money, MoneyError> {
        Money::total(self.gateway_refunds.iter().filter(|r| r.state == state).map(|r| r.amount))
    }

    fn clawed_back(&self) -> Result<Money, MoneyError> {
        Money::total(self.gateway_refunds.iter().map(|r| r.clawback))
    }

    /// Amount refunded at the source.
    fn returned_at_source(&self) -> Result<Money, MoneyError> {
        Ok(self.total(GatewayRefundState::Processed)?.max(self.confirmed))
    }

    /// Amount the payer got back: at the source and in the wallet, less clawbacks.
    pub fn total_returned(&self) -> Result<Money, MoneyError> {
        self.returned_at_source()?.add(self.credited)?.sub(self.clawed_back()?)
    }

    fn ours(&self) -> impl Iterator<Item = &GatewayRefund> {
        self.gateway_refunds.iter().filter(|r| r.is_ours)
    }

    /// Whether the refund that this service requested is final at the gateway, or will never be created.
    fn is_concluded(&self) -> bool {
        let has_pending = self.ours().any(|r| r.state == GatewayRefundState::Pending);
        !has_pending && (self.refused || self.ours().next().is_some())
    }

    /// Whether the gateway still has to create the refund, given the list of all refunds of the payment.
    pub fn needs_create(&self) -> Result<bool, MoneyError> {
        let is_open = matches!(self.status, RefundStatus::Requested | RefundStatus::Sent);
        let refunded_or_pending = self.returned_at_source()?.add(self.total(GatewayRefundState::Pending)?)?;
        Ok(is_open && !self.refused && self.ours().next().is_none() && refunded_or_pending < self.amount)
    }

    /// Whether staff may resolve the refund.
    pub fn is_resolvable(&self, now: Timestamp) -> bool {
        self.status == RefundStatus::Sent
            && self.unknown_since.is_some_and(|since| since.plus_hours(RESOLVABLE_AFTER_HOURS) <= now)
    }

    /// The id of the gateway's refund that represents this one: the one requested here, else the most advanced one.
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

    /// Decides clawbacks of money that was refunded at the source and credited to the wallet, once for each gateway
    /// refund.
    fn claw_back(&mut self) -> Result<Vec<(String, Money)>, MoneyError> {
        let credited = self.credited.sub(self.clawed_back()?)?;
        let mut surplus = self.total_returned()?.minus_or_zero(self.amount).min(credited);
        let mut clawbacks = Vec::new();
        let is_uncounted = |r: &&mut GatewayRefund| r.state == GatewayRefundState::Processed && r.clawback.is_zero();
        for refund in self.gateway_refunds.iter_mut().filter(is_uncounted) {
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
        Ok(if self.returned_at_source()? >= self.amount {
            RefundStatus::Done
        } else if self.total_returned()? >= self.amount {
            RefundStatus::Failed
        } else if self.status == RefundStatus::Requested {
            RefundStatus::Requested
        } else {
            RefundStatus::Sent
        })
    }

    /// Derives status, credit and clawbacks. The wallet is credited only when `all_known`: the gateway has listed all
    /// refunds of the payment, or staff resolved the refund.
    fn recalculate(&mut self, all_known: bool) -> Result<RefundEffects, MoneyError> {
        let clawbacks = self.claw_back()?;
        let returned_or_pending = self.total_returned()?.add(self.total(GatewayRefundState::Pending)?)?;
        let mut credit = Money::ZERO;
        if self.to == RefundTo::Source && all_known && self.is_concluded() {
            credit = self.amount.minus_or_zero(returned_or_pending);
            self.credited = self.credited.add(credit)?;
        }
        self.status = self.next_status()?;
        if self.status != RefundStatus::Sent {
            self.unknown_since = None;
        }
        Ok(RefundEffects { credit, clawbacks })
    }
}

/// Decides the refund's next state, its credit and its clawbacks; the only function that does. Errors with
/// `MoneyError` on overflow.
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
        RefundSignal::NotSent => {
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
            state.recalculate(false)?
        }
        RefundSignal::Listed(listed) => {
            listed.iter().for_each(|refund| state.merge(refund));
            state.recalculate(true)?
        }
        RefundSignal::Refused { listed } => {
            listed.iter().for_each(|refund| state.merge(refund));
            state.refused = true;
            state.recalculate(true)?
        }
        RefundSignal::Resolved(resolution) => {
            match resolution {
                Resolution::Refunded => state.confirmed = state.amount,
                Resolution::Failed => state.refused = true,
            }
            state.recalculate(true)?
        }
    };
    Ok((state, effects))
}

#[cfg(test)]
mod tests;
