//! Razorpay: orders, refunds, and webhooks signed in `X-Razorpay-Signature`.

use super::{GatewayError, Malformed, PAGE, Page, PaymentGateway, SourceRefund, capture_id, is_hmac_sha256};
use crate::app::capture::{Captured, News};
use crate::config::RazorpayConfig;
use crate::domain::GatewayName;
use crate::domain::reconciliation::Window;
use chassis::breaker::Breaker;
use domain::{Money, PaymentId};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// How often a call is made that does no harm twice, while somebody waits for it.
const TRIES: u32 = 2;

pub struct Razorpay {
    http: reqwest::Client,
    breaker: Arc<Breaker>,
    key_id: String,
    key_secret: SecretString,
    webhook_secret: SecretString,
    api_url: String,
}

impl Razorpay {
    pub fn try_new(config: &RazorpayConfig, breaker: Arc<Breaker>) -> Result<Self, GatewayError> {
        Ok(Self {
            http: chassis::http::client().map_err(|e| GatewayError::Unavailable(e.to_string()))?,
            breaker,
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
        let mut request = self.http.post(format!("{}{path}", self.api_url)).json(body);
        if let Some(key) = idempotency {
            request = request.header("X-Refund-Idempotency", key);
        }
        self.send(request).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, i64)]) -> Result<T, GatewayError> {
        let ask = || self.send(self.http.get(format!("{}{path}", self.api_url)).query(query));
        self.breaker.retry(TRIES, ask).await
    }

    async fn send<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, GatewayError> {
        let unavailable = |e: reqwest::Error| GatewayError::Unavailable(e.without_url().to_string());
        let request = request.basic_auth(&self.key_id, Some(self.key_secret.expose_secret()));
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
struct Collection {
    items: Vec<Payment>,
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
    #[serde(default)]
    status: String,
    /// What was given back of it.
    #[serde(default)]
    amount_refunded: Option<i64>,
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
        let made: Made = self.breaker.retry(TRIES, || self.post("/v1/orders", &body, None)).await?;
        Ok(made.id)
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
        if !captured {
            let Some(order_id) = payment.order_id else { return Ok(News::Other) };
            let reason = payment.error_description.unwrap_or_else(|| "the gateway reported a failure".to_owned());
            return Ok(News::Failed { order_id, reason });
        }
        if payment.currency != "INR" || payment.amount <= 0 {
            return Err(Malformed(format!("{} {} cannot be taken", payment.amount, payment.currency)));
        }
        Ok(News::Captured(payment.captured(payment.amount, body)))
    }
    async fn refund(&self, refund: &SourceRefund) -> Result<String, GatewayError> {
        let id = refund.id.to_string();
        let body = json!({ "amount": refund.amount.paise(), "receipt": id, "notes": { "refund_id": id } });
        let path = format!("/v1/payments/{}/refund", refund.gateway_payment_id);
        // Once: the job that sends refunds sends it again.
        let made: Made = self.breaker.call(self.post(&path, &body, Some(&id))).await?;
        if made.status == "failed" { Err(GatewayError::Refused("the refund failed".into())) } else { Ok(made.id) }
    }
    async fn list(&self, window: Window, skip: u32) -> Result<Page, GatewayError> {
        let secs = |at: domain::Timestamp| at.utc().timestamp();
        let query = [
            ("from", secs(window.from)),
            ("to", secs(window.until)),
            ("count", i64::from(PAGE)),
            ("skip", i64::from(skip)),
        ];
        let listed: Collection = self.get("/v1/payments", &query).await?;
        let lines = u32::try_from(listed.items.len()).unwrap_or(u32::MAX);
        Ok(Page { lines, captured: kept(&listed) })
    }
    async fn captured_for(&self, order_id: &str) -> Result<Vec<Captured>, GatewayError> {
        self.get(&format!("/v1/orders/{order_id}/payments"), &[]).await.map(|listed| kept(&listed))
    }
}

impl Payment {
    fn captured(&self, amount: i64, body: &[u8]) -> Captured {
        Captured {
            // Without an order it was not asked for by us, but it was taken all the same.
            order_id: self.order_id.clone().unwrap_or_default(),
            gateway_payment_id: capture_id(self.id.as_deref(), body),
            amount: Money::from_paise(amount),
            payment_id: self.notes.get("payment_id").and_then(Value::as_str).and_then(|id| id.parse().ok()),
        }
    }
}

/// The listed payments of which money was taken, less what was given back before we heard of it.
fn kept(listed: &Collection) -> Vec<Captured> {
    let mut kept = Vec::new();
    for payment in listed.items.iter().filter(|p| p.status == "captured") {
        let left = payment.amount.saturating_sub(payment.amount_refunded.unwrap_or(0));
        if payment.currency != "INR" || payment.id.is_none() {
            let (id, currency) = (payment.id.as_deref(), &payment.currency);
            tracing::error!(id, currency, "a listed payment cannot be taken");
        } else if left > 0 {
            kept.push(payment.captured(left, b""));
        }
    }
    kept
}
