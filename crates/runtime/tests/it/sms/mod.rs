//! SMS providers against local doubles of their APIs.

mod double;
mod failover;
mod msg91;
mod outages;
mod receipts;
mod secrets;
mod settings;
mod sigv4;
mod sns;
mod twilio;

use domain::Timestamp;
use double::{Answer, Provider};
use runtime::Env;
use runtime::mail::{self, MailError, Mailer, Message, Sent};
use std::sync::Arc;

const TO: &str = "+919876543210";
const ACCOUNT_SID: &str = "AC0123456789abcdef0123456789abcdef";
const SERVICE_SID: &str = "MG0123456789abcdef0123456789abcdef";
/// What must never be in an error or a log.
const TOKEN: &str = "hunter2secret";

type Settings = Vec<(&'static str, String)>;

fn sms(to: &str) -> Message {
    Message {
        to: to.into(),
        channel: "sms".into(),
        subject: String::new(),
        body: "Your code is 123456 & more.".into(),
        html: None,
        key: None,
        code: Some("123456".into()),
        sent_at: Timestamp::UNIX_EPOCH,
    }
}

/// A message without a code.
fn notice() -> Message {
    Message { body: "Your number was changed.".into(), code: None, ..sms(TO) }
}

fn email() -> Message {
    Message { channel: "email".into(), ..sms("asha@example.com") }
}

fn pairs(pairs: &[(&'static str, &str)]) -> Settings {
    pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// Settings of every provider, whose requests go to `endpoint`.
fn providers(endpoint: &str) -> Vec<Settings> {
    vec![msg91::settings(endpoint), twilio::settings(endpoint), sns::settings(endpoint)]
}

/// The answers by which they accept a message, in the same order.
fn acceptances() -> Vec<Answer> {
    vec![msg91::accepted(), twilio::accepted(), sns::accepted()]
}

fn mailer(settings: &Settings) -> Arc<dyn Mailer> {
    let env = Env::from_pairs(settings.iter().cloned());
    mail::sms_from_env(&env).unwrap_or_else(|e| panic!("{e}")).unwrap()
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Sent,
    Refused,
    Unavailable,
    CircuitOpen,
}

/// The kind of an outcome, whose text must have neither a secret nor the recipient's number in it.
fn outcome(sent: Result<Sent, MailError>) -> Outcome {
    if let Err(error) = &sent {
        for text in [error.to_string(), format!("{error:?}")] {
            for hidden in [TOKEN, ACCOUNT_SID, TO.trim_start_matches('+'), "123456"] {
                assert!(!text.contains(hidden), "{text}");
            }
        }
    }
    match sent {
        Ok(_) => Outcome::Sent,
        Err(MailError::Refused(_)) => Outcome::Refused,
        Err(MailError::Unavailable(_)) => Outcome::Unavailable,
        Err(MailError::CircuitOpen(_)) => Outcome::CircuitOpen,
    }
}

/// Sends a message for each answer and compares the outcomes.
async fn expect_outcomes(provider: &Provider, settings: &Settings, cases: &[(u16, String, Outcome)]) {
    let mailer = mailer(settings);
    for (status, text, expected) in cases {
        provider.set(Answer::text(*status, text));
        assert_eq!(outcome(mailer.send(&sms(TO)).await), *expected, "{status} {text}");
    }
}
