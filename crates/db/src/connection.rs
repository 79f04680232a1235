//! One asynchronous connection type for both databases.

use crate::backend::{MultiBackend, MultiRow, MysqlRow, SqliteRow, mysql_statement, sqlite_statement};
use crate::backend_kind::BackendKind;
use crate::error::ends_connection;
use crate::error_class::with_sqlite_code;
use crate::mysql;
use crate::redact::redacted;
use crate::sqlite::{self, SqliteWrapper};
use diesel::QueryResult;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AsyncConnectionCore, AsyncMysqlConnection, SimpleAsyncConnection};
use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

pub(crate) enum Inner {
    Mysql(AsyncMysqlConnection),
    Sqlite(SqliteWrapper),
}

/// A connection to either database, made by [`Db`](crate::Db). Every store function takes one.
pub struct DbConnection {
    pub(crate) inner: Inner,
    /// The pool discards an unusable connection.
    pub(crate) state: Arc<ConnectionState>,
    /// Whether the current transaction asked for a notification after its commit.
    pub(crate) notify: bool,
    /// What the current transaction has changed, by name.
    pub(crate) changed: Vec<&'static str>,
    /// Whether the current transaction must not share its commit with others.
    pub(crate) commits_alone: bool,
    /// Whether the current transaction sees uncommitted work of others in its commit group.
    pub(crate) is_shared: bool,
}

/// Whether a connection is still usable.
#[derive(Default)]
pub(crate) struct ConnectionState {
    /// True from a statement's first poll to its completion. It stays true when the statement is dropped in between:
    /// its result may still arrive, and the next statement would read it as its own.
    is_busy: AtomicBool,
    /// True after a statement failed with a lost connection or an environment error.
    is_broken: AtomicBool,
}

impl ConnectionState {
    pub(crate) fn is_unusable(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed) || self.is_broken.load(Ordering::Relaxed)
    }
}

impl DbConnection {
    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner,
            state: Arc::default(),
            notify: false,
            changed: Vec::new(),
            commits_alone: false,
            is_shared: false,
        }
    }

    /// Makes the pool close the connection instead of reusing it.
    pub(crate) fn discard(&self) {
        self.state.is_broken.store(true, Ordering::Relaxed);
    }

    /// Excludes the current transaction from group commit. Use it for work that updates memory from the rows it reads:
    /// those must not be rows of other transactions that may still be rolled back.
    ///
    /// Call it first in the transaction. Errors when the transaction already shares a commit group; the error is
    /// retryable, and the retry runs alone.
    pub fn require_own_commit(&mut self) -> QueryResult<()> {
        self.commits_alone = true;
        if self.is_shared {
            let message = "the transaction already shares a commit group";
            return Err(Error::DatabaseError(DatabaseErrorKind::SerializationFailure, Box::new(message.to_owned())));
        }
        Ok(())
    }

    /// Requests that the caller of the transaction notifies the readers of its rows after the commit
    /// (see [`Db::tx_committed`](crate::Db::tx_committed)).
    pub const fn notify_on_commit(&mut self) {
        self.notify = true;
    }

    /// Records that the current transaction changes what has this name; see [`changes`](crate::changes).
    pub fn mark_changed(&mut self, name: &'static str) {
        if !self.changed.contains(&name) {
            self.changed.push(name);
        }
    }

    /// Kind of the database.
    pub const fn kind(&self) -> BackendKind {
        match self.inner {
            Inner::Mysql(_) => BackendKind::Mysql,
            Inner::Sqlite(_) => BackendKind::Sqlite,
        }
    }
}

/// A running statement, which marks its connection unusable until it completes.
pub struct Guarded<F> {
    statement: F,
    state: Arc<ConnectionState>,
}

impl<F> Guarded<F> {
    pub(crate) fn new(statement: F, state: Arc<ConnectionState>) -> Self {
        Self { statement, state }
    }
}

impl<T, F: Future<Output = QueryResult<T>> + Unpin> Future for Guarded<F> {
    type Output = QueryResult<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.state.is_busy.store(true, Ordering::Relaxed);
        let Poll::Ready(result) = self.statement.poll_unpin(cx) else { return Poll::Pending };
        self.state.is_busy.store(false, Ordering::Relaxed);
        let result = result.map_err(with_sqlite_code).map_err(redacted);
        if result.as_ref().err().is_some_and(ends_connection) {
            self.state.is_broken.store(true, Ordering::Relaxed);
        }
        Poll::Ready(result)
    }
}

/// MySQL's futures borrow the connection, SQLite's only the query.
pub(crate) enum Either<'conn, 'query, M, S> {
    /// From MySQL.
    Mysql(BoxFuture<'conn, QueryResult<M>>),
    /// From SQLite.
    Sqlite(BoxFuture<'query, QueryResult<S>>),
}

/// Stream of the rows of a query.
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

/// Future of a query's rows.
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

/// Future of a statement's row count.
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
        let state = Arc::clone(&self.state);
        match &mut self.inner {
            Inner::Mysql(c) => {
                let statement = async {
                    let result = c.batch_execute(sql).await;
                    mysql::numbered_result(c, result).await
                };
                Guarded::new(statement.boxed(), state).await
            }
            Inner::Sqlite(c) => Guarded::new(c.batch_execute(sql).boxed(), state).await,
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
        self.load_dyn(&source.as_query())
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Self::Backend> + QueryId + 'query,
    {
        self.execute_dyn(&source)
    }
}

/// Statements of any type.
impl DbConnection {
    fn load_dyn<'conn, 'query>(
        &'conn mut self,
        query: &dyn QueryFragment<MultiBackend>,
    ) -> Guarded<Loading<'conn, 'query>> {
        let state = Arc::clone(&self.state);
        let rows = match &mut self.inner {
            Inner::Mysql(c) => Either::Mysql(mysql::load(c, mysql_statement(query))),
            Inner::Sqlite(c) => Either::Sqlite(sqlite::load(c, sqlite_statement(query))),
        };
        Guarded::new(Loading(rows), state)
    }

    fn execute_dyn<'conn, 'query>(
        &'conn mut self,
        query: &dyn QueryFragment<MultiBackend>,
    ) -> Guarded<Executing<'conn, 'query>> {
        let state = Arc::clone(&self.state);
        let count = match &mut self.inner {
            Inner::Mysql(c) => Either::Mysql(mysql::execute(c, mysql_statement(query))),
            Inner::Sqlite(c) => Either::Sqlite(sqlite::execute(c, sqlite_statement(query))),
        };
        Guarded::new(Executing(count), state)
    }
}
