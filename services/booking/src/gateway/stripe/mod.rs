//! Stripe adapter: Checkout Sessions, refunds, lists, and webhooks signed in `Stripe-Signature`.
//!
//! An order is a Checkout Session, a payment is its PaymentIntent. Amounts are in the smallest unit, paise.

mod messages;
mod signature;

use super::call::{MAX_ATTEMPTS, found, send};
use super::fields::{listed_captures, listed_refunds, refund_outcome, text_field};
use super::{
    CreateRefundOutcome, CreatedOrder, GatewayError, HostedPage, MAX_PAGE_ITEMS, MalformedMessage, OrderReport,
    OrderTerms, Page, PaymentGateway, SourceRefund,
};
use crate::config::{ReturnPages, StripeConfig};
use crate::domain::GatewayName;
use crate::domain::gateway_event::{AuthorizedPayment, CapturedPayment, GatewayEvent, ReportedRefund};
use crate::domain::reconciliation::{ListPosition, Window};
use domain::{PaymentId, Timestamp};
use reqwest::RequestBuilder;
use runtime::breaker::CircuitBreaker;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Version of the API whose answers this adapter reads, whatever the account's own version is.
const API_VERSION: &str = "2024-06-20";
/// Maximal number of pages of one payment's refunds.
const MAX_REFUND_PAGES: u32 = 10;
/// Hours for which a session takes a payment. It follows from the payment, because a repeated request must be the same;
/// Stripe allows at most 24 hours from its own clock.
const SESSION_HOURS: i64 = 23;
/// What the payer reads on the page.
const PRODUCT_NAME: &str = "Vehicle booking";
const SESSIONS: &str = "/v1/checkout/sessions";

/// The Stripe gateway.
pub struct Stripe {
    http: reqwest::Client,
    breaker: Arc<CircuitBreaker>,
    secret_key: SecretString,
    webhook_secret: SecretString,
    api_url: String,
    returns: ReturnPages,
}

