//! HTTP handlers for staff to search users, and for administrators to create users and change rights.

use super::input;
use super::profile::load_referrer_name;
use super::view::{ProfileView, UserView};
use super::{Subject, record_audit};
use crate::app::change_rights;
use crate::domain::identifier::Identifier;
use crate::domain::search;
use crate::domain::user::{RightsUpdate, may_change_rights};
use crate::error::AuthError;
use crate::state::AuthState;
use crate::store::users::{UserNameRow, UserQuery};
use crate::store::{profiles, users};
use actix_web::web;
use domain::{KycStatus, PersonName, Role, Unvalidated, UserId};
use http_api::{
    Body, Caller, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Page, Path, Problem, Query, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longer queries are cut.
const MAX_QUERY_CHARS: usize = 100;
/// Ids in `ids`.
const MAX_IDS: usize = 100;

/// Filter of the list of users.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UserFilter {
    /// Up to 100 ids, separated by commas. The answer then has the names of these users; no other filter is accepted.
    ids: Option<String>,
    /// Prefixes of words of the name, e-mail address, mobile number or referral code, in any case. All of them have to
    /// match: `asha rao` finds Asha D'Souza-Rao.
    q: Option<String>,
    role: Option<Role>,
    active_buyer: Option<bool>,
    kyc_status: Option<KycStatus>,
    /// Users whom this user referred.
    referrer_id: Option<UserId>,
    /// Whether the user has a position in the tree.
    placed: Option<bool>,
}

/// A user's name, role and activity.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UserName")]
pub(crate) struct UserNameView {
    id: UserId,
    name: String,
    role: Role,
    is_active: bool,
}

impl From<UserNameRow> for UserNameView {
    fn from(row: UserNameRow) -> Self {
        let UserNameRow { id, name, role, is_active } = row;
        Self { id, name, role, is_active }
    }
}

/// A page of users, or the names of the users with given ids.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Users")]
pub(crate) enum UsersView {
    Page(Listing<UserView>),
    Names(Listing<UserNameView>),
}

/// User to create.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct CreateUserInput {
    email: String,
    mobile: Option<String>,
    name: Unvalidated<PersonName>,
    role: Role,
}

/// Change of rights. Absent fields stay unchanged.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UpdateUserInput {
    role: Option<Role>,
    is_distributor: Option<bool>,
    is_active: Option<bool>,
}

/// Search users, or get the names of users by id.
///
/// The newest comes first. With `ids` the answer has the names of these users on one page, without those of unknown
/// ids. 422 `auth.ids_invalid` for text that is not an id, for more than 100 ids, and for `ids` with another filter.
#[operation]
pub(crate) async fn list(
    state: web::Data<AuthState>,
    Query(filter): Query<UserFilter>,
    page: Page,
) -> Result<Json<UsersView>, Problem> {
    if let Some(ids) = parse_ids(&filter)? {
        let names = users::list_names(&mut *state.ctx.db().read().await?, &ids).await?;
        let items = names.into_iter().map(UserNameView::from).collect();
        return Ok(Json::new(UsersView::Names(Listing { items, next_cursor: None })));
    }
    let UserFilter { q, role, active_buyer, kyc_status, referrer_id, placed, .. } = filter;
    let text: Option<String> = q.map(|q| q.chars().take(MAX_QUERY_CHARS).collect());
    let prefixes = text.as_deref().map(search::query_prefixes).unwrap_or_default();
    if text.is_some_and(|text| !text.trim().is_empty()) && prefixes.is_empty() {
        return Ok(Json::new(UsersView::Page(Listing { items: Vec::new(), next_cursor: None })));
    }
    let conditions = UserQuery { prefixes, role, active_buyer, kyc_status, referrer_id, placed };
    let after = page.after_id()?;
    let rows = users::list(&mut *state.ctx.db().read().await?, &conditions, after, page.fetch_limit()).await?;
    Ok(Json::new(UsersView::Page(page.listing(rows, |row| Cursor::Id(row.id.uuid()), UserView::from))))
}

