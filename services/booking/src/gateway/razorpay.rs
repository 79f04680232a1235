//! Razorpay: orders, refunds, and webhooks signed in `X-Razorpay-Signature`.

use super::{
    GatewayError, LONGEST_ID, Malformed, PAGE, Page, PaymentGateway, RefundAnswer, RefundPage, SourceRefund,
    capture_id, currency, is_hmac_sha256,
};
use crate::app::capture::Captured;
use crate::app::receive_webhook::GatewayEvent;
use crate::app::settle_refund::ReportedRefund;
use crate::config::RazorpayConfig;
use crate::domain::GatewayName;
use crate::domain::capture::CURRENCY;
use crate::domain::reconciliation::Window;
use crate::domain::refund::GatewayRefundState;
use crate::domain::text::line;
use chassis::breaker::Breaker;
use domain::{Money, PaymentId, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// How often a call is made that does no harm twice, while somebody waits for it.
const TRIES: u32 = 2;
/// Most pages of refunds that are read of one payment.
const MAX_REFUND_PAGES: i64 = 10;

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

    /// The order that was made for a payment, if one was.
    async fn order_of(&self, payment: PaymentId) -> Result<Option<String>, GatewayError> {
        let query = [("receipt", payment.to_string()), ("count", "1".to_owned())];
        let request = self.http.get(format!("{}/v1/orders", self.api_url)).query(&query);
        let listed: Collection = self.breaker.call(self.send(request)).await?;
        Ok(listed.items.first().and_then(|order| text(order, "id")))
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
        let body = answer.text().await.unwrap_or_default();
        // 409 and 429 say nothing about the thing asked for, only that it was asked badly timed.
        if status.is_client_error() && status != 409 && status != 429 {
            let said: Value = serde_json::from_str(&body).unwrap_or_default();
            let field = |name: &str| said.get("error").and_then(|error| text(error, name)).unwrap_or_default();
            let description = field("description").chars().take(300).collect();
            Err(GatewayError::Refused { status: status.as_u16(), code: field("code"), description })
        } else {
            let body: String = body.chars().take(300).collect();
            Err(GatewayError::Unavailable(format!("{status}: {body}")))
        }
    }
}

#[derive(Deserialize)]
struct Collection {
    items: Vec<Value>,
}

impl Collection {
    fn lines(&self) -> u32 {
        u32::try_from(self.items.len()).unwrap_or(u32::MAX)
    }
}

