//! Razorpay adapter: orders, refunds, lists, and webhooks signed in `X-Razorpay-Signature`.

use super::{
    CreateRefundOutcome, GatewayError, MAX_ID_CHARS, MAX_PAGE_ITEMS, MalformedMessage, PaymentGateway, PaymentPage,
    RefundPage, SourceRefund, capture_id, is_hmac_sha256, normalize_currency,
};
use crate::config::RazorpayConfig;
use crate::domain::GatewayName;
use crate::domain::capture::CURRENCY;
use crate::domain::gateway_event::{CapturedPayment, GatewayEvent, ReportedRefund};
use crate::domain::reconciliation::Window;
use crate::domain::refund::GatewayRefundState;
use crate::domain::text::single_line;
use domain::{Money, PaymentId, Timestamp};
use runtime::breaker::CircuitBreaker;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// Attempts of an idempotent call while a request waits for it.
const MAX_ATTEMPTS: u32 = 2;
/// Maximal number of pages of one payment's refunds.
const MAX_REFUND_PAGES: i64 = 10;

/// The Razorpay gateway.
pub struct Razorpay {
    http: reqwest::Client,
    breaker: Arc<CircuitBreaker>,
    key_id: String,
    key_secret: SecretString,
    webhook_secret: SecretString,
    api_url: String,
}