/// Parses `ids`, without duplicates; `None` when the filter has none. Errors with 422 `auth.ids_invalid`.
fn parse_ids(filter: &UserFilter) -> Result<Option<Vec<UserId>>, Problem> {
    let UserFilter { ids, q, role, active_buyer, kyc_status, referrer_id, placed } = filter;
    let Some(text) = ids else { return Ok(None) };
    let has_others = q.is_some()
        || role.is_some()
        || active_buyer.is_some()
        || kyc_status.is_some()
        || referrer_id.is_some()
        || placed.is_some();
    let parsed: Result<BTreeSet<UserId>, _> = text.split(',').map(|id| id.trim().parse()).collect();
    let mut errors = FieldErrors::new();
    errors.require("ids", parsed.is_ok(), "format", "ids separated by commas");
    let ids: Vec<UserId> = parsed.unwrap_or_default().into_iter().collect();
    errors.require("ids", ids.len() <= MAX_IDS, "length", format!("at most {MAX_IDS} ids"));
    errors.require("ids", !has_others, "exclusive", "no other filter together with ids");
    errors.finish("auth.ids_invalid")?;
    Ok(Some(ids))
}

/// Get a user.
///
/// The profile is included.
#[operation]
pub(crate) async fn get(state: web::Data<AuthState>, Path(id): Path<UserId>) -> Result<Json<ProfileView>, Problem> {
    let c = &mut *state.ctx.db().read().await?;
    let user = users::find(c, id).await?.ok_or_else(Problem::not_found)?;
    let referrer_name = load_referrer_name(c, &user).await?;
    Ok(Json::new(ProfileView::new(user, profiles::load(c, id).await?, referrer_name)))
}

/// Create a user.
///
/// 409 when the e-mail address or mobile number is registered.
#[operation]
pub(crate) async fn create(
    state: web::Data<AuthState>,
    caller: Caller,
    request: Idempotent<CreateUserInput>,
) -> Result<Created<UserView>, Problem> {
    let (input, request) = request.read_with_code("auth.user_invalid").await?;
    let mut errors = FieldErrors::new();
    let email = Identifier::email(&input.email);
    let mobile_text = input.mobile.filter(|text| !text.trim().is_empty());
    let mobile = mobile_text.as_deref().and_then(Identifier::mobile);
    errors.require("email", email.is_some(), "format", "an e-mail address");
    errors.require("mobile", mobile_text.is_some() == mobile.is_some(), "format", "a mobile number");
    let name = input::validate_line(&mut errors, "name", &input.name);
    errors.finish("auth.user_invalid")?;
    let email = email.ok_or_else(|| Problem::unprocessable("auth.user_invalid", "an e-mail address is required"))?;
    let (now, role) = (state.ctx.now(), input.role);
    request
        .run(&state.ctx, async |c| {
            let user = change_rights::create_user(c, email.clone(), mobile.clone(), name.clone(), role, now).await?;
            record_audit(c, &caller, now, "auth.user.create", Subject::User(user.id), role.as_str()).await?;
            Ok(UserView::from(user))
        })
        .await
}

/// Change the role, label or activity of a user.
///
/// A change of role or activity ends the user's sessions. 403 `auth.own` for one's own rights.
#[operation]
pub(crate) async fn update(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<UserId>,
    body: Body<UpdateUserInput>,
) -> Result<Json<UserView>, Problem> {
    users::find(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    may_change_rights(caller.user_id, id).map_err(AuthError::from)?;
    let UpdateUserInput { role, is_distributor, is_active } = body.read().await?;
    let now = state.ctx.now();
    let update = RightsUpdate { role, is_distributor, is_active };
    let audit_detail = describe(&update);
    let (user, ended) = state
        .ctx
        .tx(async |c| {
            let changed = change_rights::change_rights(c, id, update, caller.user_id, now).await?;
            record_audit(c, &caller, now, "auth.user.change", Subject::User(id), &audit_detail).await?;
            Ok::<_, AuthError>(changed)
        })
        .await?;
    state.revoke_tokens(ended).await;
    Ok(Json::new(UserView::from(user)))
}

fn describe(update: &RightsUpdate) -> String {
    let role = update.role.map(|role| format!("role={role}"));
    let distributor = update.is_distributor.map(|flag| format!("is_distributor={flag}"));
    let active = update.is_active.map(|flag| format!("is_active={flag}"));
    [role, distributor, active].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