/// Parameters of a request, sent as a form or in the address.
type Fields = Vec<(&'static str, String)>;

impl Stripe {
    /// Errors with `Unavailable` when the HTTP client cannot be built.
    pub fn try_new(
        config: &StripeConfig,
        breaker: Arc<CircuitBreaker>,
        returns: ReturnPages,
    ) -> Result<Self, GatewayError> {
        Ok(Self {
            http: runtime::http_client::client().map_err(|e| GatewayError::Unavailable(e.to_string()))?,
            breaker,
            secret_key: config.secret_key.clone(),
            webhook_secret: config.webhook_secret.clone(),
            api_url: config.api_url.clone(),
            returns,
        })
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, GatewayError> {
        let key = self.secret_key.expose_secret();
        send(request.bearer_auth(key).header("Stripe-Version", API_VERSION)).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &Fields) -> Result<T, GatewayError> {
        let request = || self.send(self.http.get(format!("{}{path}", self.api_url)).query(query));
        self.breaker.retry(MAX_ATTEMPTS, request).await
    }

    /// Sends a form once. Stripe answers a repetition with the same idempotency key as it answered the first request.
    async fn post<T: DeserializeOwned>(&self, path: &str, form: &Fields, key: &str) -> Result<T, GatewayError> {
        let request = self.http.post(format!("{}{path}", self.api_url)).header("Idempotency-Key", key).form(form);
        self.send(request).await
    }

    /// Parameters of a new session.
    fn session_form(&self, terms: &OrderTerms) -> Fields {
        let OrderTerms { payment_id, booking_id, amount, created_at } = *terms;
        let id = payment_id.to_string();
        let expires_at = created_at.plus_hours(SESSION_HOURS).utc().timestamp();
        vec![
            ("mode", "payment".to_owned()),
            ("client_reference_id", id.clone()),
            ("line_items[0][quantity]", "1".to_owned()),
            ("line_items[0][price_data][currency]", "inr".to_owned()),
            ("line_items[0][price_data][unit_amount]", amount.paise().to_string()),
            ("line_items[0][price_data][product_data][name]", PRODUCT_NAME.to_owned()),
            // The list of payments has no sessions, so the payment carries the id as well.
            ("metadata[payment_id]", id.clone()),
            ("payment_intent_data[metadata][payment_id]", id),
            // Payers pay the amount in rupees that is due here, in no other currency.
            ("adaptive_pricing[enabled]", "false".to_owned()),
            ("expires_at", expires_at.to_string()),
            ("success_url", self.returns.paid(payment_id)),
            ("cancel_url", self.returns.cancelled(booking_id)),
        ]
    }

    async fn find_session(&self, id: &str) -> Result<Value, GatewayError> {
        self.get(&format!("{SESSIONS}/{id}"), &vec![("expand[]", "payment_intent.latest_charge".to_owned())]).await
    }
}

/// A list of Stripe.
#[derive(Deserialize)]
struct List {
    data: Vec<Value>,
    has_more: bool,
}

impl List {
    /// Where the next page begins.
    fn next(&self, from: &ListPosition) -> Result<Option<ListPosition>, GatewayError> {
        if !self.has_more {
            return Ok(None);
        }
        let count = u32::try_from(self.data.len()).map_err(|e| GatewayError::Unavailable(e.to_string()))?;
        let last = self.data.last().and_then(|item| text_field(item, "id"));
        let last = last.ok_or_else(|| GatewayError::Unavailable("a page of a list has no last id".to_owned()))?;
        Ok(Some(from.after(count, &last)))
    }
}

/// Query parameters of a page.
fn page_query(from: &ListPosition, more: Fields) -> Fields {
    let mut query = vec![("limit", MAX_PAGE_ITEMS.to_string())];
    query.extend(more);
    if !from.last_id.is_empty() {
        query.push(("starting_after", from.last_id.clone()));
    }
    query
}

fn window_query(window: Window) -> Fields {
    let secs = |at: Timestamp| at.utc().timestamp().to_string();
    vec![("created[gte]", secs(window.from)), ("created[lte]", secs(window.until))]
}

/// The page of a session. An answer that names no safe address is an outage, because a browser goes there.
fn page(session: &Value) -> Result<HostedPage, GatewayError> {
    if text_field(session, "status").as_deref() != Some("open") {
        return Ok(HostedPage::Closed);
    }
    let url = text_field(session, "url").filter(|url| url.starts_with("https://"));
    let url = url.ok_or_else(|| GatewayError::Unavailable("the session has no page".to_owned()))?;
    Ok(HostedPage::Open { url, fields: BTreeMap::new() })
}

#[async_trait::async_trait]
impl PaymentGateway for Stripe {
    fn name(&self) -> GatewayName {
        GatewayName::Stripe
    }
    fn derived_order_id(&self, _: PaymentId) -> Option<String> {
        None
    }
    // The idempotency key finds a session that exists.
    async fn create_order(&self, terms: &OrderTerms, _: bool) -> Result<CreatedOrder, GatewayError> {
        let (form, key) = (self.session_form(terms), terms.payment_id.to_string());
        let session: Value = self.breaker.retry(MAX_ATTEMPTS, || self.post(SESSIONS, &form, &key)).await?;
        let id = messages::session_id(&session);
        let id = id.ok_or_else(|| GatewayError::Unavailable("the session has no id".to_owned()))?;
        Ok(CreatedOrder { id, page: page(&session)? })
    }
    async fn find_page(&self, order_id: &str, _: &OrderTerms) -> Result<HostedPage, GatewayError> {
        page(&self.find_session(order_id).await?)
    }
    fn public_key(&self) -> Option<String> {
        None
    }
    fn signature_header(&self) -> &'static str {
        "Stripe-Signature"
    }
    fn verify_signature(&self, signature: &str, body: &[u8], now: Timestamp) -> bool {
        signature::is_valid(self.webhook_secret.expose_secret(), signature, body, now)
    }
    fn parse(&self, body: &[u8]) -> Result<GatewayEvent, MalformedMessage> {
        messages::parse(body)
    }
    async fn create_refund(&self, refund: &SourceRefund) -> CreateRefundOutcome {
        let id = refund.id.to_string();
        let form = vec![
            ("payment_intent", refund.gateway_payment_id.clone()),
            ("amount", refund.amount.paise().to_string()),
            ("metadata[refund_id]", id.clone()),
        ];
        // No retry here: the job `refunds` retries.
        let created = self.breaker.call(self.post("/v1/refunds", &form, &id)).await;
        refund_outcome(created, messages::parse_refund, messages::is_permanent_refusal)
    }
    async fn list_refunds_of_payment(&self, gateway_payment_id: &str) -> Result<Vec<ReportedRefund>, GatewayError> {
        let (mut found, mut from) = (Vec::new(), ListPosition::default());
        for _ in 0..MAX_REFUND_PAGES {
            let query = page_query(&from, vec![("payment_intent", gateway_payment_id.to_owned())]);
            let listed: List = self.get("/v1/refunds", &query).await?;
            let refunds = listed.data.iter().map(messages::parse_refund);
            found.extend(refunds.collect::<Result<Vec<_>, _>>().map_err(|e| GatewayError::Unavailable(e.to_string()))?);
            match listed.next(&from)? {
                Some(next) => from = next,
                None => return Ok(found),
            }
        }
        Err(GatewayError::Unavailable(format!(
            "{gateway_payment_id} has more than {MAX_REFUND_PAGES} pages of refunds"
        )))
    }
    async fn list_payments(&self, window: Window, from: &ListPosition) -> Result<Page<CapturedPayment>, GatewayError> {
        let mut query = window_query(window);
        query.push(("expand[]", "data.latest_charge".to_owned()));
        let listed: List = self.get("/v1/payment_intents", &page_query(from, query)).await?;
        let items = listed_captures(listed.data.iter().filter(|i| messages::is_captured(i)), messages::parse_listed);
        Ok(Page { items, next: listed.next(from)? })
    }
    async fn list_refunds(&self, window: Window, from: &ListPosition) -> Result<Page<ReportedRefund>, GatewayError> {
        let listed: List = self.get("/v1/refunds", &page_query(from, window_query(window))).await?;
        Ok(Page { items: listed_refunds(&listed.data, messages::parse_refund), next: listed.next(from)? })
    }
    async fn has_captured(&self, gateway_payment_id: &str) -> Result<bool, GatewayError> {
        let path = format!("/v1/payment_intents/{gateway_payment_id}");
        let intent: Option<Value> = found(self.get(&path, &Fields::new()).await)?;
        Ok(intent.as_ref().is_some_and(messages::is_captured))
    }
    async fn find_order(&self, order_id: &str) -> Result<OrderReport, GatewayError> {
        let session = self.find_session(order_id).await?;
        let intent = session.get("payment_intent").into_iter().filter(|intent| messages::is_captured(intent));
        let mut captured = listed_captures(intent, messages::parse_listed);
        captured.iter_mut().for_each(|payment| order_id.clone_into(&mut payment.order_id));
        let is_expired = text_field(&session, "status").as_deref() == Some("expired");
        Ok(OrderReport { captured, authorized: Vec::new(), is_expired })
    }
    // A session captures its payment at once.
    async fn capture(&self, _: &AuthorizedPayment) -> Result<CapturedPayment, GatewayError> {
        Err(GatewayError::not_supported())
    }
    async fn close_order(&self, order_id: &str) -> Result<(), GatewayError> {
        let path = format!("{SESSIONS}/{order_id}/expire");
        let closed: Result<Value, GatewayError> =
            self.breaker.call(self.post(&path, &Vec::new(), &format!("expire-{order_id}"))).await;
        match closed {
            // It is paid or expired already.
            Ok(_) | Err(GatewayError::Refused { status: 400, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
