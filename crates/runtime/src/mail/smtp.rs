//! Mail through an SMTP server.

use super::{MailError, Mailer, Message, Sent};
use crate::config::ConfigError;
use crate::id;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::{Duration, SystemTime};

/// Timeouts for one SMTP command and for a whole message.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends e-mail. Refuses SMS.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// `url` is `SMTP_URL`: `smtp://host:1025` in the clear, `smtps://user:password@host:465` with TLS, or
    /// `smtp://user:password@host:587?tls=required` for STARTTLS. `from` is `SMTP_FROM`: `EV <no-reply@ev.example>`.
    pub fn from_url(url: &str, from: &str) -> Result<Self, ConfigError> {
        // The error of the library may quote the URL, and so the password.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| {
                ConfigError::new("SMTP_URL", "is not an SMTP URL (smtp://host:25, smtps://user:password@host)")
            })?
            .timeout(Some(COMMAND_TIMEOUT))
            .build();
        let from = from.parse().map_err(|_| ConfigError::new("SMTP_FROM", "is not an address (Name <user@host>)"))?;
        Ok(Self { transport, from })
    }

    fn compose(&self, message: &Message) -> Result<lettre::Message, MailError> {
        let refused = |what: &str| MailError::Refused(what.to_owned());
        if message.channel != "email" {
            return Err(refused("this gateway sends e-mail only"));
        }
        // A message that is sent again after an unknown outcome has the same id, and mail programs show it once.
        let parts = [message.to.as_bytes(), message.subject.as_bytes(), message.body.as_bytes()];
        let at = message.sent_at.micros().to_be_bytes();
        let id: uuid::Uuid = id::derived(&[parts[0], parts[1], parts[2], &at]);
        lettre::Message::builder()
            .from(self.from.clone())
            .to(message.to.parse().map_err(|_| refused("not an e-mail address"))?)
            .subject(message.subject.as_str())
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .date(SystemTime::from(message.sent_at.utc()))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(message.body.clone()))
            .map_err(|e| MailError::Refused(e.to_string()))
    }
}

#[async_trait::async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        let composed = self.compose(message)?;
        let sent = tokio::time::timeout(MESSAGE_TIMEOUT, self.transport.send(composed)).await;
        let sent =
            sent.map_err(|_| MailError::Unavailable("the mail server did not accept the message in time".into()))?;
        sent.map(|_| None).map_err(|error| {
            let code = error.status().map(u16::from);
            // 530 to 538 concern our own login, not the message.
            if error.is_permanent() && !code.is_some_and(|c| (530..=538).contains(&c)) {
                MailError::Refused(error.to_string())
            } else {
                MailError::Unavailable(error.to_string())
            }
        })
    }
}
