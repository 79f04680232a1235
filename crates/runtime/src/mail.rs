//! Outgoing mail and SMS.
//!
//! Files: [`smtp`] (mail server), [`sms`] (SMS providers), [`log`] (messages kept in memory, for development).

pub mod log;
pub mod sms;
pub mod smtp;

pub use log::MessageLog;
pub use sms::from_env as sms_from_env;
pub use sms::gateway::SmsSender;
pub use sms::receipts::{Receipt, ReceiptRefusal, ReceiptRequest, ReceiptState, Receipts};
pub use smtp::SmtpMailer;

use crate::breaker::{CircuitBreakers, CircuitOpen, IsOutage};
use crate::config::{ConfigError, Env};
use crate::id;
use domain::Timestamp;
use serde::Serialize;
use std::sync::Arc;
use uuid::Uuid;

/// A message to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// An e-mail address, or a mobile number.
    pub to: String,
    /// `email` or `sms`.
    pub channel: String,
    /// Empty for an SMS.
    pub subject: String,
    pub body: String,
    /// The same as HTML, for an e-mail program that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Idempotency key: the same for every attempt at the same message. Without one, it is derived from the content.
    #[serde(skip)]
    pub key: Option<Uuid>,
    /// The one-time code in the body, for the development console and for a provider that writes the text itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub sent_at: Timestamp,
}

/// A message as a provider knows it: receipts of its delivery name this id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedMessage {
    pub provider: &'static str,
    pub id: String,
}

/// What is known of a message that was accepted; `None` where the receiver gives no id.
pub type Sent = Option<AcceptedMessage>;

impl Message {
    /// The idempotency key of all attempts: a message that is sent again after an unknown outcome has the same one.
    pub fn idempotency_key(&self) -> Uuid {
        let at = self.sent_at.micros().to_be_bytes();
        let content = [self.to.as_bytes(), self.subject.as_bytes(), self.body.as_bytes(), &at];
        self.key.unwrap_or_else(|| id::derived(&content))
    }
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// A later attempt may succeed.
    #[error("the message could not be sent now: {0}")]
    Unavailable(String),
    /// No attempt with this message can succeed.
    #[error("the message was refused: {0}")]
    Refused(String),
    /// The circuit breaker of the channel is open; no attempt was made.
    #[error("the message was not sent: {0}")]
    CircuitOpen(CircuitOpen),
}

impl IsOutage for MailError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
impl From<CircuitOpen> for MailError {
    fn from(open: CircuitOpen) -> Self {
        Self::CircuitOpen(open)
    }
}

/// Sends messages of one or both channels.
#[async_trait::async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Sends a message, with one attempt at each provider.
    async fn send(&self, message: &Message) -> Result<Sent, MailError>;

    /// Whether messages of this channel can be sent at all: false where no provider of SMS is configured.
    fn has_channel(&self, _channel: &str) -> bool {
        true
    }

    /// Sends a message behind the circuit breaker of its channel, `mail` or `sms`. A mailer with several providers has
    /// one for each.
    async fn send_with_breakers(&self, message: &Message, breakers: &CircuitBreakers) -> Result<Sent, MailError> {
        let name = if message.channel == "sms" { "sms" } else { "mail" };
        breakers.get(name).call(self.send(message)).await
    }
}

/// A mailer without a mail server: every message is unavailable, so that its sender retries it.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnconfiguredMailer;

#[async_trait::async_trait]
impl Mailer for UnconfiguredMailer {
    async fn send(&self, _: &Message) -> Result<Sent, MailError> {
        Err(MailError::Unavailable("SMTP_URL is not set".into()))
    }
    fn has_channel(&self, _: &str) -> bool {
        false
    }
}

/// Sends mail by one mailer and SMS by another.
pub struct ChannelMailer {
    pub mail: Arc<dyn Mailer>,
    /// Without one, an SMS is refused, because it would be too late when a provider is configured.
    pub sms: Option<Arc<dyn Mailer>>,
}

impl ChannelMailer {
    fn mailer_for(&self, message: &Message) -> Result<&Arc<dyn Mailer>, MailError> {
        match (message.channel.as_str(), &self.sms) {
            ("sms", Some(sms)) => Ok(sms),
            ("sms", None) => Err(MailError::Refused("SMS_URL is not set".into())),
            _ => Ok(&self.mail),
        }
    }
}

#[async_trait::async_trait]
impl Mailer for ChannelMailer {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        self.mailer_for(message)?.send(message).await
    }
    fn has_channel(&self, channel: &str) -> bool {
        let mailer = if channel == "sms" { self.sms.as_ref() } else { Some(&self.mail) };
        mailer.is_some_and(|mailer| mailer.has_channel(channel))
    }
    async fn send_with_breakers(&self, message: &Message, breakers: &CircuitBreakers) -> Result<Sent, MailError> {
        self.mailer_for(message)?.send_with_breakers(message, breakers).await
    }
}

/// Sends mail by SMTP when `SMTP_URL` is set, else reports it as unavailable. Sends SMS when `SMS_URL` is set, else
/// refuses them.
pub fn from_env(env: &Env) -> Result<Arc<dyn Mailer>, ConfigError> {
    let mail: Arc<dyn Mailer> = match env.get("SMTP_URL") {
        Some(url) => Arc::new(SmtpMailer::from_url(url, env.get_or("SMTP_FROM", "EV Platform <no-reply@ev.local>"))?),
        None => Arc::new(UnconfiguredMailer),
    };
    let sms = sms_from_env(env)?;
    if sms.is_none() && env.get("SMTP_URL").is_some() {
        tracing::warn!("SMS_URL is not set: messages cannot be sent to mobile numbers");
    }
    Ok(Arc::new(ChannelMailer { mail, sms }))
}

/// A mailer behind a circuit breaker for each channel and provider. It makes one attempt; the caller retries.
pub(crate) struct BreakerMailer {
    mailer: Arc<dyn Mailer>,
    breakers: Arc<CircuitBreakers>,
}

impl BreakerMailer {
    pub(crate) fn new(mailer: Arc<dyn Mailer>, breakers: Arc<CircuitBreakers>) -> Self {
        Self { mailer, breakers }
    }
}

#[async_trait::async_trait]
impl Mailer for BreakerMailer {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        self.mailer.send_with_breakers(message, &self.breakers).await
    }
    fn has_channel(&self, channel: &str) -> bool {
        self.mailer.has_channel(channel)
    }
}
