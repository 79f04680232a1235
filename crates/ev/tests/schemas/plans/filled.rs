//! Tables filled with enough rows for realistic query plans, and values that exist in them.

use super::exceptions;
use crate::schema::{Column, RawConnection, Table};
use std::collections::{BTreeMap, BTreeSet};

/// Rows of a growing table.
const ROWS: u32 = 5_000;
/// Rows of a small table.
const SMALL_TABLE_ROWS: u32 = 20;
/// One row in this many has a null in an optional column, or a set flag.
const RARE_INTERVAL: u32 = 50;
/// Columns that a `CHECK` limits to the value of another column; they are filled with zero.
const ZERO_COLUMNS: [&str; 6] =
    ["applied_paise", "released_paise", "paid_paise", "total_paid_paise", "tds_paise", "emi_paise"];

#[derive(Clone, Copy)]
enum Kind {
    Number,
    Flag,
    Time,
    Text,
    Bytes,
}

/// Values of a column: the numbers below `distinct`, in the column's type.
#[derive(Clone)]
pub(crate) struct Values {
    kind: Kind,
    width: u32,
    pub(crate) distinct: u32,
    sqlite: bool,
}

impl Values {
    fn of(column: &Column, rows: u32, unique: bool, sqlite: bool) -> Self {
        let kind = column.kind.to_lowercase();
        let (word, size) = kind.split_once(['(', ' ']).unwrap_or((&kind, ""));
        let size: u32 = size.trim_end_matches(')').parse().unwrap_or(u32::MAX);
        let (kind, width, usual) = match word {
            "binary" => (Kind::Bytes, size, rows / 10),
            "varbinary" | "blob" | "mediumblob" => (Kind::Bytes, size.min(16), rows),
            "boolean" | "tinyint" => (Kind::Flag, 1, 2),
            "bigint" | "int" | "integer" => (Kind::Number, 10, rows),
            // Few distinct values, such as a state.
            "varchar" if size <= 32 => (Kind::Text, size.min(12), rows / 100),
            "varchar" | "text" | "mediumtext" => (Kind::Text, size.min(12), rows),
            "datetime" => (Kind::Time, 10, rows),
            other => panic!("no values for a column of type {other}"),
        };
        let distinct = if unique { rows } else { usual.max(2) };
        Self { kind, width, distinct: distinct.min(10_u32.saturating_pow(width)), sqlite }
    }

    /// SQL of value number `n`, which may be an expression.
    pub(crate) fn literal(&self, n: &str) -> String {
        let padded = match self.sqlite {
            true => format!("printf('%0{}d', {n})", self.width),
            false => format!("LPAD({n}, {}, '0')", self.width),
        };
        match (self.kind, self.sqlite) {
            (Kind::Number, _) => format!("{n} + 1"),
            (Kind::Flag, _) => format!("CASE WHEN {n} = 0 THEN 0 ELSE 1 END"),
            (Kind::Text, _) | (Kind::Bytes, false) => padded,
            (Kind::Bytes, true) => format!("CAST({padded} AS BLOB)"),
            (Kind::Time, true) => format!("datetime('2026-01-01', '+' || ({n}) || ' minutes')"),
            (Kind::Time, false) => format!("TIMESTAMPADD(MINUTE, {n}, '2026-01-01')"),
        }
    }

    /// SQL of the value of row `n`.
    fn in_row(&self) -> String {
        match self.kind {
            Kind::Flag => format!("CASE WHEN n % {RARE_INTERVAL} = 0 THEN 1 ELSE 0 END"),
            Kind::Number | Kind::Time | Kind::Text | Kind::Bytes => self.literal(&format!("(n % {})", self.distinct)),
        }
    }
}

/// A filled database of a service.
pub(crate) struct FilledDatabase {
    /// Values by table and column.
    columns: BTreeMap<String, BTreeMap<String, Values>>,
}

impl FilledDatabase {
    /// Fills every table of `service`.
    pub(crate) async fn fill(service: &str, c: &mut RawConnection, tables: &[Table]) -> Self {
        let numbers: Vec<String> = (0..ROWS).map(|n| format!("({n})")).collect();
        let setting = if c.is_sqlite() { "" } else { "SET unique_checks = 0;" };
        let temporary = "CREATE TEMPORARY TABLE numbers (n INTEGER NOT NULL PRIMARY KEY)";
        c.run(&format!("{setting} {temporary}; INSERT INTO numbers VALUES {}", numbers.join(","))).await.unwrap();
        let mut columns = BTreeMap::new();
        c.run("BEGIN").await.unwrap();
        for table in tables {
            let rows = if exceptions::is_small(service, &table.name) { SMALL_TABLE_ROWS } else { ROWS };
            let unique = unique(table);
            let values: BTreeMap<String, Values> = table
                .columns
                .iter()
                .map(|column| {
                    let values = Values::of(column, rows, unique.contains(&column.name), c.is_sqlite());
                    (column.name.clone(), values)
                })
                .collect();
            fill_table(c, table, &values, rows).await;
            columns.insert(table.name.clone(), values);
        }
        c.run("COMMIT").await.unwrap();
        Self { columns }
    }

    pub(crate) fn is_table(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }
    pub(crate) fn is_column(&self, name: &str) -> bool {
        self.columns.values().any(|columns| columns.contains_key(name))
    }
    pub(crate) fn values(&self, table: &str, column: &str) -> Option<&Values> {
        self.columns.get(table)?.get(column)
    }
}

/// One column of each key with distinct values in all rows: the last possible one.
fn unique(table: &Table) -> BTreeSet<String> {
    let can = |name: &&String| {
        let column = table.columns.iter().find(|c| c.name == **name).unwrap();
        let values = Values::of(column, ROWS, true, true);
        values.distinct == ROWS && !matches!(values.kind, Kind::Flag)
    };
    table.keys.iter().map(|key| key.iter().rev().find(can).expect("a column with distinct values").clone()).collect()
}

async fn fill_table(c: &mut RawConnection, table: &Table, values: &BTreeMap<String, Values>, rows: u32) {
    // Removes rows that a migration inserted. Where a trigger refuses it, there are none.
    let _refused = c.run(&format!("DELETE FROM `{}`", table.name)).await;
    let mut names = Vec::new();
    let mut selected = Vec::new();
    for (place, column) in table.columns.iter().enumerate() {
        let value = values[&column.name].in_row();
        names.push(format!("`{}`", column.name));
        selected.push(if ZERO_COLUMNS.contains(&column.name.as_str()) {
            "0".to_owned()
        } else if column.required {
            value
        } else {
            // Each optional column is null in other rows.
            format!("CASE WHEN n % {RARE_INTERVAL} = {place} THEN NULL ELSE {value} END")
        });
    }
    let (names, selected) = (names.join(", "), selected.join(", "));
    let sql = format!("INSERT INTO `{}` ({names}) SELECT {selected} FROM numbers WHERE n < {rows}", table.name);
    c.run(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
}
