//! Razorpay adapter: orders, its hosted checkout, refunds, lists, and webhooks signed in `X-Razorpay-Signature`.

mod messages;

use super::call::{MAX_ATTEMPTS, found, send};
use super::fields::{listed_captures, listed_refunds, refund_outcome, text_field};
use super::signature::is_hmac_sha256;
use super::{
    CreateRefundOutcome, CreatedOrder, GatewayError, HostedPage, MAX_PAGE_ITEMS, MalformedMessage, OrderReport,
    OrderTerms, Page, PaymentGateway, SourceRefund,
};
use crate::config::{RazorpayConfig, ReturnPages};
use crate::domain::GatewayName;
use crate::domain::capture::CURRENCY;
use crate::domain::gateway_event::{AuthorizedPayment, CapturedPayment, GatewayEvent, ReportedRefund};
use crate::domain::reconciliation::{ListPosition, Window};
use domain::{PaymentId, Timestamp};
use runtime::breaker::CircuitBreaker;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::sync::Arc;

/// Maximal number of pages of one payment's refunds.
const MAX_REFUND_PAGES: u32 = 10;
/// The page to which a form leads the payer. The content policy of the console names this address.
const CHECKOUT_URL: &str = "https://api.razorpay.com/v1/checkout/embedded";
/// The company's name and the purpose of a payment on that page.
const PAGE_TEXTS: [(&str, &str); 2] = [("name", "EV Distribution"), ("description", "Vehicle booking")];

/// The Razorpay gateway.
pub struct Razorpay {
    http: reqwest::Client,
    breaker: Arc<CircuitBreaker>,
    key_id: String,
    key_secret: SecretString,
    webhook_secret: SecretString,
    api_url: String,
    returns: ReturnPages,
}

