//! Requests to the API of an SMS provider, and its answers.

use crate::config::ConfigError;
use crate::error_chain::error_chain;
use crate::http_client;
use crate::mail::{AcceptedMessage, MailError, Message};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use std::fmt;
use std::time::Duration;

/// Maximal size of an answer that is read; those of the providers have a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
const MAX_ID_CHARS: usize = 64;

/// A connection to the API of one provider.
pub(super) struct Api {
    provider: &'static str,
    http: reqwest::Client,
    timeout: Duration,
}

/// A complete answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) text: String,
}

impl Api {
    /// `provider` is its name in logs and errors, `timeout` the time limit of a request with its answer. Errors with
    /// `variable` when there can be no client.
    pub(super) fn try_new(provider: &'static str, timeout: Duration, variable: &str) -> Result<Self, ConfigError> {
        let http = http_client::client_without_redirects().map_err(|e| ConfigError::new(variable, e))?;
        Ok(Self { provider, http, timeout })
    }

    /// A request to add headers and a body to.
    pub(super) fn post(&self, url: Url) -> RequestBuilder {
        self.http.post(url).timeout(self.timeout)
    }

    /// Sends a request once. Errors with `Unavailable` unless the whole answer arrives.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, MailError> {
        // The URL may contain an account, the error's other parts contain nothing of the request.
        let failed = |e: reqwest::Error| self.unavailable(error_chain(&e.without_url()));
        let mut response = self.http.execute(request.build().map_err(failed)?).await.map_err(failed)?;
        let status = response.status();
        let bytes = read(&mut response).await.map_err(failed)?;
        Ok(Answer { status, text: String::from_utf8_lossy(&bytes).into_owned() })
    }

    /// A later attempt, or another provider, may succeed.
    pub(super) fn unavailable(&self, reason: impl fmt::Display) -> MailError {
        MailError::Unavailable(format!("{}: {reason}", self.provider))
    }

    /// No attempt with this message can succeed.
    pub(super) fn refused(&self, reason: impl fmt::Display) -> MailError {
        MailError::Refused(format!("{}: {reason}", self.provider))
    }

    /// An answer that does not say whether the message was accepted.
    pub(super) fn unreadable(&self, answer: &Answer) -> MailError {
        self.unavailable(format!("{}, but the answer cannot be read", answer.status))
    }

    /// Logs and returns the provider's id of an accepted message, by which its support finds the message.
    pub(super) fn accepted(&self, message_id: &str) -> AcceptedMessage {
        let id = plain(message_id);
        tracing::info!(provider = self.provider, message_id = id, "SMS accepted");
        AcceptedMessage { provider: self.provider, id }
    }
}

async fn read(response: &mut Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut bytes = Vec::new();
    while bytes.len() < MAX_ANSWER_BYTES
        && let Some(chunk) = response.chunk().await?
    {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// An id or a code of an answer in a form that is safe in a log line. Texts of answers are not logged, because they may
/// quote the recipient's number.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(MAX_ID_CHARS).collect()
}

/// The digits of the recipient's number, country code first. Refuses e-mail, and anything but `+` and 8 to 15 digits.
pub(super) fn digits_of(message: &Message) -> Result<&str, MailError> {
    if message.channel != "sms" {
        return Err(MailError::Refused("this provider sends SMS only".into()));
    }
    let is_number = |digits: &&str| (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let digits = message.to.strip_prefix('+').filter(is_number);
    digits.ok_or_else(|| MailError::Refused("not a mobile number with its country code".into()))
}
