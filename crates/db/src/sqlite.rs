//! SQLite statements, run by the executor of their connection.

use crate::backend::{SqliteRow, Statement};
use diesel::connection::{Connection, LoadConnection};
use diesel::row::IntoOwnedRow;
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, SqliteConnection};
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryFutureExt, stream};

/// Executor of SQLite's blocking calls.
///
/// diesel-async's default executor blocks in place when a future is dropped, which panics on the single-threaded
/// runtimes of actix-web's workers.
#[derive(Clone)]
pub(crate) enum StatementExecutor {
    /// Runs on the polling thread. A statement of a request takes microseconds; moving it to another thread takes ten
    /// times as long.
    Inline,
    /// Runs on the runtime's blocking thread pool, for statements that may take long. An abandoned call runs to its
    /// end.
    BlockingPool(tokio::runtime::Handle),
}

impl SpawnBlocking for StatementExecutor {
    fn spawn_blocking<'a, R>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, Result<R, Box<dyn std::error::Error + Send + Sync + 'static>>>
    where
        R: Send + 'static,
    {
        match self {
            Self::Inline => futures_util::future::lazy(|_| Ok(task())).boxed(),
            Self::BlockingPool(runtime) => runtime.spawn_blocking(task).map_err(Into::into).boxed(),
        }
    }
    fn get_runtime() -> Self {
        Self::BlockingPool(tokio::runtime::Handle::current())
    }
}

pub(crate) type SqliteWrapper = SyncConnectionWrapper<SqliteConnection, StatementExecutor>;

pub(crate) type Rows = BoxStream<'static, QueryResult<SqliteRow<'static, 'static>>>;

pub(crate) fn load(
    c: &mut SqliteWrapper,
    statement: QueryResult<Statement<Sqlite>>,
) -> BoxFuture<'static, QueryResult<Rows>> {
    c.spawn_blocking(move |connection| {
        let statement = statement?;
        let (mut rows, mut cache) = (Vec::new(), Default::default());
        for row in connection.load(&statement)? {
            rows.push(Ok(IntoOwnedRow::into_owned(row?, &mut cache)));
        }
        Ok(rows)
    })
    .map_ok(|rows| stream::iter(rows).boxed())
    .boxed()
}

pub(crate) fn execute(
    c: &mut SqliteWrapper,
    statement: QueryResult<Statement<Sqlite>>,
) -> BoxFuture<'static, QueryResult<usize>> {
    c.spawn_blocking(move |connection| connection.execute_returning_count(&statement?))
}
