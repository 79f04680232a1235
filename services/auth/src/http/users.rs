//! HTTP handlers for staff to search users, and for administrators to create users and change rights.

use super::Subject;
use super::input;
use super::profile::load_referrer_name;
use super::view::{ProfileView, UserView};
use crate::app::change_rights::{self, ChangedRights};
use crate::domain::identifier::Identifier;
use crate::domain::search;
use crate::domain::user::{RightsUpdate, may_change_rights};
use crate::error::AuthError;
use crate::state::AuthState;
use crate::store::users::{UserNameRow, UserQuery};
use crate::store::{profiles, users};
use actix_web::web;
use chassis::audit;
use domain::{KycStatus, PersonName, Role, Unvalidated, UserId};
use http_api::{
    Body, Caller, CommaSeparated, Created, Cursor, FieldErrors, Idempotent, Json, Listing, Path, Problem, Query,
    StaffPage, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longer queries are cut.
const MAX_QUERY_CHARS: usize = 100;
/// Names in one answer.
const MAX_NAMES: usize = 100;

/// Filter of the list of users.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UserFilter {
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

/// Names of users.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "UserNames")]
pub(crate) struct UserNamesView {
    /// Newest user first.
    items: Vec<UserNameView>,
}

/// Users whose names are read.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct NamesFilter {
    /// Up to 100 ids, separated by commas.
    #[schemars(with = "String")]
    ids: CommaSeparated<UserId, MAX_NAMES>,
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

/// Search users.
#[operation]
pub(crate) async fn list(
    state: web::Data<AuthState>,
    Query(filter): Query<UserFilter>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<UserView>>, Problem> {
    let UserFilter { q, role, active_buyer, kyc_status, referrer_id, placed } = filter;
    let text: Option<String> = q.map(|q| q.chars().take(MAX_QUERY_CHARS).collect());
    let prefixes = text.as_deref().map(search::query_prefixes).unwrap_or_default();
    if text.is_some_and(|text| !text.trim().is_empty()) && prefixes.is_empty() {
        return Ok(Json::new(Listing { items: Vec::new(), next_cursor: None }));
    }
    let conditions = UserQuery { prefixes, role, active_buyer, kyc_status, referrer_id, placed };
    let after = page.after_id()?;
    let rows = users::list(&mut *state.ctx.db().read().await?, &conditions, order, after, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), UserView::from)))
}

/// Get the names of users by id.
///
/// Unknown ids are left out.
#[operation]
pub(crate) async fn list_names(
    state: web::Data<AuthState>,
    Query(filter): Query<NamesFilter>,
) -> Result<Json<UserNamesView>, Problem> {
    let ids: Vec<UserId> = filter.ids.0.into_iter().collect();
    let names = users::list_names(&mut *state.ctx.db().read().await?, &ids).await?;
    Ok(Json::new(UserNamesView { items: names.into_iter().map(UserNameView::from).collect() }))
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
            audit::record(c, &caller, now, "auth.user.create", Subject::User(user.id), role.as_str()).await?;
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
    let ChangedRights { user, ended, .. } = state
        .ctx
        .tx(async |c| {
            let changed = change_rights::change_rights(c, id, update, caller.user_id, now).await?;
            let subject = (Subject::User(id), changes(&changed));
            audit::record_changes(c, &caller, now, "auth.user.change", subject, &audit_detail).await?;
            Ok::<_, AuthError>(changed)
        })
        .await?;
    state.revoke_tokens(ended).await;
    Ok(Json::new(UserView::from(user)))
}

/// What the change made of the rights.
fn changes(ChangedRights { before, user: after, .. }: &ChangedRights) -> Vec<audit::Change> {
    let changes = [
        audit::Change::new("role", &before.role, &after.role),
        audit::Change::new("is_distributor", &before.is_distributor, &after.is_distributor),
        audit::Change::new("is_active", &before.is_active, &after.is_active),
    ];
    changes.into_iter().flatten().collect()
}

fn describe(update: &RightsUpdate) -> String {
    let role = update.role.map(|role| format!("role={role}"));
    let distributor = update.is_distributor.map(|flag| format!("is_distributor={flag}"));
    let active = update.is_active.map(|flag| format!("is_active={flag}"));
    [role, distributor, active].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
