//! The few constructs whose SQL text differs between the two databases.

use crate::backend::MultiBackend;
use crate::connection::DbConnection;
use diesel::expression::{AsExpression, ValidGrouping, is_aggregate};
use diesel::insertable::{CanInsertInSingleQuery, InsertValues};
use diesel::query_builder::{AsQuery, AstPass, InsertStatement, Query, QueryFragment, QueryId, ValuesClause};
use diesel::result::Error;
use diesel::sql_types::{BigInt, Bool, SqlType};
use diesel::{AppearsOnTable, Expression, QueryResult, SelectableExpression};
use diesel_async::AsyncConnectionCore;

/// Rows a statement of [`insert_many`] carries: 32 columns of them stay below SQLite's 32,766 binds.
const ROWS_PER_STATEMENT: usize = 500;

fn is_mysql(out: &AstPass<'_, '_, MultiBackend>) -> bool {
    matches!(out.backend(), MultiBackend::Mysql(_))
}

/// A query whose rows stay locked until the transaction ends; made by [`LockExt::lock`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct ForUpdate<Q>(Q);

/// A query whose rows nobody else may lock or change until the transaction ends; made by [`LockExt::lock_shared`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct ForShare<Q>(Q);

/// A query that locks its rows and leaves out those another transaction has; made by [`LockExt::lock_skip`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct SkipLocked<Q>(Q);

/// A query that locks its rows, or fails at once where another transaction has one; made by [`LockExt::lock_now`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct NoWait<Q>(Q);

macro_rules! mysql_suffix {
    ($type:ident, $suffix:literal) => {
        impl<Q: Query> Query for $type<Q> {
            type SqlType = Q::SqlType;
        }
        impl<Q: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for $type<Q> {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
                self.0.walk_ast(out.reborrow())?;
                if is_mysql(&out) {
                    out.push_sql($suffix);
                }
                Ok(())
            }
        }
    };
}
mysql_suffix!(ForUpdate, " FOR UPDATE");
// MariaDB does not know FOR SHARE; MySQL knows both.
mysql_suffix!(ForShare, " LOCK IN SHARE MODE");
mysql_suffix!(SkipLocked, " FOR UPDATE SKIP LOCKED");
mysql_suffix!(NoWait, " FOR UPDATE NOWAIT");

/// Row locks. On SQLite they add nothing: a transaction holds the only write lock from its beginning.
pub trait LockExt: AsQuery + Sized {
    /// `SELECT … FOR UPDATE`.
    fn lock(self) -> ForUpdate<Self::Query> {
        ForUpdate(self.as_query())
    }
    /// `SELECT … LOCK IN SHARE MODE`: others may hold the same lock, and nobody [`lock`](Self::lock) its rows.
    fn lock_shared(self) -> ForShare<Self::Query> {
        ForShare(self.as_query())
    }
    /// `SELECT … FOR UPDATE SKIP LOCKED`.
    fn lock_skip(self) -> SkipLocked<Self::Query> {
        SkipLocked(self.as_query())
    }
    /// `SELECT … FOR UPDATE NOWAIT`: fails with what [`is_locked`](crate::is_locked) knows instead of waiting.
    fn lock_now(self) -> NoWait<Self::Query> {
        NoWait(self.as_query())
    }
}
impl<T: AsQuery> LockExt for T {}

/// An insert that updates the row already there; made by [`UpsertExt::on_conflict_set`].
#[derive(Debug, Clone, Copy)]
pub struct Upsert<I> {
    insert: I,
    keys: &'static [&'static str],
    columns: &'static [&'static str],
    /// Update only a row whose value of this column is smaller than the one meant for insertion.
    version: Option<&'static str>,
}

impl<I> QueryId for Upsert<I> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<I: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for Upsert<I> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        let Some(first_key) = self.keys.first() else {
            return Err(Error::QueryBuilderError("on_conflict_set needs the columns of a key".into()));
        };
        self.insert.walk_ast(out.reborrow())?;
        let mysql = is_mysql(&out);
        match (mysql, self.columns.is_empty() && self.version.is_none()) {
            (true, true) => {
                // MySQL has no "do nothing" that does not also hide other errors.
                out.push_sql(" ON DUPLICATE KEY UPDATE ");
                out.push_identifier(first_key)?;
                out.push_sql(" = ");
                out.push_identifier(first_key)?;
            }
            (true, false) => out.push_sql(" ON DUPLICATE KEY UPDATE "),
            (false, nothing) => {
                out.push_sql(" ON CONFLICT (");
                for (i, key) in self.keys.iter().enumerate() {
                    out.push_sql(if i == 0 { "" } else { ", " });
                    out.push_identifier(key)?;
                }
                out.push_sql(if nothing { ") DO NOTHING" } else { ") DO UPDATE SET " });
            }
        }
        // MySQL assigns from left to right: the version comes last, so that every comparison sees the row as it was.
        for (i, column) in self.columns.iter().chain(&self.version).enumerate() {
            out.push_sql(if i == 0 { "" } else { ", " });
            out.push_identifier(column)?;
            out.push_sql(" = ");
            match self.version {
                Some(version) if mysql => {
                    out.push_sql("IF(");
                    push_proposed(&mut out, version)?;
                    out.push_sql(" > ");
                    out.push_identifier(version)?;
                    out.push_sql(", ");
                    push_proposed(&mut out, column)?;
                    out.push_sql(", ");
                    out.push_identifier(column)?;
                    out.push_sql(")");
                }
                Some(_) | None => push_proposed(&mut out, column)?,
            }
        }
        if let Some(version) = self.version
            && !mysql
        {
            out.push_sql(" WHERE ");
            push_proposed(&mut out, version)?;
            out.push_sql(" > ");
            out.push_identifier(version)?;
        }
        Ok(())
    }
}

