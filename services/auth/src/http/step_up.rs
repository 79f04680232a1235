//! HTTP handler of the step-up: a new one-time code for what a token alone may not do.

use super::input;
use super::sign_in::code_request;
use super::view::AccessTokenView;
use crate::app;
use crate::codes::CodeAttempt;
use crate::domain::identifier::Identifier;
use crate::domain::otp::{CodeId, Purpose};
use crate::domain::session::SessionId;
use crate::error::{AuthError, code_invalid};
use crate::state::{self, AuthState};
use crate::store::users::{self, User};
use actix_web::{HttpRequest, web};
use auth_token::token::ACCESS_TTL_SECS;
use http_api::{Body, Caller, Json, Problem, operation};
use schemars::JsonSchema;
use serde::Deserialize;

/// A one-time code that was sent to the caller.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct StepUpInput {
    code: String,
    /// The e-mail address or mobile number of the caller that got the code. Default: the e-mail address, if there is one.
    identifier: Option<String>,
    /// The `request_id` of this code. Default: the newest code requested from the same address.
    request_id: Option<CodeId>,
}

/// Prove a new one-time code.
///
/// Request it by `POST /auth/otp` for an own identifier. The new access token is accepted for five minutes where a proof
/// is required: to add or remove a bank account, and to approve a large payout. A sign-in counts as a proof too. 401
/// `auth.otp_invalid` for a code that is wrong, used or expired, or for the identifier of another person.
#[operation]
pub(crate) async fn prove(
    state: web::Data<AuthState>,
    caller: Caller,
    request: HttpRequest,
    body: Body<StepUpInput>,
) -> Result<Json<AccessTokenView>, Problem> {
    let input = body.read().await?;
    let user = users::find(&mut *state.ctx.db().read().await?, caller.user_id).await?.ok_or_else(code_invalid)?;
    let identifier = match &input.identifier {
        Some(text) => Some(input::parse_identifier(text)?).filter(|given| identifiers(&user).any(|own| own == *given)),
        None => identifiers(&user).next(),
    };
    let identifier = identifier.ok_or_else(code_invalid)?;
    let now = state.ctx.now();
    let key = state.signing_key(now).await?;
    let code_request = code_request(&state, &request, Purpose::SignIn, &identifier, now).await?;
    let attempt = CodeAttempt { request: code_request, id: input.request_id, code: &input.code };
    let verified = state.codes.verify(&[attempt]).await.map_err(AuthError::from)?.ok_or_else(code_invalid)?;
    let (code, session) = (verified.code_id(), SessionId::from(caller.session_id));
    match state.ctx.tx(async |c| app::step_up::step_up(c, session, caller.user_id, code, now).await).await {
        Ok(user) => {
            state.codes.consume(verified, now).await;
            let access_token = state::sign_access_token(&key, (&user, session, now), now);
            Ok(Json::new(AccessTokenView { access_token, token_type: "Bearer", expires_in: ACCESS_TTL_SECS }))
        }
        Err(error) => {
            state.codes.release(verified).await;
            Err(error.into())
        }
    }
}

/// The e-mail address and the mobile number of a user, as far as there are.
fn identifiers(user: &User) -> impl Iterator<Item = Identifier> {
    let email = user.email.as_deref().and_then(Identifier::email);
    let mobile = user.mobile.as_deref().and_then(Identifier::mobile);
    email.into_iter().chain(mobile)
}
