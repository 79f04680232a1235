//! Sending of due deliveries, after the commit and outside any transaction.

mod email;
pub(crate) mod web_push;

use crate::NotificationState;
use crate::app::claim_deliveries::{self, ClaimedMessage};
use crate::domain::Channel;
use crate::domain::delivery::{AfterFailure, DeliveryState, decide_after_failure};
use crate::domain::schedule::HeldFor;
use crate::domain::texts::{self, Locale};
use crate::error::NotificationError;
use crate::store::notifications::NotificationRow;
use crate::store::{deliveries, push_subscriptions};
use db::DbConnection;
use domain::Timestamp;
use futures_util::future::join_all;
use runtime::id;
use runtime::mail::{MailError, Message};
use std::time::Duration;
use uuid::Uuid;

/// Limit of an SMS: three parts in Devanagari.
const MAX_SMS_CHARS: usize = 200;
/// Limit of a stored error.
const MAX_ERROR_CHARS: usize = 300;

/// Outcome of an attempt.
#[derive(Debug)]
pub(crate) enum Outcome {
    Sent,
    /// Nothing to send to.
    Skipped(&'static str),
    /// The push service no longer knows the browser.
    Gone,
    /// No attempt can succeed.
    Refused(String),
    /// A later attempt may succeed.
    Unavailable(String),
    /// No attempt was made; the next one makes sense after this time.
    CircuitOpen(Duration),
}

impl From<MailError> for Outcome {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Unavailable(reason) => Self::Unavailable(reason),
            MailError::Refused(reason) => Self::Refused(reason),
            MailError::CircuitOpen(open) => Self::CircuitOpen(open.retry_after),
        }
    }
}

/// Sends the due deliveries of one channel until there are none or its circuit breaker is open.
pub(crate) async fn send_due(state: &NotificationState, channel: Channel) -> Result<(), NotificationError> {
    loop {
        let now = state.ctx.now();
        let claiming = async |c: &mut DbConnection| {
            Ok::<_, NotificationError>(claim_deliveries::claim_due(c, channel, now).await?)
        };
        let (any_due, messages) = state.ctx.tx(claiming).await?;
        if !any_due {
            return Ok(());
        }
        let outcomes = join_all(messages.iter().map(|message| send(state, channel, message))).await;
        let now = state.ctx.now();
        let is_open = outcomes.iter().any(|outcome| matches!(outcome, Outcome::CircuitOpen(_)));
        for (message, outcome) in messages.iter().zip(outcomes) {
            let outcome = &outcome;
            state.ctx.tx(async |c| record(c, state.config.retry_hours, message, outcome, now).await).await?;
            count(channel, outcome);
        }
        if is_open {
            return Ok(());
        }
    }
}

async fn send(state: &NotificationState, channel: Channel, message: &ClaimedMessage) -> Outcome {
    match channel {
        Channel::Email | Channel::Sms => send_message(state, channel, message).await,
        Channel::Push => match (&state.web_push, &message.subscription) {
            (None, _) => Outcome::Skipped("web push is not configured"),
            (_, None) => Outcome::Skipped("the browser is no longer subscribed"),
            (Some(web_push), Some(subscription)) => {
                let locale = message.member.as_ref().map_or(Locale::English, |member| member.locale);
                match message.notifications.first() {
                    Some(notification) => web_push.send(&state.ctx, subscription, notification, locale).await,
                    None => Outcome::Skipped("the notification was deleted"),
                }
            }
        },
    }
}

async fn send_message(state: &NotificationState, channel: Channel, message: &ClaimedMessage) -> Outcome {
    let Some(member) = &message.member else {
        return Outcome::Unavailable("the addresses of the member are not known yet".into());
    };
    let address = if channel == Channel::Email { &member.email } else { &member.mobile };
    let (Some(to), Some(first)) = (address, message.deliveries.first()) else {
        return Outcome::Skipped("the member has no such address");
    };
    let (subject, body, html) = match channel {
        Channel::Email => match email::compose(&message.notifications, member.locale, &state.config) {
            Ok(email) => (email.subject, email.text, Some(email.html)),
            Err(error) => return Outcome::Refused(error.to_string()),
        },
        Channel::Sms | Channel::Push => (String::new(), sms_text(&message.notifications, member.locale), None),
    };
    let key = message_key(message);
    let channel = channel.as_str().to_owned();
    // The date is the same for every attempt, like the key.
    let message = Message { to: to.clone(), channel, subject, body, html, key, code: None, sent_at: first.due_at };
    state.ctx.mailer().send(&message).await.map_or_else(Outcome::from, |_accepted| Outcome::Sent)
}