impl Razorpay {
    /// Errors with `Unavailable` when the HTTP client cannot be built.
    pub fn try_new(
        config: &RazorpayConfig,
        breaker: Arc<CircuitBreaker>,
        returns: ReturnPages,
    ) -> Result<Self, GatewayError> {
        Ok(Self {
            http: runtime::http_client::client().map_err(|e| GatewayError::Unavailable(e.to_string()))?,
            breaker,
            key_id: config.key_id.clone(),
            key_secret: config.key_secret.clone(),
            webhook_secret: config.webhook_secret.clone(),
            api_url: config.api_url.clone(),
            returns,
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
    async fn find_order_id(&self, payment: PaymentId, max_attempts: u32) -> Result<Option<String>, GatewayError> {
        let query = [("receipt", payment.to_string()), ("count", "1".to_owned())];
        let request = || self.send(self.http.get(format!("{}/v1/orders", self.api_url)).query(&query));
        let listed: Collection = self.breaker.retry(max_attempts, request).await?;
        Ok(listed.items.first().and_then(|order| text_field(order, "id")))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, i64)]) -> Result<T, GatewayError> {
        let request = || self.send(self.http.get(format!("{}{path}", self.api_url)).query(query));
        self.breaker.retry(MAX_ATTEMPTS, request).await
    }

    async fn send<T: DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, GatewayError> {
        send(request.basic_auth(&self.key_id, Some(self.key_secret.expose_secret()))).await
    }

    /// The form that opens the gateway's page.
    fn page(&self, order_id: &str, terms: &OrderTerms) -> HostedPage {
        let OrderTerms { payment_id, booking_id, amount, .. } = *terms;
        let own = [
            ("key_id", self.key_id.clone()),
            ("order_id", order_id.to_owned()),
            ("amount", amount.paise().to_string()),
            ("currency", CURRENCY.to_owned()),
            ("notes[payment_id]", payment_id.to_string()),
            ("callback_url", self.returns.paid(payment_id)),
            ("cancel_url", self.returns.cancelled(booking_id)),
        ];
        let texts = PAGE_TEXTS.map(|(name, text)| (name, text.to_owned()));
        let fields = own.into_iter().chain(texts).map(|(name, value)| (name.to_owned(), value)).collect();
        HostedPage::Open { url: CHECKOUT_URL.to_owned(), fields }
    }

    async fn place_order(&self, terms: &OrderTerms) -> Result<String, GatewayError> {
        let id = terms.payment_id.to_string();
        let body = json!({
            "amount": terms.amount.paise(),
            "currency": CURRENCY,
            "receipt": id,
            "notes": { "payment_id": id },
        });
        let order: CreatedEntity = self.breaker.call(self.post("/v1/orders", &body, None)).await?;
        Ok(order.id)
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

    /// A page of a list, with where the next one begins.
    fn page<T>(&self, from: &ListPosition, items: Vec<T>) -> Result<Page<T>, GatewayError> {
        let count = self.item_count()?;
        Ok(Page { items, next: (count >= MAX_PAGE_ITEMS).then(|| from.after(count, "")) })
    }
}

/// Query parameters of a page of a list.
fn page_query(window: Window, from: &ListPosition) -> [(&'static str, i64); 4] {
    let secs = |at: Timestamp| at.utc().timestamp();
    [
        ("from", secs(window.from)),
        ("to", secs(window.until)),
        ("count", i64::from(MAX_PAGE_ITEMS)),
        ("skip", i64::from(from.items)),
    ]
}

#[derive(Deserialize)]
struct CreatedEntity {
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
    async fn create_order(&self, terms: &OrderTerms, may_exist: bool) -> Result<CreatedOrder, GatewayError> {
        let found = if may_exist { self.find_order_id(terms.payment_id, MAX_ATTEMPTS).await? } else { None };
        let id = match found {
            Some(id) => id,
            None => match self.place_order(terms).await {
                // The order may exist although the answer was lost: it is found by its receipt.
                Err(GatewayError::Unavailable(_)) if self.breaker.is_closed() => {
                    match self.find_order_id(terms.payment_id, 1).await? {
                        Some(id) => id,
                        None => self.place_order(terms).await?,
                    }
                }
                placed => placed?,
            },
        };
        let page = self.page(&id, terms);
        Ok(CreatedOrder { id, page })
    }
    async fn find_page(&self, order_id: &str, terms: &OrderTerms) -> Result<HostedPage, GatewayError> {
        Ok(self.page(order_id, terms))
    }
    fn public_key(&self) -> Option<String> {
        Some(self.key_id.clone())
    }
    fn signature_header(&self) -> &'static str {
        "X-Razorpay-Signature"
    }
    fn verify_signature(&self, signature: &str, body: &[u8], _: Timestamp) -> bool {
        is_hmac_sha256(self.webhook_secret.expose_secret(), signature, body)
    }
    fn parse(&self, body: &[u8]) -> Result<GatewayEvent, MalformedMessage> {
        messages::parse(body)
    }
    async fn create_refund(&self, refund: &SourceRefund) -> CreateRefundOutcome {
        let id = refund.id.to_string();
        let body = json!({ "amount": refund.amount.paise(), "receipt": id, "notes": { "refund_id": id } });
        let payment = &refund.gateway_payment_id;
        let path = format!("/v1/payments/{payment}/refund");
        // No retry here: the job `refunds` retries.
        let created = self.breaker.call(self.post(&path, &body, Some(&id))).await;
        let parse = |refund: &Value| messages::parse_created_refund(refund, payment);
        refund_outcome(created, parse, messages::is_permanent_refusal)
    }
    async fn list_refunds_of_payment(&self, gateway_payment_id: &str) -> Result<Vec<ReportedRefund>, GatewayError> {
        let path = format!("/v1/payments/{gateway_payment_id}/refunds");
        let mut found = Vec::new();
        for page in 0..MAX_REFUND_PAGES {
            let query = [("count", i64::from(MAX_PAGE_ITEMS)), ("skip", i64::from(page * MAX_PAGE_ITEMS))];
            let listed: Collection = self.get(&path, &query).await?;
            let refunds = listed.items.iter().map(|refund| messages::parse_refund(refund, Some(gateway_payment_id)));
            found.extend(refunds.collect::<Result<Vec<_>, _>>().map_err(|e| GatewayError::Unavailable(e.to_string()))?);
            if listed.item_count()? < MAX_PAGE_ITEMS {
                return Ok(found);
            }
        }
        Err(GatewayError::Unavailable(format!(
            "{gateway_payment_id} has more than {MAX_REFUND_PAGES} pages of refunds"
        )))
    }
    async fn list_payments(&self, window: Window, from: &ListPosition) -> Result<Page<CapturedPayment>, GatewayError> {
        let listed: Collection = self.get("/v1/payments", &page_query(window, from)).await?;
        listed.page(from, captured_payments(&listed))
    }
    async fn list_refunds(&self, window: Window, from: &ListPosition) -> Result<Page<ReportedRefund>, GatewayError> {
        let listed: Collection = self.get("/v1/refunds", &page_query(window, from)).await?;
        listed.page(from, listed_refunds(&listed.items, |refund| messages::parse_refund(refund, None)))
    }
    async fn has_captured(&self, gateway_payment_id: &str) -> Result<bool, GatewayError> {
        let payment: Option<Value> = found(self.get(&format!("/v1/payments/{gateway_payment_id}"), &[]).await)?;
        let status = payment.as_ref().and_then(|payment| text_field(payment, "status"));
        Ok(matches!(status.as_deref(), Some("captured" | "refunded")))
    }
    async fn find_order(&self, order_id: &str) -> Result<OrderReport, GatewayError> {
        let listed: Collection = self.get(&format!("/v1/orders/{order_id}/payments"), &[]).await?;
        let authorized = with_status(&listed, "authorized").filter_map(messages::parse_authorized).collect();
        Ok(OrderReport { captured: captured_payments(&listed), authorized, is_expired: false })
    }
    async fn capture(&self, authorized: &AuthorizedPayment) -> Result<CapturedPayment, GatewayError> {
        let AuthorizedPayment { gateway_payment_id: id, amount, currency, .. } = authorized;
        let body = json!({ "amount": amount.paise(), "currency": currency });
        let path = format!("/v1/payments/{id}/capture");
        // No retry here: an order check finds a capture whose answer was lost.
        let captured: Value = self.breaker.call(self.post(&path, &body, None)).await?;
        match messages::parse_listed(&captured) {
            Ok(captured) if captured.gateway_payment_id == *id => Ok(captured),
            Ok(_) | Err(_) => Err(GatewayError::Unavailable("the answer cannot be parsed".to_owned())),
        }
    }
    // An order of Razorpay stays open; a payment of one that is not wanted any more is returned.
    async fn close_order(&self, _: &str) -> Result<(), GatewayError> {
        Ok(())
    }
}

fn with_status<'a>(listed: &'a Collection, status: &'static str) -> impl Iterator<Item = &'a Value> {
    listed.items.iter().filter(move |payment| text_field(payment, "status").as_deref() == Some(status))
}

fn captured_payments(listed: &Collection) -> Vec<CapturedPayment> {
    listed_captures(with_status(listed, "captured"), messages::parse_listed)
}
