//! Razorpay: orders, refunds, and webhooks signed in `X-Razorpay-Signature`.

use super::{GatewayError, Malformed, PaymentGateway, SourceRefund, capture_id, is_hmac_sha256};
use crate::app::capture::News;
use crate::config::RazorpayConfig;
use crate::domain::GatewayName;
use domain::{Money, PaymentId};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub struct Razorpay {
    http: reqwest::Client,
    key_id: String,
    key_secret: SecretString,
    webhook_secret: SecretString,
    api_url: String,
}

impl Razorpay {
    pub fn try_new(config: &RazorpayConfig) -> Result<Self, GatewayError> {
        Ok(Self {
            http: chassis::http::client().map_err(|e| GatewayError::Unavailable(e.to_string()))?,
            key_id: config.key_id.clone(),
            key_secret: config.key_secret.clone(),
            webhook_secret: config.webhook_secret.clone(),
            api_url: config.api_url.clone(),
        })
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        idempotency: Option<&str>,
    ) -> Result<T, GatewayError> {
        let unavailable = |e: reqwest::Error| GatewayError::Unavailable(e.without_url().to_string());
        let mut request = self
            .http
            .post(format!("{}{path}", self.api_url))
            .basic_auth(&self.key_id, Some(self.key_secret.expose_secret()))
            .json(body);
        if let Some(key) = idempotency {
            request = request.header("X-Refund-Idempotency", key);
        }
        let answer = request.send().await.map_err(unavailable)?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map_err(unavailable);
        }
        let text = answer.text().await.unwrap_or_default();
        let said: String = text.chars().take(300).collect();
        // 409 and 429 say nothing about the thing asked for, only that it was asked badly timed.
        if status.is_client_error() && status != 409 && status != 429 {
            Err(GatewayError::Refused(format!("{status}: {said}")))
        } else {
            Err(GatewayError::Unavailable(format!("{status}: {said}")))
        }
    }
}

#[derive(Deserialize)]
struct Made {
    id: String,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
struct Message {
    event: String,
    payload: Option<Payload>,
}

#[derive(Deserialize)]
struct Payload {
    payment: Option<Wrapped>,
}

#[derive(Deserialize)]
struct Wrapped {
    entity: Payment,
}

#[derive(Deserialize)]
struct Payment {
    id: Option<String>,
    /// In paise.
    amount: i64,
    currency: String,
    order_id: Option<String>,
    error_description: Option<String>,
    /// An object, or an empty list where there are none.
    #[serde(default)]
    notes: Value,
}

#[async_trait::async_trait]
impl PaymentGateway for Razorpay {
    fn name(&self) -> GatewayName {
        GatewayName::Razorpay
    }
    fn known_order(&self, _: PaymentId) -> Option<String> {
        None
    }
    async fn create_order(&self, payment: PaymentId, amount: Money) -> Result<String, GatewayError> {
        let body = json!({
            "amount": amount.paise(),
            "currency": "INR",
            "receipt": payment.to_string(),
            "notes": { "payment_id": payment.to_string() },
        });
        self.post::<Made>("/v1/orders", &body, None).await.map(|made| made.id)
    }
    fn public_key(&self) -> Option<String> {
        Some(self.key_id.clone())
    }
    fn signature_header(&self) -> &'static str {
        "X-Razorpay-Signature"
    }
    fn is_genuine(&self, signature: &str, body: &[u8]) -> bool {
        is_hmac_sha256(self.webhook_secret.expose_secret(), signature, body)
    }
    fn read(&self, body: &[u8]) -> Result<News, Malformed> {
        let message: Message = serde_json::from_slice(body).map_err(|e| Malformed(e.to_string()))?;
        let captured = match message.event.as_str() {
            "payment.captured" => true,
            "payment.failed" => false,
            // `order.paid` and `payment.authorized` tell nothing that a capture does not.
            _ => return Ok(News::Other),
        };
        let payment = message.payload.and_then(|p| p.payment).ok_or_else(|| Malformed("no payment".into()))?.entity;
        // A payment without an order was not asked for by us.
        let Some(order_id) = payment.order_id else { return Ok(News::Other) };
        if !captured {
            let reason = payment.error_description.unwrap_or_else(|| "the gateway reported a failure".to_owned());
            return Ok(News::Failed { order_id, reason });
        }
        if payment.currency != "INR" || payment.amount <= 0 {
            return Err(Malformed(format!("{} {} cannot be taken", payment.amount, payment.currency)));
        }
        let noted = payment.notes.get("payment_id").and_then(Value::as_str).and_then(|id| id.parse().ok());
        Ok(News::Captured {
            order_id,
            gateway_payment_id: capture_id(payment.id.as_deref(), body),
            amount: Money::from_paise(payment.amount),
            payment_id: noted,
        })
    }
    async fn refund(&self, refund: &SourceRefund) -> Result<String, GatewayError> {
        let id = refund.id.to_string();
        let body = json!({ "amount": refund.amount.paise(), "receipt": id, "notes": { "refund_id": id } });
        let path = format!("/v1/payments/{}/refund", refund.gateway_payment_id);
        let made: Made = self.post(&path, &body, Some(&id)).await?;
        if made.status == "failed" { Err(GatewayError::Refused("the refund failed".into())) } else { Ok(made.id) }
    }
}
