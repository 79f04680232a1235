//! What gateways say they took, for staff: above all what no payment here is for.

use crate::Booking;
use crate::domain::{CaptureOutcome, GatewayName};
use crate::store::captures::{self, Capture, Place};
use actix_web::{HttpResponse, web};
use chassis::http::{Cursor, Page, Problem, Query, bad_cursor, ok};
use domain::{Money, PaymentId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct CaptureFilter {
    outcome: Option<CaptureOutcome>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CaptureView {
    gateway: GatewayName,
    gateway_payment_id: String,
    /// Empty where the gateway has none.
    order_id: String,
    payment_id: Option<PaymentId>,
    /// In hundredths of the currency.
    amount: Money,
    currency: String,
    outcome: CaptureOutcome,
    /// When we heard of it.
    captured_at: Timestamp,
    /// When the gateway took it, where it says.
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

fn place((micros, key): (i64, &str)) -> Result<Place, Problem> {
    let parts = Timestamp::from_micros(micros).zip(key.split_once('/'));
    let (captured_at, (gateway, id)) = parts.ok_or_else(bad_cursor)?;
    Ok(Place { captured_at, gateway_payment_id: id.to_owned(), gateway: gateway.to_owned() })
}

pub(crate) async fn list(
    app: web::Data<Booking>,
    page: Page,
    Query(given): Query<CaptureFilter>,
) -> Result<HttpResponse, Problem> {
    let after = page.after_row()?.map(place).transpose()?;
    let mut c = app.ctx.db().read().await?;
    let rows = captures::page(&mut c, given.outcome, after.as_ref(), page.fetch_limit()).await?;
    let cursor = |capture: &Capture| Cursor::Row {
        micros: capture.captured_at.micros(),
        key: format!("{}/{}", capture.gateway, capture.gateway_payment_id),
    };
    Ok(ok(&page.listing(rows, cursor, CaptureView::from)))
}
