//! MySQL statements whose errors carry the server's error number.
//!
//! diesel-async drops the number, so a failed statement is followed by a query of the server's diagnostics area, which
//! holds the conditions of the last statement. Successful statements pay nothing. A failure that the diagnostics area
//! does not contain is a connection failure, and the connection is closed.
//!
//! The query needs a free connection. So a statement is converted to an owned one before it runs, and its rows are read
//! to the end.

use crate::backend::{Lowered, MultiBackend, MysqlRow};
use crate::error_class::numbered;
use diesel::mysql::{Mysql, MysqlQueryBuilder};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryResult, dsl};
use diesel_async::{AsyncConnectionCore, AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

/// An owned query: SQL text and binds.
pub(crate) struct Statement {
    sql: String,
    binds: RawBytesBindCollector<Mysql>,
    is_cacheable: bool,
}

impl Statement {
    pub(crate) fn from_query(query: impl QueryFragment<MultiBackend>) -> QueryResult<Self> {
        let query = Lowered::new::<Mysql>(query);
        let mut sql = MysqlQueryBuilder::new();
        query.to_sql(&mut sql, &Mysql)?;
        let mut binds = RawBytesBindCollector::new();
        query.collect_binds(&mut binds, &mut (), &Mysql)?;
        Ok(Self { sql: sql.finish(), binds, is_cacheable: query.is_safe_to_cache_prepared(&Mysql)? })
    }
}

impl QueryFragment<Mysql> for Statement {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Mysql>) -> QueryResult<()> {
        pass.push_sql(&self.sql);
        if !self.is_cacheable {
            pass.unsafe_to_cache_prepared();
        }
        pass.push_bind_collector_data(&self.binds)
    }
}
/// Prepared statements are cached by their text.
impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl Query for Statement {
    type SqlType = diesel::sql_types::Untyped;
}

pub(crate) type Rows<'conn> = BoxStream<'conn, QueryResult<MysqlRow<'conn, 'conn>>>;

pub(crate) fn load<'conn>(
    c: &'conn mut AsyncMysqlConnection,
    statement: QueryResult<Statement>,
) -> BoxFuture<'conn, QueryResult<Rows<'conn>>> {
    async move {
        let statement = statement?;
        let loaded = async { AsyncConnectionCore::load(c, statement).await?.try_collect::<Vec<_>>().await }.await;
        match loaded {
            Ok(rows) => Ok(stream::iter(rows.into_iter().map(Ok)).boxed()),
            Err(error) => Err(with_number(c, error).await),
        }
    }
    .boxed()
}

pub(crate) fn execute(
    c: &mut AsyncMysqlConnection,
    statement: QueryResult<Statement>,
) -> BoxFuture<'_, QueryResult<usize>> {
    async move {
        match c.execute_returning_count(statement?).await {
            Ok(count) => Ok(count),
            Err(error) => Err(with_number(c, error).await),
        }
    }
    .boxed()
}

/// Adds the error number to the result of the last statement on `c`.
pub(crate) async fn numbered_result<T>(c: &mut AsyncMysqlConnection, result: QueryResult<T>) -> QueryResult<T> {
    match result {
        Ok(done) => Ok(done),
        Err(error) => Err(with_number(c, error).await),
    }
}

async fn with_number(c: &mut AsyncMysqlConnection, error: Error) -> Error {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, information) = &error else { return error };
    let message = information.message();
    match last_condition(c).await {
        Ok((Some(number), Some(text))) if message.starts_with(&text) => {
            numbered(DatabaseErrorKind::Unknown, message, number)
        }
        // The query failed too, or the server has no such condition: the connection is broken.
        Ok(_) | Err(_) => Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(message.to_owned())),
    }
}

/// Number and text of the last statement's condition. MySQL cannot prepare `GET DIAGNOSTICS`, so session variables hold
/// the result.
async fn last_condition(c: &mut AsyncMysqlConnection) -> QueryResult<(Option<i32>, Option<String>)> {
    c.batch_execute(
        "GET DIAGNOSTICS @db_conditions = NUMBER; \
         GET DIAGNOSTICS CONDITION @db_conditions @db_number = MYSQL_ERRNO, @db_text = MESSAGE_TEXT",
    )
    .await?;
    let number = dsl::sql::<Nullable<BigInt>>("CAST(@db_number AS SIGNED)");
    let text = dsl::sql::<Nullable<Text>>("CONVERT(@db_text USING utf8mb4)");
    let (number, text): (Option<i64>, Option<String>) = diesel::select((number, text)).get_result(c).await?;
    let number = number.map(i32::try_from).transpose().map_err(|error| Error::DeserializationError(error.into()))?;
    Ok((number, text))
}
