//! Queue of outgoing messages: filled in a transaction, sent after its commit.

use crate::domain::identifier::Channel;
use crate::domain::message;
use crate::error::AuthError;
use crate::secrets::Secrets;
use crate::store::messages::{self, MessageId, MessageRow};
use db::DbConnection;
use domain::Timestamp;
use runtime::id;
use runtime::mail::Message;
use serde::{Deserialize, Serialize};

/// Content of a queued message, stored encrypted.
#[derive(Serialize, Deserialize)]
struct StoredMessage {
    to: String,
    channel: Channel,
    subject: String,
    body: String,
    code: Option<String>,
    sent_at: Timestamp,
}

/// A message to queue. `code` is the one-time code that it contains.
pub(crate) struct MessageDraft {
    pub(crate) to: String,
    pub(crate) channel: Channel,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) code: Option<String>,
}

/// Queues a message. It is dropped unsent at `expires_at`.
pub(crate) async fn enqueue(
    c: &mut DbConnection,
    secrets: &Secrets,
    draft: MessageDraft,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), AuthError> {
    let MessageDraft { to, channel, subject, body, code } = draft;
    let sealed = secrets.seal_message(&StoredMessage { to, channel, subject, body, code, sent_at: now })?;
    messages::insert(c, &MessageRow { id: id::fresh(), sealed, attempts: 0, try_at: now, expires_at, channel }).await?;
    Ok(())
}

/// A message claimed by this instance until `until`.
pub(crate) struct ClaimedMessage {
    pub(crate) message: Message,
    row: MessageRow,
    until: Timestamp,
}

impl ClaimedMessage {
    /// Id of the queued message.
    pub(crate) fn id(&self) -> MessageId {
        self.row.id
    }
}

/// Claims the message of a channel that has been due for longest; `None` when no message is due.
///
/// Drops messages that cannot be decrypted; the user can request another code.
pub(crate) async fn claim_next(
    c: &mut DbConnection,
    secrets: &Secrets,
    channel: Channel,
    now: Timestamp,
) -> Result<Option<ClaimedMessage>, AuthError> {
    let until = now.plus_secs(message::CLAIM_TIMEOUT_SECS);
    while let Some(row) = messages::find_longest_due(c, channel, now).await? {
        if !messages::claim(c, &row, until).await? {
            continue;
        }
        match secrets.open_message::<StoredMessage>(&row.sealed) {
            // Rows queued by an older version can be in the queue of the wrong channel.
            Ok(stored) if stored.channel != channel => messages::move_to_channel(c, &row, stored.channel).await?,
            Ok(StoredMessage { to, channel, subject, body, code, sent_at }) => {
                let (html, key) = (None, None);
                let message = Message { to, channel: channel.to_string(), subject, body, html, key, code, sent_at };
                return Ok(Some(ClaimedMessage { message, row, until }));
            }
            Err(error) => {
                tracing::error!(id = %row.id, %error, "message dropped: cannot be decrypted");
                messages::delete(c, row.id).await?;
            }
        }
    }
    Ok(None)
}

/// Deletes a message that was sent or permanently refused.
pub(crate) async fn delete(c: &mut DbConnection, claimed: &ClaimedMessage) -> Result<(), AuthError> {
    Ok(messages::delete(c, claimed.row.id).await?)
}

/// Schedules the next attempt of a message that could not be sent, with a growing wait.
pub(crate) async fn schedule_retry(
    c: &mut DbConnection,
    claimed: &ClaimedMessage,
    now: Timestamp,
) -> Result<(), AuthError> {
    Ok(messages::schedule_retry(c, claimed.row.id, message::next_attempt_at(claimed.row.attempts + 1, now)).await?)
}

/// Releases the claim of a message that was not attempted.
pub(crate) async fn release(c: &mut DbConnection, claimed: &ClaimedMessage) -> Result<(), AuthError> {
    Ok(messages::release(c, &claimed.row, claimed.until).await?)
}

/// Deletes messages that have expired unsent, with the codes in them.
pub(crate) async fn delete_expired(c: &mut DbConnection, now: Timestamp) -> Result<(), AuthError> {
    messages::delete_expired(c, now).await?;
    Ok(())
}