/// The value of `column` that was meant for insertion.
fn push_proposed(out: &mut AstPass<'_, '_, MultiBackend>, column: &str) -> QueryResult<()> {
    // MariaDB does not have the row alias that MySQL recommends instead of VALUES().
    let (before, after) = if is_mysql(out) { ("VALUES(", ")") } else { ("excluded.", "") };
    out.push_sql(before);
    out.push_identifier(column)?;
    out.push_sql(after);
    Ok(())
}

/// Insert or update.
pub trait UpsertExt: Sized {
    /// Where the key `keys` is taken, sets `columns` to the values meant for insertion; with no columns, keeps
    /// the row as it is. Names come from `table::column::NAME`.
    ///
    /// `keys` has to be the whole unique key; MySQL takes any unique key of the table for it, so use this on
    /// tables that have one. The row count differs between the databases: ignore it.
    fn on_conflict_set(self, keys: &'static [&'static str], columns: &'static [&'static str]) -> Upsert<Self> {
        Upsert { insert: self, keys, columns, version: None }
    }
}
impl<T: diesel::QuerySource, U, Op, Ret> UpsertExt for InsertStatement<T, U, Op, Ret> {}

#[diesel::declare_sql_function]
extern "SQL" {
    /// The sum of a `BIGINT` column as a `BIGINT`, `NULL` over no rows: load it as `Option<Money>`.
    ///
    /// diesel's own `sum` is typed as a decimal.
    #[aggregate]
    #[sql_name = "SUM"]
    fn sum_i64(x: BigInt) -> Nullable<BigInt>;
}

/// Inserts of up to so many rows go in statements of few different lengths, which are prepared once. In longer ones the
/// rows cost more than the preparation.
const KEPT_ROWS: usize = 64;
/// Statements of these lengths, and of every length up to the last one.
const LENGTHS: [usize; 3] = [32, 16, 8];

/// How many of `rows` go into the next statement.
fn next_length(rows: usize) -> usize {
    if rows > KEPT_ROWS {
        return rows.min(ROWS_PER_STATEMENT);
    }
    LENGTHS.into_iter().find(|length| rows >= *length).unwrap_or(rows)
}

/// One `INSERT` with many rows, which diesel itself refuses where SQLite is a possibility.
pub struct InsertMany<Tab: diesel::QuerySource, V> {
    rows: Vec<ValuesClause<V, Tab>>,
    into: Tab::FromClause,
}

impl<Tab: diesel::QuerySource, V> QueryId for InsertMany<Tab, V> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Tab, V> QueryFragment<MultiBackend> for InsertMany<Tab, V>
where
    Tab: diesel::Table,
    Tab::FromClause: QueryFragment<MultiBackend>,
    V: InsertValues<MultiBackend, Tab> + CanInsertInSingleQuery<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        // The text depends on the number of rows: caching each would fill the server's statement table.
        if self.rows.len() > LENGTHS[0] {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql("INSERT INTO ");
        self.into.walk_ast(out.reborrow())?;
        for (i, row) in self.rows.iter().enumerate() {
            if i == 0 {
                out.push_sql(" (");
                row.values.column_names(out.reborrow())?;
                out.push_sql(") VALUES ");
            }
            out.push_sql(if i == 0 { "(" } else { ", (" });
            row.values.walk_ast(out.reborrow())?;
            out.push_sql(")");
        }
        Ok(())
    }
}

/// Inserts all rows and returns how many, up to 500 to a statement: call it in a transaction.
///
/// Rows are `#[derive(Insertable)]` with `treat_none_as_default_value = false`; without, it does not compile.
/// A statement has to fit MySQL's `max_allowed_packet`, so rows of large blobs go one by one instead.
pub async fn insert_many<Tab, I, V>(conn: &mut DbConnection, table: Tab, rows: I) -> QueryResult<usize>
where
    Tab: diesel::Table,
    I: IntoIterator,
    I::Item: diesel::Insertable<Tab, Values = ValuesClause<V, Tab>>,
    InsertMany<Tab, V>: QueryFragment<MultiBackend>,
{
    insert_chunks(conn, table, rows, |insert| insert).await
}

