//! Handlers of the vehicle catalogue.

use super::Subject;
use super::vehicle_views::{StaffVehicleView, VehicleView};
use crate::BookingState;
use crate::app::catalogue::{self, VehicleChange};
use crate::domain::VehicleId;
use crate::domain::booking::MAX_VEHICLE_PRICE;
use crate::store::vehicle_pictures;
use crate::store::vehicles::{self, CATALOGUE, Vehicle};
use actix_web::web;
use chassis::audit;
use db::SortOrder;
use domain::gst::HsnCode;
use domain::{Line, Money, Unvalidated};
use http_api::{
    Body, Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Page, Path, Problem, StaffPage, operation,
};
use runtime::id;
use schemars::JsonSchema;
use serde::Deserialize;

/// Maximal length of a model or variant.
const MAX_NAME_CHARS: usize = 80;

/// Maximal length of a colour or of the name of a battery option.
const MAX_OPTION_CHARS: usize = 40;

type VehicleName = Unvalidated<Line<MAX_NAME_CHARS>>;
type VehicleOption = Unvalidated<Line<MAX_OPTION_CHARS>>;

/// A new vehicle.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct VehicleInput {
    model: VehicleName,
    variant: VehicleName,
    price: Money,
    is_active: Option<bool>,
    /// Code of the product for taxes; that of the settings when it is left out.
    hsn: Option<Unvalidated<HsnCode>>,
    colour: Option<VehicleOption>,
    /// Name of the battery option, such as `3 kWh`.
    battery: Option<VehicleOption>,
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
    /// Code of the product for taxes; empty for that of the settings.
    hsn: Option<Unvalidated<HsnCode>>,
    /// Empty for none.
    colour: Option<VehicleOption>,
    /// Empty for none.
    battery: Option<VehicleOption>,
}

/// List the vehicles on sale, newest first.
#[operation]
pub(crate) async fn list(state: web::Data<BookingState>, page: Page) -> Result<Json<Listing<VehicleView>>, Problem> {
    let limit = page.limit;
    let is_first = page.after.is_none();
    let load = async || {
        let page = StaffPage { page, order: SortOrder::Descending };
        read_page(&state, page, false, VehicleView::new).await
    };
    // Of the pages, clients could ask for any number of different ones.
    let listing = match is_first {
        true => state.reads.get_or_load(CATALOGUE, &cache_key(&state, &format!("list-{limit}")), load).await?,
        false => load().await?,
    };
    Ok(Json::new(listing))
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
    view: fn(Vehicle, i64, &[(VehicleId, i64)]) -> V,
) -> Result<Listing<V>, Problem> {
    let few = state.config.booking.low_stock_units;
    let mut c = state.ctx.db().read().await?;
    let rows = vehicles::list(&mut c, is_all, order, page.after_id()?, page.fetch_limit()).await?;
    let ids: Vec<VehicleId> = rows.iter().map(|vehicle| vehicle.id).collect();
    let pictures = vehicle_pictures::list_numbers(&mut c, &ids).await?;
    Ok(page.listing(rows, |v| Cursor::Id(v.id.uuid()), |vehicle| view(vehicle, few, &pictures)))
}

/// Read one vehicle.
///
/// 404 when it does not exist.
#[operation]
pub(crate) async fn get(
    state: web::Data<BookingState>,
    Path(id): Path<VehicleId>,
) -> Result<Json<VehicleView>, Problem> {
    let load = async || {
        let mut c = state.ctx.db().read().await?;
        let vehicle = vehicles::find(&mut c, id).await?.ok_or_else(Problem::not_found)?;
        let pictures = vehicle_pictures::list_numbers(&mut c, &[id]).await?;
        Ok::<_, Problem>(VehicleView::new(vehicle, state.config.booking.low_stock_units, &pictures))
    };
    Ok(Json::new(state.reads.get_or_load(CATALOGUE, &cache_key(&state, &id.to_string()), load).await?))
}

/// The key of an answer, which also depends on a setting.
fn cache_key(state: &BookingState, of: &str) -> String {
    format!("{of}-{}", state.config.booking.low_stock_units)
}

/// Add a vehicle to the catalogue.
///
/// 422 with `booking.vehicle_invalid` for a name that is empty or too long, a malformed product code, or a price out of
/// range.
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
        hsn: input.hsn,
        colour: input.colour,
        battery: input.battery,
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
        hsn: change.hsn.flatten(),
        colour: change.colour.flatten(),
        battery: change.battery.flatten(),
        last_picture: 0,
    };
    request
        .run(&state.ctx, async |c| {
            catalogue::create(c, vehicle).await?;
            audit::record(c, &caller, now, "vehicle.add", Subject::Vehicle(vehicle.id), "").await?;
            Ok(StaffVehicleView::new(vehicle.clone(), few, &[]))
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
    let (vehicle, pictures) = state
        .ctx
        .tx(async |c| {
            let (before, vehicle) = catalogue::update(c, id, &change, now).await?;
            let subject = (Subject::Vehicle(id), changes(&before, &vehicle));
            audit::record_changes(c, &caller, now, "vehicle.change", subject, "").await?;
            Ok::<_, Problem>((vehicle, vehicle_pictures::list_numbers(c, &[id]).await?))
        })
        .await?;
    Ok(Json::new(StaffVehicleView::new(vehicle, state.config.booking.low_stock_units, &pictures)))
}

/// What the audit log says of a change.
fn changes(before: &Vehicle, after: &Vehicle) -> Vec<audit::Change> {
    let changes = [
        audit::Change::new("model", &before.model, &after.model),
        audit::Change::new("variant", &before.variant, &after.variant),
        audit::Change::new("price", &before.price_paise, &after.price_paise),
        audit::Change::new("is_active", &before.is_active, &after.is_active),
    ];
    changes.into_iter().flatten().collect()
}

fn validate(input: VehicleChangeInput) -> Result<VehicleChange, Problem> {
    let mut errors = FieldErrors::new();
    let mut name = |field: &str, text: Option<VehicleName>| {
        let name = text.map(|text| text.validate()).transpose();
        errors.require(field, name.is_ok(), "length", format!("1 to {MAX_NAME_CHARS} characters"));
        name.ok().flatten().map(String::from)
    };
    let (model, variant) = (name("model", input.model), name("variant", input.variant));
    let mut option = |field: &str, text: Option<VehicleOption>| {
        let option = text.map(|text| text.validate_unless_blank()).transpose();
        errors.require(field, option.is_ok(), "length", format!("at most {MAX_OPTION_CHARS} characters"));
        option.ok().flatten().map(|option| option.map(String::from))
    };
    let (colour, battery) = (option("colour", input.colour), option("battery", input.battery));
    let hsn = input.hsn.map(|code| code.validate_unless_blank()).transpose();
    errors.require("hsn", hsn.is_ok(), "format", "4, 6 or 8 digits");
    let is_price_valid = input.price.is_none_or(|p| p.is_positive() && p <= MAX_VEHICLE_PRICE);
    errors.require("price", is_price_valid, "range", format!("must be more than 0.00 and at most {MAX_VEHICLE_PRICE}"));
    errors.finish("booking.vehicle_invalid")?;
    Ok(VehicleChange {
        model,
        variant,
        price: input.price,
        is_active: input.is_active,
        ends_counting: input.is_stock_counted == Some(false),
        hsn: hsn.ok().flatten(),
        colour,
        battery,
    })
}
