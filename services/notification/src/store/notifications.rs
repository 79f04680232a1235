//! Table `notifications`.

use crate::domain::{Notice, NotificationId, NotificationKind};
use crate::schema::notifications;
use db::{AnyOfExt, DbConnection, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};
use serde_json::{Map, Value};

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
        let english = notice.english();
        let params: Map<String, Value> = notice.params.into_iter().map(|(name, value)| (name, value.into())).collect();
        Self {
            id,
            cause,
            user_id: notice.user_id,
            kind: notice.template.line().kind,
            title: english.title.to_owned(),
            body: english.body,
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

/// Lists the notifications with these causes.
pub(crate) async fn list_by_cause(
    c: &mut DbConnection,
    causes: &[NotificationId],
) -> QueryResult<Vec<NotificationRow>> {
    if causes.is_empty() {
        return Ok(Vec::new());
    }
    notifications::table.filter(notifications::cause.any_of(causes)).select(NotificationRow::as_select()).load(c).await
}

/// Deletes up to `limit` notifications that were read before this time. Returns how many.
pub(crate) async fn delete_read(c: &mut DbConnection, read_before: Timestamp, limit: i64) -> QueryResult<usize> {
    let old: Vec<NotificationId> = notifications::table
        .filter(notifications::read_at.lt(read_before))
        .order((notifications::read_at, notifications::id))
        .limit(limit)
        .select(notifications::id)
        .load(c)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    diesel::delete(notifications::table.filter(notifications::id.any_of(&old))).execute(c).await
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

/// Deletes all notifications of these members.
pub(crate) async fn delete_all(c: &mut DbConnection, users: &[UserId]) -> QueryResult<()> {
    diesel::delete(notifications::table.filter(notifications::user_id.any_of(users))).execute(c).await.map(drop)
}
