//! The catalogue.

use super::views::VehicleView;
use crate::Booking;
use crate::app::catalogue::{self, VehicleChange};
use crate::domain::VehicleId;
use crate::domain::booking::HIGHEST_PRICE;
use crate::domain::text::line;
use crate::store::vehicles::{self, Vehicle};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, FieldErrors, Idempotent, Page, Problem, ok, path_id};
use chassis::id;
use domain::{Money, PersonText};
use schemars::JsonSchema;
use serde::Deserialize;

const LONGEST_NAME: usize = 80;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct AddVehicle {
    model: PersonText,
    variant: PersonText,
    price: Money,
    is_active: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ChangeVehicle {
    model: Option<PersonText>,
    variant: Option<PersonText>,
    price: Option<Money>,
    is_active: Option<bool>,
}

pub(crate) async fn list(app: web::Data<Booking>, page: Page) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let rows = vehicles::on_sale(&mut c, page.after_id()?, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |v| Cursor::Id(v.id.uuid()), VehicleView::from)))
}

pub(crate) async fn one(app: web::Data<Booking>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let vehicle = vehicles::find(&mut *app.ctx.db().read().await?, path_id(&path)?).await?;
    Ok(ok(&VehicleView::from(vehicle.ok_or_else(Problem::not_found)?)))
}

pub(crate) async fn add(
    app: web::Data<Booking>,
    caller: Caller,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let input = body.json_or::<AddVehicle>("booking.vehicle_invalid").await?;
    let given = input.value;
    let change = checked(ChangeVehicle {
        model: Some(given.model),
        variant: Some(given.variant),
        price: Some(given.price),
        is_active: given.is_active,
    })?;
    let now = app.ctx.now();
    let vehicle = &Vehicle {
        id: id::fresh(),
        model: change.model.unwrap_or_default(),
        variant: change.variant.unwrap_or_default(),
        price_paise: given.price,
        is_active: change.is_active.unwrap_or(true),
        created_at: now,
        changed_at: now,
    };
    let caller = &caller;
    idem.run(&app.ctx, caller, &input.bytes, StatusCode::CREATED, async |c| {
        catalogue::add(c, vehicle).await?;
        audit::record(c, "booking", caller, now, action("vehicle.add", vehicle)).await?;
        Ok(VehicleView::from(vehicle.clone()))
    })
    .await
}

pub(crate) async fn change(
    app: web::Data<Booking>,
    caller: Caller,
    path: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let id: VehicleId = path_id(&path)?;
    vehicles::find(&mut *app.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    let change = &checked(body.json_or::<ChangeVehicle>("booking.vehicle_invalid").await?.value)?;
    let (caller, now) = (&caller, app.ctx.now());
    let vehicle = app
        .ctx
        .tx(async |c| {
            let vehicle = catalogue::change(c, id, change, now).await?;
            audit::record(c, "booking", caller, now, action("vehicle.change", &vehicle)).await?;
            Ok::<_, Problem>(vehicle)
        })
        .await?;
    Ok(ok(&VehicleView::from(vehicle)))
}

fn action(name: &'static str, vehicle: &Vehicle) -> Action<'static> {
    Action { action: name, subject_type: "vehicle", subject_id: vehicle.id.to_string(), subject_user: None, detail: "" }
}

fn checked(given: ChangeVehicle) -> Result<VehicleChange, Problem> {
    let mut errors = FieldErrors::new();
    let mut name = |field: &str, text: Option<PersonText>| {
        let cleaned = text.as_deref().map(|t| line(t, LONGEST_NAME));
        errors.require(field, cleaned != Some(None), "length", format!("1 to {LONGEST_NAME} characters"));
        cleaned.flatten()
    };
    let (model, variant) = (name("model", given.model), name("variant", given.variant));
    let fits = given.price.is_none_or(|p| p.is_positive() && p <= HIGHEST_PRICE);
    errors.require("price", fits, "range", format!("must be more than 0.00 and at most {HIGHEST_PRICE}"));
    errors.finish("booking.vehicle_invalid")?;
    Ok(VehicleChange { model, variant, price: given.price, is_active: given.is_active })
}
