//! MySQL statements whose errors carry the server's error number.
//!
//! diesel-async drops the number, so a failed statement is followed by a query of the server's diagnostics area, which
//! holds the conditions of the last statement. Successful statements pay nothing. A failure that the diagnostics area
//! does not contain is a connection failure, and the connection is closed.
//!
//! The query needs a free connection. So a statement is an owned one, and its rows are read to the end.

use crate::backend::{MysqlRow, Statement};
use crate::error_class::numbered;
use diesel::mysql::Mysql;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{QueryResult, dsl};
use diesel_async::{AsyncConnectionCore, AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};

pub(crate) type Rows<'conn> = BoxStream<'conn, QueryResult<MysqlRow<'conn, 'conn>>>;

pub(crate) fn load<'conn>(
    c: &'conn mut AsyncMysqlConnection,
    statement: QueryResult<Statement<Mysql>>,
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
    statement: QueryResult<Statement<Mysql>>,
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
    let conditions = last_conditions(c).await.unwrap_or_default();
    let number = conditions.into_iter().find_map(|(number, text)| {
        let is_error = text.is_some_and(|text| message.starts_with(&text));
        number.filter(|_| is_error).and_then(|number| i32::try_from(number).ok())
    });
    match number {
        Some(number) => numbered(DatabaseErrorKind::Unknown, message, number),
        // The query failed too, or the server has no such condition: the connection is broken.
        None => Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(message.to_owned())),
    }
}

type Condition = (Option<i64>, Option<String>);

/// Number and text of the last statement's first and last condition. One of them is the error: warnings come before it,
/// and MariaDB adds the triggers in which it was raised after it.
///
/// MySQL cannot prepare `GET DIAGNOSTICS`, so session variables hold the result.
async fn last_conditions(c: &mut AsyncMysqlConnection) -> QueryResult<[Condition; 2]> {
    c.batch_execute(
        "GET DIAGNOSTICS @db_conditions = NUMBER; \
         GET DIAGNOSTICS CONDITION 1 @db_first_number = MYSQL_ERRNO, @db_first_text = MESSAGE_TEXT; \
         GET DIAGNOSTICS CONDITION @db_conditions @db_number = MYSQL_ERRNO, @db_text = MESSAGE_TEXT",
    )
    .await?;
    let number = |variable| dsl::sql::<Nullable<BigInt>>(variable);
    let text = |variable| dsl::sql::<Nullable<Text>>(variable);
    let first = (number("CAST(@db_first_number AS SIGNED)"), text("CONVERT(@db_first_text USING utf8mb4)"));
    let last = (number("CAST(@db_number AS SIGNED)"), text("CONVERT(@db_text USING utf8mb4)"));
    let (first, last): (Condition, Condition) = diesel::select((first, last)).get_result(c).await?;
    Ok([first, last])
}
