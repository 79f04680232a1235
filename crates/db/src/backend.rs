//! One diesel backend for both databases.
//!
//! diesel's `MultiConnection` derive generates the whole backend (query builder, binds, rows, types), but only for
//! synchronous connections. It is applied to two connection types that cannot be constructed; only the generated
//! *backend* is used, and `connection` supplies the asynchronous connection. This depends on hidden items of diesel, so
//! the workspace pins exact versions. Do not enable diesel's `r2d2` feature: the derive then requires more traits.

use diesel::backend::Backend;
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation, LoadConnection, SimpleConnection,
};
use diesel::internal::derives::multiconnection::MultiConnectionHelper;
use diesel::mysql::Mysql;
use diesel::query_builder::{CollectedQuery, MoveableBindCollector, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::sqlite::Sqlite;
use diesel::{QueryResult, SqliteConnection};
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use diesel_async::{AsyncConnectionCore, AsyncMysqlConnection};

/// A row of MySQL.
pub(crate) type MysqlRow<'c, 'q> = <AsyncMysqlConnection as AsyncConnectionCore>::Row<'c, 'q>;
/// A row of SQLite.
pub(crate) type SqliteRow<'c, 'q> = <SyncConnectionWrapper<SqliteConnection> as AsyncConnectionCore>::Row<'c, 'q>;

macro_rules! never_connected {
    ($name:ident, $backend:ty, $row:ident) => {
        /// A connection type that cannot be constructed; it gives the derive its backend and row types.
        pub enum $name {}

        impl SimpleConnection for $name {
            fn batch_execute(&mut self, _: &str) -> QueryResult<()> {
                match *self {}
            }
        }
        impl ConnectionSealed for $name {}
        impl Connection for $name {
            type Backend = $backend;
            type TransactionManager = AnsiTransactionManager;

            fn establish(_: &str) -> diesel::ConnectionResult<Self> {
                Err(diesel::ConnectionError::BadConnection("connect with Db::connect".to_owned()))
            }
            fn execute_returning_count<T>(&mut self, _: &T) -> QueryResult<usize>
            where
                T: QueryFragment<Self::Backend> + QueryId,
            {
                match *self {}
            }
            fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
                match *self {}
            }
            fn instrumentation(&mut self) -> &mut dyn Instrumentation {
                match *self {}
            }
            fn set_instrumentation(&mut self, _: impl Instrumentation) {
                match *self {}
            }
            fn set_prepared_statement_cache_size(&mut self, _: CacheSize) {
                match *self {}
            }
        }
        impl LoadConnection for $name {
            type Cursor<'conn, 'query> = std::iter::Empty<QueryResult<$row<'conn, 'query>>>;
            type Row<'conn, 'query> = $row<'conn, 'query>;

            fn load<'conn, 'query, T>(&'conn mut self, _: T) -> QueryResult<Self::Cursor<'conn, 'query>>
            where
                T: Query + QueryFragment<Self::Backend> + QueryId + 'query,
                Self::Backend: diesel::expression::QueryMetadata<T::SqlType>,
            {
                match *self {}
            }
        }
        impl diesel::migration::MigrationConnection for $name {
            fn setup(&mut self) -> QueryResult<usize> {
                match *self {}
            }
        }
        impl MultiConnectionHelper for $name {
            fn to_any<'a>(lookup: &mut ()) -> &mut (dyn std::any::Any + 'a) {
                lookup
            }
            fn from_any(lookup: &mut dyn std::any::Any) -> Option<&mut ()> {
                lookup.downcast_mut()
            }
        }
    };
}
never_connected!(NeverMysql, Mysql, MysqlRow);
never_connected!(NeverSqlite, Sqlite, SqliteRow);

mod derived {
    use super::{NeverMysql, NeverSqlite};

    #[expect(dead_code, reason = "only the generated backend is used")]
    #[derive(diesel::MultiConnection)]
    pub(super) enum NeverConnection {
        Mysql(NeverMysql),
        Sqlite(NeverSqlite),
    }
}
pub use derived::MultiBackend;
pub(crate) use derived::MultiRow;

type JointBuilder = <MultiBackend as Backend>::QueryBuilder;
type JointBinds<'a> = <MultiBackend as Backend>::BindCollector<'a>;

/// Whether the prepared statement is cached.
///
/// diesel caches no `UPDATE`, because its text may depend on which fields are set. Here changesets set every field
/// (they treat `None` as null), so the text varies only with the length of an `IN` list.
fn is_cacheable(sql: &str, diesel_caches: bool) -> bool {
    diesel_caches || sql.starts_with("UPDATE ") && !sql.contains(" IN (")
}

/// An owned query of one database: its text and its values.
pub(crate) type Statement<DB> =
    CollectedQuery<<<DB as Backend>::BindCollector<'static> as MoveableBindCollector<DB>>::BindData>;

macro_rules! statement_of {
    ($function:ident, $variant:ident, $database:ty) => {
        /// Converts a query. Every query has a type of its own: behind a reference to a trait object, this and all that
        /// runs the statement is compiled once.
        pub(crate) fn $function(query: &dyn QueryFragment<MultiBackend>) -> QueryResult<Statement<$database>> {
            let backend = MultiBackend::$variant(Default::default());
            let mut builder = JointBuilder::$variant(Default::default());
            query.to_sql(&mut builder, &backend)?;
            let sql = builder.finish();
            let is_cacheable = is_cacheable(&sql, query.is_safe_to_cache_prepared(&backend)?);
            let mut binds = JointBinds::$variant(Default::default());
            query.collect_binds(&mut binds, &mut (), &backend)?;
            let JointBinds::$variant(binds) = binds else {
                return Err(Error::QueryBuilderError("the values are of another database".into()));
            };
            Ok(CollectedQuery::new(sql, is_cacheable, binds.moveable()))
        }
    };
}
statement_of!(mysql_statement, Mysql, Mysql);
statement_of!(sqlite_statement, Sqlite, Sqlite);
