//! Rewriting of stored bytes, such as encrypted values, while services use the table.
//!
//! Rows are read in pages by their key, and a value is replaced only if it still is what was read. A value that a
//! service changes in the meantime stays as the service wrote it; another pass finds it if it has to change.

use crate::{Db, DbError};
use futures_core::future::BoxFuture;

/// What becomes of each value of a column.
pub trait Rewrite: Send {
    /// Rows read, and at most changed, at a time.
    fn batch_rows(&self) -> i64;
    /// The bytes that replace a value; `None` leaves it. `label` names what the value is.
    fn replacement(&mut self, label: &str, value: &[u8]) -> Option<Vec<u8>>;
    /// Called after each batch: how many values were replaced, and how many not, because they had changed.
    fn batch_stored(&mut self, replaced: usize, changed_meanwhile: usize);
}

/// Rewrites all values of a column.
pub type RewriteColumn =
    for<'a> fn(db: &'a Db, rewrite: &'a mut (dyn Rewrite + 'a)) -> BoxFuture<'a, Result<(), DbError>>;

/// A column of bytes. Declare it with [`rewritable_column!`](crate::rewritable_column).
#[derive(Debug, Clone, Copy)]
pub struct RewritableColumn {
    pub table: &'static str,
    pub column: &'static str,
    pub rewrite: RewriteColumn,
}

/// A type of key by which a table is read in order.
pub trait FirstKey {
    /// Less than every key.
    fn before_all() -> Self;
}
impl FirstKey for Vec<u8> {
    fn before_all() -> Self {
        Self::new()
    }
}
impl FirstKey for Option<Vec<u8>> {
    fn before_all() -> Self {
        Some(Vec::new())
    }
}
impl FirstKey for String {
    fn before_all() -> Self {
        Self::new()
    }
}
impl FirstKey for i64 {
    fn before_all() -> Self {
        Self::MIN
    }
}

/// Declares a [`RewritableColumn`]: table, type and column of its key, and the column of the bytes, with a label that
/// is a text in brackets or a column of the table, and a condition if only some rows are rewritten. The key is not
/// empty, and its column has an index.
///
/// `rewritable_column!(orders, id as Vec<u8>, card_sealed as ("card"))`
#[macro_export]
macro_rules! rewritable_column {
    (@label $table:ident ($label:expr) $row:ident) => { $label };
    (@label $table:ident $label:ident $row:ident) => { $row.2.as_str() };
    (@columns $table:ident $key:ident $value:ident ($label:expr)) => {
        ($table::$key, $table::$value, $table::$key.is_null())
    };
    (@columns $table:ident $key:ident $value:ident $label:ident) => { ($table::$key, $table::$value, $table::$label) };
    (@label_type ($label:expr)) => { bool };
    (@label_type $label:ident) => { String };
    ($table:ident, $key:ident as $Key:ty, $value:ident as $label:tt $(, if $condition:expr)?) => {
        $crate::rewrite::RewritableColumn {
            table: stringify!($table),
            column: stringify!($value),
            rewrite: |db, rewrite| {
                Box::pin(async move {
                    let mut after = <$Key as $crate::rewrite::FirstKey>::before_all();
                    loop {
                        let limit = rewrite.batch_rows();
                        let page = $table::table$(.filter($condition))?;
                        let page = page.filter($table::$key.gt(after.clone())).order($table::$key).limit(limit);
                        let page = page.select($crate::rewritable_column!(@columns $table $key $value $label));
                        type Row = ($Key, Vec<u8>, $crate::rewritable_column!(@label_type $label));
                        let rows: Vec<Row> = page.load(&mut *db.read().await?).await?;
                        let Some(last) = rows.last() else { return Ok(()) };
                        after = last.0.clone();
                        let mut changes: Vec<($Key, Vec<u8>, Vec<u8>)> = Vec::new();
                        for row in rows {
                            let label = $crate::rewritable_column!(@label $table $label row);
                            if let Some(new) = rewrite.replacement(label, &row.1) {
                                changes.push((row.0, row.1, new));
                            }
                        }
                        let changes = &changes;
                        let replaced = if changes.is_empty() { 0 } else {
                            db.tx(async |c| -> Result<usize, $crate::DbError> {
                                let mut replaced = 0;
                                for (key, old, new) in changes {
                                    let unchanged = $table::table.filter($table::$key.eq(key.clone()));
                                    let unchanged = unchanged.filter($table::$value.eq(old));
                                    replaced += diesel::update(unchanged).set($table::$value.eq(new)).execute(c).await?;
                                }
                                Ok(replaced)
                            })
                            .await?
                        };
                        rewrite.batch_stored(replaced, changes.len().saturating_sub(replaced));
                    }
                })
            },
        }
    };
}
