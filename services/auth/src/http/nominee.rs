//! HTTP handlers of one's own nominee, and for staff to read the nominee of a member.

use super::input;
use crate::app::set_nominee::{delete_nominee, set_nominee};
use crate::domain::nominee as rules;
use crate::state::AuthState;
use crate::store::nominees::{self, Nominee};
use crate::store::users;
use actix_web::web;
use domain::{Day, Line, PersonName, Timestamp, Unvalidated, UserId};
use http_api::{Body, Caller, FieldErrors, Json, NoContent, Path, Problem, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Nominee to set.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct NomineeInput {
    name: Unvalidated<PersonName>,
    relationship: Unvalidated<Line<50>>,
    date_of_birth: Day,
}

/// The nominee of a member.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NomineeView {
    name: String,
    relationship: String,
    date_of_birth: Day,
    updated_at: Timestamp,
}

impl From<Nominee> for NomineeView {
    fn from(row: Nominee) -> Self {
        let Nominee { name, relationship, date_of_birth, updated_at, .. } = row;
        Self { name, relationship, date_of_birth, updated_at }
    }
}

/// Get my nominee.
///
/// 404 when there is none.
#[operation]
pub(crate) async fn get_own(state: web::Data<AuthState>, caller: Caller) -> Result<Json<NomineeView>, Problem> {
    load(&state, caller.user_id).await
}

/// Get the nominee of a user.
///
/// 404 when there is none.
#[operation]
pub(crate) async fn get(state: web::Data<AuthState>, Path(id): Path<UserId>) -> Result<Json<NomineeView>, Problem> {
    load(&state, id).await
}

async fn load(state: &AuthState, id: UserId) -> Result<Json<NomineeView>, Problem> {
    let nominee = nominees::find(&mut *state.ctx.db().read().await?, id).await?;
    Ok(Json::new(NomineeView::from(nominee.ok_or_else(Problem::not_found)?)))
}

/// Set my nominee.
///
/// It replaces the nominee that was set before. 422 with the invalid fields.
#[operation]
pub(crate) async fn set(
    state: web::Data<AuthState>,
    caller: Caller,
    body: Body<NomineeInput>,
) -> Result<Json<NomineeView>, Problem> {
    let now = state.ctx.now();
    users::find(&mut *state.ctx.db().read().await?, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    let input = body.read_with_code("auth.nominee_invalid").await?;
    let mut errors = FieldErrors::new();
    let name = input::validate_line(&mut errors, "name", &input.name);
    let relationship = input::validate_line(&mut errors, "relationship", &input.relationship);
    let is_plausible = rules::is_birth_date(input.date_of_birth, now.day());
    errors.require("date_of_birth", is_plausible, "range", "a day in the past, at most 120 years ago");
    errors.finish("auth.nominee_invalid")?;
    let nominee =
        Nominee { user_id: caller.user_id, name, relationship, date_of_birth: input.date_of_birth, updated_at: now };
    state.ctx.tx(async |c| set_nominee(c, &nominee).await).await?;
    Ok(Json::new(NomineeView::from(nominee)))
}

/// Delete my nominee.
///
/// 404 when there is none.
#[operation]
pub(crate) async fn delete(state: web::Data<AuthState>, caller: Caller) -> Result<NoContent, Problem> {
    state.ctx.tx(async |c| delete_nominee(c, caller.user_id).await).await?;
    Ok(NoContent)
}