impl Razorpay {
    /// Errors with `Unavailable` when the HTTP client cannot be built.
    pub fn try_new(config: &RazorpayConfig, breaker: Arc<CircuitBreaker>) -> Result<Self, GatewayError> {
        Ok(Self {
            http: runtime::http_client::client().map_err(|e| GatewayError::Unavailable(e.to_string()))?,
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

    /// The id of the order that exists for a payment.
    async fn find_order_id(&self, payment: PaymentId) -> Result<Option<String>, GatewayError> {
        let query = [("receipt", payment.to_string()), ("count", "1".to_owned())];
        let request = self.http.get(format!("{}/v1/orders", self.api_url)).query(&query);
        let listed: Collection = self.breaker.call(self.send(request)).await?;
        Ok(listed.items.first().and_then(|order| text_field(order, "id")))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, i64)]) -> Result<T, GatewayError> {
        let request = || self.send(self.http.get(format!("{}{path}", self.api_url)).query(query));
        self.breaker.retry(MAX_ATTEMPTS, request).await
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
        // 409 and 429 depend on the time of the request, not on its content: it may succeed later.
        if status.is_client_error() && status != 409 && status != 429 {
            let error_body: Value = serde_json::from_str(&body).unwrap_or_default();
            let field =
                |name: &str| error_body.get("error").and_then(|error| text_field(error, name)).unwrap_or_default();
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
    fn item_count(&self) -> Result<u32, GatewayError> {
        u32::try_from(self.items.len()).map_err(|error| GatewayError::Unavailable(error.to_string()))
    }
}

/// Query parameters of a page of a list.
fn page_query(window: Window, skip: u32) -> [(&'static str, i64); 4] {
    let secs = |at: Timestamp| at.utc().timestamp();
    [
        ("from", secs(window.from)),
        ("to", secs(window.until)),
        ("count", i64::from(MAX_PAGE_ITEMS)),
        ("skip", i64::from(skip)),
    ]
}

#[derive(Deserialize)]
struct CreatedOrder {
    id: String,
}

#[async_trait::async_trait]
impl PaymentGateway for Razorpay {
    fn name(&self) -> GatewayName {
        GatewayName::Razorpay
    }
    fn derived_order_id(&self, _: PaymentId) -> Option<String> {
        None
    }
    async fn create_order(&self, payment: PaymentId, amount: Money) -> Result<String, GatewayError> {
        let body = json!({
            "amount": amount.paise(),
            "currency": "INR",
            "receipt": payment.to_string(),
            "notes": { "payment_id": payment.to_string() },
        });
        let first: Result<CreatedOrder, GatewayError> = self.breaker.call(self.post("/v1/orders", &body, None)).await;
        match first {
            Ok(order) => Ok(order.id),
            // The order may exist although the answer was lost: it is found by its receipt.
            Err(GatewayError::Unavailable(_)) if self.breaker.is_closed() => {
                if let Some(id) = self.find_order_id(payment).await? {
                    return Ok(id);
                }
                let order: CreatedOrder = self.breaker.call(self.post("/v1/orders", &body, None)).await?;
                Ok(order.id)
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
    fn verify_signature(&self, signature: &str, body: &[u8]) -> bool {
        is_hmac_sha256(self.webhook_secret.expose_secret(), signature, body)
    }
    fn parse(&self, body: &[u8]) -> Result<GatewayEvent, MalformedMessage> {
        let message: Value = serde_json::from_slice(body).map_err(|e| MalformedMessage(e.to_string()))?;
        let kind =
            text_field(&message, "event").ok_or_else(|| MalformedMessage("the field event is missing".into()))?;
        let payment = message.pointer("/payload/payment/entity");
        match kind.as_str() {
            "payment.captured" => {
                let payment = payment.ok_or_else(|| MalformedMessage("the payment entity is missing".into()))?;
                let mut captured = parse_captured(payment, Money::ZERO, body)?;
                // The webhook is created at capture time; the payment may have been created days before.
                captured.taken_at =
                    time_field(payment, "captured_at").or(time_field(&message, "created_at")).or(captured.taken_at);
                Ok(GatewayEvent::Captured(captured))
            }
            "payment.failed" => {
                let payment = payment.ok_or_else(|| MalformedMessage("the payment entity is missing".into()))?;
                let reason = text_field(payment, "error_description");
                Ok(GatewayEvent::Failed {
                    order_id: parse_order_id(payment),
                    reason: reason.unwrap_or_else(|| "the gateway reported a failure".to_owned()),
                })
            }
            "refund.created" | "refund.processed" | "refund.failed" => {
                let refund = message
                    .pointer("/payload/refund/entity")
                    .ok_or_else(|| MalformedMessage("the refund entity is missing".into()))?;
                let mut refund = parse_refund(refund, None)?;
                refund.state = match kind.as_str() {
                    "refund.processed" => GatewayRefundState::Processed,
                    "refund.failed" => refund.state.max(GatewayRefundState::Failed),
                    _ => refund.state,
                };
                Ok(GatewayEvent::Refund { kind, refund })
            }
            // `order.paid` and `payment.authorized` add nothing to a capture.
            _ => Ok(GatewayEvent::Unhandled { kind }),
        }
    }
    async fn create_refund(&self, refund: &SourceRefund) -> CreateRefundOutcome {
        let id = refund.id.to_string();
        let body = json!({ "amount": refund.amount.paise(), "receipt": id, "notes": { "refund_id": id } });
        let path = format!("/v1/payments/{}/refund", refund.gateway_payment_id);
        // No retry here: the job `refunds` retries.
        let created: Result<Value, GatewayError> = self.breaker.call(self.post(&path, &body, Some(&id))).await;
        match created {
            Ok(refund) => match parse_refund_state(&refund)
                .zip(text_field(&refund, "id").and_then(|id| single_line(&id, MAX_ID_CHARS)))
            {
                Some((state, id)) => CreateRefundOutcome::Accepted { id, state },
                None => CreateRefundOutcome::Unknown { reason: "the answer cannot be parsed".to_owned() },
            },
            Err(GatewayError::CircuitOpen(open)) => CreateRefundOutcome::NotSent { retry_after: open.retry_after },
            Err(GatewayError::Refused { status: 400, code, description })
                if is_permanent_refusal(&code, &description) =>
            {
                CreateRefundOutcome::Refused { code }
            }
            Err(error @ (GatewayError::Refused { .. } | GatewayError::Unavailable(_))) => {
                CreateRefundOutcome::Unknown { reason: error.to_string() }
            }
        }
    }
    async fn list_refunds_of_payment(&self, gateway_payment_id: &str) -> Result<Vec<ReportedRefund>, GatewayError> {
        let path = format!("/v1/payments/{gateway_payment_id}/refunds");
        let mut found = Vec::new();
        for page in 0..MAX_REFUND_PAGES {
            let query = [("count", i64::from(MAX_PAGE_ITEMS)), ("skip", page * i64::from(MAX_PAGE_ITEMS))];
            let listed: Collection = self.get(&path, &query).await?;
            let refunds = listed.items.iter().map(|refund| parse_refund(refund, Some(gateway_payment_id)));
            found.extend(refunds.collect::<Result<Vec<_>, _>>().map_err(|e| GatewayError::Unavailable(e.to_string()))?);
            if listed.item_count()? < MAX_PAGE_ITEMS {
                return Ok(found);
            }
        }
        Err(GatewayError::Unavailable(format!(
            "{gateway_payment_id} has more than {MAX_REFUND_PAGES} pages of refunds"
        )))
    }
    async fn list_payments(&self, window: Window, skip: u32) -> Result<PaymentPage, GatewayError> {
        let listed: Collection = self.get("/v1/payments", &page_query(window, skip)).await?;
        Ok(PaymentPage { item_count: listed.item_count()?, captured: captured_payments(&listed) })
    }
    async fn list_refunds(&self, window: Window, skip: u32) -> Result<RefundPage, GatewayError> {
        let listed: Collection = self.get("/v1/refunds", &page_query(window, skip)).await?;
        let mut refunds = Vec::new();
        for refund in &listed.items {
            // A refund that cannot be parsed does not hide the others.
            match parse_refund(refund, None) {
                Ok(refund) => refunds.push(refund),
                Err(error) => {
                    tracing::error!(id = text_field(refund, "id"), %error, "listed refund skipped: not parsable")
                }
            }
        }
        Ok(RefundPage { item_count: listed.item_count()?, refunds })
    }
    async fn list_captures_of_order(&self, order_id: &str) -> Result<Vec<CapturedPayment>, GatewayError> {
        self.get(&format!("/v1/orders/{order_id}/payments"), &[]).await.map(|listed| captured_payments(&listed))
    }
}

/// A text field; a number is converted to text.
fn text_field(value: &Value, field: &str) -> Option<String> {
    match value.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An amount in the currency's smallest unit, given as a number or as text.
fn amount_field(value: &Value, field: &str) -> Option<i64> {
    let text = text_field(value, field)?;
    let text = text.trim();
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// A time in seconds since 1970.
fn time_field(value: &Value, field: &str) -> Option<Timestamp> {
    let secs = amount_field(value, field).filter(|secs| *secs > 0)?;
    Timestamp::from_micros(secs.checked_mul(1_000_000)?)
}

/// The order id; empty for a payment that this service did not request.
fn parse_order_id(payment: &Value) -> String {
    text_field(payment, "order_id").and_then(|id| single_line(&id, MAX_ID_CHARS)).unwrap_or_default()
}

/// The state of a refund; `None` when it is unknown.
fn parse_refund_state(refund: &Value) -> Option<GatewayRefundState> {
    text_field(refund, "status")?.parse().ok()
}

/// Parses a refund entity. One without a status is pending.
fn parse_refund(refund: &Value, payment: Option<&str>) -> Result<ReportedRefund, MalformedMessage> {
    let missing = |field: &str| MalformedMessage(format!("the field {field} of the refund is missing or invalid"));
    let id_of = |field: &str| text_field(refund, field).and_then(|id| single_line(&id, MAX_ID_CHARS));
    let amount = amount_field(refund, "amount").ok_or_else(|| missing("amount"))?;
    let note = refund.pointer("/notes/refund_id").and_then(Value::as_str).map(str::to_owned);
    Ok(ReportedRefund {
        id: id_of("id").ok_or_else(|| missing("id"))?,
        gateway_payment_id: id_of("payment_id").or(payment.map(str::to_owned)).ok_or_else(|| missing("payment_id"))?,
        amount: Money::from_paise(amount),
        // Some answers leave it empty; then it is the account's currency.
        currency: text_field(refund, "currency")
            .filter(|c| !c.is_empty())
            .map_or(CURRENCY.to_owned(), |c| normalize_currency(&c)),
        receipt: note
            .or(text_field(refund, "receipt"))
            .and_then(|id| single_line(&id, MAX_ID_CHARS))
            .unwrap_or_default(),
        state: match text_field(refund, "status") {
            Some(_) => parse_refund_state(refund).ok_or_else(|| missing("status"))?,
            None => GatewayRefundState::Pending,
        },
    })
}

/// Whether a refusal is permanent: it concerns this payment, not the request or the account.
fn is_permanent_refusal(code: &str, description: &str) -> bool {
    let description = description.to_ascii_lowercase();
    let transient_words = ["balance", "idempotency", "authentication", "try again", "not enabled", "not allowed"];
    code == "BAD_REQUEST_ERROR" && !transient_words.iter().any(|text| description.contains(text))
}

/// Parses a payment entity as a capture. `refunded` is the part that was refunded before.
fn parse_captured(payment: &Value, refunded: Money, body: &[u8]) -> Result<CapturedPayment, MalformedMessage> {
    let amount =
        amount_field(payment, "amount").ok_or_else(|| MalformedMessage("the amount is not a number".into()))?;
    let code =
        text_field(payment, "currency").ok_or_else(|| MalformedMessage("the field currency is missing".into()))?;
    // `notes` is an object, or an empty list when there are none.
    let note = payment.pointer("/notes/payment_id").and_then(Value::as_str);
    Ok(CapturedPayment {
        order_id: parse_order_id(payment),
        gateway_payment_id: capture_id(text_field(payment, "id").as_deref(), body),
        amount: Money::from_paise(amount),
        refunded,
        taken_at: time_field(payment, "captured_at").or(time_field(payment, "created_at")),
        currency: normalize_currency(&code),
        payment_id: note.and_then(|id| id.parse().ok()),
    })
}

/// The part of a listed payment that was refunded; zero when the field is missing. `None` when it is not a number.
fn refunded_before(payment: &Value) -> Option<Money> {
    match text_field(payment, "amount_refunded") {
        Some(_) => amount_field(payment, "amount_refunded").map(Money::from_paise),
        None => Some(Money::ZERO),
    }
}

/// The captured payments of a list, except those that were refunded in full. A payment that cannot be parsed does not
/// hide the others.
fn captured_payments(listed: &Collection) -> Vec<CapturedPayment> {
    let mut payments = Vec::new();
    for payment in listed.items.iter().filter(|p| text_field(p, "status").as_deref() == Some("captured")) {
        let id = text_field(payment, "id");
        let Some(refunded) = refunded_before(payment) else {
            tracing::error!(id, "listed payment skipped: the refunded amount is not a number");
            continue;
        };
        match parse_captured(payment, refunded, b"") {
            Ok(captured) if id.is_some() => {
                if captured.amount > refunded || refunded.is_zero() {
                    payments.push(captured);
                }
            }
            Ok(_) => tracing::error!("listed payment skipped: no id"),
            Err(error) => tracing::error!(id, %error, "listed payment skipped: not parsable"),
        }
    }
    payments
}
