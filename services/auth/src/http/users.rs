//! Staff look people up; administrators make them known and change their rights.

use super::input;
use super::view::{Profile, User};
use crate::app::change_rights::{self, change_rights as change_rights_of};
use crate::domain::identifier::Identifier;
use crate::domain::person::{AdminChange, may_change_rights};
use crate::domain::search;
use crate::error::AuthError;
use crate::state::Auth;
use crate::store::users::Search;
use crate::store::{profiles, users};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, FieldErrors, Idempotent, Page, Problem, Query, ok, path_id};
use domain::{KycStatus, PersonText, Role, UserId};
use schemars::JsonSchema;
use serde::Deserialize;

const MAX_QUERY: usize = 100;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Filter {
    /// How words of the name, the e-mail address, the mobile number or the referral code begin, in any case: `asha rao`
    /// finds Asha D'Souza-Rao. All of them have to be found.
    q: Option<String>,
    role: Option<Role>,
    active_buyer: Option<bool>,
    kyc_status: Option<KycStatus>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct NewUser {
    email: String,
    mobile: Option<String>,
    name: PersonText,
    role: Role,
}

/// What is left out stays as it is.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UserChange {
    role: Option<Role>,
    is_distributor: Option<bool>,
    is_active: Option<bool>,
}

pub(crate) async fn search(auth: web::Data<Auth>, filter: Query<Filter>, page: Page) -> Result<HttpResponse, Problem> {
    let Query(Filter { q, role, active_buyer, kyc_status }) = filter;
    let text: Option<String> = q.map(|q| q.chars().take(MAX_QUERY).collect());
    let prefixes = text.as_deref().map(search::prefixes).unwrap_or_default();
    if text.is_some_and(|text| !text.trim().is_empty()) && prefixes.is_empty() {
        return Ok(ok(&page.listing(Vec::new(), |row: &users::User| Cursor::Id(row.id.uuid()), User::from)));
    }
    let search = Search { prefixes, role, active_buyer, kyc_status };
    let after = page.after_id()?;
    let rows = users::search(&mut *auth.ctx.db().read().await?, &search, after, page.fetch_limit()).await?;
    Ok(ok(&page.listing(rows, |row| Cursor::Id(row.id.uuid()), User::from)))
}

pub(crate) async fn one(auth: web::Data<Auth>, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let id: UserId = path_id(&path)?;
    let c = &mut *auth.ctx.db().read().await?;
    let user = users::find(c, id).await?.ok_or_else(Problem::not_found)?;
    Ok(ok(&Profile::from((user, profiles::find(c, id).await?))))
}

pub(crate) async fn create(
    auth: web::Data<Auth>,
    caller: Caller,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let input = body.json_or::<NewUser>("auth.user_invalid").await?;
    let mut errors = FieldErrors::new();
    let email = Identifier::email(&input.value.email);
    let mobile_text = input::filled(input.value.mobile);
    let mobile = mobile_text.as_deref().and_then(Identifier::mobile);
    errors.require("email", email.is_some(), "format", "an e-mail address");
    errors.require("mobile", mobile_text.is_some() == mobile.is_some(), "format", "a mobile number");
    let name = input::name(&mut errors, "name", &input.value.name);
    errors.finish("auth.user_invalid")?;
    let email = email.ok_or_else(|| Problem::unprocessable("auth.user_invalid", "an e-mail address is needed"))?;
    let (now, role) = (auth.ctx.now(), input.value.role);
    idem.run(&auth.ctx, &caller, &input.bytes, StatusCode::CREATED, async |c| {
        let user = change_rights::create(c, email.clone(), mobile.clone(), name.clone(), role, now).await?;
        let action = Action {
            action: "auth.user.create",
            subject_type: "user",
            subject_id: user.id.to_string(),
            subject_user: Some(user.id),
            detail: role.as_str(),
        };
        audit::record(c, "auth", &caller, now, action).await?;
        Ok(User::from(user))
    })
    .await
}

pub(crate) async fn change(
    auth: web::Data<Auth>,
    caller: Caller,
    path: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let id: UserId = path_id(&path)?;
    users::find(&mut *auth.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    may_change_rights(caller.user_id, id).map_err(AuthError::from)?;
    let input = body.json::<UserChange>().await?.value;
    let UserChange { role, is_distributor, is_active } = input;
    let (now, actor) = (auth.ctx.now(), caller.user_id);
    let change = AdminChange { role, is_distributor, is_active };
    let said = described(&change);
    let (user, ended) = auth
        .ctx
        .tx(async |c| {
            let changed = change_rights_of(c, id, change, actor, now).await?;
            let action = Action {
                action: "auth.user.change",
                subject_type: "user",
                subject_id: id.to_string(),
                subject_user: Some(id),
                detail: &said,
            };
            audit::record(c, "auth", &caller, now, action).await?;
            Ok::<_, AuthError>(changed)
        })
        .await?;
    auth.tell_ended(ended).await;
    Ok(ok(&User::from(user)))
}

fn described(change: &AdminChange) -> String {
    let role = change.role.map(|role| format!("role={role}"));
    let distributor = change.is_distributor.map(|flag| format!("is_distributor={flag}"));
    let active = change.is_active.map(|flag| format!("is_active={flag}"));
    [role, distributor, active].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
