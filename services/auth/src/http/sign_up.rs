//! HTTP handlers of the sign-up with a full profile, verified by two one-time codes.

use super::input::{self, AddressInput, NamePart};
use super::sign_in::{client_address, code_request, device};
use super::view::TokensView;
use crate::app::register;
use crate::app::sign_up::{self as app_sign_up, FinishSignUp, SignUpProfile};
use crate::codes::CodeAttempt;
use crate::domain::identifier::{Channel, Identifier};
use crate::domain::otp::Purpose;
use crate::domain::user::{self, Gender, Locale};
use crate::error::{AuthError, code_invalid};
use crate::state::AuthState;
use crate::store::signups;
use crate::{outgoing_mail, secrets};
use actix_web::{HttpRequest, web};
use domain::{Day, Side, Unvalidated};
use http_api::{Accepted, Body, FieldErrors, Json, Problem, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Profile of a new user.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct SignUpInput {
    first_name: Unvalidated<NamePart>,
    last_name: Unvalidated<NamePart>,
    email: String,
    mobile: String,
    gender: Option<Gender>,
    date_of_birth: Day,
    address: Option<AddressInput>,
    referral_code: Option<String>,
    preferred_side: Option<Side>,
    /// Default: `en`.
    locale: Option<Locale>,
}

/// A sign-up that waits for its two codes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SignUpBegun")]
pub(crate) struct SignUpStartedView {
    signup_token: String,
    /// Lifetime of the codes, in seconds.
    expires_in: u64,
    /// Seconds until other codes can be requested.
    resend_after: u64,
}

/// Token and codes of a sign-up.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct VerifySignUpInput {
    signup_token: String,
    email_code: String,
    mobile_code: String,
}

/// Start a sign-up with a full profile.
///
/// Sends a code to the e-mail address and one to the mobile number. 422 with the invalid fields or for an unknown
/// referral code, 429 when a limit is reached, 503 when no codes can be stored.
#[operation]
pub(crate) async fn begin(
    state: web::Data<AuthState>,
    request: HttpRequest,
    body: Body<SignUpInput>,
) -> Result<Accepted<SignUpStartedView>, Problem> {
    let now = state.ctx.now();
    let (email, mobile, profile) = validate(body.read_with_code("auth.signup_invalid").await?, now.day())?;
    register::find_referrer(&mut *state.ctx.db().read().await?, profile.referral_code.as_deref()).await?;
    let token = secrets::new_token();
    let (email_code, mobile_code) = app_sign_up::code_ids(&token);
    let requests = [
        (email_code, code_request(&state, &request, Purpose::SignUp, &email, now).await?),
        (mobile_code, code_request(&state, &request, Purpose::SignUp, &mobile, now).await?),
    ];
    let issued = state.codes.issue(&requests, now).await?;
    let [email_issued, mobile_issued] = issued.as_slice() else {
        return Err(Problem::internal("expected two codes for two requests"));
    };
    let (addresses, codes) = ((&email, &mobile), (email_issued, mobile_issued));
    let queued = state
        .ctx
        .tx(async |c| app_sign_up::begin(c, &state.secrets, &token, addresses, codes, &profile, now).await)
        .await;
    if queued.is_err() {
        state.codes.discard_unsent(&requests).await;
    }
    queued?;
    outgoing_mail::send_soon(&state, &[Channel::Email, Channel::Sms]).await;
    Ok(Accepted::new(SignUpStartedView {
        expires_in: state.codes.limits().ttl_secs.into(),
        resend_after: email_issued.resend_after_secs.max(mobile_issued.resend_after_secs).into(),
        signup_token: token,
    }))
}

/// Verify both codes of a sign-up and sign in.
///
/// Creates the user, or completes the user who has one of the addresses. 401 `auth.otp_invalid` for a code or sign-up
/// that is wrong, used or expired, 403 for a user who is not active, 409 when the addresses belong to different users.
#[operation]
pub(crate) async fn verify(
    state: web::Data<AuthState>,
    request: HttpRequest,
    body: Body<VerifySignUpInput>,
) -> Result<Json<TokensView>, Problem> {
    let VerifySignUpInput { signup_token, email_code, mobile_code } = body.read().await?;
    let now = state.ctx.now();
    let key = state.signing_key(now).await?;
    let token_hash = secrets::token_hash(&signup_token);
    let signup = signups::find(&mut *state.ctx.db().write().await?, &token_hash).await?;
    let signup = signup.filter(|signup| now < signup.expires_at).ok_or_else(code_invalid)?;
    let (email, mobile) = (Identifier::Email(signup.email), Identifier::Mobile(signup.mobile));
    let (email_id, mobile_id) = app_sign_up::code_ids(&signup_token);
    let email_request = code_request(&state, &request, Purpose::SignUp, &email, now).await?;
    let mobile_request = code_request(&state, &request, Purpose::SignUp, &mobile, now).await?;
    let attempts = [
        CodeAttempt { request: email_request, id: Some(email_id), code: &email_code },
        CodeAttempt { request: mobile_request, id: Some(mobile_id), code: &mobile_code },
    ];
    let verified = state.codes.verify(&attempts).await.map_err(AuthError::from)?.ok_or_else(code_invalid)?;
    let code = verified.code_id();
    let finish = FinishSignUp { signup_token, address: client_address(&request), device: device(&request) };
    match state.ctx.tx(async |c| app_sign_up::finish(c, &state.secrets, &finish, code, now).await).await {
        Ok(Some(signed_in)) => {
            state.codes.consume(verified, now).await;
            Ok(Json::new(TokensView::new(&key, signed_in.opened, signed_in.is_new, now)))
        }
        Ok(None) => {
            state.codes.release(verified).await;
            Err(code_invalid())
        }
        Err(error) => {
            state.codes.release(verified).await;
            Err(error.into())
        }
    }
}

fn validate(input: SignUpInput, today: Day) -> Result<(Identifier, Identifier, SignUpProfile), Problem> {
    let mut errors = FieldErrors::new();
    let (email, mobile) = (Identifier::email(&input.email), Identifier::mobile(&input.mobile));
    errors.require("email", email.is_some(), "format", "an e-mail address");
    errors.require("mobile", mobile.is_some(), "format", "a mobile number");
    let is_adult = user::is_member_birth_date(input.date_of_birth, today);
    errors.require("date_of_birth", is_adult, "age", "a member is at least 18 years old");
    let first_name = input::validate_line(&mut errors, "first_name", &input.first_name);
    let last_name = input::validate_line(&mut errors, "last_name", &input.last_name);
    let address = input.address.map(|address| address.validate(&mut errors));
    errors.finish("auth.signup_invalid")?;
    let (Some(email), Some(mobile)) = (email, mobile) else {
        return Err(Problem::unprocessable("auth.signup_invalid", "e-mail address and mobile number are required"));
    };
    let mut profile = SignUpProfile {
        first_name,
        last_name,
        gender: input.gender,
        date_of_birth: Some(input.date_of_birth),
        line1: None,
        line2: None,
        city: None,
        state: None,
        pincode: None,
        country: None,
        referral_code: input.referral_code,
        preferred_side: input.preferred_side,
        locale: input.locale,
    };
    if let Some(address) = address {
        profile.line1 = Some(address.line1);
        profile.line2 = address.line2;
        profile.city = Some(address.city);
        profile.state = Some(address.state);
        profile.pincode = Some(address.pincode);
        profile.country = Some(address.country);
    }
    Ok((email, mobile, profile))
}
