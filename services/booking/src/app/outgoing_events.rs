//! Messages of the service's events: the only place that makes them.

use crate::domain::aggregate::{
    Booking, BookingEvent, ClawbackRequested, CreditSource, EmiApplied, Instalment, Payment, PaymentCompleted,
    PaymentRefunded, PaymentReturned, Standing,
};
use crate::error::BookingError;
use db::DbConnection;
use domain::{Timestamp, UserId};
use messaging::outbox::{self, OutboxEvent};
use proto_events::booking::v1 as message;

/// Publishes events, in their order, in the transaction of `c`.
pub(super) async fn publish(c: &mut DbConnection, events: &[BookingEvent]) -> Result<(), BookingError> {
    Ok(outbox::publish_all(c, events.iter().map(outbox_event).collect()).await?)
}

fn outbox_event(event: &BookingEvent) -> OutboxEvent {
    match event {
        BookingEvent::DayStarted(day) => {
            let starts_at = day.starts_at();
            let started = message::DayStarted { day: day.to_string(), started_at: starts_at.micros() };
            OutboxEvent::new(day, starts_at, &started)
        }
        BookingEvent::BookingChanged { booking, instalments } => {
            OutboxEvent::new(booking.id, booking.changed_at, &booking_changed(booking, instalments))
        }
        BookingEvent::EmiOverdue { user_id, booking_number, instalment, at } => {
            let overdue = emi_overdue(*user_id, booking_number, instalment, *at);
            OutboxEvent::new(instalment.booking_id, *at, &overdue)
        }
        BookingEvent::EmiReminded { user_id, booking_number, instalment, kind, at } => {
            let reminded = message::EmiReminded {
                booking_id: instalment.booking_id.into(),
                user_id: (*user_id).into(),
                booking_number: booking_number.clone(),
                n: instalment.n,
                due_on: instalment.due_on.map(|d| d.to_string()).unwrap_or_default(),
                unpaid_paise: instalment.unpaid().paise(),
                kind: kind.to_string(),
                reminded_at: at.micros(),
            };
            OutboxEvent::new(instalment.booking_id, *at, &reminded)
        }
        BookingEvent::WalletPaymentRequested { payment, amount, at } => {
            let requested = message::WalletPaymentRequested {
                payment_id: payment.payment_id.into(),
                booking_id: payment.booking_id.into(),
                user_id: payment.user_id.into(),
                amount_paise: amount.paise(),
                booking_number: payment.booking_number.clone(),
                requested_at: at.micros(),
            };
            OutboxEvent::new(payment.payment_id, *at, &requested)
        }
        BookingEvent::PaymentCompleted(completed) => {
            OutboxEvent::new(completed.payment.id, completed.completed_at, &payment_completed(completed))
        }
        BookingEvent::ReceiptNumbered { payment, booking_number, at } => {
            OutboxEvent::new(payment.id, *at, &receipt_numbered(payment, booking_number, *at))
        }
        BookingEvent::PaymentRefunded(refunded) => {
            OutboxEvent::new(refunded.payment.id, refunded.refunded_at, &payment_refunded(refunded))
        }
        BookingEvent::PaymentReturned(returned) => {
            OutboxEvent::new(returned.payment.payment_id, returned.returned_at, &payment_returned(returned))
        }
        BookingEvent::ClawbackRequested(requested) => {
            OutboxEvent::new(requested.payment.payment_id, requested.requested_at, &clawback_requested(requested))
        }
        BookingEvent::EmiApplied(applied) => {
            OutboxEvent::new(applied.reserve_id, applied.applied_at, &emi_applied(applied))
        }
        BookingEvent::EmiReleased { release_id, reserve_id, user_id, amount, at } => {
            let released = message::EmiReleased {
                release_id: (*release_id).into(),
                reserve_id: (*reserve_id).into(),
                user_id: (*user_id).into(),
                amount_paise: amount.paise(),
                reason: "every booking is paid for".to_owned(),
                released_at: at.micros(),
            };
            OutboxEvent::new(reserve_id, *at, &released)
        }
    }
}

fn booking_changed(booking: &Booking, instalments: &[Instalment]) -> message::BookingChanged {
    message::BookingChanged {
        booking_id: booking.id.into(),
        user_id: booking.user_id.into(),
        version: booking.version,
        number: booking.number.clone(),
        status: booking.status.to_string(),
        vehicle_id: booking.vehicle_id.into(),
        vehicle: booking.vehicle.clone(),
        price_paise: booking.price_paise.paise(),
        booking_amount_paise: booking.booking_amount_paise.paise(),
        total_paid_paise: booking.total_paid_paise.paise(),
        emi_months: booking.emi_months,
        instalments: instalments.iter().map(instalment_message).collect(),
        created_at: booking.created_at.micros(),
        confirmed_at: booking.confirmed_at.map_or(0, Timestamp::micros),
        changed_at: booking.changed_at.micros(),
        reason: booking.reason.clone(),
    }
}

fn instalment_message(instalment: &Instalment) -> message::Instalment {
    message::Instalment {
        n: instalment.n,
        due_on: instalment.due_on.map(|d| d.to_string()).unwrap_or_default(),
        amount_paise: instalment.amount_paise.paise(),
        paid_paise: instalment.paid_paise.paise(),
        status: instalment.status.to_string(),
    }
}

