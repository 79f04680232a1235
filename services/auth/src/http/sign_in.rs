//! HTTP handlers of the sign-in by a one-time code.

use super::input;
use super::view::TokensView;
use crate::app::open_session::Device;
use crate::app::send_code::send_code as queue_code;
use crate::app::sign_in::{self, SignInRequest};
use crate::codes::{CodeAttempt, CodeRequest, IssuedCode};
use crate::domain::address::ClientAddress;
use crate::domain::identifier::{Channel, Identifier};
use crate::domain::otp::{CodeId, Purpose};
use crate::domain::user::Locale;
use crate::error::{AuthError, code_invalid};
use crate::outgoing_mail;
use crate::state::AuthState;
use crate::store::sign_in_addresses;
use actix_web::http::header;
use actix_web::{HttpRequest, web};
use domain::{PersonName, Side, Timestamp, Unvalidated};
use http_api::{Accepted, Body, FieldErrors, Json, Problem, middleware, operation};
use runtime::id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Request for a one-time code.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SendCodeInput {
    /// An e-mail address or a mobile number.
    identifier: String,
    /// Default: `email` for an e-mail address, `sms` for a mobile number.
    channel: Option<Channel>,
}

/// A one-time code that was queued for sending.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CodeSent")]
pub(crate) struct CodeSentView {
    /// Lifetime of the code, in seconds.
    expires_in: u64,
    /// Seconds until another code can be requested.
    resend_after: u64,
    /// Id of this code for the verification, which can come from another address.
    request_id: CodeId,
}

impl CodeSentView {
    pub(super) fn new(state: &AuthState, code: &IssuedCode) -> Self {
        Self {
            expires_in: state.codes.limits().ttl_secs.into(),
            resend_after: code.resend_after_secs.into(),
            request_id: code.id,
        }
    }
}

/// Sign-in with a one-time code.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SignInInput {
    identifier: String,
    code: String,
    /// The `request_id` of this code. Default: the newest code requested from the same address.
    request_id: Option<CodeId>,
    /// Used only for the registration of a new user, like `name`, `preferred_side` and `locale`.
    referral_code: Option<String>,
    name: Option<Unvalidated<PersonName>>,
    preferred_side: Option<Side>,
    /// Default: `en`.
    locale: Option<Locale>,
}

/// Send a one-time code.
///
/// 422 for an identifier that is neither an e-mail address nor a mobile number, and for a channel that does not fit it.
/// 429 when a limit is reached, 503 when no codes can be stored.
#[operation]
pub(crate) async fn send_code(
    state: web::Data<AuthState>,
    request: HttpRequest,
    body: Body<SendCodeInput>,
) -> Result<Accepted<CodeSentView>, Problem> {
    let input = body.read().await?;
    let identifier = input::parse_identifier(&input.identifier)?;
    let mut errors = FieldErrors::new();
    let is_matching = input.channel.is_none_or(|channel| channel == identifier.channel());
    errors.require(
        "channel",
        is_matching,
        "mismatch",
        format!("has to be {} for this identifier", identifier.channel()),
    );
    errors.finish("auth.channel_invalid")?;
    issue_code(&state, &request, Purpose::SignIn, &identifier, state.ctx.now()).await
}

/// Issues a code and sends it to `identifier`.
pub(super) async fn issue_code(
    state: &AuthState,
    request: &HttpRequest,
    purpose: Purpose,
    identifier: &Identifier,
    now: Timestamp,
) -> Result<Accepted<CodeSentView>, Problem> {
    let code_request = code_request(state, request, purpose, identifier, now).await?;
    let requests = [(id::fresh::<CodeId>(), code_request)];
    let issued = state.codes.issue(&requests, now).await?;
    let [code] = issued.as_slice() else { return Err(Problem::internal("expected one code for one request")) };
    let queued = state.ctx.tx(async |c| queue_code(c, &state.secrets, code, identifier, now).await).await;
    if queued.is_err() {
        state.codes.discard_unsent(&requests).await;
    }
    queued?;
    outgoing_mail::send_soon(state, &[identifier.channel()]).await;
    Ok(Accepted::new(CodeSentView::new(state, code)))
}

/// Sign in with a code; registers a new user.
///
/// 401 `auth.otp_invalid` for a code that is wrong, used or expired, 403 for a user who is not active, 422 for an
/// unknown referral code. A request that is refused with 422 does not use the code.
#[operation]
pub(crate) async fn verify(
    state: web::Data<AuthState>,
    request: HttpRequest,
    body: Body<SignInInput>,
) -> Result<Json<TokensView>, Problem> {
    let input = body.read_with_code("auth.name_invalid").await?;
    let identifier = input::parse_identifier(&input.identifier)?;
    let mut errors = FieldErrors::new();
    let name = input::validate_optional_line(&mut errors, "name", input.name.as_ref());
    errors.finish("auth.name_invalid")?;
    let sign_in_request = SignInRequest {
        identifier,
        address: client_address(&request),
        referral_code: input.referral_code,
        name,
        preferred_side: input.preferred_side,
        locale: input.locale,
        device: device(&request),
    };
    let now = state.ctx.now();
    let key = state.signing_key(now).await?;
    let code_request = code_request(&state, &request, Purpose::SignIn, &sign_in_request.identifier, now).await?;
    let attempt = CodeAttempt { request: code_request, id: input.request_id, code: &input.code };
    let verified = state.codes.verify(&[attempt]).await.map_err(AuthError::from)?.ok_or_else(code_invalid)?;
    let code = verified.code_id();
    match state.ctx.tx(async |c| sign_in::sign_in(c, &sign_in_request, code, now).await).await {
        Ok(signed_in) => {
            state.codes.consume(verified, now).await;
            Ok(Json::new(TokensView::new(&key, signed_in.opened, signed_in.is_new, now)))
        }
        Err(error) => {
            state.codes.release(verified).await;
            Err(error.into())
        }
    }
}

/// Describes the client of a request, and whether the identifier signed in from its address recently.
pub(super) async fn code_request<'a>(
    state: &AuthState,
    request: &HttpRequest,
    purpose: Purpose,
    identifier: &'a Identifier,
    now: Timestamp,
) -> Result<CodeRequest<'a>, Problem> {
    let address = client_address(request);
    let last = sign_in_addresses::find_last_sign_in(&mut *state.ctx.db().read().await?, identifier, address).await?;
    let known_since = now.plus_hours(-24 * state.codes.limits().known_address_days);
    Ok(CodeRequest { purpose, identifier, address, is_known_address: last.is_some_and(|last| last > known_since) })
}

/// Client address as rate limits count it.
pub(super) fn client_address(request: &HttpRequest) -> ClientAddress {
    ClientAddress::new(&middleware::request_origin(request).address)
}

/// Client address and user agent, to show with the session.
pub(super) fn device(request: &HttpRequest) -> Device {
    let address = middleware::request_origin(request).address;
    let agent = request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok());
    Device { address, user_agent: agent.unwrap_or_default().to_owned() }
}
