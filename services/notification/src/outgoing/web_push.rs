//! Web push: encrypted messages to the push services of browsers (RFC 8030, 8291), signed by this service (RFC 8292).

use super::{Outcome, page_of, text_of};
use crate::domain::subscription::{MAX_ENDPOINT_CHARS, PUBLIC_KEY_BYTES, SECRET_BYTES, is_push_service};
use crate::domain::texts::Locale;
use crate::store::notifications::NotificationRow;
use crate::store::push_subscriptions::SubscriptionRow;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::EncodePrivateKey;
use reqwest::{StatusCode, Url};
use runtime::breaker::{CircuitOpen, IsOutage};
use runtime::{ConfigError, Ctx, Env, http_client};
use serde::Serialize;
use serde_json::json;
use web_push_native::Auth;

const KEY_VARIABLE: &str = "WEB_PUSH_PRIVATE_KEY";
/// Push services of the browsers in use.
const DEFAULT_HOSTS: &str =
    "fcm.googleapis.com,jmt17.google.com,.push.services.mozilla.com,.push.apple.com,.notify.windows.com";
/// Time for which a push service keeps a message for a browser that is off.
const TTL_SECS: u32 = 24 * 3600;
/// Lifetime of a signature, at most a day.
const SIGNATURE_SECS: i64 = 12 * 3600;
/// Limit of a body, so that a message has less than 4 KiB.
const MAX_BODY_CHARS: usize = 500;

/// Sender of web push messages.
pub(crate) struct WebPush {
    http: reqwest::Client,
    key: EncodingKey,
    /// Public key as browsers need it: base64url of an uncompressed point.
    public_key: String,
    /// Contact of the operator for push services: an https or mailto address.
    subject: String,
    hosts: Vec<String>,
}

/// Claims of a signature.
#[derive(Serialize)]
struct Claims<'a> {
    aud: String,
    exp: i64,
    sub: &'a str,
}

/// A failed request to a push service.
struct PushError(Outcome);

impl IsOutage for PushError {
    fn is_outage(&self) -> bool {
        matches!(self.0, Outcome::Unavailable(_))
    }
}
impl From<CircuitOpen> for PushError {
    fn from(open: CircuitOpen) -> Self {
        Self(Outcome::CircuitOpen(open.retry_after))
    }
}

