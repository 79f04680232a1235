//! HTTP handlers of sessions and signing keys.

use super::view::TokensView;
use crate::app::refresh_session::{RefreshOutcome, refresh_session};
use crate::app::{end_session, rotate_keys as app_keys};
use crate::domain::session::SessionId;
use crate::error::AuthError;
use crate::state::AuthState;
use crate::store::sessions;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use chassis::audit::{self, StaffAction};
use chassis::auth::Caller;
use chassis::http::{Cursor, Page, Problem, RawBody, ok, path_id};
use domain::Timestamp;
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

/// A session of the caller.
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

/// A new signing key.
#[derive(Serialize, JsonSchema)]
pub(crate) struct KeyView {
    kid: String,
    /// Time from which the key signs. It is published already.
    signs_from: Timestamp,
}

/// Replaces a refresh token. 401 `auth.refresh_invalid` or, for a used token, `auth.refresh_reused`.
pub(crate) async fn refresh(state: web::Data<AuthState>, body: RawBody) -> Result<HttpResponse, Problem> {
    let token = body.json::<RefreshInput>().await?.value.refresh_token;
    let now = state.ctx.now();
    let key = state.signing_key(now).await?;
    let unauthorized = |code, detail: &str| Err(Problem::new(StatusCode::UNAUTHORIZED, code, detail));
    match state.ctx.tx(async |c| refresh_session(c, &token, now).await).await? {
        RefreshOutcome::Rotated(opened) => Ok(ok(&TokensView::new(&key, *opened, false, now))),
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

/// Ends the current session.
pub(crate) async fn log_out(
    state: web::Data<AuthState>,
    caller: Caller,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let input = body.json_or_empty::<LogOutInput>().await?.value;
    let (now, current) = (state.ctx.now(), SessionId::from(caller.session_id));
    let (owner, token) = (caller.user_id, input.refresh_token.as_deref());
    let ended = state.ctx.tx(async |c| end_session::log_out(c, owner, current, token, now).await).await?;
    state.revoke_tokens(ended).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Lists the caller's sessions, newest first.
pub(crate) async fn list(state: web::Data<AuthState>, caller: Caller, page: Page) -> Result<HttpResponse, Problem> {
    let (now, after) = (state.ctx.now(), page.after_id()?);
    let c = &mut *state.ctx.db().read().await?;
    let rows = sessions::list_live(c, caller.user_id, now, after, page.fetch_limit()).await?;
    Ok(ok(&page.listing(
        rows,
        |row| Cursor::Id(row.id.uuid()),
        |row| SessionView {
            current: row.id.uuid() == caller.session_id,
            id: row.id,
            address: row.address,
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at,
        },
    )))
}

/// Ends one of the caller's sessions. 204 also when it has already ended.
pub(crate) async fn end(
    state: web::Data<AuthState>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: SessionId = path_id(&path)?;
    let (now, owner) = (state.ctx.now(), caller.user_id);
    let ended = state.ctx.tx(async |c| end_session::end_own(c, owner, id, now).await).await?;
    state.revoke_tokens(ended).await;
    Ok(HttpResponse::NoContent().finish())
}

/// Creates a new signing key, which signs after a minute.
pub(crate) async fn rotate_keys(state: web::Data<AuthState>, caller: Caller) -> Result<HttpResponse, Problem> {
    let (now, secrets) = (state.ctx.now(), &*state.secrets);
    let created = state
        .ctx
        .tx(async |c| {
            let created = app_keys::rotate(c, secrets, now).await?;
            let action = StaffAction {
                action: "auth.keys.rotate",
                subject_type: "signing_key",
                subject_id: created.key.kid().to_owned(),
                subject_user: None,
                detail: "",
            };
            audit::record(c, "auth", &caller, now, action).await?;
            Ok::<_, AuthError>(created)
        })
        .await?;
    state.reload_keys().await?;
    Ok(ok(&KeyView { kid: created.key.kid().to_owned(), signs_from: created.signs_from }))
}

/// Gets the public keys as a JSON Web Key Set.
pub(crate) async fn get_key_set(state: web::Data<AuthState>) -> Result<HttpResponse, Problem> {
    let keys = state.key_set().await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=30")).json(keys))
}
