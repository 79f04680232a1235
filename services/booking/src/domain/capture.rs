//! Captures: their results, the accepted currency, the time from which their money counts, and their resolution by
//! staff.

use super::{GatewayName, PaymentStatus};
use domain::{Money, Timestamp};

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

/// Why staff cannot resolve a capture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaptureRefusal {
    #[error("only a capture of an unknown order is resolved, and this one is {0}")]
    NotUnknown(CaptureOutcome),
    #[error("only a positive amount in INR is resolved; refund this capture at its gateway")]
    NotAcceptable,
    #[error("only a pending payment takes a capture, and this one is {0}")]
    NotPending(PaymentStatus),
    #[error("the payment has no order at the gateway of the capture")]
    OtherGateway,
    #[error("the payment is one of {payment}, and {captured} was captured")]
    AmountDiffers { payment: Money, captured: Money },
}

/// Checks that staff may resolve a capture of `captured`, which is without what its gateway refunded before.
pub fn check_resolvable(outcome: CaptureOutcome, currency: &str, captured: Money) -> Result<(), CaptureRefusal> {
    match outcome {
        CaptureOutcome::UnknownOrder if is_acceptable(currency, captured) => Ok(()),
        CaptureOutcome::UnknownOrder => Err(CaptureRefusal::NotAcceptable),
        CaptureOutcome::Applied | CaptureOutcome::Returned | CaptureOutcome::NotTaken | CaptureOutcome::Refunded => {
            Err(CaptureRefusal::NotUnknown(outcome))
        }
    }
}

/// The payment that staff assign a capture to.
#[derive(Debug, Clone, Copy)]
pub struct AssignedPayment {
    pub status: PaymentStatus,
    pub gateway: Option<GatewayName>,
    pub amount: Money,
}

/// Checks that a payment can get a capture of `captured` at `gateway`.
pub fn check_assignable(
    payment: &AssignedPayment,
    gateway: GatewayName,
    captured: Money,
) -> Result<(), CaptureRefusal> {
    if payment.status != PaymentStatus::Pending {
        Err(CaptureRefusal::NotPending(payment.status))
    } else if payment.gateway != Some(gateway) {
        Err(CaptureRefusal::OtherGateway)
    } else if payment.amount != captured {
        Err(CaptureRefusal::AmountDiffers { payment: payment.amount, captured })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rupees_of_an_unknown_order_are_resolved() {
        for &outcome in CaptureOutcome::ALL {
            let checked = check_resolvable(outcome, CURRENCY, Money::from_paise(1));
            let is_unknown = outcome == CaptureOutcome::UnknownOrder;
            let expected = if is_unknown { Ok(()) } else { Err(CaptureRefusal::NotUnknown(outcome)) };
            assert_eq!(checked, expected, "{outcome}");
        }
        for (currency, paise) in [("USD", 1), ("", 1), (CURRENCY, 0), (CURRENCY, -1)] {
            let checked = check_resolvable(CaptureOutcome::UnknownOrder, currency, Money::from_paise(paise));
            assert_eq!(checked, Err(CaptureRefusal::NotAcceptable), "{currency} {paise}");
        }
    }

    #[test]
    fn a_capture_is_assigned_to_a_pending_payment_of_its_amount_and_gateway() {
        let (ours, amount) = (GatewayName::Sandbox, Money::from_paise(500));
        let check = |status, gateway, paise| {
            check_assignable(&AssignedPayment { status, gateway, amount }, ours, Money::from_paise(paise))
        };
        for &status in PaymentStatus::ALL {
            let is_pending = status == PaymentStatus::Pending;
            let expected = if is_pending { Ok(()) } else { Err(CaptureRefusal::NotPending(status)) };
            assert_eq!(check(status, Some(ours), 500), expected, "{status}");
        }
        for gateway in [None, Some(GatewayName::Razorpay)] {
            assert_eq!(check(PaymentStatus::Pending, gateway, 500), Err(CaptureRefusal::OtherGateway));
        }
        for paise in [499, 501] {
            let differs = CaptureRefusal::AmountDiffers { payment: amount, captured: Money::from_paise(paise) };
            assert_eq!(check(PaymentStatus::Pending, Some(ours), paise), Err(differs));
        }
    }

    #[test]
    fn money_counts_when_it_was_taken_within_reason() {
        let at = |secs| Timestamp::UNIX_EPOCH.plus_secs(secs);
        for (taken, created, now, effective) in [(5, 1, 9, 5), (0, 1, 9, 1), (10, 1, 9, 9), (1, 1, 1, 1), (5, 10, 9, 9)]
        {
            assert_eq!(effective_time(at(taken), at(created), at(now)), at(effective), "{taken} {created} {now}");
        }
    }
}
