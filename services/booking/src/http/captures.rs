//! Handler of the list of captures, for staff.

use crate::BookingState;
use crate::domain::{CaptureOutcome, GatewayName};
use crate::store::captures::{self, Capture, CaptureCursor};
use actix_web::web;
use domain::{Money, PaymentId, Timestamp};
use http_api::{Cursor, Json, Listing, Page, Problem, Query, bad_cursor, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Filter of the list of captures.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct CaptureFilter {
    outcome: Option<CaptureOutcome>,
}

/// A payment that a gateway reported as captured.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CaptureView {
    gateway: GatewayName,
    gateway_payment_id: String,
    /// Empty when the gateway reports no order.
    order_id: String,
    payment_id: Option<PaymentId>,
    /// In hundredths of the currency.
    amount: Money,
    currency: String,
    outcome: CaptureOutcome,
    /// When this service recorded it.
    captured_at: Timestamp,
    /// Capture time, when the gateway reports one.
    taken_at: Option<Timestamp>,
}

impl From<Capture> for CaptureView {
    fn from(capture: Capture) -> Self {
        Self {
            gateway: capture.gateway,
            gateway_payment_id: capture.gateway_payment_id,
            order_id: capture.order_id,
            payment_id: capture.payment_id,
            amount: capture.amount_paise,
            currency: capture.currency,
            outcome: capture.outcome,
            captured_at: capture.captured_at,
            taken_at: capture.taken_at,
        }
    }
}

fn parse_cursor((micros, key): (i64, &str)) -> Result<CaptureCursor, Problem> {
    let parts = Timestamp::from_micros(micros).zip(key.split_once('/'));
    let (captured_at, (gateway, id)) = parts.ok_or_else(bad_cursor)?;
    Ok(CaptureCursor { captured_at, gateway_payment_id: id.to_owned(), gateway: gateway.to_owned() })
}

/// List payments captured by gateways, newest first.
///
/// A capture with the outcome `unknown_order` matches no payment.
#[operation]
pub(crate) async fn list(
    state: web::Data<BookingState>,
    page: Page,
    Query(filter): Query<CaptureFilter>,
) -> Result<Json<Listing<CaptureView>>, Problem> {
    let after = page.after_row()?.map(parse_cursor).transpose()?;
    let mut c = state.ctx.db().read().await?;
    let rows = captures::list(&mut c, filter.outcome, after.as_ref(), page.fetch_limit()).await?;
    let cursor = |capture: &Capture| Cursor::Row {
        micros: capture.captured_at.micros(),
        key: format!("{}/{}", capture.gateway, capture.gateway_payment_id),
    };
    Ok(Json::new(page.listing(rows, cursor, CaptureView::from)))
}
