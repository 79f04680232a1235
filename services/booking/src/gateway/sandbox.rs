//! The stand-in: no network, a message signed with a secret that tests and demonstrations know.

use super::{GatewayError, Malformed, PaymentGateway, SourceRefund, is_hmac_sha256};
use crate::app::capture::News;
use crate::config::SandboxConfig;
use crate::domain::GatewayName;
use crate::domain::text::line;
use domain::{Money, PaymentId};
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

#[derive(Deserialize)]
struct Message {
    event: Event,
    order_id: String,
    gateway_payment_id: String,
    amount: Money,
}

#[derive(Deserialize)]
enum Event {
    #[serde(rename = "payment.captured")]
    Captured,
    #[serde(rename = "payment.failed")]
    Failed,
}

/// Longest id a gateway may use.
const LONGEST_ID: usize = 64;

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
    fn event_id_header(&self) -> Option<&'static str> {
        None
    }
    fn is_genuine(&self, signature: &str, body: &[u8]) -> bool {
        is_hmac_sha256(self.secret.expose_secret(), signature, body)
    }
    fn read(&self, body: &[u8]) -> Result<News, Malformed> {
        let message: Message = serde_json::from_slice(body).map_err(|e| Malformed(e.to_string()))?;
        let id = |text: &str, field: &str| {
            line(text, LONGEST_ID).ok_or_else(|| Malformed(format!("{field} must have 1 to {LONGEST_ID} characters")))
        };
        let order_id = id(&message.order_id, "order_id")?;
        let gateway_payment_id = id(&message.gateway_payment_id, "gateway_payment_id")?;
        if !message.amount.is_positive() {
            return Err(Malformed("amount must be more than 0.00".to_owned()));
        }
        Ok(match message.event {
            Event::Captured => {
                News::Captured { order_id, gateway_payment_id, amount: message.amount, payment_id: None }
            }
            Event::Failed => News::Failed { order_id, reason: "the gateway reported a failure".to_owned() },
        })
    }
    async fn refund(&self, refund: &SourceRefund) -> Result<String, GatewayError> {
        Ok(format!("refund_{}", refund.id.uuid().simple()))
    }
}
