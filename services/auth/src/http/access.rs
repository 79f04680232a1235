//! Signing in by a one-time code.

use super::input;
use super::view::Tokens;
use crate::app::open_session::Device;
use crate::app::send_code::send_code as send;
use crate::app::sign_in::{self as app_sign_in, SignIn};
use crate::codes::{Request, Try};
use crate::domain::address::ClientAddress;
use crate::domain::identifier::{Channel, Identifier};
use crate::domain::otp::{CodeId, Purpose};
use crate::error::{AuthError, code_invalid};
use crate::post;
use crate::state::Auth;
use crate::store::sign_in_addresses;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chassis::http::{Body, FieldErrors, Problem, edge, ok};
use chassis::id;
use domain::{PersonText, Side, Timestamp};
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
    expires_in: u64,
    resend_after: u64,
    /// Names this code when it is brought, also from another address.
    request_id: CodeId,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct SignInInput {
    identifier: String,
    code: String,
    /// Of the request for this code. Without it, the newest code that was asked for from this address is meant.
    request_id: Option<CodeId>,
    /// Counts on first use alone, like what follows.
    referral_code: Option<String>,
    name: Option<PersonText>,
    preferred_side: Option<Side>,
}

pub(crate) async fn send_code(
    auth: web::Data<Auth>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let wanted = body.json::<CodeWanted>().await?.value;
    let identifier = input::identifier(&wanted.identifier)?;
    let mut errors = FieldErrors::new();
    let reaches = wanted.channel.is_none_or(|channel| channel == identifier.channel());
    errors.require("channel", reaches, "mismatch", format!("this identifier is reached by {}", identifier.channel()));
    errors.finish("auth.channel_invalid")?;
    let (now, secrets) = (auth.ctx.now(), &*auth.secrets);
    let wanted = asked(&auth, &request, Purpose::SignIn, &identifier, now).await?;
    let wanted = [(id::fresh::<CodeId>(), wanted)];
    let issued = auth.codes.issue(&wanted, now).await?;
    let [code] = issued.as_slice() else { return Err(Problem::internal("one request has one code")) };
    let queued = auth.ctx.tx(async |c| send(c, secrets, code, &identifier, now).await).await;
    if queued.is_err() {
        auth.codes.withdraw(&wanted).await;
    }
    queued?;
    post::send_soon(&auth, &[identifier.channel()]).await;
    Ok(HttpResponse::Accepted().json(CodeSent {
        expires_in: auth.codes.limits().ttl_secs,
        resend_after: code.resend_after_secs,
        request_id: code.id,
    }))
}

pub(crate) async fn sign_in(auth: web::Data<Auth>, request: HttpRequest, body: Body) -> Result<HttpResponse, Problem> {
    let input = body.json_or::<SignInInput>("auth.name_invalid").await?.value;
    let identifier = input::identifier(&input.identifier)?;
    let mut errors = FieldErrors::new();
    let name = input::filled(input.name).map(|name| input::name(&mut errors, "name", &name));
    errors.finish("auth.name_invalid")?;
    let sign_in = SignIn {
        identifier,
        address: address(&request),
        referral_code: input.referral_code,
        name,
        preferred_side: input.preferred_side,
        device: device(&request),
    };
    let now = auth.ctx.now();
    let key = auth.signing_key(now).await?;
    let asked = asked(&auth, &request, Purpose::SignIn, &sign_in.identifier, now).await?;
    let attempt = Try { request: asked, id: input.request_id, code: &input.code };
    let proof = auth.codes.prove(&[attempt]).await.map_err(AuthError::from)?.ok_or_else(code_invalid)?;
    let code = proof.code_id();
    match auth.ctx.tx(async |c| app_sign_in::sign_in(c, &sign_in, code, now).await).await {
        Ok(done) => {
            auth.codes.use_up(proof, now).await;
            Ok(ok(&Tokens::new(&key, done.opened, done.is_new, now)))
        }
        Err(error) => {
            auth.codes.release(proof).await;
            Err(error.into())
        }
    }
}

/// Who asks, and whether the identifier signed in from there within the last months.
pub(super) async fn asked<'a>(
    auth: &Auth,
    request: &HttpRequest,
    purpose: Purpose,
    identifier: &'a Identifier,
    now: Timestamp,
) -> Result<Request<'a>, Problem> {
    let address = address(request);
    let last = sign_in_addresses::last_sign_in(&mut *auth.ctx.db().read().await?, identifier, address).await?;
    let since = now.plus_hours(-24 * auth.codes.limits().known_address_days);
    Ok(Request { purpose, identifier, address, known: last.is_some_and(|last| last > since) })
}

pub(super) fn address(request: &HttpRequest) -> ClientAddress {
    ClientAddress::new(&edge::origin(request).1)
}

pub(super) fn device(request: &HttpRequest) -> Device {
    let (_, address) = edge::origin(request);
    let agent = request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok());
    Device { address, user_agent: agent.unwrap_or_default().to_owned() }
}
