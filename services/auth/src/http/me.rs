//! HTTP handlers of one's own profile, referrals and nominee.

use super::input::{self, AddressInput};
use super::view::ProfileView;
use crate::app::edit_profile::edit_profile;
use crate::app::set_nominee as app_nominee;
use crate::domain::identifier::Identifier;
use crate::domain::{nominee as rules, user as user_rules};
use crate::state::AuthState;
use crate::store::nominees::{self, Nominee};
use crate::store::{profiles, users};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Cursor, FieldErrors, Page, Problem, RawBody, ok};
use domain::{Day, SingleLineText, Timestamp, UserId};
use qrcode::QrCode;
use qrcode::render::svg;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Length of a first or last name. Two of them and a space fit into a full name of 100 characters.
const MAX_NAME_PART_CHARS: usize = 49;

/// Change of a profile. Absent fields stay unchanged.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ProfileInput {
    name: Option<SingleLineText>,
    first_name: Option<SingleLineText>,
    last_name: Option<SingleLineText>,
    gender: Option<user_rules::Gender>,
    date_of_birth: Option<Day>,
    address: Option<AddressInput>,
    /// Accepted only when equal to the current value.
    email: Option<String>,
    /// Accepted only when equal to the current value.
    mobile: Option<String>,
}

/// A user whom the caller referred.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Referral")]
pub(crate) struct ReferralView {
    user_id: UserId,
    name: String,
    joined_at: Timestamp,
    is_active_buyer: bool,
    placed: bool,
}

/// The caller's referral code and link.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReferralLink")]
pub(crate) struct ReferralLinkView {
    code: String,
    url: String,
    /// An SVG image of the link as a QR code.
    qr_svg: String,
}

/// Nominee to set.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct NomineeInput {
    name: SingleLineText,
    relationship: SingleLineText,
    date_of_birth: Day,
}

/// The caller's nominee.
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

/// Gets the caller's profile.
pub(crate) async fn get_profile(state: web::Data<AuthState>, caller: Caller) -> Result<HttpResponse, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let user = users::find(c, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    let profile = profiles::load(c, caller.user_id).await?;
    Ok(ok(&ProfileView::from((user, profile))))
}

/// Changes the caller's profile. 422 with the invalid fields.
pub(crate) async fn update_profile(
    state: web::Data<AuthState>,
    caller: Caller,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let (now, id) = (state.ctx.now(), caller.user_id);
    let user = users::find(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    let input = body.json_with_code::<ProfileInput>("auth.profile_invalid").await?.value;
    let mut errors = FieldErrors::new();
    let is_same = |given: Option<Identifier>, stored: &Option<String>| given.map(|g| g.to_string()) == *stored;
    let same_email = input.email.as_deref().is_none_or(|email| is_same(Identifier::email(email), &user.email));
    let same_mobile = input.mobile.as_deref().is_none_or(|mobile| is_same(Identifier::mobile(mobile), &user.mobile));
    errors.require("email", same_email, "immutable", "the e-mail address cannot be changed here");
    errors.require("mobile", same_mobile, "immutable", "the mobile number cannot be changed here");
    let validate_part = |errors: &mut FieldErrors, field, text: Option<SingleLineText>| {
        text.map(|text| input::validate_line(errors, field, &text, MAX_NAME_PART_CHARS))
    };
    let first_name = validate_part(&mut errors, "first_name", input.first_name);
    let last_name = validate_part(&mut errors, "last_name", input.last_name);
    let name = input.name.map(|name| input::validate_name(&mut errors, "name", &name));
    let date_of_birth = input.date_of_birth;
    let is_adult = date_of_birth.is_none_or(|born| user_rules::is_member_birth_date(born, now.day()));
    errors.require("date_of_birth", is_adult, "age", "a member is at least 18 years old");
    let address = input.address.map(|address| address.validate(&mut errors));
    errors.finish("auth.profile_invalid")?;
    let changes = profiles::Profile {
        user_id: id,
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
    let updated = state.ctx.tx(async |c| edit_profile(c, id, name.as_deref(), &changes, now).await).await?;
    Ok(ok(&ProfileView::from(updated)))
}

/// Lists the users whom the caller referred, newest first.
pub(crate) async fn list_referrals(
    state: web::Data<AuthState>,
    caller: Caller,
    page: Page,
) -> Result<HttpResponse, Problem> {
    let after = page.after_id()?;
    let c = &mut *state.ctx.db().read().await?;
    let rows = users::list_referred_by(c, caller.user_id, after, page.fetch_limit()).await?;
    Ok(ok(&page.listing(
        rows,
        |row| Cursor::Id(row.id.uuid()),
        |row| ReferralView {
            user_id: row.id,
            name: row.name,
            joined_at: row.created_at,
            is_active_buyer: row.is_active_buyer,
            placed: row.placed,
        },
    )))
}

/// Gets the caller's referral code, with its link as text and QR code.
pub(crate) async fn get_referral_link(state: web::Data<AuthState>, caller: Caller) -> Result<HttpResponse, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let code = users::find(c, caller.user_id).await?.ok_or_else(Problem::not_found)?.referral_code;
    let url = format!("{}/?ref={code}", state.public_url);
    let image = QrCode::new(&url).map_err(Problem::internal)?;
    let qr_svg = image.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok(ok(&ReferralLinkView { code, url, qr_svg }))
}

/// Gets the caller's nominee.
pub(crate) async fn get_nominee(state: web::Data<AuthState>, caller: Caller) -> Result<HttpResponse, Problem> {
    let nominee = nominees::find(&mut *state.ctx.db().read().await?, caller.user_id).await?;
    Ok(ok(&NomineeView::from(nominee.ok_or_else(Problem::not_found)?)))
}

/// Sets or replaces the caller's nominee.
pub(crate) async fn set_nominee(
    state: web::Data<AuthState>,
    caller: Caller,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let (now, id) = (state.ctx.now(), caller.user_id);
    users::find(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    let input = body.json_with_code::<NomineeInput>("auth.nominee_invalid").await?.value;
    let mut errors = FieldErrors::new();
    let name = input::validate_name(&mut errors, "name", &input.name);
    let relationship = input.relationship.into_string();
    errors.require("relationship", rules::is_relationship(&relationship), "length", "1 to 50 characters on one line");
    let is_plausible = rules::is_birth_date(input.date_of_birth, now.day());
    errors.require("date_of_birth", is_plausible, "range", "a day in the past, at most 120 years ago");
    errors.finish("auth.nominee_invalid")?;
    let nominee = Nominee { user_id: id, name, relationship, date_of_birth: input.date_of_birth, updated_at: now };
    state.ctx.tx(async |c| app_nominee::set_nominee(c, &nominee).await).await?;
    Ok(ok(&NomineeView::from(nominee)))
}

/// Deletes the caller's nominee.
pub(crate) async fn delete_nominee(state: web::Data<AuthState>, caller: Caller) -> Result<HttpResponse, Problem> {
    let id = caller.user_id;
    state.ctx.tx(async |c| app_nominee::delete_nominee(c, id).await).await?;
    Ok(HttpResponse::NoContent().finish())
}
