//! Handlers of the vehicle catalogue.

use super::views::VehicleView;
use crate::BookingState;
use crate::app::catalogue::{self, VehicleChange};
use crate::domain::VehicleId;
use crate::domain::booking::MAX_VEHICLE_PRICE;
use crate::domain::text::single_line;
use crate::store::vehicles::{self, Vehicle};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit::{self, StaffAction};
use chassis::auth::Caller;
use chassis::http::{Cursor, FieldErrors, IdempotencyKey, Page, Problem, RawBody, ok, path_id};
use chassis::id;
use domain::{Money, SingleLineText};
use schemars::JsonSchema;
use serde::Deserialize;

/// Maximal length of a model or variant.
const MAX_NAME_CHARS: usize = 80;

/// A new vehicle.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct VehicleInput {
    model: SingleLineText,
    variant: SingleLineText,
    price: Money,
    is_active: Option<bool>,
}

/// New values of a vehicle; absent fields stay unchanged.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct VehicleChangeInput {
    model: Option<SingleLineText>,
    variant: Option<SingleLineText>,
    price: Option<Money>,
    is_active: Option<bool>,
}

/// Lists the vehicles on sale, newest first.
pub(crate) async fn list(state: web::Data<BookingState>, page: Page) -> Result<HttpResponse, Problem> {
    let mut c = state.ctx.db().read().await?;
    let rows = vehicles::list_on_sale(&mut c, page.after_id()?, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |v| Cursor::Id(v.id.uuid()), VehicleView::from)))
}

/// Returns one vehicle.
pub(crate) async fn get(state: web::Data<BookingState>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let vehicle = vehicles::find(&mut *state.ctx.db().read().await?, path_id(&path)?).await?;
    Ok(ok(&VehicleView::from(vehicle.ok_or_else(Problem::not_found)?)))
}

/// Adds a vehicle to the catalogue.
pub(crate) async fn create(
    state: web::Data<BookingState>,
    caller: Caller,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let input = body.json_with_code::<VehicleInput>("booking.vehicle_invalid").await?;
    let vehicle_input = input.value;
    let change = validate(VehicleChangeInput {
        model: Some(vehicle_input.model),
        variant: Some(vehicle_input.variant),
        price: Some(vehicle_input.price),
        is_active: vehicle_input.is_active,
    })?;
    let now = state.ctx.now();
    let vehicle = &Vehicle {
        id: id::fresh(),
        model: change.model.unwrap_or_default(),
        variant: change.variant.unwrap_or_default(),
        price_paise: vehicle_input.price,
        is_active: change.is_active.unwrap_or(true),
        created_at: now,
        changed_at: now,
    };
    let caller = &caller;
    idem.run(&state.ctx, caller, &input.bytes, StatusCode::CREATED, async |c| {
        catalogue::create(c, vehicle).await?;
        audit::record(c, "booking", caller, now, action("vehicle.add", vehicle)).await?;
        Ok(VehicleView::from(vehicle.clone()))
    })
    .await
}

/// Changes a vehicle.
pub(crate) async fn update(
    state: web::Data<BookingState>,
    caller: Caller,
    path: web::Path<String>,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let id: VehicleId = path_id(&path)?;
    vehicles::find(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    let change = &validate(body.json_with_code::<VehicleChangeInput>("booking.vehicle_invalid").await?.value)?;
    let (caller, now) = (&caller, state.ctx.now());
    let vehicle = state
        .ctx
        .tx(async |c| {
            let vehicle = catalogue::update(c, id, change, now).await?;
            audit::record(c, "booking", caller, now, action("vehicle.change", &vehicle)).await?;
            Ok::<_, Problem>(vehicle)
        })
        .await?;
    Ok(ok(&VehicleView::from(vehicle)))
}

fn action(name: &'static str, vehicle: &Vehicle) -> StaffAction<'static> {
    StaffAction {
        action: name,
        subject_type: "vehicle",
        subject_id: vehicle.id.to_string(),
        subject_user: None,
        detail: "",
    }
}

fn validate(input: VehicleChangeInput) -> Result<VehicleChange, Problem> {
    let mut errors = FieldErrors::new();
    let mut name = |field: &str, text: Option<SingleLineText>| {
        let cleaned = text.as_deref().map(|t| single_line(t, MAX_NAME_CHARS));
        errors.require(field, cleaned != Some(None), "length", format!("1 to {MAX_NAME_CHARS} characters"));
        cleaned.flatten()
    };
    let (model, variant) = (name("model", input.model), name("variant", input.variant));
    let is_price_valid = input.price.is_none_or(|p| p.is_positive() && p <= MAX_VEHICLE_PRICE);
    errors.require("price", is_price_valid, "range", format!("must be more than 0.00 and at most {MAX_VEHICLE_PRICE}"));
    errors.finish("booking.vehicle_invalid")?;
    Ok(VehicleChange { model, variant, price: input.price, is_active: input.is_active })
}
