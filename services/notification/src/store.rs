//! Tables of notifications and muted kinds.

use crate::domain::{Notice, NotificationId, NotificationKind};
use crate::schema::{muted_kinds, notifications};
use db::{AnyOfExt, DbConnection, insert_many, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A stored notification.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = notifications, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct NotificationRow {
    pub(crate) id: NotificationId,
    /// Unique id derived from the fact that caused the notification.
    pub(crate) cause: NotificationId,
    pub(crate) user_id: UserId,
    pub(crate) kind: NotificationKind,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) reference_type: String,
    pub(crate) reference_id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) read_at: Option<Timestamp>,
    /// Code of the text; `None` if an older version stored the row.
    pub(crate) template: Option<String>,
    /// Values in the text as a JSON object of strings; `None` like the template.
    pub(crate) params: Option<String>,
}

impl NotificationRow {
    /// Builds an unread notification.
    pub(crate) fn new(id: NotificationId, cause: NotificationId, notice: Notice) -> Self {
        let params: Map<String, Value> = notice.params.into_iter().map(|(name, value)| (name, value.into())).collect();
        Self {
            id,
            cause,
            user_id: notice.user_id,
            kind: notice.kind,
            title: notice.template.title().to_owned(),
            body: notice.body,
            reference_type: notice.reference.kind.to_owned(),
            reference_id: notice.reference.id,
            created_at: notice.at,
            read_at: None,
            template: Some(notice.template.as_str().to_owned()),
            params: Some(Value::Object(params).to_string()),
        }
    }
}

/// Inserts the rows with a new cause. Stored rows do not change.
pub(crate) async fn insert_new(c: &mut DbConnection, rows: &[NotificationRow]) -> QueryResult<()> {
    upsert_many(c, notifications::table, rows, &[notifications::cause::NAME], &[]).await
}

/// Lists the muted kinds of these members.
pub(crate) async fn list_muted_of_members(
    c: &mut DbConnection,
    members: &BTreeSet<UserId>,
) -> QueryResult<BTreeSet<(UserId, NotificationKind)>> {
    let members: Vec<UserId> = members.iter().copied().collect();
    let rows: Vec<(UserId, NotificationKind)> =
        muted_kinds::table.filter(muted_kinds::user_id.any_of(&members)).load(c).await?;
    Ok(rows.into_iter().collect())
}

/// Lists the member's notifications with an id lower than `before`, newest first.
pub(crate) async fn list(
    c: &mut DbConnection,
    user: UserId,
    unread_only: bool,
    before: Option<NotificationId>,
    limit: i64,
) -> QueryResult<Vec<NotificationRow>> {
    let mut query = notifications::table
        .filter(notifications::user_id.eq(user))
        .select(NotificationRow::as_select())
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

/// Lists the member's notifications with an id greater than `from`, oldest first.
pub(crate) async fn list_after(
    c: &mut DbConnection,
    user: UserId,
    from: NotificationId,
    limit: i64,
) -> QueryResult<Vec<NotificationRow>> {
    notifications::table
        .filter(notifications::user_id.eq(user))
        .filter(notifications::id.gt(from))
        .select(NotificationRow::as_select())
        .order(notifications::id)
        .limit(limit)
        .load(c)
        .await
}

/// Finds a notification of the member.
pub(crate) async fn find(
    c: &mut DbConnection,
    user: UserId,
    id: NotificationId,
) -> QueryResult<Option<NotificationRow>> {
    let own = notifications::table.filter(notifications::id.eq(id)).filter(notifications::user_id.eq(user));
    own.select(NotificationRow::as_select()).first(c).await.optional()
}

/// Counts the member's unread notifications.
pub(crate) async fn count_unread(c: &mut DbConnection, user: UserId) -> QueryResult<i64> {
    notifications::table
        .filter(notifications::user_id.eq(user))
        .filter(notifications::read_at.is_null())
        .count()
        .get_result(c)
        .await
}

/// Marks one notification of a member as read, or all of them if `id` is `None`. A notification that is read already
/// keeps its time. Returns the number that changed.
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

/// Lists the muted kinds of the member.
pub(crate) async fn list_muted(c: &mut DbConnection, user: UserId) -> QueryResult<Vec<NotificationKind>> {
    muted_kinds::table
        .filter(muted_kinds::user_id.eq(user))
        .order(muted_kinds::kind)
        .select(muted_kinds::kind)
        .load(c)
        .await
}

/// Replaces the muted kinds of the member.
pub(crate) async fn set_muted(c: &mut DbConnection, user: UserId, kinds: &[NotificationKind]) -> QueryResult<()> {
    diesel::delete(muted_kinds::table.filter(muted_kinds::user_id.eq(user))).execute(c).await?;
    let rows: Vec<_> = kinds.iter().map(|kind| (muted_kinds::user_id.eq(user), muted_kinds::kind.eq(*kind))).collect();
    insert_many(c, muted_kinds::table, rows).await.map(drop)
}
