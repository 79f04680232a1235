//! Gateway events: captures, failures and refunds as a payment gateway reports them.

use super::refund::GatewayRefundState;
use domain::{Money, PaymentId, Timestamp};

/// Stored kind of every capture event.
pub const CAPTURED_KIND: &str = "payment.captured";

/// The content of a webhook event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GatewayEvent {
    Captured(CapturedPayment),
    /// The bank authorised a payment; its money is not taken yet.
    Authorized(AuthorizedPayment),
    Failed {
        order_id: String,
        reason: String,
    },
    Refund {
        kind: String,
        refund: ReportedRefund,
    },
    /// An event of a kind that is not handled.
    Unhandled {
        kind: String,
    },
}

impl GatewayEvent {
    /// The gateway's name of the event's kind, cut to the stored length.
    pub fn kind(&self) -> String {
        match self {
            Self::Captured(_) => CAPTURED_KIND.to_owned(),
            Self::Authorized(_) => "payment.authorized".to_owned(),
            Self::Failed { .. } => "payment.failed".to_owned(),
            Self::Refund { kind, .. } | Self::Unhandled { kind } => {
                kind.chars().filter(|c| !c.is_control()).take(64).collect()
            }
        }
    }
}

/// A payment that a gateway captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedPayment {
    /// Empty when the payment has no order: this service did not request it.
    pub order_id: String,
    pub gateway_payment_id: String,
    /// In the smallest unit of the currency.
    pub amount: Money,
    /// ISO 4217.
    pub currency: String,
    /// The part that the gateway had refunded already.
    pub refunded: Money,
    /// Capture time, when the gateway reports one.
    pub taken_at: Option<Timestamp>,
    /// This service's payment id, when the gateway carries it: it finds a payment that has no stored order yet.
    pub payment_id: Option<PaymentId>,
}

/// A payment that the bank authorised and that the gateway has not captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedPayment {
    pub order_id: String,
    pub gateway_payment_id: String,
    /// In the smallest unit of the currency.
    pub amount: Money,
    /// ISO 4217.
    pub currency: String,
}

/// One refund of a payment as a gateway reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedRefund {
    pub id: String,
    pub gateway_payment_id: String,
    pub amount: Money,
    pub currency: String,
    /// The id of this service's refund when it was requested here; else the gateway's own receipt, or empty.
    pub receipt: String,
    pub state: GatewayRefundState,
}
