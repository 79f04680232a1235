//! Payment gateways: the port `PaymentGateway`, its adapters, and webhook signatures.
//!
//! No gateway is called inside a transaction. Every call carries an id of this service, so that the gateway recognises
//! a repetition.

mod call;
mod configured;
mod fields;
pub mod razorpay;
pub mod sandbox;
mod signature;
pub mod stripe;

pub use configured::Gateways;
pub use signature::event_key;

use crate::domain::aggregate::Payment;
use crate::domain::gateway_event::{AuthorizedPayment, CapturedPayment, GatewayEvent, ReportedRefund};
use crate::domain::reconciliation::{ListPosition, Window};
use crate::domain::refund::GatewayRefundState;
use crate::domain::{GatewayName, RefundId};
use domain::{BookingId, Money, PaymentId, Timestamp};
use http_api::Problem;
use runtime::breaker::{CircuitOpen, IsOutage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Data that the client passes to the gateway's checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checkout {
    pub gateway: GatewayName,
    pub order_id: String,
    pub amount: Money,
    pub currency: String,
    /// Public id of this platform's API key, when the gateway's client needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// To pass to the gateway with the payment, so that a capture is matched even when its order is not stored.
    pub payment_id: PaymentId,
    /// The gateway's own page where the payer pays, in the answer that opens the checkout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
    /// Fields that a form sends to `redirect_url` by POST; without any, the browser goes there by GET.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub form_fields: BTreeMap<String, String>,
}

/// What an order is for.
#[derive(Debug, Clone, Copy)]
pub struct OrderTerms {
    pub payment_id: PaymentId,
    pub booking_id: BookingId,
    pub amount: Money,
    pub created_at: Timestamp,
}

impl From<&Payment> for OrderTerms {
    fn from(payment: &Payment) -> Self {
        let Payment { id, booking_id, amount_paise, created_at, .. } = *payment;
        Self { payment_id: id, booking_id, amount: amount_paise, created_at }
    }
}

/// The page of a gateway on which an order is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostedPage {
    /// The browser goes to `url`, with these fields in a form if there are any.
    Open { url: String, fields: BTreeMap<String, String> },
    /// The gateway has no page.
    Absent,
    /// The order is paid or expired.
    Closed,
}

/// An order that a gateway created, and its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedOrder {
    pub id: String,
    pub page: HostedPage,
}

/// What a gateway has of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderReport {
    pub captured: Vec<CapturedPayment>,
    /// Payments that the bank has authorised and that are not captured.
    pub authorized: Vec<AuthorizedPayment>,
    /// Whether the gateway accepts no payment of this order any more.
    pub is_expired: bool,
}

/// Failure of a call to a gateway.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// No answer, or an unreadable one: the request may have taken effect.
    #[error("the gateway is not available: {0}")]
    Unavailable(String),
    /// An answer with a 4xx status, except 409 and 429.
    #[error("the gateway refused: {status} {code}: {description}")]
    Refused {
        status: u16,
        /// The gateway's error code; empty when it gives none.
        code: String,
        description: String,
    },
    /// The call was not made: the circuit breaker is open.
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

impl GatewayError {
    /// The gateway has no such call.
    fn not_supported() -> Self {
        Self::Refused { status: 404, code: String::new(), description: "the gateway has no such call".to_owned() }
    }
}

impl IsOutage for GatewayError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<GatewayError> for Problem {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::CircuitOpen(open) => Self::unavailable(open).with_retry_after(open.retry_after),
            GatewayError::Unavailable(_) | GatewayError::Refused { .. } => Self::unavailable(error),
        }
    }
}

/// Maximal number of items on a page of a gateway's list.
pub const MAX_PAGE_ITEMS: u32 = 100;

/// A page of a gateway's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items that concern this service: not every payment on a page is captured.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last page.
    pub next: Option<ListPosition>,
}

/// A webhook body that cannot be parsed although its signature is valid, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MalformedMessage(pub String);

/// A refund to create at the source.
#[derive(Debug, Clone)]
pub struct SourceRefund {
    pub id: RefundId,
    pub gateway_payment_id: String,
    pub amount: Money,
}

/// Outcome of a request to create a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreateRefundOutcome {
    /// The gateway created the refund, or had created it before.
    Accepted {
        /// The gateway's id of the refund.
        id: String,
        state: GatewayRefundState,
    },
    /// The gateway will never create this refund.
    Refused { code: String },
    /// The gateway may have created the refund, or may create it on a retry.
    Unknown { reason: String },
    /// The request was not sent: the circuit breaker is open.
    NotSent { retry_after: Duration },
}

/// A payment gateway. Calls error with [`GatewayError`].
#[async_trait::async_trait]
pub trait PaymentGateway: Send + Sync + 'static {
    /// The gateway's name in the API and the database.
    fn name(&self) -> GatewayName;
    /// The order id of a payment, when it is known without a call.
    fn derived_order_id(&self, payment: PaymentId) -> Option<String>;
    /// Creates an order. `may_exist` when an earlier call may have created it: then that one is found. When two calls
    /// create two orders all the same, the client is shown one of them only.
    async fn create_order(&self, terms: &OrderTerms, may_exist: bool) -> Result<CreatedOrder, GatewayError>;
    /// The page on which an order is paid.
    async fn find_page(&self, order_id: &str, terms: &OrderTerms) -> Result<HostedPage, GatewayError>;
    /// Public id of the API key, when the gateway's client needs it.
    fn public_key(&self) -> Option<String>;
    /// Name of the header that carries the webhook signature.
    fn signature_header(&self) -> &'static str;
    /// Whether `signature` is valid for `body` at `now`.
    fn verify_signature(&self, signature: &str, body: &[u8], now: Timestamp) -> bool;
    /// Parses a webhook body that has a valid signature. Errors with the reason when it cannot.
    fn parse(&self, body: &[u8]) -> Result<GatewayEvent, MalformedMessage>;
    /// Creates a refund at the source. Repeated calls with the same refund id create one refund.
    async fn create_refund(&self, refund: &SourceRefund) -> CreateRefundOutcome;
    /// All refunds of a gateway's payment, including those made in the dashboard.
    async fn list_refunds_of_payment(&self, gateway_payment_id: &str) -> Result<Vec<ReportedRefund>, GatewayError>;
    /// A page of the payments created in `window`: the captured ones that are not refunded in full.
    async fn list_payments(&self, window: Window, from: &ListPosition) -> Result<Page<CapturedPayment>, GatewayError>;
    /// A page of the refunds created in `window`.
    async fn list_refunds(&self, window: Window, from: &ListPosition) -> Result<Page<ReportedRefund>, GatewayError>;
    /// Whether the gateway has captured this payment, refunded or not.
    async fn has_captured(&self, gateway_payment_id: &str) -> Result<bool, GatewayError>;
    /// The payments of an order.
    async fn find_order(&self, order_id: &str) -> Result<OrderReport, GatewayError>;
    /// Captures a payment that the bank authorised. A repetition captures nothing more.
    async fn capture(&self, authorized: &AuthorizedPayment) -> Result<CapturedPayment, GatewayError>;
    /// Makes the gateway accept no payment of an order any more, if it can.
    async fn close_order(&self, order_id: &str) -> Result<(), GatewayError>;
}

/// Maximal length of a gateway's ids of payments and refunds.
const MAX_ID_CHARS: usize = 64;
/// Maximal length of a gateway's ids of orders.
const MAX_ORDER_ID_CHARS: usize = 255;
