//! What changes notifications.

use crate::domain::{Kind, Notice, NotificationId};
use crate::store::{self, Row};
use chassis::id;
use db::DbConnection;
use diesel::QueryResult;
use domain::{Timestamp, UserId};

/// Tells a member of something, once by `cause`, unless they have muted its kind.
pub(crate) async fn tell(c: &mut DbConnection, cause: &[&[u8]], notice: Notice) -> QueryResult<bool> {
    if store::is_muted(c, notice.user_id, notice.kind).await? {
        return Ok(false);
    }
    let row = Row::new(id::fresh(), id::derived(cause), notice);
    store::add(c, &row).await
}

/// `None` when the member has no such notification.
pub(crate) async fn read_one(
    c: &mut DbConnection,
    user: UserId,
    id: NotificationId,
    now: Timestamp,
) -> QueryResult<Option<Row>> {
    store::mark_read(c, user, Some(id), now).await?;
    store::find(c, user, id).await
}

pub(crate) async fn read_all(c: &mut DbConnection, user: UserId, now: Timestamp) -> QueryResult<usize> {
    store::mark_read(c, user, None, now).await
}

pub(crate) async fn mute(c: &mut DbConnection, user: UserId, kinds: &[Kind]) -> QueryResult<()> {
    store::set_muted(c, user, kinds).await
}
