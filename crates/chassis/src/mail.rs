//! Mail and SMS to people.
//!
//! Files: [`smtp`] (a mail server), [`sms`] (an SMS gateway), [`log`] (kept in memory, for development).

pub mod log;
pub mod sms;
pub mod smtp;

pub use log::MessageLog;
pub use sms::SmsSender;
pub use smtp::SmtpMailer;

use crate::breaker::{Breakers, Open, Outage};
use domain::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// One message to one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// An e-mail address, or a mobile number.
    pub to: String,
    /// `email` or `sms`.
    pub channel: String,
    pub subject: String,
    pub body: String,
    /// The one-time code in the body, for the console mailer alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub sent_at: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Worth another try later.
    #[error("the message could not be sent now: {0}")]
    Unavailable(String),
    /// This message will never be accepted.
    #[error("the message was refused: {0}")]
    Refused(String),
    /// The circuit breaker of the channel is open: nothing was tried.
    #[error("the message was not tried: {0}")]
    NotTried(Open),
}

impl Outage for MailError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
impl From<Open> for MailError {
    fn from(open: Open) -> Self {
        Self::NotTried(open)
    }
}

#[async_trait::async_trait]
pub trait Mailer: Send + Sync + 'static {
    async fn send(&self, message: &Message) -> Result<(), MailError>;
}

/// No mail can be sent: what is to be sent waits until there is a way.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMailer;

#[async_trait::async_trait]
impl Mailer for NoMailer {
    async fn send(&self, _: &Message) -> Result<(), MailError> {
        Err(MailError::Unavailable("SMTP_URL is not set".into()))
    }
}

/// Mail goes one way, SMS another.
pub struct ByChannel {
    pub mail: Arc<dyn Mailer>,
    /// `None` where no SMS can be sent: one is refused, for it would be late by the time there is a way.
    pub sms: Option<Arc<dyn Mailer>>,
}

#[async_trait::async_trait]
impl Mailer for ByChannel {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        match (message.channel.as_str(), &self.sms) {
            ("sms", Some(sms)) => sms.send(message).await,
            ("sms", None) => Err(MailError::Refused("SMS_URL is not set".into())),
            _ => self.mail.send(message).await,
        }
    }
}

/// A mailer behind a breaker for each channel. It tries once: whoever keeps the message tries again.
pub(crate) struct Guarded {
    mailer: Arc<dyn Mailer>,
    breakers: Arc<Breakers>,
}

impl Guarded {
    pub(crate) fn new(mailer: Arc<dyn Mailer>, breakers: Arc<Breakers>) -> Self {
        Self { mailer, breakers }
    }
}

#[async_trait::async_trait]
impl Mailer for Guarded {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        let name = if message.channel == "sms" { "sms" } else { "mail" };
        self.breakers.of(name).call(self.mailer.send(message)).await
    }
}
