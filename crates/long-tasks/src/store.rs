//! Table of long tasks.

use crate::schema::long_tasks;
use db::{AnyOfExt, DbConnection, SortOrder, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

domain::id_type! {
    /// Id of a long task.
    TaskId
}

domain::text_enum! {
    /// State of a long task.
    pub enum TaskState {
        /// It waits for its turn.
        Queued = "queued",
        Running = "running",
        /// It has a result.
        Done = "done",
        /// It has no result; the log of the service says why.
        Failed = "failed",
    }
}

/// Days for which a finished task is kept.
const RETENTION_DAYS: i64 = 30;
/// Expired tasks deleted at once.
const DELETE_CHUNK_ROWS: i64 = 500;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = long_tasks, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct TaskRow {
    pub(crate) id: TaskId,
    pub(crate) kind: String,
    pub(crate) state: TaskState,
    /// JSON.
    pub(crate) input: String,
    /// JSON; null until the task is done.
    pub(crate) result: Option<String>,
    pub(crate) percent: i64,
    /// Runs that have begun, without those that a shutdown ended.
    pub(crate) attempts: i64,
    pub(crate) requested_by: UserId,
    pub(crate) requested_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
}

pub(crate) async fn insert(c: &mut DbConnection, row: &TaskRow) -> QueryResult<()> {
    diesel::insert_into(long_tasks::table).values(row.clone()).execute(c).await.map(drop)
}

pub(crate) async fn find(c: &mut DbConnection, kind: &str, id: TaskId) -> QueryResult<Option<TaskRow>> {
    let row = long_tasks::table.filter(long_tasks::id.eq(id)).filter(long_tasks::kind.eq(kind));
    row.select(TaskRow::as_select()).first(c).await.optional()
}

/// Lists the tasks of a kind, newest first, before the task `after`.
pub(crate) async fn list(
    c: &mut DbConnection,
    kind: &str,
    after: Option<TaskId>,
    limit: i64,
) -> QueryResult<Vec<TaskRow>> {
    let rows = long_tasks::table.filter(long_tasks::kind.eq(kind)).limit(limit).select(TaskRow::as_select());
    keyset!(rows.into_boxed(), SortOrder::Descending, long_tasks::id, after).load(c).await
}

/// The task that is running or was interrupted, or else the oldest one that waits.
pub(crate) async fn find_next(c: &mut DbConnection) -> QueryResult<Option<TaskRow>> {
    match find_oldest(c, TaskState::Running).await? {
        Some(task) => Ok(Some(task)),
        None => find_oldest(c, TaskState::Queued).await,
    }
}

async fn find_oldest(c: &mut DbConnection, state: TaskState) -> QueryResult<Option<TaskRow>> {
    let rows = long_tasks::table.filter(long_tasks::state.eq(state)).order(long_tasks::id);
    rows.select(TaskRow::as_select()).first(c).await.optional()
}

pub(crate) async fn mark_running(
    c: &mut DbConnection,
    id: TaskId,
    attempts: i64,
    started_at: Timestamp,
) -> QueryResult<()> {
    diesel::update(long_tasks::table.find(id))
        .set((
            long_tasks::state.eq(TaskState::Running),
            long_tasks::attempts.eq(attempts),
            long_tasks::started_at.eq(Some(started_at)),
            long_tasks::percent.eq(0),
        ))
        .execute(c)
        .await
        .map(drop)
}

/// Makes a task wait again whose run a shutdown has ended, as if the run had not begun.
pub(crate) async fn mark_queued(c: &mut DbConnection, id: TaskId, attempts: i64) -> QueryResult<()> {
    diesel::update(long_tasks::table.find(id))
        .set((long_tasks::state.eq(TaskState::Queued), long_tasks::attempts.eq(attempts)))
        .execute(c)
        .await
        .map(drop)
}

pub(crate) async fn update_percent(c: &mut DbConnection, id: TaskId, percent: i64) -> QueryResult<()> {
    diesel::update(long_tasks::table.find(id)).set(long_tasks::percent.eq(percent)).execute(c).await.map(drop)
}

/// Ends a task: done with its result, or failed without.
pub(crate) async fn finish(
    c: &mut DbConnection,
    id: TaskId,
    percent: i64,
    result: Option<String>,
    finished_at: Timestamp,
) -> QueryResult<()> {
    let state = if result.is_some() { TaskState::Done } else { TaskState::Failed };
    diesel::update(long_tasks::table.find(id))
        .set((
            long_tasks::state.eq(state),
            long_tasks::percent.eq(percent),
            long_tasks::result.eq(result),
            long_tasks::finished_at.eq(Some(finished_at)),
        ))
        .execute(c)
        .await
        .map(drop)
}

/// Deletes some of the finished tasks that were requested more than thirty days ago.
pub async fn delete_expired(c: &mut DbConnection, now: Timestamp) -> QueryResult<()> {
    for state in [TaskState::Done, TaskState::Failed] {
        let end: TaskId = runtime::id::earliest(now.plus_hours(-24 * RETENTION_DAYS));
        let expired = long_tasks::table.filter(long_tasks::state.eq(state)).filter(long_tasks::id.lt(end));
        let ids: Vec<TaskId> =
            expired.order(long_tasks::id).limit(DELETE_CHUNK_ROWS).select(long_tasks::id).load(c).await?;
        if !ids.is_empty() {
            diesel::delete(long_tasks::table.filter(long_tasks::id.any_of(&ids))).execute(c).await?;
        }
    }
    Ok(())
}
