//! Rows and queries, one file per subject. Versioned facts keep the highest version; other facts are stored once.
//!
//! Every write of facts holds [`rollups::lock`], so a read before the write stays valid until the commit. Every write
//! returns the rows it changed, for the rollups.

use std::collections::BTreeMap;

/// A new row and the row of a lower version that it replaced; `None` for the first of its key.
#[derive(Debug, Clone, Copy)]
pub struct Replaced<R> {
    pub old: Option<R>,
    pub new: R,
}

/// Inserts the `$rows` whose key is new and overwrites those of a lower version. Returns the changed rows.
macro_rules! upsert_newer {
    ($c:expr, $rows:expr, $row:ident of $table:ident by $key:ident, set $($column:ident),+ $(,)?) => {{
        let (c, rows) = ($c, $rows);
        let mut newest = std::collections::BTreeMap::new();
        for row in rows {
            let known = newest.entry(row.$key).or_insert_with(|| row.clone());
            if row.version > known.version {
                *known = row.clone();
            }
        }
        if newest.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = newest.keys().copied().collect();
        let stored = $table::table.filter($table::$key.any_of(&keys)).select($row::as_select());
        let mut old: std::collections::BTreeMap<_, _> =
            stored.load::<$row>(c).await?.into_iter().map(|row| (row.$key, row)).collect();
        newest.retain(|key, row| old.get(key).is_none_or(|old| old.version < row.version));
        let newer: Vec<_> = newest.values().cloned().collect();
        let columns = &[$table::version::NAME, $($table::$column::NAME),+];
        db::upsert_many(c, $table::table, newer, &[$table::$key::NAME], columns).await?;
        Ok(newest.into_iter().map(|(key, new)| crate::store::Replaced { old: old.remove(&key), new }).collect())
    }};
}

/// Inserts the `$rows` whose key is new and returns them; of several with one key, the first. The key is `$first`, or
/// `$first` and `$second`.
macro_rules! insert_new {
    ($c:expr, $rows:expr, $table:ident by $first:ident $(, $second:ident)?) => {{
        let c = $c;
        let new: std::collections::BTreeMap<_, _> =
            $rows.iter().rev().map(|row| ((row.$first, $(row.$second)?), row.clone())).collect();
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = new.values().map(|row| row.$first).collect();
        let stored = $table::table.filter($table::$first.any_of(&ids)).select(($table::$first, $($table::$second)?));
        let new: Vec<_> = crate::store::without(new, stored.load(c).await?);
        db::insert_many(c, $table::table, new.clone()).await?;
        Ok(new)
    }};
}

/// Declares what the search reads of a table: `list_by_ids` and `list_ids`.
macro_rules! searched_rows {
    ($row:ident of $table:ident by $key:ident: $id:ty) => {
        /// Lists the rows with these ids.
        pub async fn list_by_ids(c: &mut DbConnection, ids: &[$id]) -> QueryResult<Vec<$row>> {
            if ids.is_empty() {
                return Ok(Vec::new());
            }
            $table::table.filter($table::$key.any_of(ids)).select($row::as_select()).load(c).await
        }

        /// Lists up to `limit` ids that follow `after`, in their order.
        pub async fn list_ids(c: &mut DbConnection, after: Option<$id>, limit: i64) -> QueryResult<Vec<$id>> {
            let query = $table::table.order($table::$key).limit(limit).select($table::$key);
            let mut query = query.into_boxed::<db::MultiBackend>();
            if let Some(after) = after {
                query = query.filter($table::$key.gt(after));
            }
            query.load::<$id>(c).await
        }
    };
}

/// Drops the rows whose keys are stored already.
fn without<K: Ord, R>(mut new: BTreeMap<K, R>, stored: Vec<K>) -> Vec<R> {
    for key in stored {
        new.remove(&key);
    }
    new.into_values().collect()
}

pub mod applied_sources;
pub mod bookings;
pub mod cohorts;
pub mod fact_sums;
pub mod generations;
pub mod members;
pub mod numbered_receipts;
pub mod payouts;
pub mod plans;
pub mod receipts;
pub mod rollups;
pub mod search_documents;
pub mod tree;
pub mod wallets;
