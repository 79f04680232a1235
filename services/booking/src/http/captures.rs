//! What gateways say they took, for staff: above all what no payment here is for.

use crate::Booking;
use crate::domain::{CaptureOutcome, GatewayName};
use crate::store::captures::{self, Capture};
use actix_web::{HttpResponse, web};
use chassis::http::{Cursor, Page, Problem, Query, ok};
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
        }
    }
}

pub(crate) async fn list(
    app: web::Data<Booking>,
    page: Page,
    Query(given): Query<CaptureFilter>,
) -> Result<HttpResponse, Problem> {
    let before = page.after_number()?.and_then(Timestamp::from_micros);
    let rows = captures::page(&mut *app.ctx.db().read().await?, given.outcome, before, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |capture| Cursor::Number(capture.captured_at.micros()), CaptureView::from)))
}
