//! Table `channel_choices`: on which channels members want which kinds.

use crate::domain::{Channel, NotificationKind};
use crate::schema::channel_choices as t;
use db::{AnyOfExt, DbConnection, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;

/// Whether a member wants a kind on a channel.
#[derive(Debug, Clone, Copy, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct ChannelChoice {
    pub(crate) user_id: UserId,
    pub(crate) kind: NotificationKind,
    pub(crate) channel: Channel,
    pub(crate) is_on: bool,
}

/// Lists the choices of these members.
pub(crate) async fn list(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<ChannelChoice>> {
    t::table.filter(t::user_id.any_of(users)).select(ChannelChoice::as_select()).load(c).await
}

/// Inserts or updates choices.
pub(crate) async fn save(c: &mut DbConnection, choices: &[ChannelChoice]) -> QueryResult<()> {
    let keys = &[t::user_id::NAME, t::kind::NAME, t::channel::NAME];
    upsert_many(c, t::table, choices, keys, &[t::is_on::NAME]).await
}

/// Deletes all choices of these members.
pub(crate) async fn delete_all(c: &mut DbConnection, users: &[UserId]) -> QueryResult<()> {
    diesel::delete(t::table.filter(t::user_id.any_of(users))).execute(c).await.map(drop)
}
