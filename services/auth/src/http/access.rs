//! Signing in and signing up, by one-time codes.

use super::input::{self, AddressInput};
use super::view::Tokens;
use crate::app::open_session::Device;
use crate::app::send_code::send_code as send;
use crate::app::sign_in::{self as app_sign_in, SignIn, SignedIn};
use crate::app::sign_up::{self as app_sign_up, Finish, Told};
use crate::domain::identifier::{Channel, Identifier};
use crate::domain::otp::{self, Purpose};
use crate::domain::person::{self, Gender};
use crate::error::code_invalid;
use crate::post;
use crate::state::Auth;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chassis::http::{Body, FieldErrors, Problem, edge, ok};
use domain::{Day, Side};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct CodeWanted {
    /// An e-mail address or a mobile number.
    identifier: String,
    /// Told by the identifier when left out.
    channel: Option<Channel>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct CodeSent {
    /// Seconds.
    expires_in: i64,
    resend_after: i64,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SignInInput {
    identifier: String,
    code: String,
    /// Counts on first use alone, like what follows.
    referral_code: Option<String>,
    name: Option<String>,
    preferred_side: Option<Side>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SignUpInput {
    first_name: String,
    last_name: String,
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
    expires_in: i64,
    resend_after: i64,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SignUpCodes {
    signup_token: String,
    email_code: String,
    mobile_code: String,
}

pub(crate) async fn send_code(auth: web::Data<Auth>, body: Body) -> Result<HttpResponse, Problem> {
    let wanted = body.json::<CodeWanted>().await?.value;
    let identifier = input::identifier(&wanted.identifier)?;
    let mut errors = FieldErrors::new();
    let reaches = wanted.channel.is_none_or(|channel| channel == identifier.channel());
    errors.require("channel", reaches, "mismatch", format!("this identifier is reached by {}", identifier.channel()));
    errors.finish("auth.channel_invalid")?;
    let (now, secrets) = (auth.ctx.now(), &*auth.secrets);
    auth.ctx.tx(async |c| send(c, secrets, Purpose::SignIn, &identifier, now).await).await?;
    post::send_soon(&auth, &[identifier.channel()]).await;
    let sent = CodeSent { expires_in: otp::TTL_SECS, resend_after: otp::RESEND_AFTER_SECS };
    Ok(HttpResponse::Accepted().json(sent))
}

pub(crate) async fn sign_in(auth: web::Data<Auth>, request: HttpRequest, body: Body) -> Result<HttpResponse, Problem> {
    let input = body.json::<SignInInput>().await?.value;
    let identifier = input::identifier(&input.identifier)?;
    let mut errors = FieldErrors::new();
    let name = input::filled(input.name).map(|name| input::name(&mut errors, "name", &name));
    errors.finish("auth.name_invalid")?;
    let sign_in = SignIn {
        identifier,
        code: input.code,
        referral_code: input.referral_code,
        name,
        preferred_side: input.preferred_side,
        device: device(&request),
    };
    let (now, secrets) = (auth.ctx.now(), &*auth.secrets);
    let key = auth.signing_key(now).await?;
    let done = auth.ctx.tx(async |c| app_sign_in::sign_in(c, secrets, &sign_in, now).await).await?;
    answer(done, &key, now)
}

pub(crate) async fn sign_up(auth: web::Data<Auth>, body: Body) -> Result<HttpResponse, Problem> {
    let (now, secrets) = (auth.ctx.now(), &*auth.secrets);
    let (email, mobile, told) = check(body.json::<SignUpInput>().await?.value, now.day())?;
    let addresses = (&email, &mobile);
    let signup_token = auth.ctx.tx(async |c| app_sign_up::begin(c, secrets, addresses, &told, now).await).await?;
    post::send_soon(&auth, &[Channel::Email, Channel::Sms]).await;
    Ok(HttpResponse::Accepted().json(SignUpBegun {
        signup_token,
        expires_in: otp::TTL_SECS,
        resend_after: otp::RESEND_AFTER_SECS,
    }))
}

pub(crate) async fn finish_sign_up(
    auth: web::Data<Auth>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let SignUpCodes { signup_token, email_code, mobile_code } = body.json().await?.value;
    let finish = Finish { signup_token, email_code, mobile_code, device: device(&request) };
    let (now, secrets) = (auth.ctx.now(), &*auth.secrets);
    let key = auth.signing_key(now).await?;
    let done = auth.ctx.tx(async |c| app_sign_up::finish(c, secrets, &finish, now).await).await?;
    answer(done, &key, now)
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

fn answer(done: SignedIn, key: &chassis::auth::SigningKey, now: domain::Timestamp) -> Result<HttpResponse, Problem> {
    match done {
        SignedIn::Refused => Err(code_invalid()),
        SignedIn::In { opened, is_new } => Ok(ok(&Tokens::new(key, opened, is_new, now))),
    }
}

fn device(request: &HttpRequest) -> Device {
    let (_, address) = edge::origin(request);
    let agent = request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok());
    Device { address, user_agent: agent.unwrap_or_default().to_owned() }
}