/// The query for a part of a list.
fn part_of(window: Window, skip: u32) -> [(&'static str, i64); 4] {
    let secs = |at: Timestamp| at.utc().timestamp();
    [("from", secs(window.from)), ("to", secs(window.until)), ("count", i64::from(PAGE)), ("skip", i64::from(skip))]
}

#[derive(Deserialize)]
struct Made {
    id: String,
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
        let first: Result<Made, GatewayError> = self.breaker.call(self.post("/v1/orders", &body, None)).await;
        match first {
            Ok(made) => Ok(made.id),
            // It may have been made all the same: its receipt tells.
            Err(GatewayError::Unavailable(_)) if self.breaker.is_closed() => {
                if let Some(id) = self.order_of(payment).await? {
                    return Ok(id);
                }
                let made: Made = self.breaker.call(self.post("/v1/orders", &body, None)).await?;
                Ok(made.id)
            }
            Err(error) => Err(error),
        }
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
    fn read(&self, body: &[u8]) -> Result<GatewayEvent, Malformed> {
        let message: Value = serde_json::from_slice(body).map_err(|e| Malformed(e.to_string()))?;
        let kind = text(&message, "event").ok_or_else(|| Malformed("it has no event".into()))?;
        let payment = message.pointer("/payload/payment/entity");
        match kind.as_str() {
            "payment.captured" => {
                let payment = payment.ok_or_else(|| Malformed("it has no payment".into()))?;
                let mut captured = captured(payment, Money::ZERO, body)?;
                // The message is made with the capture; the payment may have been begun days before.
                captured.taken_at =
                    seconds(payment, "captured_at").or(seconds(&message, "created_at")).or(captured.taken_at);
                Ok(GatewayEvent::Captured(captured))
            }
            "payment.failed" => {
                let payment = payment.ok_or_else(|| Malformed("it has no payment".into()))?;
                let reason = text(payment, "error_description");
                Ok(GatewayEvent::Failed {
                    order_id: order_id(payment),
                    reason: reason.unwrap_or_else(|| "the gateway reported a failure".to_owned()),
                })
            }
            "refund.created" | "refund.processed" | "refund.failed" => {
                let refund =
                    message.pointer("/payload/refund/entity").ok_or_else(|| Malformed("it has no refund".into()))?;
                let mut refund = reported_refund(refund, None)?;
                refund.state = match kind.as_str() {
                    "refund.processed" => GatewayRefundState::Processed,
                    "refund.failed" => refund.state.max(GatewayRefundState::Failed),
                    _ => refund.state,
                };
                Ok(GatewayEvent::Refund { kind, refund })
            }
            // `order.paid` and `payment.authorized` say nothing that a capture does not.
            _ => Ok(GatewayEvent::Unhandled { kind }),
        }
    }
    async fn create_refund(&self, refund: &SourceRefund) -> RefundAnswer {
        let id = refund.id.to_string();
        let body = json!({ "amount": refund.amount.paise(), "receipt": id, "notes": { "refund_id": id } });
        let path = format!("/v1/payments/{}/refund", refund.gateway_payment_id);
        // Once: the job that sends refunds sends it again.
        let made: Result<Value, GatewayError> = self.breaker.call(self.post(&path, &body, Some(&id))).await;
        match made {
            Ok(made) => match refund_state(&made).zip(text(&made, "id").and_then(|id| line(&id, LONGEST_ID))) {
                Some((state, id)) => RefundAnswer::Accepted { id, state },
                None => RefundAnswer::Unknown { reason: "the answer cannot be read".to_owned() },
            },
            Err(GatewayError::Resting(open)) => RefundAnswer::NotAsked { retry_after: open.after },
            Err(GatewayError::Refused { status: 400, code, description }) if is_final(&code, &description) => {
                RefundAnswer::Refused { code }
            }
            Err(error @ (GatewayError::Refused { .. } | GatewayError::Unavailable(_))) => {
                RefundAnswer::Unknown { reason: error.to_string() }
            }
        }
    }
    async fn find_refunds(&self, gateway_payment_id: &str) -> Result<Vec<ReportedRefund>, GatewayError> {
        let path = format!("/v1/payments/{gateway_payment_id}/refunds");
        let mut found = Vec::new();
        for page in 0..MAX_REFUND_PAGES {
            let query = [("count", i64::from(PAGE)), ("skip", page * i64::from(PAGE))];
            let listed: Collection = self.get(&path, &query).await?;
            let refunds = listed.items.iter().map(|refund| reported_refund(refund, Some(gateway_payment_id)));
            found.extend(refunds.collect::<Result<Vec<_>, _>>().map_err(|e| GatewayError::Unavailable(e.to_string()))?);
            if listed.items.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(found);
            }
        }
        Err(GatewayError::Unavailable(format!("{gateway_payment_id} has more refunds than can be read")))
    }
    async fn list(&self, window: Window, skip: u32) -> Result<Page, GatewayError> {
        let listed: Collection = self.get("/v1/payments", &part_of(window, skip)).await?;
        Ok(Page { lines: listed.lines(), captured: kept(&listed) })
    }
    async fn list_refunds(&self, window: Window, skip: u32) -> Result<RefundPage, GatewayError> {
        let listed: Collection = self.get("/v1/refunds", &part_of(window, skip)).await?;
        let mut refunds = Vec::new();
        for refund in &listed.items {
            // One that cannot be read does not hide the others.
            match reported_refund(refund, None) {
                Ok(refund) => refunds.push(refund),
                Err(error) => tracing::error!(id = text(refund, "id"), %error, "a listed refund cannot be read"),
            }
        }
        Ok(RefundPage { lines: listed.lines(), refunds })
    }
    async fn captured_for(&self, order_id: &str) -> Result<Vec<Captured>, GatewayError> {
        self.get(&format!("/v1/orders/{order_id}/payments"), &[]).await.map(|listed| kept(&listed))
    }
}

