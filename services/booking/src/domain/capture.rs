//! Decision about captured money: it completes its payment or returns to the payer's wallet.

use super::booking::{BookingAmounts, BookingStatus};
use super::payment::{PaymentCommand, PaymentStatus, PaymentTransition, decide_transition};
use domain::{Money, Timestamp};

domain::text_enum! {
    /// Why received money did not complete its payment; the `cause` of a `PaymentReturned`.
    pub enum ReturnCause {
        BookingCancelled = "booking_cancelled",
        OrderSuperseded = "order_superseded",
        AlreadyPaid = "already_paid",
        NotPayable = "not_payable",
        AmountDiffers = "amount_differs",
        SourceRefundFailed = "source_refund_failed",
    }
}

domain::text_enum! {
    /// Result of a capture.
    pub enum CaptureOutcome {
        /// It completed a payment.
        Applied = "applied",
        /// It was returned to the payer's wallet.
        Returned = "returned",
        /// No payment has this order. Shown to staff; applied when the order is stored later.
        UnknownOrder = "unknown_order",
        /// Another currency, or no positive amount: recorded for staff, without any effect.
        NotTaken = "not_taken",
        /// No payment matched it, and the gateway refunded it.
        Refunded = "refunded",
    }
}

/// The only accepted currency, as an ISO 4217 code.
pub const CURRENCY: &str = "INR";

/// Whether a capture can complete a payment: rupees, and a positive amount.
pub fn is_acceptable(currency: &str, amount: Money) -> bool {
    currency == CURRENCY && amount.is_positive()
}

/// The time from which captured money counts: its capture time, limited to between the order's creation and `now`.
pub fn effective_time(taken_at: Timestamp, order_created_at: Timestamp, now: Timestamp) -> Timestamp {
    taken_at.max(order_created_at).min(now)
}

/// Decision about a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureDecision {
    /// Complete the payment, and revive its booking when that is expired.
    Apply,
    /// Return the money to the payer's wallet.
    Return(ReturnCause),
}

/// Decides about `received` for a payment of `amount`. `amounts` are those of its booking; the payment itself is either
/// part of their `pending` or not part of them.
pub fn decide_capture(
    payment: PaymentStatus,
    amount: Money,
    received: Money,
    booking: BookingStatus,
    amounts: &BookingAmounts,
) -> CaptureDecision {
    match payment {
        PaymentStatus::Completed | PaymentStatus::Refunded => return CaptureDecision::Return(ReturnCause::AlreadyPaid),
        PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded => {}
    }
    if booking == BookingStatus::Cancelled {
        return CaptureDecision::Return(ReturnCause::BookingCancelled);
    }
    if decide_transition(payment, PaymentCommand::Capture) != Ok(PaymentTransition::To(PaymentStatus::Completed)) {
        return CaptureDecision::Return(ReturnCause::OrderSuperseded);
    }
    if received != amount {
        return CaptureDecision::Return(ReturnCause::AmountDiffers);
    }
    let own_pending = if payment == PaymentStatus::Pending { amount } else { Money::ZERO };
    let other_amounts = BookingAmounts { pending: amounts.pending.minus_or_zero(own_pending), ..*amounts };
    if amount > other_amounts.payable() {
        CaptureDecision::Return(ReturnCause::NotPayable)
    } else {
        CaptureDecision::Apply
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_counts_when_it_was_taken_within_reason() {
        let at = |secs| Timestamp::UNIX_EPOCH.plus_secs(secs);
        for (taken, created, now, effective) in [(5, 1, 9, 5), (0, 1, 9, 1), (10, 1, 9, 9), (1, 1, 1, 1), (5, 10, 9, 9)]
        {
            assert_eq!(effective_time(at(taken), at(created), at(now)), at(effective), "{taken} {created} {now}");
        }
    }

    #[test]
    fn money_applies_only_where_it_is_still_owed() {
        use BookingStatus as B;
        use PaymentStatus as P;
        let amounts = |completed, pending| BookingAmounts {
            price: Money::from_paise(1_000),
            booking_amount: Money::from_paise(500),
            completed: Money::from_paise(completed),
            pending: Money::from_paise(pending),
        };
        let returned = CaptureDecision::Return;
        for (payment, received, booking, completed, pending, decision) in [
            (P::Pending, 500, B::PreBooked, 0, 500, CaptureDecision::Apply),
            (P::Pending, 500, B::Confirmed, 500, 500, CaptureDecision::Apply),
            (P::Failed, 500, B::PreBooked, 0, 0, CaptureDecision::Apply),
            (P::Failed, 500, B::Expired, 0, 0, CaptureDecision::Apply),
            (P::Failed, 500, B::Confirmed, 500, 0, CaptureDecision::Apply),
            (P::Failed, 500, B::Confirmed, 501, 0, returned(ReturnCause::NotPayable)),
            (P::Failed, 500, B::Confirmed, 400, 101, returned(ReturnCause::NotPayable)),
            (P::Failed, 500, B::Completed, 1_000, 0, returned(ReturnCause::NotPayable)),
            (P::Failed, 500, B::Cancelled, 0, 0, returned(ReturnCause::BookingCancelled)),
            (P::Superseded, 500, B::Cancelled, 0, 0, returned(ReturnCause::BookingCancelled)),
            (P::Superseded, 500, B::PreBooked, 0, 0, returned(ReturnCause::OrderSuperseded)),
            (P::Completed, 500, B::Confirmed, 500, 0, returned(ReturnCause::AlreadyPaid)),
            (P::Refunded, 500, B::Cancelled, 0, 0, returned(ReturnCause::AlreadyPaid)),
            (P::Pending, 499, B::PreBooked, 0, 500, returned(ReturnCause::AmountDiffers)),
            (P::Pending, 501, B::PreBooked, 0, 500, returned(ReturnCause::AmountDiffers)),
        ] {
            let decided = decide_capture(
                payment,
                Money::from_paise(500),
                Money::from_paise(received),
                booking,
                &amounts(completed, pending),
            );
            assert_eq!(decided, decision, "{payment} {received} {booking} {completed} {pending}");
        }
    }
}
