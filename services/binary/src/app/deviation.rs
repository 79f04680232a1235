//! Rows as they should be beside rows as they are, and the first thing in which they differ.

use crate::store::journal::Entry;
use crate::store::nodes::NodeRow;
use crate::store::pairs::PairRow;
use crate::store::plans::PlanRow;
use schemars::JsonSchema;
use serde::Serialize;

/// Something in a table that does not follow from the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Deviation {
    pub table: &'static str,
    /// The row's number, or whom it is about.
    pub row: String,
    /// Null: the row as a whole.
    pub column: Option<&'static str>,
    pub expected: String,
    pub found: String,
}

/// A row that can be made again from the journal.
pub(super) trait Row: PartialEq {
    const TABLE: &'static str;
    fn key(&self) -> i64;
    /// Every column with its value as text.
    fn columns(&self) -> Vec<(&'static str, String)>;
}

macro_rules! row {
    ($row:ident, $table:literal, $key:ident $(, $column:ident)*) => {
        impl Row for $row {
            const TABLE: &'static str = $table;
            fn key(&self) -> i64 {
                self.$key
            }
            fn columns(&self) -> Vec<(&'static str, String)> {
                let Self { $key, $($column),* } = self;
                vec![(stringify!($key), text($key)), $((stringify!($column), text($column))),*]
            }
        }
    };
}

row!(
    Entry,
    "tree_log",
    seq,
    kind,
    user_id,
    happened_at,
    at,
    cause_id,
    amount_paise,
    sponsor_id,
    parent_id,
    side,
    is_distributor,
    plan_version
);
row!(NodeRow, "nodes", node, user_id, parent_node, side, depth, sponsor_id, is_manual, placed_seq, placed_at);
#[rustfmt::skip]
row!(
    PairRow, "pairs", ordinal, earner_node, number, left_node, right_node, period, slot, month, status, earner_active_buyer,
    plan_version, gross_paise, emi_deduction_paise, reserve_deduction_paise, available_paise, matched_seq, matched_at,
    voided_seq, voided_at
);
row!(PlanRow, "plan_versions", version, effective_from, plan, published_by, published_at);

/// As the platform writes it in JSON.
fn text(value: &impl Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

/// Compares rows in the order of their keys.
pub(super) fn compare<R: Row>(expected: &[R], found: &[R]) -> Result<(), Deviation> {
    let mut found = found.iter().peekable();
    for wanted in expected {
        match found.next_if(|row| row.key() <= wanted.key()) {
            None => return Err(missing::<R>(wanted.key())),
            Some(row) if row.key() < wanted.key() => return Err(unexpected(row)),
            Some(row) => same(wanted, row)?,
        }
    }
    found.next().map_or(Ok(()), |row| Err(unexpected(row)))
}

/// Compares two rows with one key.
pub(super) fn same<R: Row>(wanted: &R, row: &R) -> Result<(), Deviation> {
    let differs = |((column, expected), (_, found)): ((&'static str, String), (&'static str, String))| {
        let column = Some(column);
        (expected != found).then(|| Deviation {
            table: R::TABLE,
            row: wanted.key().to_string(),
            column,
            expected,
            found,
        })
    };
    wanted.columns().into_iter().zip(row.columns()).find_map(differs).map_or(Ok(()), Err)
}

pub(super) fn missing<R: Row>(key: i64) -> Deviation {
    whole::<R>(key, "a row", "no row")
}
pub(super) fn unexpected<R: Row>(row: &R) -> Deviation {
    whole::<R>(row.key(), "no row", "a row")
}
fn whole<R: Row>(key: i64, expected: &str, found: &str) -> Deviation {
    let (expected, found) = (expected.to_owned(), found.to_owned());
    Deviation { table: R::TABLE, row: key.to_string(), column: None, expected, found }
}