/// Inserts all rows, up to 500 to a statement; where the key `keys` is taken, sets `columns` to the values meant for
/// insertion, and with no columns keeps the row as it is. Call it in a transaction.
///
/// What [`UpsertExt::on_conflict_set`] says of keys holds here too.
pub async fn upsert_many<Tab, I, V>(
    conn: &mut DbConnection,
    table: Tab,
    rows: I,
    keys: &'static [&'static str],
    columns: &'static [&'static str],
) -> QueryResult<()>
where
    Tab: diesel::Table,
    I: IntoIterator,
    I::Item: diesel::Insertable<Tab, Values = ValuesClause<V, Tab>>,
    InsertMany<Tab, V>: QueryFragment<MultiBackend>,
{
    insert_chunks(conn, table, rows, |insert| Upsert { insert, keys, columns, version: None }).await.map(drop)
}

/// Inserts all rows, up to 500 to a statement; where the key `keys` is taken, sets `columns` and `version` to the values
/// meant for insertion if that version is the greater one, and keeps the row as it is otherwise. Call it in a
/// transaction, with one row a key.
///
/// What [`UpsertExt::on_conflict_set`] says of keys holds here too.
pub async fn upsert_newer<Tab, I, V>(
    conn: &mut DbConnection,
    table: Tab,
    rows: I,
    keys: &'static [&'static str],
    columns: &'static [&'static str],
    version: &'static str,
) -> QueryResult<()>
where
    Tab: diesel::Table,
    I: IntoIterator,
    I::Item: diesel::Insertable<Tab, Values = ValuesClause<V, Tab>>,
    InsertMany<Tab, V>: QueryFragment<MultiBackend>,
{
    insert_chunks(conn, table, rows, |insert| Upsert { insert, keys, columns, version: Some(version) }).await.map(drop)
}

/// Executes as many statements as the rows take, each made of a part of them; answers how many rows they count.
async fn insert_chunks<Tab, I, V, S>(
    conn: &mut DbConnection,
    table: Tab,
    rows: I,
    statement: impl Fn(InsertMany<Tab, V>) -> S,
) -> QueryResult<usize>
where
    Tab: diesel::Table,
    I: IntoIterator,
    I::Item: diesel::Insertable<Tab, Values = ValuesClause<V, Tab>>,
    S: QueryFragment<MultiBackend> + QueryId,
{
    let rows: Vec<_> = rows.into_iter().map(diesel::Insertable::values).collect();
    let mut rows = rows.into_iter();
    let mut counted = 0;
    while rows.len() > 0 {
        let length = next_length(rows.len());
        let insert = InsertMany { rows: rows.by_ref().take(length).collect(), into: table.from_clause() };
        counted += conn.execute_returning_count(statement(insert)).await?;
    }
    Ok(counted)
}

/// `column IN (…)`; made by [`AnyOfExt::any_of`].
#[derive(Debug, Clone)]
pub struct AnyOf<C, V> {
    column: C,
    values: Vec<V>,
}

/// More values than that are rare, and their statement is not worth keeping.
const KEPT_VALUES: usize = 256;

/// What diesel's `eq_any` does, in statements that are prepared once: their text comes in nine lengths, the last value
/// repeated as often as it takes.
pub trait AnyOfExt: Expression + Sized {
    fn any_of<T>(self, values: &[T]) -> AnyOf<Self, T::Expression>
    where
        Self::SqlType: SqlType,
        T: AsExpression<Self::SqlType> + Clone,
        T::Expression: Clone,
    {
        let mut values: Vec<T::Expression> = values.iter().cloned().map(AsExpression::as_expression).collect();
        if values.len() <= KEPT_VALUES
            && let Some(last) = values.last().cloned()
        {
            values.resize(values.len().next_power_of_two(), last);
        }
        AnyOf { column: self, values }
    }
}
impl<E: Expression> AnyOfExt for E {}

impl<C, V> Expression for AnyOf<C, V>
where
    C: Expression,
    V: Expression,
{
    type SqlType = Bool;
}
impl<C, V, QS> AppearsOnTable<QS> for AnyOf<C, V>
where
    C: AppearsOnTable<QS>,
    V: Expression,
{
}
impl<C, V, QS> SelectableExpression<QS> for AnyOf<C, V>
where
    C: SelectableExpression<QS>,
    V: Expression,
{
}
impl<C, V, G> ValidGrouping<G> for AnyOf<C, V> {
    type IsAggregate = is_aggregate::No;
}
impl<C, V> QueryId for AnyOf<C, V> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<C, V> QueryFragment<MultiBackend> for AnyOf<C, V>
where
    C: QueryFragment<MultiBackend>,
    V: QueryFragment<MultiBackend>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        if self.values.is_empty() {
            out.push_sql("1 = 0");
            return Ok(());
        }
        if self.values.len() > KEPT_VALUES {
            out.unsafe_to_cache_prepared();
        }
        self.column.walk_ast(out.reborrow())?;
        for (i, value) in self.values.iter().enumerate() {
            out.push_sql(if i == 0 { " IN (" } else { ", " });
            value.walk_ast(out.reborrow())?;
        }
        out.push_sql(")");
        Ok(())
    }
}
