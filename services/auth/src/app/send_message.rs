//! Messages on their way: put there in the transaction that gives rise to them, sent after its commit.

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
    channel: String,
    subject: String,
    body: String,
    code: Option<String>,
    sent_at: Timestamp,
}

/// Of no use to anybody after `expires_at`, and dropped then.
pub(crate) async fn enqueue(
    c: &mut DbConnection,
    secrets: &Secrets,
    message: Message,
    expires_at: Timestamp,
) -> Result<(), AuthError> {
    let Message { to, channel, subject, body, code, sent_at } = message;
    let sealed = secrets.seal_message(&Stored { to, channel, subject, body, code, sent_at })?;
    messages::insert(c, &Outgoing { id: id::fresh(), sealed, attempts: 0, try_at: sent_at, expires_at }).await?;
    Ok(())
}

/// A message this instance has to itself for a while.
pub(crate) struct Claimed {
    pub(crate) id: MessageId,
    pub(crate) message: Message,
    attempts: i64,
}

/// Takes on the message that has been due for longest, if there is one.
///
/// What cannot be read any more is dropped: the person asks for another code.
pub(crate) async fn claim_next(
    c: &mut DbConnection,
    secrets: &Secrets,
    now: Timestamp,
) -> Result<Option<Claimed>, AuthError> {
    messages::delete_expired(c, now).await?;
    while let Some(row) = messages::longest_due(c, now).await? {
        if !messages::claim(c, &row, now.plus_secs(message::CLAIM_SECS)).await? {
            continue;
        }
        match secrets.open_message::<Stored>(&row.sealed) {
            Ok(Stored { to, channel, subject, body, code, sent_at }) => {
                let message = Message { to, channel, subject, body, code, sent_at };
                return Ok(Some(Claimed { id: row.id, message, attempts: row.attempts + 1 }));
            }
            Err(error) => {
                tracing::error!(id = %row.id, %error, "a message cannot be read and is dropped");
                messages::delete(c, row.id).await?;
            }
        }
    }
    Ok(None)
}

pub(crate) async fn done(c: &mut DbConnection, claimed: &Claimed) -> Result<(), AuthError> {
    Ok(messages::delete(c, claimed.id).await?)
}

pub(crate) async fn try_later(c: &mut DbConnection, claimed: &Claimed, now: Timestamp) -> Result<(), AuthError> {
    Ok(messages::put_off(c, claimed.id, message::next_try(claimed.attempts, now)).await?)
}
