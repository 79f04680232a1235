//! Events into commands. Nothing is decided here: amounts and inputs are carried over as they were sent.

use crate::Wallet;
use crate::app::post::{self, Work};
use crate::app::{ids, member, plan};
use crate::domain::Command;
use crate::domain::command::{
    Bonus, BonusReversal, BookingPayment, PairEarning, PairVoid, PayoutStep, Refund, RefundClawback, RefundTo,
    ReserveUse, Return, Settlement,
};
use chassis::events::consumer::Consumer;
use chassis::events::{Envelope, HandleError, read};
use db::DbConnection;
use domain::{PaymentId, PaymentMethod, PlanVersion, UserId};
use proto_events::auth::v1::UserRegistered;
use proto_events::binary::v1::{Pair, PairsMatched, PairsVoided, PlacementMade, PlanPublished};
use proto_events::booking::v1::{
    BonusesTakenBack, ClawbackRequested, EmiApplied, EmiReleased, PaymentCompleted, PaymentRefunded, PaymentReturned,
    WalletPaymentRequested,
};
use proto_events::payout::v1::{
    Payout, PayoutApproved, PayoutCancelled, PayoutCompleted, PayoutFailed, PayoutRejected, PayoutRequested,
    PayoutReversed, TaxLine,
};
use uuid::Uuid;

type Commands = Result<Vec<Command>, HandleError>;

#[async_trait::async_trait]
impl Consumer for Wallet {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let mut batch = Vec::with_capacity(events.len());
        let mut published = Vec::new();
        for event in events {
            if event.is::<PlanPublished>() {
                let version = plan_version(&event.decode()?)?;
                plan::keep(c, &version).await?;
                published.push(version.version);
                continue;
            }
            if event.is::<UserRegistered>() {
                let registered: UserRegistered = event.decode()?;
                let user = read::part("user", &registered.user)?;
                member::keep(c, read::id("user_id", &user.user_id)?, &user.name).await?;
                continue;
            }
            let commands = commands(event)?;
            if !commands.is_empty() {
                batch.push(Work { event: event.clone(), commands });
            }
        }
        if batch.is_empty() && published.is_empty() {
            return Ok(());
        }
        post::events(c, &**self.ctx.clock(), batch, &published, commands).await
    }
}

/// What an event asks of the ledger; nothing where it concerns others only.
fn commands(e: &Envelope) -> Commands {
    match e.event_type.as_str() {
        "booking.v1.PaymentCompleted" => payment_completed(e.decode()?),
        "booking.v1.PaymentRefunded" => payment_refunded(e.decode()?),
        "booking.v1.PaymentReturned" => payment_returned(e.decode()?),
        "booking.v1.ClawbackRequested" => clawback_requested(e.decode()?),
        "booking.v1.WalletPaymentRequested" => payment_requested(e.decode()?),
        "booking.v1.EmiApplied" => emi_applied(e.decode()?),
        "booking.v1.EmiReleased" => emi_released(e.decode()?),
        "binary.v1.PlacementMade" => pairs(&e.decode::<PlacementMade>()?.pairs),
        "binary.v1.PairsMatched" => pairs(&e.decode::<PairsMatched>()?.pairs),
        "binary.v1.PairsVoided" => pairs_voided(&e.decode()?),
        "payout.v1.PayoutRequested" => one(Command::Hold(step(&e.decode::<PayoutRequested>()?.payout)?)),
        "payout.v1.PayoutApproved" => one(Command::Capture(step(&e.decode::<PayoutApproved>()?.payout)?)),
        "payout.v1.PayoutRejected" => rejected(&e.decode()?),
        "payout.v1.PayoutCancelled" => one(Command::Release(step(&e.decode::<PayoutCancelled>()?.payout)?)),
        "payout.v1.PayoutCompleted" => completed(&e.decode()?),
        "payout.v1.PayoutFailed" => one(Command::Fail(step(&e.decode::<PayoutFailed>()?.payout)?)),
        "payout.v1.PayoutReversed" => reversed(&e.decode()?),
        _ => Ok(Vec::new()),
    }
}

fn one(command: Command) -> Commands {
    Ok(vec![command])
}

