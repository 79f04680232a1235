//! Rows of notifications and muted kinds.

use crate::domain::{Kind, Notice, NotificationId};
use crate::schema::{muted_kinds, notifications};
use db::{AnyOfExt, DbConnection, insert_many, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};
use std::collections::BTreeSet;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = notifications, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Row {
    pub(crate) id: NotificationId,
    pub(crate) cause: NotificationId,
    pub(crate) user_id: UserId,
    pub(crate) kind: Kind,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) reference_type: String,
    pub(crate) reference_id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) read_at: Option<Timestamp>,
}

impl Row {
    pub(crate) fn new(id: NotificationId, cause: NotificationId, notice: Notice) -> Self {
        Self {
            id,
            cause,
            user_id: notice.user_id,
            kind: notice.kind,
            title: notice.title,
            body: notice.body,
            reference_type: notice.reference.kind.to_owned(),
            reference_id: notice.reference.id,
            created_at: notice.at,
            read_at: None,
        }
    }
}

/// Adds the rows whose cause there is no row of; the others stay as they are.
pub(crate) async fn add_all(c: &mut DbConnection, rows: &[Row]) -> QueryResult<()> {
    upsert_many(c, notifications::table, rows, &[notifications::cause::NAME], &[]).await
}

/// What these members have muted.
pub(crate) async fn muted_of(
    c: &mut DbConnection,
    members: &BTreeSet<UserId>,
) -> QueryResult<BTreeSet<(UserId, Kind)>> {
    let members: Vec<UserId> = members.iter().copied().collect();
    let rows: Vec<(UserId, Kind)> = muted_kinds::table.filter(muted_kinds::user_id.any_of(&members)).load(c).await?;
    Ok(rows.into_iter().collect())
}

pub(crate) async fn list(
    c: &mut DbConnection,
    user: UserId,
    unread_only: bool,
    before: Option<NotificationId>,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    let mut query = notifications::table
        .filter(notifications::user_id.eq(user))
        .select(Row::as_select())
        .order(notifications::id.desc())
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if unread_only {
        query = query.filter(notifications::read_at.is_null());
    }
    if let Some(before) = before {
        query = query.filter(notifications::id.lt(before));
    }
    query.load(c).await
}

/// Those with an id greater than `from`, oldest first.
pub(crate) async fn after(
    c: &mut DbConnection,
    user: UserId,
    from: NotificationId,
    limit: i64,
) -> QueryResult<Vec<Row>> {
    notifications::table
        .filter(notifications::user_id.eq(user))
        .filter(notifications::id.gt(from))
        .select(Row::as_select())
        .order(notifications::id)
        .limit(limit)
        .load(c)
        .await
}

pub(crate) async fn find(c: &mut DbConnection, user: UserId, id: NotificationId) -> QueryResult<Option<Row>> {
    let own = notifications::table.filter(notifications::id.eq(id)).filter(notifications::user_id.eq(user));
    own.select(Row::as_select()).first(c).await.optional()
}

pub(crate) async fn unread_count(c: &mut DbConnection, user: UserId) -> QueryResult<i64> {
    notifications::table
        .filter(notifications::user_id.eq(user))
        .filter(notifications::read_at.is_null())
        .count()
        .get_result(c)
        .await
}

/// Marks one notification, or all of a member's, as read; one that is read already keeps its time.
pub(crate) async fn mark_read(
    c: &mut DbConnection,
    user: UserId,
    id: Option<NotificationId>,
    now: Timestamp,
) -> QueryResult<usize> {
    let unread = notifications::user_id.eq(user).and(notifications::read_at.is_null());
    match id {
        Some(id) => {
            diesel::update(notifications::table.filter(unread.and(notifications::id.eq(id))))
                .set(notifications::read_at.eq(Some(now)))
                .execute(c)
                .await
        }
        None => {
            diesel::update(notifications::table.filter(unread))
                .set(notifications::read_at.eq(Some(now)))
                .execute(c)
                .await
        }
    }
}

pub(crate) async fn muted(c: &mut DbConnection, user: UserId) -> QueryResult<Vec<Kind>> {
    muted_kinds::table
        .filter(muted_kinds::user_id.eq(user))
        .order(muted_kinds::kind)
        .select(muted_kinds::kind)
        .load(c)
        .await
}

pub(crate) async fn set_muted(c: &mut DbConnection, user: UserId, kinds: &[Kind]) -> QueryResult<()> {
    diesel::delete(muted_kinds::table.filter(muted_kinds::user_id.eq(user))).execute(c).await?;
    let rows: Vec<_> = kinds.iter().map(|kind| (muted_kinds::user_id.eq(user), muted_kinds::kind.eq(*kind))).collect();
    insert_many(c, muted_kinds::table, rows).await.map(drop)
}
