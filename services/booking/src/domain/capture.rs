//! Captures: their results, the accepted currency, and the time from which their money counts.

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
}