fn payment_completed(m: PaymentCompleted) -> Commands {
    let Some(referrer_id) = read::optional_id("referrer_id", m.referrer_id.as_deref())? else {
        return Ok(Vec::new());
    };
    let standing = read::part("standing", &m.standing)?;
    one(Command::Bonus(Bonus {
        payment_id: read::id("payment_id", &m.payment_id)?,
        booking_id: read::id("booking_id", &m.booking_id)?,
        referrer_id,
        referred_id: read::id("user_id", &m.user_id)?,
        payment_amount: read::money(m.amount_paise),
        method: read::word("method", &m.method)?,
        on_first_booking: m.on_first_booking,
        net_paid_before: read::money(standing.net_paid_before_paise),
        net_paid_after: read::money(standing.net_paid_after_paise),
        bonus: read::money(m.referral_bonus_paise),
        once_a_member: m.referral_once_a_member,
        plan_version: m.plan_version,
        at: read::time("completed_at", m.completed_at)?,
        booking_number: m.booking_number,
    }))
}

/// The money where it came from, and the referral bonuses taken back that go with it.
fn payment_refunded(m: PaymentRefunded) -> Commands {
    let refund_id = uuid("refund_id", &m.refund_id)?;
    let user_id: UserId = read::id("user_id", &m.user_id)?;
    let at = read::time("refunded_at", m.refunded_at)?;
    let method: PaymentMethod = read::word("method", &m.method)?;
    let mut commands = Vec::with_capacity(2);
    // `source` is the gateway's business: the money never comes here.
    if m.refund_to != "source" {
        commands.push(Command::Refund(Refund {
            refund_id,
            payment_id: read::id("payment_id", &m.payment_id)?,
            user_id,
            amount: read::money(m.amount_paise),
            method,
            to: read::word::<RefundTo>("refund_to", &m.refund_to)?,
            booking_number: m.booking_number.clone(),
            reserve_id: ids::reserve("refund", refund_id),
            at,
        }));
    }
    let Some(referrer_id) = read::optional_id("referrer_id", m.referrer_id.as_deref())? else { return Ok(commands) };
    let taken_back = m.bonuses_taken_back.unwrap_or(BonusesTakenBack { own: true, other_payment_id: None });
    let refunded: PaymentId = read::id("payment_id", &m.payment_id)?;
    let own = taken_back.own.then_some((refunded, None));
    let other = read::optional_id("other_payment_id", taken_back.other_payment_id.as_deref())?;
    for (payment_id, refunded_id) in own.into_iter().chain(other.map(|other| (other, Some(refunded)))) {
        commands.push(Command::BonusReversal(BonusReversal {
            payment_id,
            refund_id,
            referrer_id,
            referred_id: user_id,
            booking_number: m.booking_number.clone(),
            refunded_id,
            at,
        }));
    }
    Ok(commands)
}

fn payment_returned(m: PaymentReturned) -> Commands {
    one(Command::Return(Return {
        return_id: uuid("return_id", &m.return_id)?,
        payment_id: read::id("payment_id", &m.payment_id)?,
        user_id: read::id("user_id", &m.user_id)?,
        amount: read::money(m.amount_paise),
        cause: m.cause,
        booking_number: m.booking_number,
        at: read::time("returned_at", m.returned_at)?,
    }))
}

fn clawback_requested(m: ClawbackRequested) -> Commands {
    let (of_return, credited_by) = match (&m.return_id, &m.refund_id) {
        (Some(id), None) => (true, uuid("return_id", id)?),
        (None, Some(id)) => (false, uuid("refund_id", id)?),
        (Some(_), Some(_)) | (None, None) => return Err(HandleError::poison("one of return_id and refund_id")),
    };
    one(Command::RefundClawback(RefundClawback {
        clawback_id: uuid("clawback_id", &m.clawback_id)?,
        payment_id: read::id("payment_id", &m.payment_id)?,
        user_id: read::id("user_id", &m.user_id)?,
        amount: read::money(m.amount_paise),
        gateway_refund_id: m.gateway_refund_id,
        of_return,
        credited_by,
        booking_number: m.booking_number,
        at: read::time("requested_at", m.requested_at)?,
    }))
}

fn payment_requested(m: WalletPaymentRequested) -> Commands {
    one(Command::BookingPayment(BookingPayment {
        payment_id: read::id("payment_id", &m.payment_id)?,
        booking_id: read::id("booking_id", &m.booking_id)?,
        user_id: read::id("user_id", &m.user_id)?,
        amount: read::money(m.amount_paise),
        booking_number: m.booking_number,
        at: read::time("requested_at", m.requested_at)?,
    }))
}

fn emi_applied(m: EmiApplied) -> Commands {
    one(Command::ApplyReserve(ReserveUse {
        use_id: uuid("application_id", &m.application_id)?,
        reserve_id: read::id("reserve_id", &m.reserve_id)?,
        user_id: read::id("user_id", &m.user_id)?,
        amount: read::money(m.amount_paise),
        booking_number: m.booking_number,
        instalment: m.instalment,
        reason: String::new(),
        at: read::time("applied_at", m.applied_at)?,
    }))
}

