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
use chassis::events::{ApplyBatch, Envelope, EventConsumer, HandleError, decode};
use db::DbConnection;
use domain::{PaymentId, PaymentMethod, PlanVersion, UserId};
use proto_events::Event;
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
use std::collections::BTreeMap;
use uuid::Uuid;

type CommandBatch = Result<Vec<Command>, HandleError>;

/// The consumer of the wallet service.
pub(crate) fn consumer(ctx: Ctx) -> EventConsumer<Ledger, Batch> {
    table(Ledger { ctx, readers: ledger_events(CommandReaders::default()) })
}

fn table<S: ApplyBatch<Batch>>(state: S) -> EventConsumer<S, Batch> {
    let copies = EventConsumer::new(state).on::<UserRegistered>(user_registered).on::<PlanPublished>(plan_published);
    ledger_events(copies)
}

/// Adds the events that become commands to `table`.
fn ledger_events<T: LedgerTable>(table: T) -> T {
    table
        .on_ledger::<PaymentCompleted>(payment_completed)
        .on_ledger::<PaymentRefunded>(payment_refunded)
        .on_ledger::<PaymentReturned>(payment_returned)
        .on_ledger::<ClawbackRequested>(clawback_requested)
        .on_ledger::<WalletPaymentRequested>(wallet_payment_requested)
        .on_ledger::<EmiApplied>(emi_applied)
        .on_ledger::<EmiReleased>(emi_released)
        .on_ledger::<PlacementMade>(|event| pair_earnings(&event.pairs))
        .on_ledger::<PairsMatched>(|event| pair_earnings(&event.pairs))
        .on_ledger::<PairsVoided>(pairs_voided)
        .on_ledger::<PayoutRequested>(|event| single_command(Command::Hold(hold_change(event.payout)?)))
        .on_ledger::<PayoutApproved>(|event| single_command(Command::Capture(hold_change(event.payout)?)))
        .on_ledger::<PayoutRejected>(payout_rejected)
        .on_ledger::<PayoutCancelled>(|event| single_command(Command::Release(hold_change(event.payout)?)))
        .on_ledger::<PayoutCompleted>(|event| single_command(Command::Complete(settlement(event.payout, event.tax)?)))
        .on_ledger::<PayoutFailed>(|event| single_command(Command::Fail(hold_change(event.payout)?)))
        .on_ledger::<PayoutReversed>(|event| {
            single_command(Command::ReversePayout(settlement(event.payout, event.tax)?))
        })
}

/// A table of the events that become commands: the consumer's, or that of [`CommandReaders`].
trait LedgerTable: Sized {
    /// Adds a type and how its events become commands: none for an event that does not concern the ledger, poison for a
    /// malformed one.
    fn on_ledger<M: Event + 'static>(self, commands: fn(M) -> CommandBatch) -> Self;
}

impl<S: ApplyBatch<Batch>> LedgerTable for EventConsumer<S, Batch> {
    fn on_ledger<M: Event + 'static>(self, commands: fn(M) -> CommandBatch) -> Self {
        self.on_envelope::<M>(move |batch, event, envelope| {
            let commands = commands(event)?;
            if !commands.is_empty() {
                batch.work.push(EventWork { event: envelope.clone(), commands });
            }
            Ok(())
        })
    }
}

type ReadCommands = Box<dyn Fn(&Envelope) -> CommandBatch + Send + Sync>;

/// Reads stored events, which waited to take effect, into commands again.
#[derive(Default)]
struct CommandReaders(BTreeMap<String, ReadCommands>);

impl LedgerTable for CommandReaders {
    fn on_ledger<M: Event + 'static>(mut self, commands: fn(M) -> CommandBatch) -> Self {
        self.0.insert(M::event_type(), Box::new(move |event| commands(event.decode()?)));
        self
    }
}

impl CommandReaders {
    /// The commands of an event. Errors with poison for a type that has none.
    fn read(&self, event: &Envelope) -> CommandBatch {
        match self.0.get(&event.event_type) {
            Some(read) => read(event),
            None => Err(HandleError::poison(format!("no commands for events of type {}", event.event_type))),
        }
    }
}

