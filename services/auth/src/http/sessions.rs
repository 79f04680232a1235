//! HTTP handlers of sessions: one's own, and for administrators those of a user.

use super::Subject;
use super::view::TokensView;
use crate::app::end_session;
use crate::app::refresh_session::{RefreshOutcome, refresh_session};
use crate::domain::session::{KeptSession, SessionId};
use crate::error::AuthError;
use crate::state::AuthState;
use crate::store::sessions::Session;
use crate::store::{sessions, users};
use actix_web::http::StatusCode;
use actix_web::web;
use chassis::audit;
use db::SortOrder;
use domain::{Timestamp, UserId};
use http_api::{
    Body, Caller, Cursor, Json, Listing, NoContent, Optional, Page, Path, Problem, Query, StaffPage, operation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Refresh token to replace.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct RefreshInput {
    refresh_token: String,
}

/// Optional body of a log-out.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct LogOutInput {
    /// Refresh token of another session of the caller, which is ended as well.
    refresh_token: Option<String>,
}

/// Sessions to end.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct EndSessionsFilter {
    /// The session that remains: that of this request.
    except: KeptSession,
}

/// A session of a user.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionView {
    id: SessionId,
    address: String,
    user_agent: String,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    /// Whether this request was made with this session.
    current: bool,
}

impl SessionView {
    fn new(row: Session, caller: &Caller) -> Self {
        Self {
            current: row.id.uuid() == caller.session_id,
            id: row.id,
            address: row.address,
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        }
    }
}

/// Replace a refresh token.
///
/// 401 `auth.refresh_invalid` for a token that is unknown or expired. 401 `auth.refresh_reused` for a used token, which
/// ends the session.
#[operation]
pub(crate) async fn refresh(
    state: web::Data<AuthState>,
    body: Body<RefreshInput>,
) -> Result<Json<TokensView>, Problem> {
    let token = body.read().await?.refresh_token;
    let now = state.ctx.now();
    let key = state.signing_key(now).await?;
    let unauthorized = |code, detail: &str| Err(Problem::new(StatusCode::UNAUTHORIZED, code, detail));
    match state.ctx.tx(async |c| refresh_session(c, &token, now).await).await? {
        RefreshOutcome::Rotated(opened) => Ok(Json::new(TokensView::new(&key, *opened, false, now))),
        RefreshOutcome::Refused => {
            unauthorized("auth.refresh_invalid", "the refresh token is invalid or expired: sign in again")
        }
        RefreshOutcome::Reused(ended) => {
            state.revoke_tokens(ended).await;
            unauthorized(
                "auth.refresh_reused",
                "the refresh token was used before: the session has ended, sign in again",
            )
        }
    }
}

/// End this session.
///
/// Ends the session of the refresh token in the body as well, if it is another one of mine.
#[operation]
pub(crate) async fn log_out(
    state: web::Data<AuthState>,
    caller: Caller,
    body: Body<Optional<LogOutInput>>,
) -> Result<NoContent, Problem> {
    let LogOutInput { refresh_token } = body.read().await?;
    let (now, token, current) = (state.ctx.now(), refresh_token.as_deref(), SessionId::from(caller.session_id));
    let ended = state.ctx.tx(async |c| end_session::log_out(c, caller.user_id, current, token, now).await).await?;
    state.revoke_tokens(ended).await;
    Ok(NoContent)
}

/// List my sessions.
///
/// Sessions that have neither ended nor expired, the newest first.
#[operation]
pub(crate) async fn list(
    state: web::Data<AuthState>,
    caller: Caller,
    page: Page,
) -> Result<Json<Listing<SessionView>>, Problem> {
    list_live(&state, &caller, caller.user_id, StaffPage { page, order: SortOrder::Descending }).await
}

async fn list_live(
    state: &AuthState,
    caller: &Caller,
    owner: UserId,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<SessionView>>, Problem> {
    let (now, after) = (state.ctx.now(), page.after_id()?);
    let c = &mut *state.ctx.db().read().await?;
    let rows = sessions::list_live(c, owner, now, order, after, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::Id(row.id.uuid()), |row| SessionView::new(row, caller))))
}

/// End one of my sessions.
///
/// 204 also when it has already ended, 404 for a session of another user.
#[operation]
pub(crate) async fn delete(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<SessionId>,
) -> Result<NoContent, Problem> {
    let now = state.ctx.now();
    let ended = state.ctx.tx(async |c| end_session::end_own(c, caller.user_id, id, now).await).await?;
    state.revoke_tokens(ended).await;
    Ok(NoContent)
}

/// End my other sessions.
///
/// `except=current` is required, so that the session of this request remains.
#[operation]
pub(crate) async fn delete_others(
    state: web::Data<AuthState>,
    caller: Caller,
    Query(EndSessionsFilter { except: KeptSession::Current }): Query<EndSessionsFilter>,
) -> Result<NoContent, Problem> {
    let (now, current) = (state.ctx.now(), SessionId::from(caller.session_id));
    let ended = state.ctx.tx(async |c| end_session::end_all(c, caller.user_id, Some(current), now).await).await?;
    state.revoke_tokens(ended).await;
    Ok(NoContent)
}

/// List the sessions of a user.
///
/// Sessions that have neither ended nor expired.
#[operation]
pub(crate) async fn list_of_user(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<UserId>,
    page: StaffPage,
) -> Result<Json<Listing<SessionView>>, Problem> {
    users::find_name(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)?;
    list_live(&state, &caller, id, page).await
}

/// End a session of a user.
///
/// 204 also when it has already ended, 404 for a session of another user.
#[operation]
pub(crate) async fn delete_of_user(
    state: web::Data<AuthState>,
    caller: Caller,
    Path((owner, id)): Path<(UserId, SessionId)>,
) -> Result<NoContent, Problem> {
    let now = state.ctx.now();
    let ended = state
        .ctx
        .tx(async |c| {
            let ended = end_session::end_own(c, owner, id, now).await?;
            if ended.is_some() {
                audit::record(c, &caller, now, "auth.session.end", Subject::Session(id, owner), "").await?;
            }
            Ok::<_, AuthError>(ended)
        })
        .await?;
    state.revoke_tokens(ended).await;
    Ok(NoContent)
}
