//! Constructs whose SQL text differs between the two databases: row locks, upserts, multi-row inserts.

use crate::backend::MultiBackend;
use crate::connection::DbConnection;
use crate::error::{inserted, is_unique_violation};
use diesel::QueryResult;
use diesel::insertable::{CanInsertInSingleQuery, InsertValues};
use diesel::query_builder::{AsQuery, AstPass, InsertStatement, Query, QueryFragment, QueryId, ValuesClause};
use diesel::result::Error;
use diesel::sql_types::BigInt;
use diesel_async::AsyncConnectionCore;

/// Maximum number of rows in a statement of [`insert_many`]. With 32 columns it stays below SQLite's 32,766 binds.
const MAX_ROWS_PER_STATEMENT: usize = 500;

fn is_mysql(out: &AstPass<'_, '_, MultiBackend>) -> bool {
    matches!(out.backend(), MultiBackend::Mysql(_))
}

/// A query that locks its rows until the transaction ends; made by [`LockExt::lock`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct ForUpdate<Q>(Q);

/// A query that locks its rows against changes until the transaction ends; made by [`LockExt::lock_shared`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct ForShare<Q>(Q);

/// A query that locks its rows and skips rows locked by another transaction; made by [`LockExt::lock_skip_locked`].
#[derive(Debug, Clone, Copy, QueryId)]
pub struct SkipLocked<Q>(Q);

/// A query that locks its rows, or fails at once when another transaction has locked one; made by
/// [`LockExt::lock_nowait`].
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
// MariaDB does not support FOR SHARE; MySQL supports both.
mysql_suffix!(ForShare, " LOCK IN SHARE MODE");
mysql_suffix!(SkipLocked, " FOR UPDATE SKIP LOCKED");
mysql_suffix!(NoWait, " FOR UPDATE NOWAIT");

/// Row locks. On SQLite they add nothing, because a transaction holds the write lock from its beginning.
pub trait LockExt: AsQuery + Sized {
    /// `SELECT … FOR UPDATE`.
    fn lock(self) -> ForUpdate<Self::Query> {
        ForUpdate(self.as_query())
    }
    /// `SELECT … LOCK IN SHARE MODE`: several transactions may hold it, and it excludes [`lock`](Self::lock).
    fn lock_shared(self) -> ForShare<Self::Query> {
        ForShare(self.as_query())
    }
    /// `SELECT … FOR UPDATE SKIP LOCKED`.
    fn lock_skip_locked(self) -> SkipLocked<Self::Query> {
        SkipLocked(self.as_query())
    }
    /// `SELECT … FOR UPDATE NOWAIT`: fails at once with an error that [`is_locked`](crate::is_locked) recognises.
    fn lock_nowait(self) -> NoWait<Self::Query> {
        NoWait(self.as_query())
    }
}
impl<T: AsQuery> LockExt for T {}

/// An insert that updates an existing row; made by [`UpsertExt::on_conflict_set`].
#[derive(Debug, Clone, Copy)]
pub struct Upsert<I> {
    insert: I,
    keys: &'static [&'static str],
    columns: &'static [&'static str],
    /// Column that guards the update: a row is updated only where its value is smaller than the inserted one.
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
                // MySQL's INSERT IGNORE also hides other errors.
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
        // MySQL assigns from left to right: the version comes last, so every comparison uses its old value.
        for (i, column) in self.columns.iter().chain(&self.version).enumerate() {
            out.push_sql(if i == 0 { "" } else { ", " });
            out.push_identifier(column)?;
            out.push_sql(" = ");
            match self.version {
                Some(version) if mysql => {
                    out.push_sql("IF(");
                    push_inserted(&mut out, version)?;
                    out.push_sql(" > ");
                    out.push_identifier(version)?;
                    out.push_sql(", ");
                    push_inserted(&mut out, column)?;
                    out.push_sql(", ");
                    out.push_identifier(column)?;
                    out.push_sql(")");
                }
                Some(_) | None => push_inserted(&mut out, column)?,
            }
        }
        if let Some(version) = self.version
            && !mysql
        {
            out.push_sql(" WHERE ");
            push_inserted(&mut out, version)?;
            out.push_sql(" > ");
            out.push_identifier(version)?;
        }
        Ok(())
    }
}

/// Writes the inserted value of `column`.
fn push_inserted(out: &mut AstPass<'_, '_, MultiBackend>, column: &str) -> QueryResult<()> {
    // MariaDB lacks the row alias that MySQL recommends instead of VALUES().
    let (before, after) = if is_mysql(out) { ("VALUES(", ")") } else { ("excluded.", "") };
    out.push_sql(before);
    out.push_identifier(column)?;
    out.push_sql(after);
    Ok(())
}

