//! Rows and queries, a file a noun. What is published in versions keeps the highest; what happened is stored once.
//!
//! Facts change under the lock of [`rollups::lock`] alone, so what is read before a write is true until the commit.
//! Every write returns what it changed, for the rollups.

use std::collections::BTreeMap;

/// A row that replaced another of a lower version, or is the first of its key.
#[derive(Debug, Clone, Copy)]
pub struct Replaced<R> {
    pub old: Option<R>,
    pub new: R,
}

/// Inserts `$rows` that are not there and overwrites those of a lower version. Returns what was replaced by what.
macro_rules! keep_highest {
    ($c:expr, $rows:expr, $row:ident of $table:ident by $key:ident, set $($column:ident),+ $(,)?) => {{
        let (c, rows) = ($c, $rows);
        let mut newest = std::collections::BTreeMap::new();
        for row in rows {
            let known = newest.entry(row.$key).or_insert(*row);
            if row.version > known.version {
                *known = *row;
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
        let newer: Vec<_> = newest.values().copied().collect();
        let columns = &[$table::version::NAME, $($table::$column::NAME),+];
        db::upsert_many(c, $table::table, newer, &[$table::$key::NAME], columns).await?;
        Ok(newest.into_iter().map(|(key, new)| crate::store::Replaced { old: old.remove(&key), new }).collect())
    }};
}

/// Inserts those of `$rows` whose key is not there: `$first`, and `$second` where it has two parts. Returns them.
macro_rules! add_new {
    ($c:expr, $rows:expr, $table:ident by $first:ident $(, $second:ident)?) => {{
        let c = $c;
        let new: std::collections::BTreeMap<_, _> =
            $rows.iter().rev().map(|row| ((row.$first, $(row.$second)?), *row)).collect();
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

/// The rows of `new` whose keys are not among `stored`.
fn without<K: Ord, R>(mut new: BTreeMap<K, R>, stored: Vec<K>) -> Vec<R> {
    for key in stored {
        new.remove(&key);
    }
    new.into_values().collect()
}

pub mod bookings;
pub mod members;
pub mod payouts;
pub mod receipts;
pub mod rollups;
pub mod sums;
pub mod tree;
pub mod wallets;
