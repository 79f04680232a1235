//! What becomes of money that has arrived: it pays for the booking, or it goes back to the payer's wallet.

use super::booking::{BookingStatus, Figures};
use super::payment::{PaymentCommand, PaymentStatus, Step, step};
use domain::{Money, Timestamp};

domain::text_enum! {
    /// Why money that arrived could not be a payment; the cause a `PaymentReturned` tells.
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
    /// What a capture came to.
    pub enum CaptureOutcome {
        Applied = "applied",
        Returned = "returned",
        /// No payment of ours has this order. Kept for staff, and taken up if the order turns up.
        UnknownOrder = "unknown_order",
        /// Not rupees, or no amount: recorded for staff, without any effect.
        NotTaken = "not_taken",
        /// Nothing here was for it, and it was given back at the gateway.
        Refunded = "refunded",
    }
}

/// The one currency that payments are taken in.
pub const CURRENCY: &str = "INR";

/// Whether captured money can be a payment at all.
pub fn is_takeable(currency: &str, amount: Money) -> bool {
    currency == CURRENCY && amount.is_positive()
}

/// When captured money counts: when the gateway took it, but not before its order was made and not after `now`.
pub fn effective_time(taken_at: Timestamp, order_made: Timestamp, now: Timestamp) -> Timestamp {
    taken_at.max(order_made).min(now)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It completes the payment; an expired booking comes back to life with it.
    Apply,
    Return(ReturnCause),
}

/// Decides about `received` for a payment of `amount`. `figures` are those of its booking, in which the
/// payment itself is pending or counts for nothing.
pub fn judge(
    payment: PaymentStatus,
    amount: Money,
    received: Money,
    booking: BookingStatus,
    figures: &Figures,
) -> Fate {
    match payment {
        PaymentStatus::Completed | PaymentStatus::Refunded => return Fate::Return(ReturnCause::AlreadyPaid),
        PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded => {}
    }
    if booking == BookingStatus::Cancelled {
        return Fate::Return(ReturnCause::BookingCancelled);
    }
    if step(payment, PaymentCommand::Capture) != Ok(Step::To(PaymentStatus::Completed)) {
        return Fate::Return(ReturnCause::OrderSuperseded);
    }
    if received != amount {
        return Fate::Return(ReturnCause::AmountDiffers);
    }
    let set_aside = if payment == PaymentStatus::Pending { amount } else { Money::ZERO };
    let others = Figures { pending: figures.pending.minus_or_zero(set_aside), ..*figures };
    if amount > others.payable() { Fate::Return(ReturnCause::NotPayable) } else { Fate::Apply }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_counts_when_it_was_taken_within_reason() {
        let at = |secs| Timestamp::UNIX_EPOCH.plus_secs(secs);
        for (taken, made, now, effective) in [(5, 1, 9, 5), (0, 1, 9, 1), (10, 1, 9, 9), (1, 1, 1, 1), (5, 10, 9, 9)] {
            assert_eq!(effective_time(at(taken), at(made), at(now)), at(effective), "{taken} {made} {now}");
        }
    }

    #[test]
    fn money_applies_only_where_it_is_still_owed() {
        use BookingStatus as B;
        use PaymentStatus as P;
        let figures = |completed, pending| Figures {
            price: Money::from_paise(1_000),
            booking_amount: Money::from_paise(500),
            completed: Money::from_paise(completed),
            pending: Money::from_paise(pending),
        };
        let back = Fate::Return;
        for (payment, received, booking, completed, pending, fate) in [
            (P::Pending, 500, B::PreBooked, 0, 500, Fate::Apply),
            (P::Pending, 500, B::Confirmed, 500, 500, Fate::Apply),
            (P::Failed, 500, B::PreBooked, 0, 0, Fate::Apply),
            (P::Failed, 500, B::Expired, 0, 0, Fate::Apply),
            (P::Failed, 500, B::Confirmed, 500, 0, Fate::Apply),
            (P::Failed, 500, B::Confirmed, 501, 0, back(ReturnCause::NotPayable)),
            (P::Failed, 500, B::Confirmed, 400, 101, back(ReturnCause::NotPayable)),
            (P::Failed, 500, B::Completed, 1_000, 0, back(ReturnCause::NotPayable)),
            (P::Failed, 500, B::Cancelled, 0, 0, back(ReturnCause::BookingCancelled)),
            (P::Superseded, 500, B::Cancelled, 0, 0, back(ReturnCause::BookingCancelled)),
            (P::Superseded, 500, B::PreBooked, 0, 0, back(ReturnCause::OrderSuperseded)),
            (P::Completed, 500, B::Confirmed, 500, 0, back(ReturnCause::AlreadyPaid)),
            (P::Refunded, 500, B::Cancelled, 0, 0, back(ReturnCause::AlreadyPaid)),
            (P::Pending, 499, B::PreBooked, 0, 500, back(ReturnCause::AmountDiffers)),
            (P::Pending, 501, B::PreBooked, 0, 500, back(ReturnCause::AmountDiffers)),
        ] {
            let decided = judge(
                payment,
                Money::from_paise(500),
                Money::from_paise(received),
                booking,
                &figures(completed, pending),
            );
            assert_eq!(decided, fate, "{payment} {received} {booking} {completed} {pending}");
        }
    }
}
