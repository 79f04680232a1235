//! Registration with a whole profile, by two one-time codes.

use super::access::{address, asked, device};
use super::input::{self, AddressInput};
use super::view::Tokens;
use crate::app::register;
use crate::app::sign_up::{self as app_sign_up, Finish, Told};
use crate::codes::Try;
use crate::domain::identifier::{Channel, Identifier};
use crate::domain::otp::Purpose;
use crate::domain::person::{self, Gender};
use crate::error::{AuthError, code_invalid};
use crate::state::Auth;
use crate::store::signups;
use crate::{post, secrets};
use actix_web::{HttpRequest, HttpResponse, web};
use chassis::http::{Body, FieldErrors, Problem, ok};
use domain::{Day, PersonText, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SignUpInput {
    first_name: PersonText,
    last_name: PersonText,
    email: String,
    mobile: String,
    gender: Option<Gender>,
    date_of_birth: Day,
    address: Option<AddressInput>,
    referral_code: Option<String>,
    preferred_side: Option<Side>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct SignUpBegun {
    signup_token: String,
    /// Seconds.
    expires_in: u64,
    resend_after: u64,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SignUpCodes {
    signup_token: String,
    email_code: String,
    mobile_code: String,
}

pub(crate) async fn sign_up(auth: web::Data<Auth>, request: HttpRequest, body: Body) -> Result<HttpResponse, Problem> {
    let (now, secrets) = (auth.ctx.now(), &*auth.secrets);
    let (email, mobile, told) = check(body.json_or::<SignUpInput>("auth.signup_invalid").await?.value, now.day())?;
    register::referrer(&mut *auth.ctx.db().read().await?, told.referral_code.as_deref()).await?;
    let token = secrets::new_token();
    let (email_code, mobile_code) = app_sign_up::code_ids(&token);
    let wanted = [
        (email_code, asked(&auth, &request, Purpose::SignUp, &email, now).await?),
        (mobile_code, asked(&auth, &request, Purpose::SignUp, &mobile, now).await?),
    ];
    let issued = auth.codes.issue(&wanted, now).await?;
    let [one, other] = issued.as_slice() else { return Err(Problem::internal("two requests have two codes")) };
    let (addresses, codes, token_text) = ((&email, &mobile), (one, other), token.as_str());
    let queued =
        auth.ctx.tx(async |c| app_sign_up::begin(c, secrets, token_text, addresses, codes, &told, now).await).await;
    if queued.is_err() {
        auth.codes.withdraw(&wanted).await;
    }
    queued?;
    post::send_soon(&auth, &[Channel::Email, Channel::Sms]).await;
    Ok(HttpResponse::Accepted().json(SignUpBegun {
        expires_in: auth.codes.limits().ttl_secs,
        resend_after: one.resend_after_secs.max(other.resend_after_secs),
        signup_token: token,
    }))
}

pub(crate) async fn finish_sign_up(
    auth: web::Data<Auth>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let SignUpCodes { signup_token, email_code, mobile_code } = body.json().await?.value;
    let (now, secrets) = (auth.ctx.now(), &*auth.secrets);
    let key = auth.signing_key(now).await?;
    let token_hash = secrets::token_hash(&signup_token);
    let found = signups::find(&mut *auth.ctx.db().write().await?, &token_hash).await?;
    let signup = found.filter(|signup| now < signup.expires_at).ok_or_else(code_invalid)?;
    let (email, mobile) = (Identifier::Email(signup.email), Identifier::Mobile(signup.mobile));
    let (email_id, mobile_id) = app_sign_up::code_ids(&signup_token);
    let by_email = asked(&auth, &request, Purpose::SignUp, &email, now).await?;
    let by_mobile = asked(&auth, &request, Purpose::SignUp, &mobile, now).await?;
    let tries = [
        Try { request: by_email, id: Some(email_id), code: &email_code },
        Try { request: by_mobile, id: Some(mobile_id), code: &mobile_code },
    ];
    let proof = auth.codes.prove(&tries).await.map_err(AuthError::from)?.ok_or_else(code_invalid)?;
    let code = proof.code_id();
    let finish = Finish { signup_token, address: address(&request), device: device(&request) };
    match auth.ctx.tx(async |c| app_sign_up::finish(c, secrets, &finish, code, now).await).await {
        Ok(Some(done)) => {
            auth.codes.use_up(proof, now).await;
            Ok(ok(&Tokens::new(&key, done.opened, done.is_new, now)))
        }
        Ok(None) => {
            auth.codes.release(proof).await;
            Err(code_invalid())
        }
        Err(error) => {
            auth.codes.release(proof).await;
            Err(error.into())
        }
    }
}

fn check(input: SignUpInput, today: Day) -> Result<(Identifier, Identifier, Told), Problem> {
    let mut errors = FieldErrors::new();
    let (email, mobile) = (Identifier::email(&input.email), Identifier::mobile(&input.mobile));
    errors.require("email", email.is_some(), "format", "an e-mail address");
    errors.require("mobile", mobile.is_some(), "format", "a mobile number");
    let of_age = person::is_members_birth_date(input.date_of_birth, today);
    errors.require("date_of_birth", of_age, "age", "a member is at least 18 years old");
    let first_name = input::line(&mut errors, "first_name", &input.first_name, MAX_NAME_PART);
    let last_name = input::line(&mut errors, "last_name", &input.last_name, MAX_NAME_PART);
    let address = input.address.map(|address| address.check(&mut errors));
    errors.finish("auth.signup_invalid")?;
    let (Some(email), Some(mobile)) = (email, mobile) else {
        return Err(Problem::unprocessable("auth.signup_invalid", "both addresses are needed"));
    };
    let mut told = Told {
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
    };
    if let Some(address) = address {
        told.line1 = Some(address.line1);
        told.line2 = address.line2;
        told.city = Some(address.city);
        told.state = Some(address.state);
        told.pincode = Some(address.pincode);
        told.country = Some(address.country);
    }
    Ok((email, mobile, told))
}

/// Two of them and a space make a name of at most a hundred.
const MAX_NAME_PART: usize = 49;
