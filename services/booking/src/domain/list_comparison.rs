//! Comparison of what a gateway lists with what is recorded of it.

use super::CaptureOutcome;
use super::gateway_event::{CapturedPayment, ReportedRefund};
use super::refund::{GatewayRefundOutcome, GatewayRefundState};
use domain::Money;

domain::text_enum! {
    /// How what a gateway lists differs from what is recorded.
    pub enum DifferenceKind {
        /// Nothing of it is recorded.
        Missing = "missing",
        /// It is further at the gateway.
        Behind = "behind",
        /// Another amount or currency is recorded.
        AmountDiffers = "amount_differs",
        /// It is recorded, and belongs to no payment: staff decide about it.
        Unplaced = "unplaced",
        /// It is recorded as captured, and the gateway has no such money: staff decide about it.
        Unlisted = "unlisted",
    }
}

impl DifferenceKind {
    /// Whether recording what the gateway lists repairs it.
    pub const fn is_repairable(self) -> bool {
        matches!(self, Self::Missing | Self::Behind)
    }
}

/// What is recorded of a captured payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCapture {
    pub amount: Money,
    pub currency: String,
    pub outcome: CaptureOutcome,
}

/// What is recorded of a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedRefund {
    pub amount: Money,
    pub currency: String,
    pub state: GatewayRefundState,
    pub outcome: GatewayRefundOutcome,
}

/// Decides how a captured payment differs; `None` when it does not.
pub fn decide_capture_difference(
    listed: &CapturedPayment,
    recorded: Option<&RecordedCapture>,
) -> Option<DifferenceKind> {
    let Some(recorded) = recorded else { return Some(DifferenceKind::Missing) };
    if (recorded.amount, &recorded.currency) != (listed.amount, &listed.currency) {
        return Some(DifferenceKind::AmountDiffers);
    }
    match recorded.outcome {
        CaptureOutcome::UnknownOrder | CaptureOutcome::NotTaken => Some(DifferenceKind::Unplaced),
        CaptureOutcome::Applied | CaptureOutcome::Returned | CaptureOutcome::Refunded => None,
    }
}

/// Decides how a refund differs; `None` when it does not.
pub fn decide_refund_difference(listed: &ReportedRefund, recorded: Option<&RecordedRefund>) -> Option<DifferenceKind> {
    let Some(recorded) = recorded else { return Some(DifferenceKind::Missing) };
    if (recorded.amount, &recorded.currency) != (listed.amount, &listed.currency) {
        Some(DifferenceKind::AmountDiffers)
    } else if recorded.state < listed.state {
        Some(DifferenceKind::Behind)
    } else if recorded.outcome == GatewayRefundOutcome::Unmatched {
        Some(DifferenceKind::Unplaced)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INR: &str = "INR";

    fn listed(paise: i64) -> CapturedPayment {
        CapturedPayment {
            order_id: String::new(),
            gateway_payment_id: "pay_1".to_owned(),
            amount: Money::from_paise(paise),
            currency: INR.to_owned(),
            refunded: Money::ZERO,
            taken_at: None,
            payment_id: None,
        }
    }

    #[test]
    fn a_capture_differs_by_absence_amount_or_place() {
        let recorded = |paise, currency: &str, outcome| {
            let currency = currency.to_owned();
            Some(RecordedCapture { amount: Money::from_paise(paise), currency, outcome })
        };
        for (recorded, kind) in [
            (None, Some(DifferenceKind::Missing)),
            (recorded(500, INR, CaptureOutcome::Applied), None),
            (recorded(500, INR, CaptureOutcome::Returned), None),
            (recorded(500, INR, CaptureOutcome::Refunded), None),
            (recorded(500, INR, CaptureOutcome::UnknownOrder), Some(DifferenceKind::Unplaced)),
            (recorded(500, INR, CaptureOutcome::NotTaken), Some(DifferenceKind::Unplaced)),
            (recorded(499, INR, CaptureOutcome::Applied), Some(DifferenceKind::AmountDiffers)),
            (recorded(500, "USD", CaptureOutcome::NotTaken), Some(DifferenceKind::AmountDiffers)),
        ] {
            assert_eq!(decide_capture_difference(&listed(500), recorded.as_ref()), kind, "{recorded:?}");
        }
    }

    #[test]
    fn a_refund_differs_by_absence_amount_state_or_place() {
        use GatewayRefundOutcome::{Open, Settled, Unmatched};
        use GatewayRefundState::{Failed, Pending, Processed};
        let listed = |state| ReportedRefund {
            id: "rfnd_1".to_owned(),
            gateway_payment_id: "pay_1".to_owned(),
            amount: Money::from_paise(500),
            currency: INR.to_owned(),
            receipt: String::new(),
            state,
        };
        let recorded = |paise, state, outcome| {
            Some(RecordedRefund { amount: Money::from_paise(paise), currency: INR.to_owned(), state, outcome })
        };
        for (state, recorded, kind) in [
            (Pending, None, Some(DifferenceKind::Missing)),
            (Processed, recorded(500, Processed, Settled), None),
            (Pending, recorded(500, Processed, Settled), None),
            (Processed, recorded(500, Pending, Open), Some(DifferenceKind::Behind)),
            (Failed, recorded(500, Pending, Open), Some(DifferenceKind::Behind)),
            (Processed, recorded(500, Processed, Unmatched), Some(DifferenceKind::Unplaced)),
            (Processed, recorded(501, Processed, Settled), Some(DifferenceKind::AmountDiffers)),
        ] {
            assert_eq!(decide_refund_difference(&listed(state), recorded.as_ref()), kind, "{state} {recorded:?}");
        }
    }
}