/// Idempotency key of all attempts at a message. Staff who queue a delivery again give it another time, and so another
/// key.
fn message_key(message: &ClaimedMessage) -> Option<Uuid> {
    let first = message.deliveries.first()?;
    let due = first.due_at.micros().to_be_bytes();
    Some(match first.held_for {
        Some(HeldFor::Digest) => id::derived(&[b"digest", first.user_id.as_bytes(), &due]),
        Some(HeldFor::QuietHours) | None => id::derived(&[b"delivery", first.id.as_bytes(), &due]),
    })
}

/// Title and body of a stored notification in a language. A template of a newer version has its English text.
fn text_of(notification: &NotificationRow, locale: Locale) -> (String, String) {
    let template = notification.template.as_ref().and_then(|code| code.parse().ok());
    let params = notification.params.as_ref().and_then(|json| serde_json::from_str(json).ok());
    match template.zip(params) {
        Some((template, params)) => {
            let text = texts::render(locale, template, &params);
            (text.title.to_owned(), text.body)
        }
        None => (notification.title.clone(), notification.body.clone()),
    }
}

fn sms_text(notifications: &[NotificationRow], locale: Locale) -> String {
    let texts: Vec<String> = notifications.iter().map(|notification| text_of(notification, locale).1).collect();
    texts.join(" ").chars().take(MAX_SMS_CHARS).collect()
}

/// The page of the console that shows what a notification is about.
fn page_of(notification: &NotificationRow) -> String {
    let id = &notification.reference_id;
    match notification.reference_type.as_str() {
        "booking" => format!("/bookings/{id}"),
        "payment" => "/bookings".to_owned(),
        "payout" => format!("/payouts/{id}"),
        "kyc" | "document" => "/kyc".to_owned(),
        "distributor" => "/distributor".to_owned(),
        "grievance" => format!("/grievances/{id}"),
        "certificate" => "/tax".to_owned(),
        "session" => "/profile".to_owned(),
        "transaction" => format!("/wallet/{id}"),
        _ => "/notifications".to_owned(),
    }
}

/// Stores the outcome of an attempt at a message.
async fn record(
    c: &mut DbConnection,
    retry_hours: i64,
    message: &ClaimedMessage,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), NotificationError> {
    let ids = message.ids();
    let finish = async |c: &mut DbConnection, state, error: Option<&str>| {
        deliveries::finish(c, &ids, state, error.map(cut).as_deref(), now).await
    };
    match outcome {
        Outcome::Sent => finish(c, DeliveryState::Sent, None).await?,
        Outcome::Skipped(reason) => finish(c, DeliveryState::Skipped, Some(reason)).await?,
        Outcome::Refused(reason) => finish(c, DeliveryState::Bounced, Some(reason)).await?,
        Outcome::Gone => {
            finish(c, DeliveryState::Skipped, Some("the browser has ended its subscription")).await?;
            if let Some(subscription) = &message.subscription {
                push_subscriptions::delete(c, subscription.id).await?;
            }
        }
        Outcome::CircuitOpen(wait) => {
            let wait = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX).clamp(1, 60);
            deliveries::release(c, &ids, now.plus_secs(wait)).await?;
        }
        Outcome::Unavailable(reason) => {
            let Some(first) = message.deliveries.first() else { return Ok(()) };
            match decide_after_failure(first.attempts, first.due_at, retry_hours, now) {
                AfterFailure::RetryAt(at) => deliveries::schedule(c, &ids, at, &cut(reason)).await?,
                AfterFailure::GiveUp => finish(c, DeliveryState::Dead, Some(reason)).await?,
            }
        }
    }
    Ok(())
}

fn cut(reason: &str) -> String {
    reason.chars().take(MAX_ERROR_CHARS).collect()
}

fn count(channel: Channel, outcome: &Outcome) {
    let outcome = match outcome {
        Outcome::Sent => "sent",
        Outcome::Skipped(_) | Outcome::Gone => "skipped",
        Outcome::Refused(_) => "bounced",
        Outcome::Unavailable(_) => "failed",
        Outcome::CircuitOpen(_) => "circuit_open",
    };
    metrics::counter!("notification_attempts_total", "channel" => channel.as_str(), "outcome" => outcome).increment(1);
}
