//! Table `messages`: queues of encrypted e-mail and SMS to send, one per channel.

use crate::domain::identifier::Channel;
use crate::schema::messages as t;
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

domain::id_type! {
    /// Id of a queued message.
    MessageId,
}

/// A queued message. `try_at` is the time of the next attempt, or the end of the claim.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct MessageRow {
    pub(crate) id: MessageId,
    pub(crate) sealed: Vec<u8>,
    pub(crate) attempts: i64,
    pub(crate) try_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) channel: Channel,
}

/// Inserts a message.
pub(crate) async fn insert(c: &mut DbConnection, message: &MessageRow) -> QueryResult<()> {
    diesel::insert_into(t::table).values(message).execute(c).await.map(drop)
}

/// Finds the message of a channel that has been due for longest.
pub(crate) async fn find_longest_due(
    c: &mut DbConnection,
    channel: Channel,
    now: Timestamp,
) -> QueryResult<Option<MessageRow>> {
    t::table
        .filter(t::channel.eq(channel))
        .filter(t::try_at.le(now))
        .filter(t::expires_at.gt(now))
        .order((t::try_at, t::id))
        .select(MessageRow::as_select())
        .first(c)
        .await
        .optional()
}

/// Claims a message until `until` and counts an attempt; `false` when another instance has claimed it.
pub(crate) async fn claim(c: &mut DbConnection, message: &MessageRow, until: Timestamp) -> QueryResult<bool> {
    let unclaimed =
        t::table.find(message.id).filter(t::try_at.eq(message.try_at)).filter(t::attempts.eq(message.attempts));
    let claimed =
        diesel::update(unclaimed).set((t::try_at.eq(until), t::attempts.eq(t::attempts + 1))).execute(c).await?;
    Ok(claimed > 0)
}

/// Undoes the claim until `until`: restores the time and count of attempts of `before`.
pub(crate) async fn release(c: &mut DbConnection, before: &MessageRow, until: Timestamp) -> QueryResult<()> {
    diesel::update(t::table.find(before.id).filter(t::try_at.eq(until)))
        .set((t::try_at.eq(before.try_at), t::attempts.eq(before.attempts)))
        .execute(c)
        .await
        .map(drop)
}

/// Moves a message to the queue of another channel and releases its claim.
pub(crate) async fn move_to_channel(c: &mut DbConnection, before: &MessageRow, channel: Channel) -> QueryResult<()> {
    diesel::update(t::table.find(before.id))
        .set((t::channel.eq(channel), t::try_at.eq(before.try_at), t::attempts.eq(before.attempts)))
        .execute(c)
        .await
        .map(drop)
}

/// Sets the time of the next attempt.
pub(crate) async fn schedule_retry(c: &mut DbConnection, id: MessageId, try_at: Timestamp) -> QueryResult<()> {
    diesel::update(t::table.find(id)).set(t::try_at.eq(try_at)).execute(c).await.map(drop)
}

/// Deletes a message.
pub(crate) async fn delete(c: &mut DbConnection, id: MessageId) -> QueryResult<()> {
    diesel::delete(t::table.find(id)).execute(c).await.map(drop)
}

/// Deletes messages that have expired unsent.
pub(crate) async fn delete_expired(c: &mut DbConnection, now: Timestamp) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::expires_at.le(now))).execute(c).await
}
