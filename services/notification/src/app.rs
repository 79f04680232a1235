//! What changes notifications.

use crate::domain::{Kind, Notice, NotificationId};
use crate::store::{self, Row};
use chassis::id;
use db::DbConnection;
use diesel::QueryResult;
use domain::{Timestamp, UserId};
use std::collections::BTreeSet;

/// Stores the notices of kinds that their members have not muted, each once by its cause, and returns whose they are:
/// also of those that were stored before.
pub(crate) async fn store_notices(
    c: &mut DbConnection,
    notices: Vec<(Vec<Vec<u8>>, Notice)>,
) -> QueryResult<BTreeSet<UserId>> {
    let members: BTreeSet<UserId> = notices.iter().map(|(_, notice)| notice.user_id).collect();
    if members.is_empty() {
        return Ok(members);
    }
    let muted = store::muted_of(c, &members).await?;
    let mut rows = Vec::with_capacity(notices.len());
    for (cause, notice) in notices {
        if !muted.contains(&(notice.user_id, notice.kind)) {
            let cause: Vec<&[u8]> = cause.iter().map(Vec::as_slice).collect();
            rows.push(Row::new(id::fresh(), id::derived(&cause), notice));
        }
    }
    store::add_all(c, &rows).await?;
    Ok(rows.into_iter().map(|row| row.user_id).collect())
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