fn emi_released(m: EmiReleased) -> Commands {
    one(Command::ReleaseReserve(ReserveUse {
        use_id: uuid("release_id", &m.release_id)?,
        reserve_id: read::id("reserve_id", &m.reserve_id)?,
        user_id: read::id("user_id", &m.user_id)?,
        amount: read::money(m.amount_paise),
        booking_number: String::new(),
        instalment: 0,
        reason: m.reason,
        at: read::time("released_at", m.released_at)?,
    }))
}

fn pairs(pairs: &[Pair]) -> Commands {
    pairs.iter().map(|pair| earning(pair).map(Command::Pair)).collect()
}

fn earning(m: &Pair) -> Result<PairEarning, HandleError> {
    let pair_id = uuid("pair_id", &m.pair_id)?;
    let flushed = match m.status.as_str() {
        "matched" => false,
        "flushed" => true,
        other => return Err(HandleError::poison(format!("a pair that was just made is not `{other}`"))),
    };
    Ok(PairEarning {
        pair_id,
        earner_id: read::id("earner_id", &m.earner_id)?,
        number: m.number,
        left_user_id: read::id("left_user_id", &m.left_user_id)?,
        right_user_id: read::id("right_user_id", &m.right_user_id)?,
        period: m.period,
        slot: m.slot,
        flushed,
        earner_active_buyer: m.earner_active_buyer,
        plan_version: m.plan_version,
        gross: read::money(m.gross_paise),
        emi_deduction: read::money(m.emi_deduction_paise),
        reserve_deduction: read::money(m.reserve_deduction_paise),
        available: read::money(m.available_paise),
        forgone: read::money(m.forgone_paise),
        reserve_id: ids::reserve("pair", pair_id),
        at: read::time("matched_at", m.matched_at)?,
    })
}

fn pairs_voided(m: &PairsVoided) -> Commands {
    let at = read::time("voided_at", m.voided_at)?;
    let (left_by, refund_id) = (read::id("user_id", &m.user_id)?, uuid("refund_id", &m.refund_id)?);
    let void = |pair: &Pair| {
        Ok(Command::PairVoid(PairVoid {
            pair_id: uuid("pair_id", &pair.pair_id)?,
            earner_id: read::id("earner_id", &pair.earner_id)?,
            number: pair.number,
            left_by,
            refund_id,
            at,
        }))
    };
    m.pairs.iter().map(void).collect()
}

fn step(payout: &Option<Payout>) -> Result<PayoutStep, HandleError> {
    let m = read::part("payout", payout)?;
    Ok(PayoutStep {
        payout_id: read::id("payout_id", &m.payout_id)?,
        user_id: read::id("user_id", &m.user_id)?,
        amount: read::money(m.requested_paise),
        reason: m.reason.clone(),
        at: read::time("changed_at", m.changed_at)?,
    })
}

fn rejected(m: &PayoutRejected) -> Commands {
    // The wallet itself refused the hold: there is none to release.
    if m.hold_refused { Ok(Vec::new()) } else { one(Command::Release(step(&m.payout)?)) }
}

fn completed(m: &PayoutCompleted) -> Commands {
    one(Command::Complete(settlement(&m.payout, &m.tax)?))
}

fn reversed(m: &PayoutReversed) -> Commands {
    one(Command::ReversePayout(settlement(&m.payout, &m.tax)?))
}

fn settlement(payout: &Option<Payout>, tax: &Option<TaxLine>) -> Result<Settlement, HandleError> {
    let m = read::part("payout", payout)?;
    let payout_id: domain::PayoutId = read::id("payout_id", &m.payout_id)?;
    Ok(Settlement {
        payout_id,
        user_id: read::id("user_id", &m.user_id)?,
        requested: read::money(m.requested_paise),
        tds: read::money(m.tds_paise),
        emi: read::money(m.emi_paise),
        net: read::money(m.net_paise),
        tax_rule: tax.as_ref().map(|t| t.rule_id.clone()).unwrap_or_default(),
        reserve_id: ids::reserve("payout", payout_id.uuid()),
        at: read::time("changed_at", m.changed_at)?,
    })
}

fn plan_version(m: &PlanPublished) -> Result<PlanVersion, HandleError> {
    let plan = serde_json::from_str(&m.plan_json).map_err(|e| HandleError::poison(format!("plan_json: {e}")))?;
    let effective_from = read::time("effective_from", m.effective_from)?;
    Ok(PlanVersion { version: m.version, effective_from, plan })
}

fn uuid(field: &str, bytes: &[u8]) -> Result<Uuid, HandleError> {
    Uuid::from_slice(bytes).map_err(|_| HandleError::poison(format!("{field} is not an id")))
}
