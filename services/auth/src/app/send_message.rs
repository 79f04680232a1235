//! Messages to send: queued in the transaction that causes them, sent after its commit.

use crate::domain::identifier::Channel;
use crate::domain::message;
use crate::error::AuthError;
use crate::secrets::Secrets;
use crate::store::messages::{self, MessageId, Outgoing};
use chassis::id;
use chassis::mail::Message;
use db::DbConnection;
use domain::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Stored {
    to: String,
    channel: Channel,
    subject: String,
    body: String,
    code: Option<String>,
    sent_at: Timestamp,
}

/// A message before it is queued.
pub(crate) struct Draft {
    pub(crate) to: String,
    pub(crate) channel: Channel,
    pub(crate) subject: String,
    pub(crate) body: String,
    pub(crate) code: Option<String>,
}

/// Queues a message that is dropped unsent at `expires_at`.
pub(crate) async fn enqueue(
    c: &mut DbConnection,
    secrets: &Secrets,
    draft: Draft,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), AuthError> {
    let Draft { to, channel, subject, body, code } = draft;
    let sealed = secrets.seal_message(&Stored { to, channel, subject, body, code, sent_at: now })?;
    messages::insert(c, &Outgoing { id: id::fresh(), sealed, attempts: 0, try_at: now, expires_at, channel }).await?;
    Ok(())
}

/// A message that this instance alone sends until the claim ends.
pub(crate) struct Claimed {
    pub(crate) message: Message,
    row: Outgoing,
    until: Timestamp,
}

impl Claimed {
    pub(crate) fn id(&self) -> MessageId {
        self.row.id
    }
}

/// Claims the message of a channel that has been due for longest, if there is one.
///
/// A message that cannot be opened any more is dropped: the person asks for another code.
pub(crate) async fn claim_next(
    c: &mut DbConnection,
    secrets: &Secrets,
    channel: Channel,
    now: Timestamp,
) -> Result<Option<Claimed>, AuthError> {
    let until = now.plus_secs(message::CLAIM_SECS);
    while let Some(row) = messages::longest_due(c, channel, now).await? {
        if !messages::claim(c, &row, until).await? {
            continue;
        }
        match secrets.open_message::<Stored>(&row.sealed) {
            // An older version named no channel.
            Ok(stored) if stored.channel != channel => messages::move_to(c, &row, stored.channel).await?,
            Ok(Stored { to, channel, subject, body, code, sent_at }) => {
                let message = Message { to, channel: channel.to_string(), subject, body, code, sent_at };
                return Ok(Some(Claimed { message, row, until }));
            }
            Err(error) => {
                tracing::error!(id = %row.id, %error, "a message cannot be opened and is dropped");
                messages::delete(c, row.id).await?;
            }
        }
    }
    Ok(None)
}

/// The message is sent, or never will be.
pub(crate) async fn done(c: &mut DbConnection, claimed: &Claimed) -> Result<(), AuthError> {
    Ok(messages::delete(c, claimed.row.id).await?)
}

/// The message was tried in vain: the next try is later than the last time.
pub(crate) async fn retry_later(c: &mut DbConnection, claimed: &Claimed, now: Timestamp) -> Result<(), AuthError> {
    Ok(messages::put_off(c, claimed.row.id, message::next_try(claimed.row.attempts + 1, now)).await?)
}

/// The message was not tried.
pub(crate) async fn release(c: &mut DbConnection, claimed: &Claimed) -> Result<(), AuthError> {
    Ok(messages::release(c, &claimed.row, claimed.until).await?)
}

/// Deletes messages, and the codes in them, that were not sent in time.
pub(crate) async fn delete_expired(c: &mut DbConnection, now: Timestamp) -> Result<(), AuthError> {
    messages::delete_expired(c, now).await?;
    Ok(())
}
