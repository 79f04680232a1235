//! Sandbox gateway for tests and demonstrations: no network, webhooks signed with a configured secret.

use super::fields::{capture_id, normalize_currency};
use super::signature::is_hmac_sha256;
use super::{
    CreateRefundOutcome, CreatedOrder, GatewayError, HostedPage, MAX_ID_CHARS, MalformedMessage, OrderReport,
    OrderTerms, Page, PaymentGateway, SourceRefund,
};
use crate::config::SandboxConfig;
use crate::domain::GatewayName;
use crate::domain::capture::CURRENCY;
use crate::domain::gateway_event::{AuthorizedPayment, CapturedPayment, GatewayEvent, ReportedRefund};
use crate::domain::reconciliation::{ListPosition, Window};
use crate::domain::refund::GatewayRefundState;
use crate::domain::text::single_line;
use domain::{Money, PaymentId, Timestamp};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The sandbox gateway.
pub struct Sandbox {
    secret: SecretString,
}

impl Sandbox {
    /// Verifies webhooks with the configured secret.
    pub fn new(config: &SandboxConfig) -> Self {
        Self { secret: config.webhook_secret.clone() }
    }
}

/// The body of a sandbox webhook.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SandboxMessage {
    event: SandboxEvent,
    /// From `checkout`.
    order_id: String,
    /// Defaults to the hash of the body.
    gateway_payment_id: Option<String>,
    amount: Money,
    /// Defaults to `INR`. An amount in another currency is recorded and not accepted.
    currency: Option<String>,
    /// Capture time; defaults to now.
    captured_at: Option<Timestamp>,
}

/// The field that every webhook has.
#[derive(Deserialize)]
struct EventKind {
    event: String,
}

#[derive(Deserialize, JsonSchema)]
enum SandboxEvent {
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
    fn derived_order_id(&self, payment: PaymentId) -> Option<String> {
        Some(format!("order_{}", payment.uuid().simple()))
    }
    async fn create_order(&self, terms: &OrderTerms, _: bool) -> Result<CreatedOrder, GatewayError> {
        let id = format!("order_{}", terms.payment_id.uuid().simple());
        Ok(CreatedOrder { id, page: HostedPage::Absent })
    }
    async fn find_page(&self, _: &str, _: &OrderTerms) -> Result<HostedPage, GatewayError> {
        Ok(HostedPage::Absent)
    }
    fn public_key(&self) -> Option<String> {
        None
    }
    fn signature_header(&self) -> &'static str {
        "X-Sandbox-Signature"
    }
    fn verify_signature(&self, signature: &str, body: &[u8], _: Timestamp) -> bool {
        is_hmac_sha256(self.secret.expose_secret(), signature, body)
    }
    fn parse(&self, body: &[u8]) -> Result<GatewayEvent, MalformedMessage> {
        let malformed = |e: serde_json::Error| MalformedMessage(e.to_string());
        let EventKind { event: kind } = serde_json::from_slice(body).map_err(malformed)?;
        if !["payment.captured", "payment.failed"].contains(&kind.as_str()) {
            return Ok(GatewayEvent::Unhandled { kind });
        }
        let message: SandboxMessage = serde_json::from_slice(body).map_err(malformed)?;
        // A capture with an invalid order id is recorded without an order.
        let order_id = single_line(&message.order_id, MAX_ID_CHARS).unwrap_or_default();
        Ok(match message.event {
            SandboxEvent::Captured => GatewayEvent::Captured(CapturedPayment {
                order_id,
                gateway_payment_id: capture_id(message.gateway_payment_id.as_deref(), body),
                amount: message.amount,
                currency: message.currency.as_deref().map_or_else(|| CURRENCY.to_owned(), normalize_currency),
                refunded: Money::ZERO,
                taken_at: message.captured_at,
                payment_id: None,
            }),
            SandboxEvent::Failed => {
                GatewayEvent::Failed { order_id, reason: "the gateway reported a failure".to_owned() }
            }
        })
    }
    async fn create_refund(&self, refund: &SourceRefund) -> CreateRefundOutcome {
        let id = format!("refund_{}", refund.id.uuid().simple());
        CreateRefundOutcome::Accepted { id, state: GatewayRefundState::Processed }
    }
    // The sandbox stores nothing, so its lists are empty and nothing is open in them.
    async fn list_payments(&self, _: Window, _: &ListPosition) -> Result<Page<CapturedPayment>, GatewayError> {
        Ok(Page { items: Vec::new(), next: None })
    }
    async fn list_refunds(&self, _: Window, _: &ListPosition) -> Result<Page<ReportedRefund>, GatewayError> {
        Ok(Page { items: Vec::new(), next: None })
    }
    async fn list_refunds_of_payment(&self, _: &str) -> Result<Vec<ReportedRefund>, GatewayError> {
        Ok(Vec::new())
    }
    async fn has_captured(&self, _: &str) -> Result<bool, GatewayError> {
        Err(GatewayError::not_supported())
    }
    async fn find_order(&self, _: &str) -> Result<OrderReport, GatewayError> {
        Ok(OrderReport::default())
    }
    async fn capture(&self, _: &AuthorizedPayment) -> Result<CapturedPayment, GatewayError> {
        Err(GatewayError::not_supported())
    }
    async fn close_order(&self, _: &str) -> Result<(), GatewayError> {
        Ok(())
    }
}
