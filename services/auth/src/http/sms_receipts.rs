//! HTTP handlers of the delivery of SMS: receipts of providers, and the list for staff.

use crate::app::record_delivery::record_receipt;
use crate::domain::delivery::DeliveryState;
use crate::domain::identifier::Identifier;
use crate::error::AuthError;
use crate::state::AuthState;
use crate::store::sms_deliveries::{self, DeliveryQuery, DeliveryRow};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, web};
use domain::Timestamp;
use http_api::{Cursor, Doc, Json, Listing, NoContent, Page, Parameter, Path, Problem, Query, RawBody, operation};
use runtime::mail::{ReceiptRefusal, ReceiptRequest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::future::{Ready, ready};

/// Maximal size of a receipt, in bytes.
const MAX_RECEIPT_BYTES: usize = 64 * 1024;

/// A receipt whose signature is not verified yet. Extracting it never fails.
pub(crate) struct SignedReceipt {
    signature: Option<String>,
    token: Option<String>,
    body: RawBody,
}

/// Query of the address of receipts.
#[derive(Deserialize)]
struct ReceiptQuery {
    token: Option<String>,
}

/// Body of a receipt, for the API document only: a form or JSON of the provider.
#[derive(JsonSchema)]
#[schemars(rename = "SmsReceipt")]
#[expect(dead_code, reason = "only its schema is used; the signature covers the bytes")]
pub(crate) struct ReceiptBody(serde_json::Map<String, serde_json::Value>);

impl FromRequest for SignedReceipt {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signature = request.headers().get("X-Twilio-Signature").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let query = web::Query::<ReceiptQuery>::from_query(request.query_string());
        let token = query.ok().and_then(|query| query.into_inner().token);
        let body = RawBody::from_request(request, payload).into_inner();
        ready(body.map(|body| Self { signature, token, body }))
    }
}

impl Parameter for SignedReceipt {
    fn describe(doc: Doc) -> Doc {
        doc.open_body::<ReceiptBody>().empty_response(401)
    }
}

/// Receive receipts of a provider of SMS.
///
/// From `twilio`, signed in `X-Twilio-Signature`, or from `msg91`, with `SMS_RECEIPT_TOKEN` as `token` in the query; 401
/// otherwise, and 404 for a provider that is not configured. A repeated or late receipt changes nothing.
#[operation]
pub(crate) async fn receive(
    state: web::Data<AuthState>,
    Path(provider): Path<String>,
    receipt: SignedReceipt,
) -> Result<NoContent, Problem> {
    let SignedReceipt { signature, token, body } = receipt;
    let body = body.bytes(MAX_RECEIPT_BYTES).await?;
    let request = ReceiptRequest { signature: signature.as_deref(), token: token.as_deref(), body: &body };
    let receipts = state.receipts.read(&provider, &request).map_err(|refused| match refused {
        ReceiptRefusal::Unexpected => Problem::not_found(),
        ReceiptRefusal::Unsigned => {
            Problem::new(StatusCode::UNAUTHORIZED, "auth.receipt_signature", refused.to_string())
        }
    })?;
    let now = state.ctx.now();
    for receipt in &receipts {
        let is_new = state.ctx.tx(async |c| Ok::<_, AuthError>(record_receipt(c, receipt, now).await?)).await?;
        if is_new {
            let outcome = format!("{:?}", receipt.state).to_lowercase();
            metrics::counter!("sms_receipts_total", "provider" => receipt.provider, "state" => outcome).increment(1);
        }
    }
    Ok(NoContent)
}

/// An SMS, and what became of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SmsDelivery")]
pub(crate) struct DeliveryView {
    provider: String,
    /// Id of the message at its provider, whose support finds it by this.
    message_id: String,
    recipient: Option<String>,
    /// Whether it has a one-time code.
    has_code: Option<bool>,
    /// `accepted` until a receipt arrives; not every provider sends them.
    state: DeliveryState,
    /// The provider's code of a failure.
    error_code: Option<String>,
    sent_at: Option<Timestamp>,
    reported_at: Option<Timestamp>,
}

impl From<DeliveryRow> for DeliveryView {
    fn from(row: DeliveryRow) -> Self {
        let DeliveryRow { provider, message_id, state, error_code, recipient, has_code, sent_at, reported_at, .. } =
            row;
        Self { provider, message_id, recipient, has_code, state, error_code, sent_at, reported_at }
    }
}

/// Filter of the list of SMS.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct DeliveryFilter {
    state: Option<DeliveryState>,
    /// A mobile number in any notation.
    recipient: Option<String>,
}

/// List the SMS of the last 90 days, newest first.
///
/// 422 for a recipient that is not a mobile number.
#[operation]
pub(crate) async fn list(
    state: web::Data<AuthState>,
    Query(filter): Query<DeliveryFilter>,
    page: Page,
) -> Result<Json<Listing<DeliveryView>>, Problem> {
    let number = |text: String| {
        let number = Identifier::mobile(&text).map(|number| number.as_str().to_owned());
        number.ok_or_else(|| Problem::unprocessable("auth.identifier_invalid", "not a mobile number"))
    };
    let recipient = filter.recipient.map(number).transpose()?;
    let after = match page.after_row()? {
        None => None,
        Some((micros, key)) => Some((Timestamp::from_micros(micros).ok_or_else(http_api::bad_cursor)?, key.to_owned())),
    };
    let query = DeliveryQuery { state: filter.state, recipient };
    let rows = sms_deliveries::list(&mut *state.ctx.db().read().await?, &query, after, page.fetch_limit()).await?;
    let cursor = |row: &DeliveryRow| Cursor::Row {
        micros: row.sent_at.map_or(0, Timestamp::micros),
        key: row.message_id.clone(),
    };
    Ok(Json::new(page.listing(rows, cursor, DeliveryView::from)))
}