/// What the events of a transaction hold.
#[derive(Default)]
pub(crate) struct Batch {
    /// Registered members with their names.
    members: Vec<(UserId, String)>,
    plan_versions: Vec<PlanVersion>,
    /// In the order of the events; without those that have no commands.
    work: Vec<EventWork>,
}

/// Applies a batch to the ledger.
pub(crate) struct Ledger {
    ctx: Ctx,
    readers: CommandReaders,
}

#[async_trait::async_trait]
impl ApplyBatch<Batch> for Ledger {
    async fn apply(&self, c: &mut DbConnection, batch: Batch) -> Result<(), HandleError> {
        let Batch { members, plan_versions, work } = batch;
        plan::save_all(c, &plan_versions).await?;
        member::save_all(c, members).await?;
        if work.is_empty() && plan_versions.is_empty() {
            return Ok(());
        }
        let published: Vec<u32> = plan_versions.iter().map(|plan| plan.version).collect();
        posting::post_events(c, &**self.ctx.clock(), work, &published, &|event| self.readers.read(event)).await
    }
}

fn user_registered(batch: &mut Batch, event: UserRegistered) -> Result<(), HandleError> {
    let user = decode::required("user", &event.user)?;
    batch.members.push((decode::id("user_id", &user.user_id)?, user.name.clone()));
    Ok(())
}

fn plan_published(batch: &mut Batch, event: PlanPublished) -> Result<(), HandleError> {
    let plan = serde_json::from_str(&event.plan_json).map_err(|e| HandleError::poison(format!("plan_json: {e}")))?;
    let effective_from = decode::time("effective_from", event.effective_from)?;
    batch.plan_versions.push(PlanVersion { version: event.version, effective_from, plan });
    Ok(())
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

fn pairs_voided(event: PairsVoided) -> CommandBatch {
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

fn hold_change(payout: Option<Payout>) -> Result<HoldChange, HandleError> {
    let payout = decode::required("payout", &payout)?;
    Ok(HoldChange {
        payout_id: decode::id("payout_id", &payout.payout_id)?,
        user_id: decode::id("user_id", &payout.user_id)?,
        amount: decode::money(payout.requested_paise),
        reason: payout.reason.clone(),
        at: decode::time("changed_at", payout.changed_at)?,
    })
}

fn payout_rejected(event: PayoutRejected) -> CommandBatch {
    // The wallet rejected the hold, so there is none to release.
    if event.hold_refused { Ok(Vec::new()) } else { single_command(Command::Release(hold_change(event.payout)?)) }
}

fn settlement(payout: Option<Payout>, tax: Option<TaxLine>) -> Result<PayoutSettlement, HandleError> {
    let payout = decode::required("payout", &payout)?;
    let payout_id: domain::PayoutId = decode::id("payout_id", &payout.payout_id)?;
    Ok(PayoutSettlement {
        payout_id,
        user_id: decode::id("user_id", &payout.user_id)?,
        requested: decode::money(payout.requested_paise),
        tds: decode::money(payout.tds_paise),
        emi: decode::money(payout.emi_paise),
        net: decode::money(payout.net_paise),
        tax_rule: tax.map(|t| t.rule_id).unwrap_or_default(),
        reserve_id: ids::reserve("payout", payout_id.uuid()),
        at: decode::time("changed_at", payout.changed_at)?,
    })
}

fn parse_uuid(field: &str, bytes: &[u8]) -> Result<Uuid, HandleError> {
    Uuid::from_slice(bytes).map_err(|_| HandleError::poison(format!("{field} is not a UUID")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::events::handler::EventHandler;
    use proto_events::auth::v1::SessionRevoked;
    use proto_events::subscriptions;

    struct NoLedger;

    #[async_trait::async_trait]
    impl ApplyBatch<Batch> for NoLedger {
        async fn apply(&self, _: &mut DbConnection, _: Batch) -> Result<(), HandleError> {
            Ok(())
        }
    }

    #[test]
    fn the_table_has_every_subscribed_type_and_no_other() {
        let mut types = table(NoLedger).types();
        types.push(SessionRevoked::event_type());
        types.sort_unstable();
        let mut subscribed = subscriptions::for_service("wallet").to_vec();
        subscribed.sort_unstable();
        assert_eq!(types, subscribed);
    }
}
