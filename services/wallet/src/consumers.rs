//! Consumers of the wallet service. Events become commands with the amounts and inputs that were sent; nothing is
//! decided here.

use crate::app::posting::{self, EventWork};
use crate::app::{ids, member, plan};
use crate::domain::Command;
use crate::domain::command::{
    BonusReversal, BookingPayment, HoldChange, PairEarning, PairVoid, PaymentReturn, PayoutSettlement, ReferralBonus,
    Refund, RefundClawback, RefundTo, ReserveUse,
};
use chassis::Ctx;
use chassis::events::handler::EventHandler;
use chassis::events::{Envelope, HandleError, decode};
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

type CommandBatch = Result<Vec<Command>, HandleError>;

/// The consumer of the wallet service.
pub(crate) struct EventConsumer {
    pub(crate) ctx: Ctx,
}

#[async_trait::async_trait]
impl EventHandler for EventConsumer {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let mut batch = Vec::with_capacity(events.len());
        let mut published = Vec::new();
        for event in events {
            if event.is::<PlanPublished>() {
                let plan_version = plan_version(&event.decode()?)?;
                plan::save(c, &plan_version).await?;
                published.push(plan_version.version);
                continue;
            }
            if event.is::<UserRegistered>() {
                let registered: UserRegistered = event.decode()?;
                let user = decode::required("user", &registered.user)?;
                member::save(c, decode::id("user_id", &user.user_id)?, &user.name).await?;
                continue;
            }
            let commands = read_commands(event)?;
            if !commands.is_empty() {
                batch.push(EventWork { event: event.clone(), commands });
            }
        }
        if batch.is_empty() && published.is_empty() {
            return Ok(());
        }
        posting::post_events(c, &**self.ctx.clock(), batch, &published, read_commands).await
    }
}

/// The commands of an event; none for an event that does not concern the ledger. Errors with poison when it is
/// malformed.
fn read_commands(event: &Envelope) -> CommandBatch {
    match event.event_type.as_str() {
        "booking.v1.PaymentCompleted" => payment_completed(event.decode()?),
        "booking.v1.PaymentRefunded" => payment_refunded(event.decode()?),
        "booking.v1.PaymentReturned" => payment_returned(event.decode()?),
        "booking.v1.ClawbackRequested" => clawback_requested(event.decode()?),
        "booking.v1.WalletPaymentRequested" => wallet_payment_requested(event.decode()?),
        "booking.v1.EmiApplied" => emi_applied(event.decode()?),
        "booking.v1.EmiReleased" => emi_released(event.decode()?),
        "binary.v1.PlacementMade" => pair_earnings(&event.decode::<PlacementMade>()?.pairs),
        "binary.v1.PairsMatched" => pair_earnings(&event.decode::<PairsMatched>()?.pairs),
        "binary.v1.PairsVoided" => pairs_voided(&event.decode()?),
        "payout.v1.PayoutRequested" => {
            single_command(Command::Hold(hold_change(&event.decode::<PayoutRequested>()?.payout)?))
        }
        "payout.v1.PayoutApproved" => {
            single_command(Command::Capture(hold_change(&event.decode::<PayoutApproved>()?.payout)?))
        }
        "payout.v1.PayoutRejected" => payout_rejected(&event.decode()?),
        "payout.v1.PayoutCancelled" => {
            single_command(Command::Release(hold_change(&event.decode::<PayoutCancelled>()?.payout)?))
        }
        "payout.v1.PayoutCompleted" => payout_completed(&event.decode()?),
        "payout.v1.PayoutFailed" => {
            single_command(Command::Fail(hold_change(&event.decode::<PayoutFailed>()?.payout)?))
        }
        "payout.v1.PayoutReversed" => payout_reversed(&event.decode()?),
        _ => Ok(Vec::new()),
    }
}

fn single_command(command: Command) -> CommandBatch {
    Ok(vec![command])
}

fn payment_completed(event: PaymentCompleted) -> CommandBatch {
    let Some(referrer_id) = decode::optional_id("referrer_id", event.referrer_id.as_deref())? else {
        return Ok(Vec::new());
    };
    let standing = decode::required("standing", &event.standing)?;
    single_command(Command::ReferralBonus(ReferralBonus {
        payment_id: decode::id("payment_id", &event.payment_id)?,
        booking_id: decode::id("booking_id", &event.booking_id)?,
        referrer_id,
        referred_id: decode::id("user_id", &event.user_id)?,
        payment_amount: decode::money(event.amount_paise),
        method: decode::parse("method", &event.method)?,
        on_first_booking: event.on_first_booking,
        net_paid_before: decode::money(standing.net_paid_before_paise),
        net_paid_after: decode::money(standing.net_paid_after_paise),
        bonus: decode::money(event.referral_bonus_paise),
        once_a_member: event.referral_once_a_member,
        plan_version: event.plan_version,
        at: decode::time("completed_at", event.completed_at)?,
        booking_number: event.booking_number,
    }))
}

