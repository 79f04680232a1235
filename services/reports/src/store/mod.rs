//! Rows and queries, a file a noun. What is told in versions keeps the highest; what happened is kept once.

/// Inserts `$rows` that are not there and overwrites those of a lower version.
///
/// The first statement locks every row, whether it was there or not, so that nothing newer can come between the
/// look at the versions and the last statement.
macro_rules! keep_highest {
    ($c:expr, $rows:expr, $table:ident by $key:ident, set $($column:ident),+ $(,)?) => {{
        let (c, rows) = ($c, $rows);
        let mut newest = std::collections::BTreeMap::new();
        for row in rows {
            let known = newest.entry(row.$key).or_insert(*row);
            if row.version > known.version {
                *known = *row;
            }
        }
        if newest.is_empty() {
            return Ok(());
        }
        let all: Vec<_> = newest.values().copied().collect();
        db::upsert_many(c, $table::table, all, &[$table::$key::NAME], &[]).await?;
        let keys: Vec<_> = newest.keys().copied().collect();
        let versions = $table::table.filter($table::$key.eq_any(keys)).select(($table::$key, $table::version));
        for (key, version) in versions.lock().get_results::<(_, i64)>(c).await? {
            newest.retain(|k, row| *k != key || row.version > version);
        }
        let columns = &[$table::version::NAME, $($table::$column::NAME),+];
        let newer: Vec<_> = newest.into_values().collect();
        db::upsert_many(c, $table::table, newer, &[$table::$key::NAME], columns).await
    }};
}

pub mod bookings;
pub mod members;
pub mod payouts;
pub mod receipts;
pub mod tree;
pub mod wallets;
