//! Marking of notifications as read.

use crate::domain::NotificationId;
use crate::store::notifications::{self, NotificationRow};
use db::DbConnection;
use diesel::QueryResult;
use domain::{Timestamp, UserId};

/// Marks a notification of the member as read. Returns `None` if the member has no such notification.
pub(crate) async fn mark_read(
    c: &mut DbConnection,
    user: UserId,
    id: NotificationId,
    now: Timestamp,
) -> QueryResult<Option<NotificationRow>> {
    notifications::mark_read(c, user, Some(id), now).await?;
    notifications::find(c, user, id).await
}

/// Marks all notifications of the member as read. Returns the number that changed.
pub(crate) async fn mark_all_read(c: &mut DbConnection, user: UserId, now: Timestamp) -> QueryResult<usize> {
    notifications::mark_read(c, user, None, now).await
}
