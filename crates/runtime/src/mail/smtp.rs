//! Mail through an SMTP server.

use super::{MailError, Mailer, Message, Sent};
use crate::config::ConfigError;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MultiPart, SinglePart};
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
        // Mail programs show a message with the same id once.
        let id = message.idempotency_key();
        let plain = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(message.body.clone());
        let builder = lettre::Message::builder()
            .from(self.from.clone())
            .to(message.to.parse().map_err(|_| refused("not an e-mail address"))?)
            .subject(message.subject.as_str())
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .date(SystemTime::from(message.sent_at.utc()));
        let composed = match &message.html {
            Some(html) => {
                let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(html.clone());
                builder.multipart(MultiPart::alternative().singlepart(plain).singlepart(html))
            }
            None => builder.singlepart(plain),
        };
        composed.map_err(|e| MailError::Refused(e.to_string()))
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
