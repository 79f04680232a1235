//! Handlers of the vehicle catalogue.

use super::Subject;
use super::views::{StaffVehicleView, VehicleView};
use crate::BookingState;
use crate::app::catalogue::{self, VehicleChange};
use crate::domain::VehicleId;
use crate::domain::booking::MAX_VEHICLE_PRICE;
use crate::store::vehicles::{self, Vehicle};
use actix_web::web;
use chassis::audit;
use db::SortOrder;
use domain::{Line, Money, Unvalidated};
use http_api::{
    Body, Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Page, Path, Problem, StaffPage, operation,
};
use runtime::id;
use schemars::JsonSchema;
use serde::Deserialize;

/// Maximal length of a model or variant.
const MAX_NAME_CHARS: usize = 80;

type VehicleName = Unvalidated<Line<MAX_NAME_CHARS>>;

/// A new vehicle.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct VehicleInput {
    model: VehicleName,
    variant: VehicleName,
    price: Money,
    is_active: Option<bool>,
}

/// New values of a vehicle; absent fields stay unchanged.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct VehicleChangeInput {
    model: Option<VehicleName>,
    variant: Option<VehicleName>,
    price: Option<Money>,
    is_active: Option<bool>,
    /// `false` ends the counting of its units; an adjustment begins it.
    is_stock_counted: Option<bool>,
}

/// List the vehicles on sale, newest first.
#[operation]
pub(crate) async fn list(state: web::Data<BookingState>, page: Page) -> Result<Json<Listing<VehicleView>>, Problem> {
    let page = StaffPage { page, order: SortOrder::Descending };
    Ok(Json::new(read_page(&state, page, false, VehicleView::new).await?))
}

/// List all vehicles, also those that are not on sale.
#[operation]
pub(crate) async fn list_all(
    state: web::Data<BookingState>,
    page: StaffPage,
) -> Result<Json<Listing<StaffVehicleView>>, Problem> {
    Ok(Json::new(read_page(&state, page, true, StaffVehicleView::new).await?))
}

async fn read_page<V>(
    state: &BookingState,
    StaffPage { page, order }: StaffPage,
    is_all: bool,
    view: fn(Vehicle, i64) -> V,
) -> Result<Listing<V>, Problem> {
    let few = state.config.booking.low_stock_units;
    let mut c = state.ctx.db().read().await?;
    let rows = vehicles::list(&mut c, is_all, order, page.after_id()?, page.fetch_limit()).await?;
    Ok(page.listing(rows, |v| Cursor::Id(v.id.uuid()), |vehicle| view(vehicle, few)))
}

/// Read one vehicle.
///
/// 404 when it does not exist.
#[operation]
pub(crate) async fn get(
    state: web::Data<BookingState>,
    Path(id): Path<VehicleId>,
) -> Result<Json<VehicleView>, Problem> {
    let vehicle = vehicles::find(&mut *state.ctx.db().read().await?, id).await?;
    let few = state.config.booking.low_stock_units;
    Ok(Json::new(VehicleView::new(vehicle.ok_or_else(Problem::not_found)?, few)))
}

/// Add a vehicle to the catalogue.
///
/// 422 with `booking.vehicle_invalid` for a name that is empty or too long, or a price out of range.
#[operation]
pub(crate) async fn create(
    state: web::Data<BookingState>,
    caller: Caller,
    request: Idempotent<VehicleInput>,
) -> Result<Created<StaffVehicleView>, Problem> {
    let (input, request) = request.read_with_code("booking.vehicle_invalid").await?;
    let change = validate(VehicleChangeInput {
        model: Some(input.model),
        variant: Some(input.variant),
        price: Some(input.price),
        is_active: input.is_active,
        is_stock_counted: None,
    })?;
    let few = state.config.booking.low_stock_units;
    let now = state.ctx.now();
    let vehicle = &Vehicle {
        id: id::fresh(),
        model: change.model.unwrap_or_default(),
        variant: change.variant.unwrap_or_default(),
        price_paise: input.price,
        is_active: change.is_active.unwrap_or(true),
        created_at: now,
        changed_at: now,
        on_hand: None,
        reserved: 0,
    };
    request
        .run(&state.ctx, async |c| {
            catalogue::create(c, vehicle).await?;
            audit::record(c, &caller, now, "vehicle.add", Subject::Vehicle(vehicle.id), "").await?;
            Ok(StaffVehicleView::new(vehicle.clone(), few))
        })
        .await
}

/// Change a vehicle; bookings keep their price.
///
/// Fields that are left out stay as they are. 422 with `booking.vehicle_invalid` for a name that is empty or too long,
/// or a price out of range.
#[operation]
pub(crate) async fn update(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<VehicleId>,
    body: Body<VehicleChangeInput>,
) -> Result<Json<StaffVehicleView>, Problem> {
    vehicles::find(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    let change = validate(body.read_with_code("booking.vehicle_invalid").await?)?;
    let now = state.ctx.now();
    let vehicle = state
        .ctx
        .tx(async |c| {
            let vehicle = catalogue::update(c, id, &change, now).await?;
            audit::record(c, &caller, now, "vehicle.change", Subject::Vehicle(id), "").await?;
            Ok::<_, Problem>(vehicle)
        })
        .await?;
    Ok(Json::new(StaffVehicleView::new(vehicle, state.config.booking.low_stock_units)))
}

fn validate(input: VehicleChangeInput) -> Result<VehicleChange, Problem> {
    let mut errors = FieldErrors::new();
    let mut name = |field: &str, text: Option<VehicleName>| {
        let name = text.map(|text| text.validate()).transpose();
        errors.require(field, name.is_ok(), "length", format!("1 to {MAX_NAME_CHARS} characters"));
        name.ok().flatten().map(String::from)
    };
    let (model, variant) = (name("model", input.model), name("variant", input.variant));
    let is_price_valid = input.price.is_none_or(|p| p.is_positive() && p <= MAX_VEHICLE_PRICE);
    errors.require("price", is_price_valid, "range", format!("must be more than 0.00 and at most {MAX_VEHICLE_PRICE}"));
    errors.finish("booking.vehicle_invalid")?;
    Ok(VehicleChange {
        model,
        variant,
        price: input.price,
        is_active: input.is_active,
        ends_counting: input.is_stock_counted == Some(false),
    })
}
