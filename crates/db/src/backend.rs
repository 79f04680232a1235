//! One diesel backend for both databases.
//!
//! diesel's `MultiConnection` derive generates the whole backend (query builder, binds, rows, types), but only for
//! synchronous connections. It is applied to two connection types that cannot be constructed; only the generated
//! *backend* is used, and `connection` supplies the asynchronous connection. This depends on hidden items of diesel, so
//! the workspace pins exact versions. Do not enable diesel's `r2d2` feature: the derive then requires more traits.

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation, LoadConnection, SimpleConnection,
};
use diesel::internal::derives::multiconnection::{AstPassHelper, MultiConnectionHelper};
use diesel::mysql::Mysql;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
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

type JointBuilder = <MultiBackend as diesel::backend::Backend>::QueryBuilder;
type JointBinds<'a> = <MultiBackend as diesel::backend::Backend>::BindCollector<'a>;

/// One of the two databases behind [`MultiBackend`].
pub(crate) trait Variant: diesel::backend::Backend + 'static {
    fn joint() -> MultiBackend;
    fn builder() -> JointBuilder;
    /// Collects the binds of `query` in this database's format.
    fn collect<'a, 'b: 'a>(
        out: &mut Self::BindCollector<'a>,
        lookup: &mut Self::MetadataLookup,
        backend: &'b MultiBackend,
        query: &'b impl QueryFragment<MultiBackend>,
    ) -> QueryResult<()>;
}

macro_rules! variant {
    ($variant:ident, $backend:ty) => {
        impl Variant for $backend {
            fn joint() -> MultiBackend {
                MultiBackend::$variant(Default::default())
            }
            fn builder() -> JointBuilder {
                JointBuilder::$variant(Default::default())
            }
            fn collect<'a, 'b: 'a>(
                out: &mut Self::BindCollector<'a>,
                lookup: &mut Self::MetadataLookup,
                backend: &'b MultiBackend,
                query: &'b impl QueryFragment<MultiBackend>,
            ) -> QueryResult<()> {
                let mut joint = JointBinds::$variant(Default::default());
                query.collect_binds(&mut joint, lookup, backend)?;
                if let JointBinds::$variant(own) = joint {
                    *out = own;
                }
                Ok(())
            }
        }
    };
}
variant!(Mysql, Mysql);
variant!(Sqlite, Sqlite);

/// Whether the prepared statement is cached.
///
/// diesel caches no `UPDATE`, because its text may depend on which fields are set. Here changesets set every field
/// (they treat `None` as null), so the text varies only with the length of an `IN` list.
fn is_cacheable(sql: &str, diesel_caches: bool) -> bool {
    diesel_caches || sql.starts_with("UPDATE ") && !sql.contains(" IN (")
}

/// Adapter that presents a query for [`MultiBackend`] as a query of one database.
pub(crate) struct Lowered<T> {
    query: T,
    backend: MultiBackend,
}

impl<T> Lowered<T> {
    pub(crate) fn new<DB: Variant>(query: T) -> Self {
        Self { query, backend: DB::joint() }
    }
}

impl<T, DB> QueryFragment<DB> for Lowered<T>
where
    DB: Variant,
    T: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut builder = DB::builder();
        self.query.to_sql(&mut builder, &self.backend)?;
        let sql = builder.finish();
        pass.push_sql(&sql);
        if !is_cacheable(&sql, self.query.is_safe_to_cache_prepared(&self.backend)?) {
            pass.unsafe_to_cache_prepared();
        }
        if let Some((out, lookup)) = pass.bind_collector() {
            DB::collect(out, lookup, &self.backend, &self.query)?;
        }
        if let Some((formatter, _)) = pass.debug_binds() {
            self.query.walk_ast(AstPass::<MultiBackend>::collect_debug_binds_pass(formatter, &self.backend))?;
        }
        Ok(())
    }
}

impl<T: QueryId> QueryId for Lowered<T> {
    type QueryId = T::QueryId;
    const HAS_STATIC_QUERY_ID: bool = T::HAS_STATIC_QUERY_ID;
}

impl<T: Query> Query for Lowered<T> {
    type SqlType = diesel::sql_types::Untyped;
}
