//! HTTP handlers of one's own profile.

use super::input::{self, AddressInput, NamePart};
use super::view::ProfileView;
use crate::app::edit_profile::edit_profile;
use crate::domain::identifier::Identifier;
use crate::domain::user as rules;
use crate::state::AuthState;
use crate::store::users::User;
use crate::store::{profiles, users};
use actix_web::web;
use db::DbConnection;
use domain::{Day, PersonName, Unvalidated};
use http_api::{Body, Caller, FieldErrors, Json, Problem, operation};
use schemars::JsonSchema;
use serde::Deserialize;

/// Change of a profile. Absent fields stay unchanged.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ProfileInput {
    name: Option<Unvalidated<PersonName>>,
    first_name: Option<Unvalidated<NamePart>>,
    last_name: Option<Unvalidated<NamePart>>,
    gender: Option<rules::Gender>,
    date_of_birth: Option<Day>,
    locale: Option<rules::Locale>,
    address: Option<AddressInput>,
    /// Accepted only when equal to the current value.
    email: Option<String>,
    /// Accepted only when equal to the current value.
    mobile: Option<String>,
}

/// Get my profile.
#[operation]
pub(crate) async fn get(state: web::Data<AuthState>, caller: Caller) -> Result<Json<ProfileView>, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let user = users::find(c, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    let profile = profiles::load(c, caller.user_id).await?;
    Ok(Json::new(own_view(c, user, profile).await?))
}

async fn own_view(c: &mut DbConnection, user: User, profile: profiles::Profile) -> Result<ProfileView, Problem> {
    let referrer_name = load_referrer_name(c, &user).await?;
    Ok(ProfileView::new(user, profile, referrer_name.as_deref().map(rules::short_name)))
}

/// Loads the full name of a user's referrer; `None` without a referrer.
pub(super) async fn load_referrer_name(c: &mut DbConnection, user: &User) -> Result<Option<String>, Problem> {
    let Some(referrer) = user.referrer_id else { return Ok(None) };
    Ok(users::find_name(c, referrer).await?)
}

/// Change my profile.
///
/// Fields that are left out stay unchanged. 422 with the invalid fields, also for another e-mail address or mobile
/// number than the current one.
#[operation]
pub(crate) async fn update(
    state: web::Data<AuthState>,
    caller: Caller,
    body: Body<ProfileInput>,
) -> Result<Json<ProfileView>, Problem> {
    let now = state.ctx.now();
    let user = users::find(&mut *state.ctx.db().read().await?, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    let input = body.read_with_code("auth.profile_invalid").await?;
    let mut errors = FieldErrors::new();
    let is_same = |given: Option<Identifier>, stored: &Option<String>| given.map(|g| g.to_string()) == *stored;
    let same_email = input.email.as_deref().is_none_or(|email| is_same(Identifier::email(email), &user.email));
    let same_mobile = input.mobile.as_deref().is_none_or(|mobile| is_same(Identifier::mobile(mobile), &user.mobile));
    errors.require("email", same_email, "immutable", "the e-mail address cannot be changed here");
    errors.require("mobile", same_mobile, "immutable", "the mobile number cannot be changed here");
    let first_name = input.first_name.map(|name| input::validate_line(&mut errors, "first_name", &name));
    let last_name = input.last_name.map(|name| input::validate_line(&mut errors, "last_name", &name));
    let name = input.name.map(|name| input::validate_line(&mut errors, "name", &name));
    let date_of_birth = input.date_of_birth;
    let is_adult = date_of_birth.is_none_or(|born| rules::is_member_birth_date(born, now.day()));
    errors.require("date_of_birth", is_adult, "age", "a member is at least 18 years old");
    let address = input.address.map(|address| address.validate(&mut errors));
    errors.finish("auth.profile_invalid")?;
    let changes = profiles::Profile {
        user_id: caller.user_id,
        first_name,
        last_name,
        gender: input.gender,
        date_of_birth,
        line1: address.as_ref().map(|a| a.line1.clone()),
        line2: address.as_ref().and_then(|a| a.line2.clone()),
        city: address.as_ref().map(|a| a.city.clone()),
        state: address.as_ref().map(|a| a.state.clone()),
        pincode: address.as_ref().map(|a| a.pincode.clone()),
        country: address.map(|a| a.country),
    };
    let of_user = (name.as_deref(), input.locale);
    let (user, profile) = state.ctx.tx(async |c| edit_profile(c, caller.user_id, of_user, &changes, now).await).await?;
    Ok(Json::new(own_view(&mut *state.ctx.db().read().await?, user, profile).await?))
}
