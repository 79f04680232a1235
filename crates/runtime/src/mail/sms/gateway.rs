//! SMS through an HTTP gateway that takes JSON.

use crate::config::ConfigError;
use crate::http_client;
use crate::mail::{MailError, Mailer, Message, Sent};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::time::Duration;

/// Posts `{to, text}` to a URL. Refuses e-mail. Makes one attempt; the caller retries.
pub struct SmsSender {
    http: reqwest::Client,
    url: Url,
    token: SecretString,
    timeout: Duration,
}

impl SmsSender {
    /// `url` is the value of `SMS_URL`, `token` that of `SMS_TOKEN`, sent as a bearer token. Errors for an invalid
    /// URL.
    pub fn new(url: &str, token: SecretString) -> Result<Self, ConfigError> {
        // The URL may contain a secret, so the error does not show it.
        let bad = || ConfigError::new("SMS_URL", "is not an http or https address");
        let url = Url::parse(url).map_err(|_| bad())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad());
        }
        let http = http_client::client().map_err(|e| ConfigError::new("SMS_URL", e))?;
        Ok(Self { http, url, token, timeout: http_client::TIMEOUT })
    }

    /// Sets the time limit of a request with its answer.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }
}

#[async_trait::async_trait]
impl Mailer for SmsSender {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        if message.channel != "sms" {
            return Err(MailError::Refused("this gateway sends SMS only".into()));
        }
        let unavailable = |e: reqwest::Error| MailError::Unavailable(e.without_url().to_string());
        let key = message.idempotency_key();
        let request = self.http.post(self.url.clone()).bearer_auth(self.token.expose_secret());
        let request = request.header("Idempotency-Key", key.to_string()).timeout(self.timeout);
        let response = request.json(&json!({ "to": message.to, "text": message.body })).send().await;
        match response.map_err(unavailable)?.status() {
            status if status.is_success() => Ok(None),
            // These two concern the message; all others the gateway, our account or our rate.
            status @ (StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY) => {
                Err(MailError::Refused(status.to_string()))
            }
            status => Err(MailError::Unavailable(status.to_string())),
        }
    }
}
