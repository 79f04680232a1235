//! Message log for development: messages are kept in memory instead of being sent, and shown at `/dev/messages`.

use super::{MailError, Mailer, Message, Sent};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// Messages that are kept; the oldest are removed.
const MAX_MESSAGES: usize = 10_000;

/// Accepts mail and SMS. Clones share the messages.
#[derive(Clone, Default)]
pub struct MessageLog(Arc<Mutex<VecDeque<Message>>>);

impl MessageLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }
    /// Lists the messages, newest first; with `to`, only those to that address or number, in any notation.
    pub fn list(&self, to: Option<&str>) -> Vec<Message> {
        let messages = self.0.lock();
        let to = to.map(normalized);
        let wanted = |m: &&Message| to.as_ref().is_none_or(|to| normalized(&m.to) == *to);
        messages.iter().rev().filter(wanted).cloned().collect()
    }
}

/// An address or number in one notation: the country code of an Indian mobile may be missing, and a `+` in a query
/// string arrives as a space.
fn normalized(to: &str) -> String {
    if to.contains('@') {
        return to.trim().to_lowercase();
    }
    let digits: String = to.chars().filter(char::is_ascii_digit).collect();
    let national = digits.trim_start_matches('0');
    if national.len() == 10 { format!("91{national}") } else { digits }
}

#[async_trait::async_trait]
impl Mailer for MessageLog {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        let mut messages = self.0.lock();
        if messages.len() >= MAX_MESSAGES {
            messages.pop_front();
        }
        messages.push_back(message.clone());
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    #[tokio::test]
    async fn the_newest_messages_are_kept_and_come_first() {
        let mailer = MessageLog::new();
        let shared = mailer.clone();
        for n in 0..MAX_MESSAGES + 1 {
            let message = Message {
                to: if n % 2 == 0 { "Even@example.com".into() } else { "odd@example.com".into() },
                channel: "email".into(),
                subject: n.to_string(),
                body: String::new(),
                html: None,
                key: None,
                code: None,
                sent_at: Timestamp::UNIX_EPOCH,
            };
            mailer.send(&message).await.expect("sent");
        }
        let all = shared.list(None);
        assert_eq!(
            (all.len(), all[0].subject.as_str(), all[MAX_MESSAGES - 1].subject.as_str()),
            (MAX_MESSAGES, "10000", "1")
        );
        let even = shared.list(Some("even@EXAMPLE.com"));
        assert_eq!((even.len(), even[0].subject.as_str()), (MAX_MESSAGES / 2, "10000"));
        assert!(shared.list(Some("unknown@example.com")).is_empty());
    }

    #[tokio::test]
    async fn an_address_is_found_in_any_notation() {
        let mailer = MessageLog::new();
        for to in ["asha@example.com", "+919876543210", "+442079460958"] {
            let message = Message {
                to: to.into(),
                channel: "sms".into(),
                subject: String::new(),
                body: String::new(),
                html: None,
                key: None,
                code: None,
                sent_at: Timestamp::UNIX_EPOCH,
            };
            mailer.send(&message).await.expect("sent");
        }
        for (asked, found) in [
            (" Asha@Example.COM", "asha@example.com"),
            ("9876543210", "+919876543210"),
            ("09876543210", "+919876543210"),
            (" 91 98765-43210", "+919876543210"),
            ("+442079460958", "+442079460958"),
        ] {
            let to: Vec<String> = mailer.list(Some(asked)).into_iter().map(|m| m.to).collect();
            assert_eq!(to, [found], "{asked}");
        }
        assert!(mailer.list(Some("9876543211")).is_empty());
    }
}