/// A field that is text, or a number that stands for it.
fn text(value: &Value, field: &str) -> Option<String> {
    match value.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A field in the smallest unit of a currency, as a number or as text.
fn smallest_units(value: &Value, field: &str) -> Option<i64> {
    let text = text(value, field)?;
    let text = text.trim();
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// A field in seconds since 1970.
fn seconds(value: &Value, field: &str) -> Option<Timestamp> {
    let secs = smallest_units(value, field).filter(|secs| *secs > 0)?;
    Timestamp::from_micros(secs.checked_mul(1_000_000)?)
}

/// Empty where there is none: it was not asked for by us, but it was taken all the same.
fn order_id(payment: &Value) -> String {
    text(payment, "order_id").and_then(|id| line(&id, LONGEST_ID)).unwrap_or_default()
}

/// Where a refund stands; none where the word is not known.
fn refund_state(refund: &Value) -> Option<GatewayRefundState> {
    text(refund, "status")?.parse().ok()
}

/// A refund's entity. One without a status has only just been made.
fn reported_refund(refund: &Value, payment: Option<&str>) -> Result<ReportedRefund, Malformed> {
    let missing = |field: &str| Malformed(format!("a refund's {field} cannot be read"));
    let id_of = |field: &str| text(refund, field).and_then(|id| line(&id, LONGEST_ID));
    let amount = smallest_units(refund, "amount").ok_or_else(|| missing("amount"))?;
    let noted = refund.pointer("/notes/refund_id").and_then(Value::as_str).map(str::to_owned);
    Ok(ReportedRefund {
        id: id_of("id").ok_or_else(|| missing("id"))?,
        gateway_payment_id: id_of("payment_id").or(payment.map(str::to_owned)).ok_or_else(|| missing("payment_id"))?,
        amount: Money::from_paise(amount),
        // Some answers leave it empty; then it is that of the account.
        currency: text(refund, "currency").filter(|c| !c.is_empty()).map_or(CURRENCY.to_owned(), |c| currency(&c)),
        receipt: noted.or(text(refund, "receipt")).and_then(|id| line(&id, LONGEST_ID)).unwrap_or_default(),
        state: match text(refund, "status") {
            Some(_) => refund_state(refund).ok_or_else(|| missing("status"))?,
            None => GatewayRefundState::Pending,
        },
    })
}

/// Whether a refusal says that the refund can never be made: it is for this payment, not for our request or account.
fn is_final(code: &str, description: &str) -> bool {
    let description = description.to_ascii_lowercase();
    let passes = ["balance", "idempotency", "authentication", "try again", "not enabled", "not allowed"];
    code == "BAD_REQUEST_ERROR" && !passes.iter().any(|word| description.contains(word))
}

/// A payment's entity as money taken, and what was given back of it.
fn captured(payment: &Value, refunded: Money, body: &[u8]) -> Result<Captured, Malformed> {
    let amount = smallest_units(payment, "amount").ok_or_else(|| Malformed("its amount is no number".into()))?;
    let code = text(payment, "currency").ok_or_else(|| Malformed("it has no currency".into()))?;
    // An object, or an empty list where there are none.
    let noted = payment.pointer("/notes/payment_id").and_then(Value::as_str);
    Ok(Captured {
        order_id: order_id(payment),
        gateway_payment_id: capture_id(text(payment, "id").as_deref(), body),
        amount: Money::from_paise(amount),
        refunded,
        taken_at: seconds(payment, "captured_at").or(seconds(payment, "created_at")),
        currency: currency(&code),
        payment_id: noted.and_then(|id| id.parse().ok()),
    })
}

/// The listed payments of which money was taken, less what was given back before it is recorded here. One that cannot
/// be read does not hide the others.
fn kept(listed: &Collection) -> Vec<Captured> {
    let mut kept = Vec::new();
    for payment in listed.items.iter().filter(|p| text(p, "status").as_deref() == Some("captured")) {
        let refunded = Money::from_paise(smallest_units(payment, "amount_refunded").unwrap_or(0));
        let id = text(payment, "id");
        match captured(payment, refunded, b"") {
            Ok(captured) if id.is_some() => {
                if captured.amount > refunded || refunded.is_zero() {
                    kept.push(captured);
                }
            }
            Ok(_) => tracing::error!("a listed payment has no id"),
            Err(error) => tracing::error!(id, %error, "a listed payment cannot be read"),
        }
    }
    kept
}