impl WebPush {
    /// Reads `WEB_PUSH_PRIVATE_KEY` (base64url of the 32 bytes of a P-256 key), `WEB_PUSH_SUBJECT` and
    /// `WEB_PUSH_HOSTS`. `None` without a key. `public_url` is the subject unless one is set.
    pub(crate) fn from_env(env: &Env, public_url: &str) -> Result<Option<Self>, ConfigError> {
        let Some(text) = env.get(KEY_VARIABLE) else { return Ok(None) };
        let bad = || ConfigError::new(KEY_VARIABLE, "is not base64url of the 32 bytes of a P-256 private key");
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| bad())?;
        let secret = p256::SecretKey::from_slice(&bytes).map_err(|_| bad())?;
        let der = secret.to_pkcs8_der().map_err(|_| bad())?;
        let subject = env.get_or("WEB_PUSH_SUBJECT", public_url).to_owned();
        let is_address = subject.starts_with("https://") || subject.starts_with("mailto:");
        // A trial may have a public URL without TLS.
        if !is_address && env.get("WEB_PUSH_SUBJECT").is_some() {
            return Err(ConfigError::new("WEB_PUSH_SUBJECT", "is not an https or mailto address"));
        }
        let hosts = env.get_or("WEB_PUSH_HOSTS", DEFAULT_HOSTS);
        Ok(Some(Self {
            // A redirect would leave the listed hosts.
            http: http_client::client_without_redirects().map_err(|e| ConfigError::new(KEY_VARIABLE, e))?,
            key: EncodingKey::from_ec_der(der.as_bytes()),
            public_key: URL_SAFE_NO_PAD.encode(secret.public_key().to_encoded_point(false).as_bytes()),
            subject,
            hosts: hosts.split(',').map(|host| host.trim().to_owned()).filter(|host| !host.is_empty()).collect(),
        }))
    }

    /// The public key for browsers.
    pub(crate) fn public_key(&self) -> &str {
        &self.public_key
    }

    /// Checks a subscription. Errors with what is wrong with it.
    pub(crate) fn check(&self, endpoint: &str, public_key: &[u8], secret: &[u8]) -> Result<(), &'static str> {
        if endpoint.len() > MAX_ENDPOINT_CHARS {
            return Err("the address is too long");
        }
        let url = Url::parse(endpoint).map_err(|_| "the address is not one")?;
        let host = url.host_str().unwrap_or_default();
        // A local push service is for tests.
        let is_secure = url.scheme() == "https" || host == "127.0.0.1";
        let has_password = !url.username().is_empty() || url.password().is_some();
        if !is_secure || has_password || !is_push_service(host, &self.hosts) {
            return Err("the address is not that of a known push service");
        }
        let is_point = public_key.len() == PUBLIC_KEY_BYTES && p256::PublicKey::from_sec1_bytes(public_key).is_ok();
        if !is_point || secret.len() != SECRET_BYTES {
            return Err("the keys are not those of a browser");
        }
        Ok(())
    }

    /// Sends a notification to a browser, with one attempt.
    pub(crate) async fn send(
        &self,
        ctx: &Ctx,
        subscription: &SubscriptionRow,
        notification: &NotificationRow,
        locale: Locale,
    ) -> Outcome {
        let (title, body) = text_of(notification, locale);
        let body: String = body.chars().take(MAX_BODY_CHARS).collect();
        let payload = json!({
            "title": title, "body": body, "lang": locale, "path": page_of(notification), "tag": notification.cause,
        });
        // A setting may have removed the host meanwhile.
        if let Err(reason) = self.check(&subscription.endpoint, &subscription.public_key, &subscription.secret) {
            return Outcome::Refused(reason.to_owned());
        }
        let breaker = ctx.breaker(breaker_name(&subscription.endpoint));
        let now = ctx.now().utc().timestamp();
        match breaker.call(self.post(subscription, payload.to_string(), now)).await {
            Ok(()) => Outcome::Sent,
            Err(PushError(outcome)) => outcome,
        }
    }

    async fn post(&self, subscription: &SubscriptionRow, payload: String, now: i64) -> Result<(), PushError> {
        let refused = |reason: &str| PushError(Outcome::Refused(reason.to_owned()));
        let url = Url::parse(&subscription.endpoint).map_err(|_| refused("the address is not one"))?;
        let public_key = p256::PublicKey::from_sec1_bytes(&subscription.public_key);
        let public_key = public_key.map_err(|_| refused("the key is not a point of P-256"))?;
        let secret: [u8; SECRET_BYTES] =
            subscription.secret.as_slice().try_into().map_err(|_| refused("the secret is not one"))?;
        let encrypted = web_push_native::encrypt(payload.into_bytes(), &public_key, &Auth::from(secret));
        let encrypted = encrypted.map_err(|error| refused(&error.to_string()))?;
        let claims = Claims { aud: url.origin().ascii_serialization(), exp: now + SIGNATURE_SECS, sub: &self.subject };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.key);
        let token = token.map_err(|error| refused(&error.to_string()))?;
        let request = self
            .http
            .post(url)
            .header("TTL", TTL_SECS)
            .header("Urgency", "normal")
            .header("Content-Encoding", "aes128gcm")
            .header("Content-Type", "application/octet-stream")
            .header("Authorization", format!("vapid t={token}, k={}", self.public_key))
            .body(encrypted);
        match request.send().await {
            Ok(response) => outcome_of(response.status()).map_or(Ok(()), |outcome| Err(PushError(outcome))),
            Err(error) => Err(PushError(Outcome::Unavailable(error.without_url().to_string()))),
        }
    }
}

/// What an answer means; `None` for an accepted message.
fn outcome_of(status: StatusCode) -> Option<Outcome> {
    match status.as_u16() {
        200..=299 => None,
        404 | 410 => Some(Outcome::Gone),
        408 | 429 | 500..=599 => Some(Outcome::Unavailable(status.to_string())),
        _ => Some(Outcome::Refused(status.to_string())),
    }
}

/// Each push service has a circuit breaker of its own.
fn breaker_name(endpoint: &str) -> &'static str {
    let host = Url::parse(endpoint).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let services = [
        ("google", "web_push_google"),
        ("mozilla", "web_push_mozilla"),
        ("apple", "web_push_apple"),
        ("windows", "web_push_windows"),
    ];
    services.iter().find(|(part, _)| host.contains(part)).map_or("web_push_other", |(_, name)| *name)
}
