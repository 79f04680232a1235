//! Payment gateways: the port `PaymentGateway`, its adapters, and webhook signatures.
//!
//! No gateway is called inside a transaction. Every call carries an id of this service, so that the gateway recognises
//! a repetition.

pub mod razorpay;
pub mod sandbox;

use crate::config::Config;
use crate::domain::gateway_event::{CapturedPayment, GatewayEvent, ReportedRefund};
use crate::domain::reconciliation::Window;
use crate::domain::refund::GatewayRefundState;
use crate::domain::text::single_line;
use crate::domain::{GatewayName, RefundId};
use domain::{Money, PaymentId};
use hmac::{Hmac, KeyInit, Mac};
use http_api::Problem;
use runtime::Ctx;
use runtime::breaker::{CircuitOpen, IsOutage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
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

/// A page of a gateway's payment list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentPage {
    /// Number of items on the page; fewer than [`MAX_PAGE_ITEMS`] on the last page.
    pub item_count: u32,
    /// The captured and not fully refunded payments on it.
    pub captured: Vec<CapturedPayment>,
}

/// A page of a gateway's refund list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundPage {
    /// Number of items on the page; fewer than [`MAX_PAGE_ITEMS`] on the last page.
    pub item_count: u32,
    pub refunds: Vec<ReportedRefund>,
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
    /// Creates an order and returns its id. When two calls create two orders, the client is shown one of them only.
    async fn create_order(&self, payment: PaymentId, amount: Money) -> Result<String, GatewayError>;
    /// Public id of the API key, when the gateway's client needs it.
    fn public_key(&self) -> Option<String>;
    /// Name of the header that carries the webhook signature.
    fn signature_header(&self) -> &'static str;
    /// Whether `signature` is valid for `body`.
    fn verify_signature(&self, signature: &str, body: &[u8]) -> bool;
    /// Parses a webhook body that has a valid signature. Errors with the reason when it cannot.
    fn parse(&self, body: &[u8]) -> Result<GatewayEvent, MalformedMessage>;
    /// Creates a refund at the source. Repeated calls with the same refund id create one refund.
    async fn create_refund(&self, refund: &SourceRefund) -> CreateRefundOutcome;
    /// All refunds of a gateway's payment, including those made in the dashboard.
    async fn list_refunds_of_payment(&self, gateway_payment_id: &str) -> Result<Vec<ReportedRefund>, GatewayError>;
    /// A page of the payments created in `window`, after the first `skip` items.
    async fn list_payments(&self, window: Window, skip: u32) -> Result<PaymentPage, GatewayError>;
    /// A page of the refunds created in `window`, after the first `skip` items.
    async fn list_refunds(&self, window: Window, skip: u32) -> Result<RefundPage, GatewayError>;
    /// The captured payments of an order.
    async fn list_captures_of_order(&self, order_id: &str) -> Result<Vec<CapturedPayment>, GatewayError>;
}

/// The gateways that are configured.
#[derive(Clone, Default)]
pub struct Gateways(Vec<Arc<dyn PaymentGateway>>);

impl Gateways {
    /// Wraps the given gateways; new payments go to the first one.
    pub fn new(gateways: Vec<Arc<dyn PaymentGateway>>) -> Self {
        Self(gateways)
    }
    /// The gateways with settings. Real gateways come first, because new payments go to the first one. Errors when the
    /// HTTP client cannot be built.
    pub fn from_config(config: &Config, ctx: &Ctx) -> Result<Self, GatewayError> {
        let mut gateways: Vec<Arc<dyn PaymentGateway>> = Vec::new();
        if let Some(razorpay) = &config.razorpay {
            gateways.push(Arc::new(razorpay::Razorpay::try_new(razorpay, ctx.breaker("razorpay"))?));
        }
        if let Some(sandbox) = &config.sandbox {
            gateways.push(Arc::new(sandbox::Sandbox::new(sandbox)));
        }
        Ok(Self(gateways))
    }
    /// The gateway with this name, when it is configured.
    pub fn get(&self, name: GatewayName) -> Option<&Arc<dyn PaymentGateway>> {
        self.0.iter().find(|g| g.name() == name)
    }
    /// The gateways that have an API with lists to reconcile with.
    pub fn with_api(&self) -> impl Iterator<Item = &Arc<dyn PaymentGateway>> {
        self.0.iter().filter(|g| g.name().needs_api_calls())
    }
    /// The gateway for new payments.
    pub fn preferred(&self) -> Option<&Arc<dyn PaymentGateway>> {
        self.0.first()
    }
    /// The names of the configured gateways.
    pub fn names(&self) -> Vec<GatewayName> {
        self.0.iter().map(|g| g.name()).collect()
    }
    /// The checkout data of an open order.
    pub fn checkout(&self, name: GatewayName, order_id: &str, payment_id: PaymentId, amount: Money) -> Checkout {
        Checkout {
            gateway: name,
            order_id: order_id.to_owned(),
            amount,
            currency: "INR".to_owned(),
            key_id: self.get(name).and_then(|g| g.public_key()),
            payment_id,
        }
    }
}

/// Whether `signature` is the hex HMAC-SHA256 of `body`, compared in constant time.
fn is_hmac_sha256(secret: &str, signature: &str, body: &[u8]) -> bool {
    let Ok(signature) = hex::decode(signature.trim()) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

/// Key of a webhook event for deduplication: the hash of its body, which is what the signature covers. An id in an
/// unsigned header would let a replayed event take the place of another one.
pub fn event_key(body: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(body)))
}

/// Maximal length of a gateway's ids.
const MAX_ID_CHARS: usize = 64;

/// The id of a captured payment: the gateway's own, or the hash of the body when there is no valid one. So every
/// capture is recorded, and two captures without an id stay apart.
fn capture_id(own_id: Option<&str>, body: &[u8]) -> String {
    own_id.and_then(|id| single_line(id, MAX_ID_CHARS)).unwrap_or_else(|| hex::encode(Sha256::digest(body)))
}

/// Normalises a currency code: upper case, letters and digits only, at most 8 characters.
fn normalize_currency(code: &str) -> String {
    code.trim().chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_key_depends_on_the_body_alone() {
        assert_eq!(event_key(b"x"), event_key(b"x"));
        assert_ne!(event_key(b"x"), event_key(b"y"));
    }

    #[test]
    fn a_capture_without_an_id_is_identified_by_its_body() {
        assert_eq!(capture_id(Some(" pay_1 "), b"x"), "pay_1");
        let by_body = capture_id(None, b"x");
        assert_eq!(by_body.len(), MAX_ID_CHARS);
        assert_ne!(by_body, capture_id(None, b"y"));
        for useless in ["", " ", "a\nb", &"p".repeat(MAX_ID_CHARS + 1)] {
            assert_eq!(capture_id(Some(useless), b"x"), by_body, "{useless}");
        }
    }

    #[test]
    fn only_a_signature_with_the_right_secret_is_valid() {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").expect("any length");
        mac.update(b"body");
        let good = hex::encode(mac.finalize().into_bytes());
        assert!(is_hmac_sha256("secret", &good, b"body"));
        assert!(is_hmac_sha256("secret", &good.to_uppercase(), b"body"));
        for (secret, signature, body) in [
            ("secre", good.as_str(), "body"),
            ("secret", good.as_str(), "body "),
            ("secret", "", "body"),
            ("secret", "00", "body"),
            ("secret", "not hex", "body"),
            ("secret", &good[2..], "body"),
        ] {
            assert!(!is_hmac_sha256(secret, signature, body.as_bytes()), "{secret} {signature} {body}");
        }
    }
}
