//! One asynchronous connection type for both databases.

use crate::backend::{Lowered, MultiBackend, MultiRow, MysqlRow, SqliteRow};
use crate::error::ends_connection;
use crate::fault::with_sqlite_code;
use crate::mysql;
use crate::redact::redacted;
use crate::transaction::DbTransactionManager;
use diesel::connection::{CacheSize, Instrumentation};
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sqlite::Sqlite;
use diesel::{ConnectionResult, QueryResult, SqliteConnection};
use diesel_async::pooled_connection::PoolableConnection;
use diesel_async::sync_connection_wrapper::{SpawnBlocking, SyncConnectionWrapper};
use diesel_async::{AsyncConnection, AsyncConnectionCore, AsyncMysqlConnection, SimpleAsyncConnection};
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryFutureExt};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

/// Where SQLite's calls, which block, are run.
///
/// diesel-async's own choice blocks in place when a future is dropped, which panics on the single-threaded
/// runtimes that actix-web's workers are.
#[derive(Clone)]
pub(crate) enum StatementExecutor {
    /// On the thread that polls the statement. A statement of a request takes microseconds, and handing it to
    /// another thread and back takes ten times as long.
    Inline,
    /// On the blocking thread pool of a runtime, for statements that may take long. An abandoned call runs on by
    /// itself.
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
            Self::BlockingPool(runtime) => runtime.spawn_blocking(task).map_err(Box::from).boxed(),
        }
    }
    fn get_runtime() -> Self {
        Self::BlockingPool(tokio::runtime::Handle::current())
    }
}

pub(crate) type Sqlite3 = SyncConnectionWrapper<SqliteConnection, StatementExecutor>;

pub(crate) enum Inner {
    Mysql(AsyncMysqlConnection),
    Sqlite(Sqlite3),
}

/// Which database is behind a connection. Nothing but tests and migrations should want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendKind {
    /// MySQL or MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
}

/// A connection to either database; what every store function takes.
///
/// They come from [`Db`](crate::Db), and only from there.
pub struct DbConnection {
    pub(crate) inner: Inner,
    /// The pool throws an unusable connection away.
    pub(crate) condition: Arc<Condition>,
    /// Whether the transaction at hand asked for a signal after its commit.
    pub(crate) signal: bool,
    /// Whether no other transaction is to share the commit of the one at hand.
    pub(crate) commits_alone: bool,
    /// Whether the transaction at hand sees work of others that is not committed yet.
    pub(crate) is_shared: bool,
}

/// Whether a connection can go on.
#[derive(Default)]
pub(crate) struct Condition {
    /// True from a statement's first poll to its completion, and for ever after one that was dropped in between: the
    /// answer to it may still be on the wire, where the next user of the connection would take it for its own.
    is_busy: AtomicBool,
    /// True for ever after a statement that lost the server or met a fault of the environment.
    is_over: AtomicBool,
}

impl Condition {
    pub(crate) fn is_unusable(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed) || self.is_over.load(Ordering::Relaxed)
    }
}

impl DbConnection {
    pub(crate) fn new(inner: Inner) -> Self {
        Self { inner, condition: Arc::default(), signal: false, commits_alone: false, is_shared: false }
    }

    /// Has the pool close it instead of lending it out again.
    pub(crate) fn throw_away(&self) {
        self.condition.is_over.store(true, Ordering::Relaxed);
    }

    /// Gives the transaction at hand a commit of its own: for work that changes memory by what it reads, which must
    /// not be the work of others that may still be rolled back.
    ///
    /// Call it first. The error says that others share the transaction already; it has the transaction run again.
    pub fn commit_alone(&mut self) -> QueryResult<()> {
        self.commits_alone = true;
        if self.is_shared {
            let message = "the transaction is shared with others";
            return Err(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(message.to_owned())));
        }
        Ok(())
    }

    /// Asks whoever runs this transaction to signal its commit to those who wait for its rows
    /// (see [`Db::tx_signalled`](crate::Db::tx_signalled)).
    pub const fn signal_commit(&mut self) {
        self.signal = true;
    }

    /// Which database this is.
    pub const fn kind(&self) -> BackendKind {
        match self.inner {
            Inner::Mysql(_) => BackendKind::Mysql,
            Inner::Sqlite(_) => BackendKind::Sqlite,
        }
    }
}

/// A statement that marks its connection unusable while it runs.
pub struct Guarded<F> {
    statement: F,
    condition: Arc<Condition>,
}

impl<F> Guarded<F> {
    pub(crate) fn new(statement: F, condition: Arc<Condition>) -> Self {
        Self { statement, condition }
    }
}

impl<T, F: Future<Output = QueryResult<T>> + Unpin> Future for Guarded<F> {
    type Output = QueryResult<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.condition.is_busy.store(true, Ordering::Relaxed);
        let Poll::Ready(answer) = self.statement.poll_unpin(cx) else { return Poll::Pending };
        self.condition.is_busy.store(false, Ordering::Relaxed);
        let answer = answer.map_err(with_sqlite_code).map_err(redacted);
        if answer.as_ref().err().is_some_and(ends_connection) {
            self.condition.is_over.store(true, Ordering::Relaxed);
        }
        Poll::Ready(answer)
    }
}

