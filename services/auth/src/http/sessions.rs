//! Sessions and the keys their tokens are signed with.

use super::view::Tokens;
use crate::app::refresh_session::{Refreshed, refresh_session};
use crate::app::{end_session, rotate_keys as app_keys};
use crate::domain::session::SessionId;
use crate::error::AuthError;
use crate::state::Auth;
use crate::store::sessions;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, web};
use chassis::audit::{self, Action};
use chassis::auth::Caller;
use chassis::http::{Body, Cursor, Page, Problem, ok, path_id};
use domain::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A new pair is all that a sign-in answers.
pub(crate) type Pair = Tokens;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct RefreshInput {
    refresh_token: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct LogOutInput {
    /// Of another session of mine, which is ended as well.
    refresh_token: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct SessionView {
    id: SessionId,
    address: String,
    user_agent: String,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    /// The session this request was made with.
    current: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct KeyView {
    kid: String,
    /// Published from now on, it signs from then on.
    signs_from: Timestamp,
}

pub(crate) async fn refresh(auth: web::Data<Auth>, body: Body) -> Result<HttpResponse, Problem> {
    let token = body.json::<RefreshInput>().await?.value.refresh_token;
    let now = auth.ctx.now();
    let key = auth.signing_key(now).await?;
    let refused = |code, detail: &str| Err(Problem::new(StatusCode::UNAUTHORIZED, code, detail));
    match auth.ctx.tx(async |c| refresh_session(c, &token, now).await).await? {
        Refreshed::Rotated(opened) => Ok(ok(&Tokens::new(&key, *opened, false, now))),
        Refreshed::Refused => refused("auth.refresh_invalid", "sign in again"),
        Refreshed::Reused(ended) => {
            auth.tell_ended(ended).await;
            refused("auth.refresh_reused", "this token was used before: the session has ended, sign in again")
        }
    }
}

pub(crate) async fn log_out(auth: web::Data<Auth>, caller: Caller, body: Body) -> Result<HttpResponse, Problem> {
    let input = body.json_or_empty::<LogOutInput>().await?.value;
    let (now, current) = (auth.ctx.now(), SessionId::from(caller.session_id));
    let (owner, token) = (caller.user_id, input.refresh_token.as_deref());
    let ended = auth.ctx.tx(async |c| end_session::log_out(c, owner, current, token, now).await).await?;
    auth.tell_ended(ended).await;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn list(auth: web::Data<Auth>, caller: Caller, page: Page) -> Result<HttpResponse, Problem> {
    let (now, after) = (auth.ctx.now(), page.after_id()?);
    let c = &mut *auth.ctx.db().read().await?;
    let rows = sessions::live_of(c, caller.user_id, now, after, page.fetch_limit()).await?;
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

pub(crate) async fn end(
    auth: web::Data<Auth>,
    caller: Caller,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: SessionId = path_id(&path)?;
    let (now, owner) = (auth.ctx.now(), caller.user_id);
    let ended = auth.ctx.tx(async |c| end_session::end_own(c, owner, id, now).await).await?;
    auth.tell_ended(ended).await;
    Ok(HttpResponse::NoContent().finish())
}

pub(crate) async fn rotate_keys(auth: web::Data<Auth>, caller: Caller) -> Result<HttpResponse, Problem> {
    let (now, secrets) = (auth.ctx.now(), &*auth.secrets);
    let made = auth
        .ctx
        .tx(async |c| {
            let made = app_keys::rotate(c, secrets, now).await?;
            let action = Action {
                action: "auth.keys.rotate",
                subject_type: "signing_key",
                subject_id: made.key.kid().to_owned(),
                subject_user: None,
                detail: "",
            };
            audit::record(c, "auth", &caller, now, action).await?;
            Ok::<_, AuthError>(made)
        })
        .await?;
    auth.reload_keys().await?;
    Ok(ok(&KeyView { kid: made.key.kid().to_owned(), signs_from: made.signs_from }))
}

pub(crate) async fn key_set(auth: web::Data<Auth>) -> Result<HttpResponse, Problem> {
    let keys = auth.key_set().await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=30")).json(keys))
}
