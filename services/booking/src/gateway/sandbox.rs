//! The stand-in: no network, a message signed with a secret that tests and demonstrations know.

use super::{
    GatewayError, LONGEST_ID, Malformed, Page, PaymentGateway, RefundAnswer, RefundPage, SourceRefund, capture_id,
    currency, is_hmac_sha256,
};
use crate::app::capture::Captured;
use crate::app::receive_webhook::GatewayEvent;
use crate::app::settle_refund::ReportedRefund;
use crate::config::SandboxConfig;
use crate::domain::GatewayName;
use crate::domain::capture::CURRENCY;
use crate::domain::reconciliation::Window;
use crate::domain::refund::GatewayRefundState;
use crate::domain::text::line;
use domain::{Money, PaymentId, Timestamp};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

pub struct Sandbox {
    secret: SecretString,
}

impl Sandbox {
    pub fn new(config: &SandboxConfig) -> Self {
        Self { secret: config.webhook_secret.clone() }
    }
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SandboxMessage {
    event: Event,
    /// From `checkout`.
    order_id: String,
    /// Where it is missing, the body's hash stands for it.
    gateway_payment_id: Option<String>,
    amount: Money,
    /// `INR` where it is missing; an amount in another currency is recorded and not taken.
    currency: Option<String>,
    /// When the money was taken; now where it is missing.
    captured_at: Option<Timestamp>,
}

/// What every message has, of whatever kind.
#[derive(Deserialize)]
struct Kind {
    event: String,
}

#[derive(Deserialize, JsonSchema)]
enum Event {
    #[serde(rename = "payment.captured")]
    Captured,
    #[serde(rename = "payment.failed")]
    Failed,
}

#[async_trait::async_trait]
impl PaymentGateway for Sandbox {
    fn name(&self) -> GatewayName {
        GatewayName::Sandbox
    }
    fn known_order(&self, payment: PaymentId) -> Option<String> {
        Some(format!("order_{}", payment.uuid().simple()))
    }
    async fn create_order(&self, payment: PaymentId, _: Money) -> Result<String, GatewayError> {
        Ok(format!("order_{}", payment.uuid().simple()))
    }
    fn public_key(&self) -> Option<String> {
        None
    }
    fn signature_header(&self) -> &'static str {
        "X-Sandbox-Signature"
    }
    fn is_genuine(&self, signature: &str, body: &[u8]) -> bool {
        is_hmac_sha256(self.secret.expose_secret(), signature, body)
    }
    fn read(&self, body: &[u8]) -> Result<GatewayEvent, Malformed> {
        let malformed = |e: serde_json::Error| Malformed(e.to_string());
        let Kind { event: kind } = serde_json::from_slice(body).map_err(malformed)?;
        if !["payment.captured", "payment.failed"].contains(&kind.as_str()) {
            return Ok(GatewayEvent::Unhandled { kind });
        }
        let message: SandboxMessage = serde_json::from_slice(body).map_err(malformed)?;
        // Money is recorded whatever its order is called.
        let order_id = line(&message.order_id, LONGEST_ID).unwrap_or_default();
        Ok(match message.event {
            Event::Captured => GatewayEvent::Captured(Captured {
                order_id,
                gateway_payment_id: capture_id(message.gateway_payment_id.as_deref(), body),
                amount: message.amount,
                currency: message.currency.as_deref().map_or_else(|| CURRENCY.to_owned(), currency),
                refunded: Money::ZERO,
                taken_at: message.captured_at,
                payment_id: None,
            }),
            Event::Failed => GatewayEvent::Failed { order_id, reason: "the gateway reported a failure".to_owned() },
        })
    }
    async fn create_refund(&self, refund: &SourceRefund) -> RefundAnswer {
        let id = format!("refund_{}", refund.id.uuid().simple());
        RefundAnswer::Accepted { id, state: GatewayRefundState::Processed }
    }
    // It keeps no list: all it knows is what it was told.
    async fn list(&self, _: Window, _: u32) -> Result<Page, GatewayError> {
        Ok(Page { lines: 0, captured: Vec::new() })
    }
    async fn list_refunds(&self, _: Window, _: u32) -> Result<RefundPage, GatewayError> {
        Ok(RefundPage { lines: 0, refunds: Vec::new() })
    }
    async fn find_refunds(&self, _: &str) -> Result<Vec<ReportedRefund>, GatewayError> {
        Ok(Vec::new())
    }
    async fn captured_for(&self, _: &str) -> Result<Vec<Captured>, GatewayError> {
        Ok(Vec::new())
    }
}
