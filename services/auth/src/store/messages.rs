//! `messages`: e-mail and SMS to send, sealed, a queue for each channel. A row is deleted once its message is sent.

use crate::domain::identifier::Channel;
use crate::schema::messages as t;
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

domain::id_type! {
    MessageId,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Outgoing {
    pub(crate) id: MessageId,
    pub(crate) sealed: Vec<u8>,
    pub(crate) attempts: i64,
    pub(crate) try_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) channel: Channel,
}

pub(crate) async fn insert(c: &mut DbConnection, message: &Outgoing) -> QueryResult<()> {
    diesel::insert_into(t::table).values(message).execute(c).await.map(drop)
}

pub(crate) async fn longest_due(
    c: &mut DbConnection,
    channel: Channel,
    now: Timestamp,
) -> QueryResult<Option<Outgoing>> {
    t::table
        .filter(t::channel.eq(channel))
        .filter(t::try_at.le(now))
        .filter(t::expires_at.gt(now))
        .order((t::try_at, t::id))
        .select(Outgoing::as_select())
        .first(c)
        .await
        .optional()
}

/// Claims a message until `until`; `false` where another instance has.
pub(crate) async fn claim(c: &mut DbConnection, message: &Outgoing, until: Timestamp) -> QueryResult<bool> {
    let mine = t::table.find(message.id).filter(t::try_at.eq(message.try_at)).filter(t::attempts.eq(message.attempts));
    let claimed = diesel::update(mine).set((t::try_at.eq(until), t::attempts.eq(t::attempts + 1))).execute(c).await?;
    Ok(claimed > 0)
}

/// Undoes the claim until `until`: the message is as it was before.
pub(crate) async fn release(c: &mut DbConnection, before: &Outgoing, until: Timestamp) -> QueryResult<()> {
    diesel::update(t::table.find(before.id).filter(t::try_at.eq(until)))
        .set((t::try_at.eq(before.try_at), t::attempts.eq(before.attempts)))
        .execute(c)
        .await
        .map(drop)
}

/// Moves a message to the queue of another channel, unclaimed.
pub(crate) async fn move_to(c: &mut DbConnection, before: &Outgoing, channel: Channel) -> QueryResult<()> {
    diesel::update(t::table.find(before.id))
        .set((t::channel.eq(channel), t::try_at.eq(before.try_at), t::attempts.eq(before.attempts)))
        .execute(c)
        .await
        .map(drop)
}

pub(crate) async fn put_off(c: &mut DbConnection, id: MessageId, until: Timestamp) -> QueryResult<()> {
    diesel::update(t::table.find(id)).set(t::try_at.eq(until)).execute(c).await.map(drop)
}

pub(crate) async fn delete(c: &mut DbConnection, id: MessageId) -> QueryResult<()> {
    diesel::delete(t::table.find(id)).execute(c).await.map(drop)
}

pub(crate) async fn delete_expired(c: &mut DbConnection, now: Timestamp) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::expires_at.le(now))).execute(c).await
}