/// MySQL's futures borrow the connection, SQLite's only the query.
pub(crate) enum Either<'conn, 'query, M, S> {
    /// From MySQL.
    Mysql(BoxFuture<'conn, QueryResult<M>>),
    /// From SQLite.
    Sqlite(BoxFuture<'query, QueryResult<S>>),
}

/// Rows on their way.
pub enum MultiStream<'conn, 'query> {
    /// From MySQL.
    Mysql(BoxStream<'conn, QueryResult<MysqlRow<'conn, 'query>>>),
    /// From SQLite.
    Sqlite(BoxStream<'static, QueryResult<SqliteRow<'conn, 'query>>>),
}

impl<'conn, 'query> Stream for MultiStream<'conn, 'query> {
    type Item = QueryResult<MultiRow<'conn, 'query>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut *self {
            Self::Mysql(rows) => rows.poll_next_unpin(cx).map(|row| row.map(|row| row.map(MultiRow::Mysql))),
            Self::Sqlite(rows) => rows.poll_next_unpin(cx).map(|row| row.map(|row| row.map(MultiRow::Sqlite))),
        }
    }
}

/// A query that will give rows.
pub struct Loading<'conn, 'query>(
    Either<
        'conn,
        'query,
        BoxStream<'conn, QueryResult<MysqlRow<'conn, 'query>>>,
        BoxStream<'static, QueryResult<SqliteRow<'conn, 'query>>>,
    >,
);

impl<'conn, 'query> Future for Loading<'conn, 'query> {
    type Output = QueryResult<MultiStream<'conn, 'query>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Either::Mysql(rows) => rows.poll_unpin(cx).map_ok(MultiStream::Mysql),
            Either::Sqlite(rows) => rows.poll_unpin(cx).map_ok(MultiStream::Sqlite),
        }
    }
}

/// A statement that will give a row count.
pub struct Executing<'conn, 'query>(Either<'conn, 'query, usize, usize>);

impl Future for Executing<'_, '_> {
    type Output = QueryResult<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Either::Mysql(count) => count.poll_unpin(cx),
            Either::Sqlite(count) => count.poll_unpin(cx),
        }
    }
}

impl SimpleAsyncConnection for DbConnection {
    async fn batch_execute(&mut self, sql: &str) -> QueryResult<()> {
        let condition = Arc::clone(&self.condition);
        match &mut self.inner {
            Inner::Mysql(c) => {
                let statement = async {
                    let result = c.batch_execute(sql).await;
                    mysql::numbered_result(c, result).await
                };
                Guarded::new(statement.boxed(), condition).await
            }
            Inner::Sqlite(c) => Guarded::new(c.batch_execute(sql).boxed(), condition).await,
        }
    }
}

impl AsyncConnectionCore for DbConnection {
    type ExecuteFuture<'conn, 'query> = Guarded<Executing<'conn, 'query>>;
    type LoadFuture<'conn, 'query> = Guarded<Loading<'conn, 'query>>;
    type Stream<'conn, 'query> = MultiStream<'conn, 'query>;
    type Row<'conn, 'query> = MultiRow<'conn, 'query>;
    type Backend = MultiBackend;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let condition = Arc::clone(&self.condition);
        let query = source.as_query();
        let rows = match &mut self.inner {
            Inner::Mysql(c) => Either::Mysql(mysql::load(c, mysql::Statement::of(query))),
            Inner::Sqlite(c) => Either::Sqlite(c.load(Lowered::new::<Sqlite>(query))),
        };
        Guarded::new(Loading(rows), condition)
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        let condition = Arc::clone(&self.condition);
        let count = match &mut self.inner {
            Inner::Mysql(c) => Either::Mysql(mysql::execute(c, mysql::Statement::of(source))),
            Inner::Sqlite(c) => Either::Sqlite(c.execute_returning_count(Lowered::new::<Sqlite>(source))),
        };
        Guarded::new(Executing(count), condition)
    }
}

impl AsyncConnection for DbConnection {
    type TransactionManager = DbTransactionManager;

    async fn establish(url: &str) -> ConnectionResult<Self> {
        crate::pool::open_url(url).await
    }
    fn transaction_state(&mut self) -> &mut Self {
        self
    }
    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        match &mut self.inner {
            Inner::Mysql(c) => c.instrumentation(),
            Inner::Sqlite(c) => c.instrumentation(),
        }
    }
    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        match &mut self.inner {
            Inner::Mysql(c) => c.set_instrumentation(instrumentation),
            Inner::Sqlite(c) => c.set_instrumentation(instrumentation),
        }
    }
    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        match &mut self.inner {
            Inner::Mysql(c) => c.set_prepared_statement_cache_size(size),
            Inner::Sqlite(c) => c.set_prepared_statement_cache_size(size),
        }
    }
}

impl PoolableConnection for DbConnection {}
