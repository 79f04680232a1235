//! Use cases of the notification service.

use crate::domain::{Notice, NotificationId, NotificationKind};
use crate::store::{self, NotificationRow};
use db::DbConnection;
use diesel::QueryResult;
use domain::{Timestamp, UserId};
use runtime::id;
use std::collections::BTreeSet;

/// Stores the notices whose kinds are not muted. A notice with a known cause is not stored again. Returns the members
/// of all notices that are not muted, including those stored before.
pub(crate) async fn store_notices(
    c: &mut DbConnection,
    notices: Vec<(Vec<Vec<u8>>, Notice)>,
) -> QueryResult<BTreeSet<UserId>> {
    let members: BTreeSet<UserId> = notices.iter().map(|(_, notice)| notice.user_id).collect();
    if members.is_empty() {
        return Ok(members);
    }
    let muted = store::list_muted_of_members(c, &members).await?;
    let mut rows = Vec::with_capacity(notices.len());
    for (cause, notice) in notices {
        if !muted.contains(&(notice.user_id, notice.kind)) {
            let cause: Vec<&[u8]> = cause.iter().map(Vec::as_slice).collect();
            rows.push(NotificationRow::new(id::fresh(), id::derived(&cause), notice));
        }
    }
    store::insert_new(c, &rows).await?;
    Ok(rows.into_iter().map(|row| row.user_id).collect())
}

/// Marks a notification of the member as read. Returns `None` if the member has no such notification.
pub(crate) async fn mark_read(
    c: &mut DbConnection,
    user: UserId,
    id: NotificationId,
    now: Timestamp,
) -> QueryResult<Option<NotificationRow>> {
    store::mark_read(c, user, Some(id), now).await?;
    store::find(c, user, id).await
}

/// Marks all notifications of the member as read. Returns the number that changed.
pub(crate) async fn mark_all_read(c: &mut DbConnection, user: UserId, now: Timestamp) -> QueryResult<usize> {
    store::mark_read(c, user, None, now).await
}

/// Replaces the muted kinds of the member.
pub(crate) async fn set_muted_kinds(c: &mut DbConnection, user: UserId, kinds: &[NotificationKind]) -> QueryResult<()> {
    store::set_muted(c, user, kinds).await
}