/// The refund itself, unless the gateway makes it, and the reversals of the referral bonuses that go with it.
fn payment_refunded(event: PaymentRefunded) -> CommandBatch {
    let refund_id = parse_uuid("refund_id", &event.refund_id)?;
    let user_id: UserId = decode::id("user_id", &event.user_id)?;
    let at = decode::time("refunded_at", event.refunded_at)?;
    let method: PaymentMethod = decode::parse("method", &event.method)?;
    let mut commands = Vec::with_capacity(2);
    // The gateway refunds to `source`; the wallet has no part in it.
    if event.refund_to != "source" {
        commands.push(Command::Refund(Refund {
            refund_id,
            payment_id: decode::id("payment_id", &event.payment_id)?,
            user_id,
            amount: decode::money(event.amount_paise),
            method,
            to: decode::parse::<RefundTo>("refund_to", &event.refund_to)?,
            booking_number: event.booking_number.clone(),
            reserve_id: ids::reserve("refund", refund_id),
            at,
        }));
    }
    let Some(referrer_id) = decode::optional_id("referrer_id", event.referrer_id.as_deref())? else {
        return Ok(commands);
    };
    let bonuses = event.bonuses_taken_back.unwrap_or(BonusesTakenBack { own: true, other_payment_id: None });
    let refunded: PaymentId = decode::id("payment_id", &event.payment_id)?;
    let own = bonuses.own.then_some((refunded, None));
    let other = decode::optional_id("other_payment_id", bonuses.other_payment_id.as_deref())?;
    for (payment_id, refunded_id) in own.into_iter().chain(other.map(|other| (other, Some(refunded)))) {
        commands.push(Command::BonusReversal(BonusReversal {
            payment_id,
            refund_id,
            referrer_id,
            referred_id: user_id,
            booking_number: event.booking_number.clone(),
            refunded_id,
            at,
        }));
    }
    Ok(commands)
}

fn payment_returned(event: PaymentReturned) -> CommandBatch {
    single_command(Command::PaymentReturn(PaymentReturn {
        return_id: parse_uuid("return_id", &event.return_id)?,
        payment_id: decode::id("payment_id", &event.payment_id)?,
        user_id: decode::id("user_id", &event.user_id)?,
        amount: decode::money(event.amount_paise),
        cause: event.cause,
        booking_number: event.booking_number,
        at: decode::time("returned_at", event.returned_at)?,
    }))
}

fn clawback_requested(event: ClawbackRequested) -> CommandBatch {
    let (of_return, credited_by) = match (&event.return_id, &event.refund_id) {
        (Some(id), None) => (true, parse_uuid("return_id", id)?),
        (None, Some(id)) => (false, parse_uuid("refund_id", id)?),
        (Some(_), Some(_)) | (None, None) => {
            return Err(HandleError::poison("exactly one of return_id and refund_id must be set"));
        }
    };
    single_command(Command::RefundClawback(RefundClawback {
        clawback_id: parse_uuid("clawback_id", &event.clawback_id)?,
        payment_id: decode::id("payment_id", &event.payment_id)?,
        user_id: decode::id("user_id", &event.user_id)?,
        amount: decode::money(event.amount_paise),
        gateway_refund_id: event.gateway_refund_id,
        of_return,
        credited_by,
        booking_number: event.booking_number,
        at: decode::time("requested_at", event.requested_at)?,
    }))
}

fn wallet_payment_requested(event: WalletPaymentRequested) -> CommandBatch {
    single_command(Command::BookingPayment(BookingPayment {
        payment_id: decode::id("payment_id", &event.payment_id)?,
        booking_id: decode::id("booking_id", &event.booking_id)?,
        user_id: decode::id("user_id", &event.user_id)?,
        amount: decode::money(event.amount_paise),
        booking_number: event.booking_number,
        at: decode::time("requested_at", event.requested_at)?,
    }))
}

fn emi_applied(event: EmiApplied) -> CommandBatch {
    single_command(Command::ApplyReserve(ReserveUse {
        use_id: parse_uuid("application_id", &event.application_id)?,
        reserve_id: decode::id("reserve_id", &event.reserve_id)?,
        user_id: decode::id("user_id", &event.user_id)?,
        amount: decode::money(event.amount_paise),
        booking_number: event.booking_number,
        instalment: event.instalment,
        reason: String::new(),
        at: decode::time("applied_at", event.applied_at)?,
    }))
}

