//! HTTP handlers of the change of one's own e-mail address or mobile number.

use super::input;
use super::sign_in::{CodeSentView, code_request, issue_code};
use super::view::UserView;
use crate::app::change_identifier::{self, ChangedIdentifier};
use crate::codes::CodeAttempt;
use crate::domain::otp::{CodeId, Purpose};
use crate::domain::session::SessionId;
use crate::error::{AuthError, code_invalid};
use crate::outgoing_mail;
use crate::state::AuthState;
use actix_web::{HttpRequest, web};
use http_api::{Accepted, Body, Caller, Json, Problem, operation};
use schemars::JsonSchema;
use serde::Deserialize;

/// A new e-mail address or mobile number.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct NewIdentifierInput {
    /// An e-mail address or a mobile number.
    identifier: String,
}

/// The code that was sent to a new e-mail address or mobile number.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ProvedIdentifierInput {
    identifier: String,
    code: String,
    /// The `request_id` of this code. Default: the newest code requested from the same address.
    request_id: Option<CodeId>,
}

/// Send a one-time code to a new e-mail address or mobile number.
///
/// 403 `auth.step_up_required` without a recent code of a current identifier. 409 `auth.email_taken` or
/// `auth.mobile_taken` when another user has it. 422 for neither an e-mail address nor a mobile number, 429 when a limit
/// is reached.
#[operation]
pub(crate) async fn send(
    state: web::Data<AuthState>,
    caller: Caller,
    request: HttpRequest,
    body: Body<NewIdentifierInput>,
) -> Result<Accepted<CodeSentView>, Problem> {
    let now = state.ctx.now();
    caller.require_recent_proof(now)?;
    let identifier = input::parse_identifier(&body.read().await?.identifier)?;
    let mut c = state.ctx.db().read().await?;
    change_identifier::require_free(&mut c, caller.user_id, &identifier).await?;
    drop(c);
    issue_code(&state, &request, Purpose::Change, &identifier, now).await
}

/// Change my e-mail address or mobile number, by the code that was sent to the new one.
///
/// The old one gets a notice, and all other sessions end. 401 `auth.otp_invalid` for a code that is wrong, used or
/// expired; 403 and 409 as for the request of the code.
#[operation]
pub(crate) async fn verify(
    state: web::Data<AuthState>,
    caller: Caller,
    request: HttpRequest,
    body: Body<ProvedIdentifierInput>,
) -> Result<Json<UserView>, Problem> {
    let now = state.ctx.now();
    caller.require_recent_proof(now)?;
    let input = body.read().await?;
    let identifier = input::parse_identifier(&input.identifier)?;
    let code_request = code_request(&state, &request, Purpose::Change, &identifier, now).await?;
    let attempt = CodeAttempt { request: code_request, id: input.request_id, code: &input.code };
    let verified = state.codes.verify(&[attempt]).await.map_err(AuthError::from)?.ok_or_else(code_invalid)?;
    let owner = (caller.user_id, SessionId::from(caller.session_id));
    let secrets = &state.secrets;
    let changed =
        state.ctx.tx(async |c| change_identifier::change_identifier(c, secrets, owner, &identifier, now).await);
    match changed.await {
        Ok(ChangedIdentifier { user, ended, notified }) => {
            state.codes.consume(verified, now).await;
            state.revoke_tokens(ended).await;
            outgoing_mail::send_soon(&state, notified.as_slice()).await;
            Ok(Json::new(user.into()))
        }
        Err(error) => {
            state.codes.release(verified).await;
            Err(error.into())
        }
    }
}
