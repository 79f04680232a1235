//! SMS through Twilio.
//!
//! Each request creates a message resource of Twilio's API of 2010-04-01. An error has a code of Twilio's error
//! dictionary; the HTTP status alone does not say whether the message or the account is at fault.

use super::api::{Answer, Api, digits_of};
use super::settings::{ProviderSettings, is_alphanumeric_sender_id};
use crate::config::ConfigError;
use crate::mail::{MailError, Mailer, Message, Sent};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

const DEFAULT_HOST: &str = "api.twilio.com";

/// Codes of errors that concern the recipient or the text.
///
/// A code that a recipient's number alone can cause must be among them, also where a setting of the account takes
/// part (21408, 21612): as an outage it would let anyone open the circuit breaker with numbers of their choice.
const REFUSALS: [u32; 13] = [
    21211, // not a phone number
    21214, // cannot be reached
    21217, // does not appear to be valid
    21265, // a short code
    21266, // the sender's own number
    21408, // a country that the account does not send to
    21602, // no text
    21610, // has unsubscribed
    21612, // cannot be reached from this sender
    21614, // not a mobile number
    21617, // text too long
    21635, // a landline
    21658, // text too long
];

/// Sends SMS. Refuses e-mail. Makes one attempt; the caller retries.
pub(super) struct Twilio {
    api: Api,
    url: Url,
    account_sid: String,
    auth_token: SecretString,
    sender: Sender,
    /// Where Twilio reports what becomes of a message.
    receipt_url: Option<Url>,
}

/// The sender of a message: a number, a short code or an alphanumeric id, or a service that chooses among several.
enum Sender {
    From(String),
    MessagingService(String),
}

#[derive(Deserialize)]
struct Created {
    sid: String,
}

#[derive(Deserialize)]
struct Failed {
    code: u32,
}

impl Twilio {
    /// For `twilio://ACCOUNT_SID:AUTH_TOKEN@HOST`, where each part may be absent. Errors with the name of a setting
    /// that is missing or invalid.
    pub(super) fn try_new(settings: &ProviderSettings<'_>) -> Result<Self, ConfigError> {
        let host = settings.host()?.unwrap_or(DEFAULT_HOST);
        let account_sid =
            settings.account(|text| is_sid("AC", text), "is not an Account SID (AC and 32 hexadecimal digits)")?;
        let auth_token = settings.token()?;
        let mut url = settings.endpoint(&format!("https://{host}"))?;
        url.set_path(&format!("/2010-04-01/Accounts/{account_sid}/Messages.json"));
        let (api, sender) = (settings.api("twilio")?, sender(settings)?);
        Ok(Self { api, url, account_sid, auth_token, sender, receipt_url: settings.receipt_address("twilio")? })
    }
}

fn sender(settings: &ProviderSettings<'_>) -> Result<Sender, ConfigError> {
    let (variable, text) = settings.required_sender_id()?;
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let is_number = text.strip_prefix('+').is_some_and(|n| (8..=15).contains(&n.len()) && is_digits(n));
    let is_short_code = (5..=6).contains(&text.len()) && is_digits(text);
    if is_sid("MG", text) {
        Ok(Sender::MessagingService(text.to_owned()))
    } else if is_number || is_short_code || is_alphanumeric_sender_id(text) {
        Ok(Sender::From(text.to_owned()))
    } else {
        Err(ConfigError::new(variable, "is neither a number (+…), nor a Messaging Service SID (MG…), nor a sender id"))
    }
}

/// Whether the text is an id of Twilio with this prefix.
fn is_sid(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[async_trait::async_trait]
impl Mailer for Twilio {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        let to = format!("+{}", digits_of(message)?);
        let sender = match &self.sender {
            Sender::From(sender) => ("From", sender.as_str()),
            Sender::MessagingService(sid) => ("MessagingServiceSid", sid.as_str()),
        };
        let mut form = vec![("To", to.as_str()), sender, ("Body", message.body.as_str())];
        form.extend(self.receipt_url.iter().map(|url| ("StatusCallback", url.as_str())));
        let request = self.api.post(self.url.clone()).form(&form);
        let request = request.basic_auth(&self.account_sid, Some(self.auth_token.expose_secret()));
        self.outcome(&self.api.send(request).await?)
    }
}

impl Twilio {
    fn outcome(&self, answer: &Answer) -> Result<Sent, MailError> {
        if answer.status.is_success() {
            let created: Created = serde_json::from_str(&answer.text).map_err(|_| self.api.unreadable(answer))?;
            return Ok(Some(self.api.accepted(&created.sid)));
        }
        let Ok(Failed { code }) = serde_json::from_str(&answer.text) else {
            return Err(self.api.unavailable(answer.status));
        };
        let reason = format!("{}, code {code}", answer.status);
        // A code that is not known here is retried and reported, not dropped.
        if answer.status.is_client_error() && REFUSALS.contains(&code) {
            Err(self.api.refused(reason))
        } else {
            Err(self.api.unavailable(reason))
        }
    }
}
