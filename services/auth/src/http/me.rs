//! A person's own profile, referrals and nominee.

use super::input::{self, AddressInput};
use super::view::Profile;
use crate::app::edit_profile::edit_profile;
use crate::app::set_nominee as app_nominee;
use crate::domain::identifier::Identifier;
use crate::domain::{nominee as rules, person};
use crate::state::Auth;
use crate::store::nominees::{self, Nominee};
use crate::store::{profiles, users};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, FieldErrors, Page, Problem, ok};
use domain::{Day, PersonText, Timestamp, UserId};
use qrcode::QrCode;
use qrcode::render::svg;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MAX_NAME_PART: usize = 49;

/// What is left out stays as it is.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ProfileInput {
    name: Option<PersonText>,
    first_name: Option<PersonText>,
    last_name: Option<PersonText>,
    gender: Option<person::Gender>,
    date_of_birth: Option<Day>,
    address: Option<AddressInput>,
    /// Cannot be changed here.
    email: Option<String>,
    /// Cannot be changed here.
    mobile: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Referral {
    user_id: UserId,
    name: String,
    joined_at: Timestamp,
    is_active_buyer: bool,
    placed: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct ReferralLink {
    code: String,
    url: String,
    /// An SVG image of the link as a QR code.
    qr_svg: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct NomineeInput {
    name: PersonText,
    relationship: PersonText,
    date_of_birth: Day,
}

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

pub(crate) async fn profile(auth: web::Data<Auth>, caller: Caller) -> Result<HttpResponse, Problem> {
    let c = &mut *auth.ctx.db().read().await?;
    let user = users::find(c, caller.user_id).await?.ok_or_else(Problem::not_found)?;
    let profile = profiles::find(c, caller.user_id).await?;
    Ok(ok(&Profile::from((user, profile))))
}

pub(crate) async fn edit(auth: web::Data<Auth>, caller: Caller, body: Body) -> Result<HttpResponse, Problem> {
    let (now, id) = (auth.ctx.now(), caller.user_id);
    let user = users::find(&mut *auth.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    let input = body.json_or::<ProfileInput>("auth.profile_invalid").await?.value;
    let mut errors = FieldErrors::new();
    let same = |given: Option<Identifier>, kept: &Option<String>| given.map(|g| g.to_string()) == *kept;
    let same_email = input.email.as_deref().is_none_or(|e| same(Identifier::email(e), &user.email));
    let same_mobile = input.mobile.as_deref().is_none_or(|m| same(Identifier::mobile(m), &user.mobile));
    errors.require("email", same_email, "immutable", "the e-mail address cannot be changed here");
    errors.require("mobile", same_mobile, "immutable", "the mobile number cannot be changed here");
    let part = |errors: &mut FieldErrors, field, text: Option<PersonText>| {
        text.map(|text| input::line(errors, field, &text, MAX_NAME_PART))
    };
    let first = part(&mut errors, "first_name", input.first_name);
    let last = part(&mut errors, "last_name", input.last_name);
    let name = input.name.map(|name| input::name(&mut errors, "name", &name));
    let born = input.date_of_birth;
    let of_age = born.is_none_or(|born| person::is_members_birth_date(born, now.day()));
    errors.require("date_of_birth", of_age, "age", "a member is at least 18 years old");
    let address = input.address.map(|address| address.check(&mut errors));
    errors.finish("auth.profile_invalid")?;
    let told = profiles::Profile {
        user_id: id,
        first_name: first,
        last_name: last,
        gender: input.gender,
        date_of_birth: born,
        line1: address.as_ref().map(|a| a.line1.clone()),
        line2: address.as_ref().and_then(|a| a.line2.clone()),
        city: address.as_ref().map(|a| a.city.clone()),
        state: address.as_ref().map(|a| a.state.clone()),
        pincode: address.as_ref().map(|a| a.pincode.clone()),
        country: address.map(|a| a.country),
    };
    let done = auth.ctx.tx(async |c| edit_profile(c, id, name.as_deref(), &told, now).await).await?;
    Ok(ok(&Profile::from(done)))
}

pub(crate) async fn referrals(auth: web::Data<Auth>, caller: Caller, page: Page) -> Result<HttpResponse, Problem> {
    let after = page.after_id()?;
    let c = &mut *auth.ctx.db().read().await?;
    let rows = users::referred_by(c, caller.user_id, after, page.fetch_limit()).await?;
    Ok(ok(&page.listing(
        rows,
        |row| Cursor::Id(row.id.uuid()),
        |row| Referral {
            user_id: row.id,
            name: row.name,
            joined_at: row.created_at,
            is_active_buyer: row.is_active_buyer,
            placed: row.placed,
        },
    )))
}

pub(crate) async fn referral_link(auth: web::Data<Auth>, caller: Caller) -> Result<HttpResponse, Problem> {
    let c = &mut *auth.ctx.db().read().await?;
    let code = users::find(c, caller.user_id).await?.ok_or_else(Problem::not_found)?.referral_code;
    let url = format!("{}/?ref={code}", auth.public_url);
    let image = QrCode::new(&url).map_err(Problem::internal)?;
    let qr_svg = image.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    Ok(ok(&ReferralLink { code, url, qr_svg }))
}

pub(crate) async fn nominee(auth: web::Data<Auth>, caller: Caller) -> Result<HttpResponse, Problem> {
    let found = nominees::find(&mut *auth.ctx.db().read().await?, caller.user_id).await?;
    Ok(ok(&NomineeView::from(found.ok_or_else(Problem::not_found)?)))
}

pub(crate) async fn set_nominee(auth: web::Data<Auth>, caller: Caller, body: Body) -> Result<HttpResponse, Problem> {
    let (now, id) = (auth.ctx.now(), caller.user_id);
    users::find(&mut *auth.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    let input = body.json_or::<NomineeInput>("auth.nominee_invalid").await?.value;
    let mut errors = FieldErrors::new();
    let name = input::name(&mut errors, "name", &input.name);
    let relationship = input.relationship.into_string();
    errors.require("relationship", rules::is_relationship(&relationship), "length", "1 to 50 characters on one line");
    let born = rules::is_birth_date(input.date_of_birth, now.day());
    errors.require("date_of_birth", born, "range", "a day in the past, at most 120 years ago");
    errors.finish("auth.nominee_invalid")?;
    let nominee = Nominee { user_id: id, name, relationship, date_of_birth: input.date_of_birth, updated_at: now };
    auth.ctx.tx(async |c| app_nominee::set_nominee(c, &nominee).await).await?;
    Ok(ok(&NomineeView::from(nominee)))
}

pub(crate) async fn remove_nominee(auth: web::Data<Auth>, caller: Caller) -> Result<HttpResponse, Problem> {
    let id = caller.user_id;
    auth.ctx.tx(async |c| app_nominee::remove_nominee(c, id).await).await?;
    Ok(HttpResponse::NoContent().finish())
}
