//! Handlers of stock adjustments.

use super::Subject;
use crate::BookingState;
use crate::app::stock::{self, AdjustmentRequest};
use crate::domain::stock::MAX_ON_HAND;
use crate::domain::{StockAdjustmentId, VehicleId};
use crate::store::stock_adjustments::{self, StockAdjustment};
use crate::store::vehicles;
use actix_web::web;
use chassis::audit;
use domain::{Reason, Timestamp, Unvalidated, UserId};
use http_api::{Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Path, Problem, StaffPage, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A change of the units on hand.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct AdjustmentInput {
    /// Units that are added, or taken away when it is negative; 0 begins to count a vehicle of which none is there.
    change: i64,
    reason: Unvalidated<Reason>,
}

/// A change of the units on hand, by staff.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AdjustmentView {
    id: StockAdjustmentId,
    change: i64,
    /// Units on hand after it.
    on_hand: i64,
    reason: String,
    adjusted_by: UserId,
    adjusted_at: Timestamp,
}

impl From<StockAdjustment> for AdjustmentView {
    fn from(row: StockAdjustment) -> Self {
        let StockAdjustment { id, change_by: change, on_hand, reason, adjusted_by, adjusted_at, .. } = row;
        Self { id, change, on_hand, reason, adjusted_by, adjusted_at }
    }
}

/// Adjust the units of a vehicle on hand.
///
/// The units are counted from the first adjustment on; bookings made before use none of them. 409 with
/// `booking.stock_reserved` when fewer would be on hand than bookings have reserved. 422 with `booking.stock_invalid` for
/// more than a million units, or a reason that is empty or too long.
#[operation]
pub(crate) async fn adjust(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<VehicleId>,
    request: Idempotent<AdjustmentInput>,
) -> Result<Created<AdjustmentView>, Problem> {
    vehicles::find(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    let (input, request) = request.read_with_code("booking.stock_invalid").await?;
    let mut errors = FieldErrors::new();
    let reason = input.reason.validate();
    errors.require("reason", reason.is_ok(), "length", "1 to 500 characters");
    let is_in_range = (-MAX_ON_HAND..=MAX_ON_HAND).contains(&input.change);
    errors.require("change", is_in_range, "range", format!("at most {MAX_ON_HAND} units"));
    errors.finish("booking.stock_invalid")?;
    let reason = reason.map(String::from).unwrap_or_default();
    let (now, adjustment) =
        (state.ctx.now(), &AdjustmentRequest { vehicle_id: id, change: input.change, reason, by: caller.user_id });
    request
        .run(&state.ctx, async |c| {
            let adjusted = stock::adjust(c, adjustment, now).await?;
            let detail = format!("{:+} units, {} on hand: {}", adjusted.change_by, adjusted.on_hand, adjusted.reason);
            audit::record(c, &caller, now, "vehicle.adjust_stock", Subject::Vehicle(id), &detail).await?;
            Ok(AdjustmentView::from(adjusted))
        })
        .await
}

/// List the adjustments of a vehicle's stock.
///
/// 404 when the vehicle does not exist.
#[operation]
pub(crate) async fn list(
    state: web::Data<BookingState>,
    Path(id): Path<VehicleId>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<AdjustmentView>>, Problem> {
    let mut c = state.ctx.db().read().await?;
    vehicles::find(&mut c, id).await?.ok_or_else(Problem::not_found)?;
    let rows = stock_adjustments::list(&mut c, id, order, page.after_id()?, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), AdjustmentView::from)))
}