/// Insert or update of one row.
pub trait UpsertExt: Sized {
    /// Where a row with the unique key `keys` exists, sets its `columns` to the inserted values; with no columns,
    /// leaves the row unchanged. Column names come from `table::column::NAME`.
    ///
    /// `keys` must be the whole unique key. MySQL reacts to any unique key of the table, so use this on tables with
    /// one. Ignore the row count: it differs between the databases.
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

/// Inserts of up to this many rows use statements of few lengths, which are prepared once. In longer ones the rows cost
/// more than the preparation.
const MAX_CACHED_ROWS: usize = 64;
/// Row counts of cached statements, in addition to every count below the last one.
const CACHED_LENGTHS: [usize; 3] = [32, 16, 8];

/// Number of rows in the next statement, where `rows` are left.
fn next_length(rows: usize) -> usize {
    if rows > MAX_CACHED_ROWS {
        return rows.min(MAX_ROWS_PER_STATEMENT);
    }
    CACHED_LENGTHS.into_iter().find(|length| rows >= *length).unwrap_or(rows)
}

/// One `INSERT` with many rows; diesel does not support it for a backend that includes SQLite.
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
        // The text depends on the number of rows; caching each length would fill the server's statement table.
        if self.rows.len() > CACHED_LENGTHS[0] {
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

/// Inserts all rows, up to 500 in a statement, and returns their number. Call it in a transaction.
///
/// Rows need `#[derive(Insertable)]` with `treat_none_as_default_value = false`; otherwise the call does not compile.
/// After an error, the rows of earlier statements are inserted: roll the transaction back. For rows of which some may
/// exist, use [`insert_new`].
/// A statement must fit MySQL's `max_allowed_packet`, so insert rows with large blobs one by one.
pub async fn insert_many<Tab, I, V>(conn: &mut DbConnection, table: Tab, rows: I) -> QueryResult<usize>
where
    Tab: diesel::Table,
    I: IntoIterator,
    I::Item: diesel::Insertable<Tab, Values = ValuesClause<V, Tab>>,
    InsertMany<Tab, V>: QueryFragment<MultiBackend>,
{
    insert_chunks(conn, table, rows, |insert| insert).await
}

/// Inserts the rows that violate no unique key, and returns them. Call it in a transaction.
///
/// For append-only tables, which refuse the update in an upsert, and to learn which rows are new. Nearly always all are
/// and are inserted as by [`insert_many`]; when one is not, those of its statement are inserted one by one.
pub async fn insert_new<Tab, I, V>(conn: &mut DbConnection, table: Tab, rows: I) -> QueryResult<Vec<I::Item>>
where
    Tab: diesel::Table + Copy,
    I: IntoIterator,
    I::Item: diesel::Insertable<Tab, Values = ValuesClause<V, Tab>> + Copy,
    InsertMany<Tab, V>: QueryFragment<MultiBackend>,
{
    let rows: Vec<I::Item> = rows.into_iter().collect();
    let (mut rest, mut new) = (rows.as_slice(), Vec::with_capacity(rows.len()));
    while !rest.is_empty() {
        // One statement, which inserts nothing when it fails.
        let (chunk, later) = rest.split_at(next_length(rest.len()));
        match insert_many(conn, table, chunk.iter().copied()).await {
            Err(error) if is_unique_violation(&error) => {
                for row in chunk {
                    if inserted(insert_many(conn, table, [*row]).await)? {
                        new.push(*row);
                    }
                }
            }
            done => {
                done?;
                new.extend_from_slice(chunk);
            }
        }
        rest = later;
    }
    Ok(new)
}

/// Inserts all rows, up to 500 in a statement. Where a row with the unique key `keys` exists, sets its `columns` to the
/// inserted values; with no columns, leaves the row unchanged. Call it in a transaction.
///
/// The rules for keys of [`UpsertExt::on_conflict_set`] apply.
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

/// Inserts all rows, up to 500 in a statement. Where a row with the unique key `keys` exists, sets its `columns` and
/// `version` to the inserted values if the inserted version is greater, and leaves the row unchanged otherwise. Call it
/// in a transaction, with at most one row for each key.
///
/// The rules for keys of [`UpsertExt::on_conflict_set`] apply.
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

/// Executes one statement for each chunk of rows and returns the sum of the row counts.
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