fn emi_released(event: EmiReleased) -> CommandBatch {
    single_command(Command::ReleaseReserve(ReserveUse {
        use_id: parse_uuid("release_id", &event.release_id)?,
        reserve_id: decode::id("reserve_id", &event.reserve_id)?,
        user_id: decode::id("user_id", &event.user_id)?,
        amount: decode::money(event.amount_paise),
        booking_number: String::new(),
        instalment: 0,
        reason: event.reason,
        at: decode::time("released_at", event.released_at)?,
    }))
}

fn pair_earnings(pairs: &[Pair]) -> CommandBatch {
    pairs.iter().map(|pair| pair_earning(pair).map(Command::Pair)).collect()
}

fn pair_earning(pair: &Pair) -> Result<PairEarning, HandleError> {
    let pair_id = parse_uuid("pair_id", &pair.pair_id)?;
    let flushed = match pair.status.as_str() {
        "matched" => false,
        "flushed" => true,
        other => return Err(HandleError::poison(format!("a new pair cannot have the status `{other}`"))),
    };
    Ok(PairEarning {
        pair_id,
        earner_id: decode::id("earner_id", &pair.earner_id)?,
        number: pair.number,
        left_user_id: decode::id("left_user_id", &pair.left_user_id)?,
        right_user_id: decode::id("right_user_id", &pair.right_user_id)?,
        period: pair.period,
        slot: pair.slot,
        flushed,
        earner_active_buyer: pair.earner_active_buyer,
        plan_version: pair.plan_version,
        gross: decode::money(pair.gross_paise),
        emi_deduction: decode::money(pair.emi_deduction_paise),
        reserve_deduction: decode::money(pair.reserve_deduction_paise),
        available: decode::money(pair.available_paise),
        forgone: decode::money(pair.forgone_paise),
        reserve_id: ids::reserve("pair", pair_id),
        at: decode::time("matched_at", pair.matched_at)?,
    })
}

fn pairs_voided(event: &PairsVoided) -> CommandBatch {
    let at = decode::time("voided_at", event.voided_at)?;
    let (left_by, refund_id) = (decode::id("user_id", &event.user_id)?, parse_uuid("refund_id", &event.refund_id)?);
    let void = |pair: &Pair| {
        Ok(Command::PairVoid(PairVoid {
            pair_id: parse_uuid("pair_id", &pair.pair_id)?,
            earner_id: decode::id("earner_id", &pair.earner_id)?,
            number: pair.number,
            left_by,
            refund_id,
            at,
        }))
    };
    event.pairs.iter().map(void).collect()
}

fn hold_change(payout: &Option<Payout>) -> Result<HoldChange, HandleError> {
    let payout = decode::required("payout", payout)?;
    Ok(HoldChange {
        payout_id: decode::id("payout_id", &payout.payout_id)?,
        user_id: decode::id("user_id", &payout.user_id)?,
        amount: decode::money(payout.requested_paise),
        reason: payout.reason.clone(),
        at: decode::time("changed_at", payout.changed_at)?,
    })
}

fn payout_rejected(event: &PayoutRejected) -> CommandBatch {
    // The wallet rejected the hold, so there is none to release.
    if event.hold_refused { Ok(Vec::new()) } else { single_command(Command::Release(hold_change(&event.payout)?)) }
}

fn payout_completed(event: &PayoutCompleted) -> CommandBatch {
    single_command(Command::Complete(payout_settlement(&event.payout, &event.tax)?))
}

fn payout_reversed(event: &PayoutReversed) -> CommandBatch {
    single_command(Command::ReversePayout(payout_settlement(&event.payout, &event.tax)?))
}

fn payout_settlement(payout: &Option<Payout>, tax: &Option<TaxLine>) -> Result<PayoutSettlement, HandleError> {
    let payout = decode::required("payout", payout)?;
    let payout_id: domain::PayoutId = decode::id("payout_id", &payout.payout_id)?;
    Ok(PayoutSettlement {
        payout_id,
        user_id: decode::id("user_id", &payout.user_id)?,
        requested: decode::money(payout.requested_paise),
        tds: decode::money(payout.tds_paise),
        emi: decode::money(payout.emi_paise),
        net: decode::money(payout.net_paise),
        tax_rule: tax.as_ref().map(|t| t.rule_id.clone()).unwrap_or_default(),
        reserve_id: ids::reserve("payout", payout_id.uuid()),
        at: decode::time("changed_at", payout.changed_at)?,
    })
}

fn plan_version(event: &PlanPublished) -> Result<PlanVersion, HandleError> {
    let plan = serde_json::from_str(&event.plan_json).map_err(|e| HandleError::poison(format!("plan_json: {e}")))?;
    let effective_from = decode::time("effective_from", event.effective_from)?;
    Ok(PlanVersion { version: event.version, effective_from, plan })
}

fn parse_uuid(field: &str, bytes: &[u8]) -> Result<Uuid, HandleError> {
    Uuid::from_slice(bytes).map_err(|_| HandleError::poison(format!("{field} is not a UUID")))
}
