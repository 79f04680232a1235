//! Events of bookings, read into commands.

use super::{Batch, CommandBatch, LedgerTable, parse_uuid, single};
use crate::app::ids;
use crate::domain::Command;
use crate::domain::entries::booking_payment::BookingPayment;
use crate::domain::entries::payment_return::PaymentReturn;
use crate::domain::entries::referral::{BonusReversal, ReferralBonus};
use crate::domain::entries::refund::Refund;
use crate::domain::entries::refund_clawback::RefundClawback;
use crate::domain::entries::reserve_use::ReserveUse;
use domain::{PaymentId, PaymentMethod, UserId};
use messaging::{EventTable, HandleError, decode};
use proto_events::booking::v1::{
    BonusesTakenBack, ClawbackRequested, EmiApplied, EmiReleased, PaymentCompleted, PaymentRefunded, PaymentReturned,
    WalletPaymentRequested,
};

/// Adds the events of bookings to `table`.
pub(super) fn add(table: EventTable<Batch>) -> EventTable<Batch> {
    table
        .on_ledger::<PaymentCompleted>(payment_completed)
        .on_ledger::<PaymentRefunded>(payment_refunded)
        .on_ledger::<PaymentReturned>(payment_returned)
        .on_ledger::<ClawbackRequested>(clawback_requested)
        .on_ledger::<WalletPaymentRequested>(wallet_payment_requested)
        .on_ledger::<EmiApplied>(emi_applied)
        .on_ledger::<EmiReleased>(emi_released)
}

fn payment_completed(event: PaymentCompleted) -> CommandBatch {
    let Some(referrer_id) = decode::optional_id("referrer_id", event.referrer_id.as_deref())? else {
        return Ok(Vec::new());
    };
    let standing = decode::required("standing", &event.standing)?;
    single(Command::Referral(ReferralBonus {
        payment_id: decode::id("payment_id", &event.payment_id)?,
        booking_id: decode::id("booking_id", &event.booking_id)?,
        referrer_id,
        referred_id: decode::id("user_id", &event.user_id)?,
        payment_amount: decode::money(event.amount_paise),
        method: decode::word("method", &event.method)?,
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
    let payment_id: PaymentId = decode::id("payment_id", &event.payment_id)?;
    let user_id: UserId = decode::id("user_id", &event.user_id)?;
    let at = decode::time("refunded_at", event.refunded_at)?;
    let method: PaymentMethod = decode::word("method", &event.method)?;
    let mut commands = Vec::with_capacity(2);
    // The gateway refunds to `source`; the wallet has no part in it.
    if event.refund_to != "source" {
        commands.push(Command::Refund(Refund {
            refund_id,
            payment_id,
            user_id,
            amount: decode::money(event.amount_paise),
            method,
            to: decode::word("refund_to", &event.refund_to)?,
            booking_number: event.booking_number.clone(),
            reserve_id: ids::reserve("refund", refund_id),
            at,
        }));
    }
    let Some(referrer_id) = decode::optional_id("referrer_id", event.referrer_id.as_deref())? else {
        return Ok(commands);
    };
    let bonuses = event.bonuses_taken_back.unwrap_or(BonusesTakenBack { own: true, other_payment_id: None });
    let own = bonuses.own.then_some((payment_id, None));
    let other = decode::optional_id("other_payment_id", bonuses.other_payment_id.as_deref())?;
    for (payment_id, refunded_id) in own.into_iter().chain(other.map(|other| (other, Some(payment_id)))) {
        commands.push(Command::ReferralReversal(BonusReversal {
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
    single(Command::PaymentReturn(PaymentReturn {
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
    single(Command::RefundClawback(RefundClawback {
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
    single(Command::BookingPayment(BookingPayment {
        payment_id: decode::id("payment_id", &event.payment_id)?,
        booking_id: decode::id("booking_id", &event.booking_id)?,
        user_id: decode::id("user_id", &event.user_id)?,
        amount: decode::money(event.amount_paise),
        booking_number: event.booking_number,
        at: decode::time("requested_at", event.requested_at)?,
    }))
}

fn emi_applied(event: EmiApplied) -> CommandBatch {
    single(Command::EmiApplication(ReserveUse {
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
    single(Command::EmiRelease(ReserveUse {
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
