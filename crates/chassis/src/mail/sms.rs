//! SMS through a gateway that is spoken to in JSON over HTTP.

use super::{MailError, Mailer, Message};
use crate::config::ConfigError;
use crate::http;
use crate::id;
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// Posts `{to, text}` to one address; an e-mail is refused. It tries once: whoever keeps the message tries again.
pub struct SmsSender {
    http: reqwest::Client,
    url: Url,
    token: SecretString,
}

impl SmsSender {
    /// `url` is `SMS_URL`; `token` is `SMS_TOKEN`, sent as a bearer token.
    pub fn new(url: &str, token: SecretString) -> Result<Self, ConfigError> {
        // The address may hold a secret, so it is not repeated.
        let bad = || ConfigError::new("SMS_URL", "is not an http or https address");
        let url = Url::parse(url).map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad());
        }
        Ok(Self { http: http::client().map_err(|e| ConfigError::new("SMS_URL", e))?, url, token })
    }
}

#[async_trait::async_trait]
impl Mailer for SmsSender {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        if message.channel != "sms" {
            return Err(MailError::Refused("this gateway sends SMS only".into()));
        }
        let unavailable = |e: reqwest::Error| MailError::Unavailable(e.without_url().to_string());
        // Sent again after an unknown outcome, a message has the same key.
        let at = message.sent_at.micros().to_be_bytes();
        let key: uuid::Uuid = id::derived(&[message.to.as_bytes(), message.body.as_bytes(), &at]);
        let request = self.http.post(self.url.clone()).bearer_auth(self.token.expose_secret());
        let request = request.header("Idempotency-Key", key.to_string());
        let answer = request.json(&json!({ "to": message.to, "text": message.body })).send().await;
        match answer.map_err(unavailable)?.status() {
            status if status.is_success() => Ok(()),
            // These two speak of the message; all others of the gateway, of our account or of our pace.
            status @ (StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) => {
                Err(MailError::Refused(status.to_string()))
            }
            status => Err(MailError::Unavailable(status.to_string())),
        }
    }
}