fn emi_overdue(user_id: UserId, number: &str, instalment: &Instalment, at: Timestamp) -> message::EmiOverdue {
    message::EmiOverdue {
        booking_id: instalment.booking_id.into(),
        user_id: user_id.into(),
        booking_number: number.to_owned(),
        n: instalment.n,
        due_on: instalment.due_on.map(|d| d.to_string()).unwrap_or_default(),
        unpaid_paise: instalment.unpaid().paise(),
        noticed_at: at.micros(),
    }
}

fn standing_message(standing: &Standing) -> message::Standing {
    message::Standing {
        net_paid_before_paise: standing.net_paid_before.paise(),
        net_paid_after_paise: standing.net_paid_after.paise(),
        active_buyer_before: standing.active_before,
        active_buyer_after: standing.active_after,
        version: standing.version,
    }
}

fn payment_completed(completed: &PaymentCompleted) -> message::PaymentCompleted {
    let payment = &completed.payment;
    message::PaymentCompleted {
        payment_id: payment.id.into(),
        booking_id: payment.booking_id.into(),
        user_id: payment.user_id.into(),
        referrer_id: completed.referrer_id.map(Into::into),
        amount_paise: payment.amount_paise.paise(),
        method: payment.method.to_string(),
        on_first_booking: completed.on_first_booking,
        referral_bonus_paise: completed.referral_bonus.paise(),
        referral_once_a_member: completed.is_bonus_once_a_member,
        standing: Some(standing_message(&completed.standing)),
        plan_version: completed.plan_version,
        booking_number: completed.booking_number.clone(),
        completed_at: completed.completed_at.micros(),
    }
}

fn receipt_numbered(payment: &Payment, booking_number: &str, at: Timestamp) -> message::ReceiptNumbered {
    message::ReceiptNumbered {
        payment_id: payment.id.into(),
        booking_id: payment.booking_id.into(),
        user_id: payment.user_id.into(),
        booking_number: booking_number.to_owned(),
        receipt_number: payment.receipt().unwrap_or_default(),
        amount_paise: payment.amount_paise.paise(),
        method: payment.method.to_string(),
        gateway_payment_id: payment.gateway_payment_id.clone().unwrap_or_default(),
        reference: payment.reference.clone().unwrap_or_default(),
        completed_at: payment.completed_at.unwrap_or(payment.created_at).micros(),
        numbered_at: at.micros(),
    }
}

fn payment_refunded(refunded: &PaymentRefunded) -> message::PaymentRefunded {
    let (payment, bonuses) = (&refunded.payment, &refunded.reversed_bonuses);
    message::PaymentRefunded {
        refund_id: refunded.refund_id.into(),
        payment_id: payment.id.into(),
        booking_id: payment.booking_id.into(),
        user_id: payment.user_id.into(),
        referrer_id: refunded.referrer_id.map(Into::into),
        amount_paise: payment.amount_paise.paise(),
        method: payment.method.to_string(),
        refund_to: refunded.to.to_string(),
        standing: Some(standing_message(&refunded.standing)),
        plan_version: refunded.plan_version,
        reason: refunded.reason.clone(),
        booking_number: refunded.booking_number.clone(),
        refunded_at: refunded.refunded_at.micros(),
        bonuses_taken_back: Some(message::BonusesTakenBack {
            own: bonuses.own,
            other_payment_id: bonuses.other.map(Into::into),
        }),
    }
}

fn payment_returned(returned: &PaymentReturned) -> message::PaymentReturned {
    let payment = &returned.payment;
    message::PaymentReturned {
        return_id: returned.return_id.as_bytes().to_vec(),
        payment_id: payment.payment_id.into(),
        booking_id: payment.booking_id.into(),
        user_id: payment.user_id.into(),
        amount_paise: returned.amount.paise(),
        cause: returned.cause.to_string(),
        booking_number: payment.booking_number.clone(),
        returned_at: returned.returned_at.micros(),
    }
}

fn clawback_requested(requested: &ClawbackRequested) -> message::ClawbackRequested {
    let payment = &requested.payment;
    let (return_id, refund_id) = match requested.credit {
        CreditSource::Return(id) => (Some(id.as_bytes().to_vec()), None),
        CreditSource::Refund(id) => (None, Some(id.into())),
    };
    message::ClawbackRequested {
        clawback_id: requested.clawback_id.as_bytes().to_vec(),
        payment_id: payment.payment_id.into(),
        booking_id: payment.booking_id.into(),
        user_id: payment.user_id.into(),
        amount_paise: requested.amount.paise(),
        gateway: requested.gateway.to_string(),
        gateway_refund_id: requested.gateway_refund_id.clone(),
        booking_number: payment.booking_number.clone(),
        return_id,
        refund_id,
        requested_at: requested.requested_at.micros(),
    }
}

fn emi_applied(applied: &EmiApplied) -> message::EmiApplied {
    let payment = &applied.payment;
    message::EmiApplied {
        application_id: applied.application_id.into(),
        reserve_id: applied.reserve_id.into(),
        user_id: payment.user_id.into(),
        amount_paise: applied.amount.paise(),
        payment_id: payment.payment_id.into(),
        booking_id: payment.booking_id.into(),
        booking_number: payment.booking_number.clone(),
        instalment: applied.instalment,
        applied_at: applied.applied_at.micros(),
    }
}
