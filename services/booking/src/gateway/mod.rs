//! Who takes money online: an order before, a signed message after, a refund at the source.
//!
//! No call to a gateway is made inside a transaction, and each carries an id of ours by which the gateway
//! knows a repetition.

pub mod razorpay;
pub mod sandbox;

use crate::app::capture::Captured;
use crate::app::receive_webhook::GatewayEvent;
use crate::app::settle_refund::ReportedRefund;
use crate::config::Config;
use crate::domain::reconciliation::Window;
use crate::domain::refund::GatewayRefundState;
use crate::domain::text::line;
use crate::domain::{GatewayName, RefundId};
use chassis::Ctx;
use chassis::breaker::{Open, Outage};
use chassis::http::Problem;
use domain::{Money, PaymentId};
use hmac::{Hmac, KeyInit, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// What the gateway's client needs to take the payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checkout {
    pub gateway: GatewayName,
    pub order_id: String,
    pub amount: Money,
    pub currency: String,
    /// The public key of our account with the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// To hand back with the payment: by it a capture finds its payment in any case.
    pub payment_id: PaymentId,
}

#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It did not answer, or not sensibly: what was asked may have happened.
    #[error("the gateway is not available: {0}")]
    Unavailable(String),
    /// It answered with a status of 4xx.
    #[error("the gateway refused: {status} {code}: {description}")]
    Refused {
        status: u16,
        /// The gateway's own word for the reason; empty where it gives none.
        code: String,
        description: String,
    },
    /// It was not asked.
    #[error(transparent)]
    Resting(#[from] Open),
}

impl Outage for GatewayError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<GatewayError> for Problem {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::Resting(open) => Self::unavailable(open).with_retry_after(open.after),
            GatewayError::Unavailable(_) | GatewayError::Refused { .. } => Self::unavailable(error),
        }
    }
}

/// Most lines of a list that are asked for at once.
pub const PAGE: u32 = 100;

/// A part of a gateway's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many lines it has; fewer than [`PAGE`] are the last ones.
    pub lines: u32,
    /// Those of them that are money taken and kept.
    pub captured: Vec<Captured>,
}

/// A part of a gateway's list of refunds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundPage {
    /// How many lines it has; fewer than [`PAGE`] are the last ones.
    pub lines: u32,
    pub refunds: Vec<ReportedRefund>,
}

/// A message whose signature is right and that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// A refund to make at the source.
#[derive(Debug, Clone)]
pub struct SourceRefund {
    pub id: RefundId,
    pub gateway_payment_id: String,
    pub amount: Money,
}

/// What a gateway answers when it is asked to make a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundAnswer {
    Accepted {
        /// The gateway's id of the refund.
        id: String,
        state: GatewayRefundState,
    },
    /// It will never make this refund.
    Refused { code: String },
    /// It may have made the refund, or may make it when it is asked again.
    Unknown { reason: String },
    /// Its breaker is open.
    NotAsked { retry_after: Duration },
}

#[async_trait::async_trait]
pub trait PaymentGateway: Send + Sync + 'static {
    fn name(&self) -> GatewayName;
    /// The order of a payment, where it is known without asking.
    fn known_order(&self, payment: PaymentId) -> Option<String>;
    /// Makes an order. Made twice, only one of the two is ever shown to a client.
    async fn create_order(&self, payment: PaymentId, amount: Money) -> Result<String, GatewayError>;
    /// Our account's public key, where the client needs it.
    fn public_key(&self) -> Option<String>;
    fn signature_header(&self) -> &'static str;
    fn is_genuine(&self, signature: &str, body: &[u8]) -> bool;
    /// Understands a genuine message.
    fn read(&self, body: &[u8]) -> Result<GatewayEvent, Malformed>;
    /// Gives money back to where it came from; with the same id, once.
    async fn create_refund(&self, refund: &SourceRefund) -> RefundAnswer;
    /// All refunds of a payment of the gateway, whoever made them.
    async fn find_refunds(&self, gateway_payment_id: &str) -> Result<Vec<ReportedRefund>, GatewayError>;
    /// What was begun in `window`, without the first `skip` lines.
    async fn list(&self, window: Window, skip: u32) -> Result<Page, GatewayError>;
    /// Refunds that were made in `window`, whoever made them, without the first `skip` lines.
    async fn list_refunds(&self, window: Window, skip: u32) -> Result<RefundPage, GatewayError>;
    /// What was taken for an order.
    async fn captured_for(&self, order_id: &str) -> Result<Vec<Captured>, GatewayError>;
}

/// The gateways that are configured.
#[derive(Clone, Default)]
pub struct Gateways(Vec<Arc<dyn PaymentGateway>>);

impl Gateways {
    pub fn new(gateways: Vec<Arc<dyn PaymentGateway>>) -> Self {
        Self(gateways)
    }
    /// A real gateway comes first: it is the one that new payments go to.
    pub fn configured(config: &Config, ctx: &Ctx) -> Result<Self, GatewayError> {
        let mut gateways: Vec<Arc<dyn PaymentGateway>> = Vec::new();
        if let Some(razorpay) = &config.razorpay {
            gateways.push(Arc::new(razorpay::Razorpay::try_new(razorpay, ctx.breaker("razorpay"))?));
        }
        if let Some(sandbox) = &config.sandbox {
            gateways.push(Arc::new(sandbox::Sandbox::new(sandbox)));
        }
        Ok(Self(gateways))
    }
    pub fn get(&self, name: GatewayName) -> Option<&Arc<dyn PaymentGateway>> {
        self.0.iter().find(|g| g.name() == name)
    }
    /// Those that have a list of their own to compare with.
    pub fn listing(&self) -> impl Iterator<Item = &Arc<dyn PaymentGateway>> {
        self.0.iter().filter(|g| g.name().needs_calls())
    }
    /// The one that takes new payments.
    pub fn preferred(&self) -> Option<&Arc<dyn PaymentGateway>> {
        self.0.first()
    }
    pub fn names(&self) -> Vec<GatewayName> {
        self.0.iter().map(|g| g.name()).collect()
    }
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

/// By what a message is known again: a hash of its body, which is what the signature covers. An id in a header
/// proves nothing; whoever replays one message under another's id would have the other taken for known.
pub fn event_key(body: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(body)))
}

/// Longest id a gateway may use.
const LONGEST_ID: usize = 64;

/// The id of a captured payment: the gateway's own, or a hash of the body where there is none that can be kept.
/// A capture that is genuine is recorded in any case, and two without an id are two.
fn capture_id(own_id: Option<&str>, body: &[u8]) -> String {
    own_id.and_then(|id| line(id, LONGEST_ID)).unwrap_or_else(|| hex::encode(Sha256::digest(body)))
}

/// A currency's code as it is stored: upper case, cut off where it is no code at all.
fn currency(code: &str) -> String {
    code.trim().chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>().to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_known_by_its_body_alone() {
        assert_eq!(event_key(b"x"), event_key(b"x"));
        assert_ne!(event_key(b"x"), event_key(b"y"));
    }

    #[test]
    fn a_capture_without_an_id_is_known_by_its_body() {
        assert_eq!(capture_id(Some(" pay_1 "), b"x"), "pay_1");
        let by_body = capture_id(None, b"x");
        assert_eq!(by_body.len(), LONGEST_ID);
        assert_ne!(by_body, capture_id(None, b"y"));
        for useless in ["", " ", "a\nb", &"p".repeat(LONGEST_ID + 1)] {
            assert_eq!(capture_id(Some(useless), b"x"), by_body, "{useless}");
        }
    }

    #[test]
    fn only_the_right_secret_signs() {
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
