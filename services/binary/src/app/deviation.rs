//! Comparison of expected rows with table rows, and the first deviation.

use crate::error::BinaryError;
use crate::store::journal::JournalEntry;
use crate::store::nodes::NodeRow;
use crate::store::pairs::PairRow;
use crate::store::plans::{PlanRow, WithdrawalRow};
use diesel::result::Error;
use serde::Serialize;

/// A difference between a table and the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    pub table: &'static str,
    /// The key of the row, or the member concerned.
    pub row: String,
    /// Null: the whole row.
    pub column: Option<&'static str>,
    pub expected: String,
    pub found: String,
}

/// Reason to end the verification early.
pub(super) enum VerifyError {
    Deviates(Deviation),
    Failed(BinaryError),
}
impl From<Deviation> for VerifyError {
    fn from(deviation: Deviation) -> Self {
        Self::Deviates(deviation)
    }
}
impl From<BinaryError> for VerifyError {
    fn from(error: BinaryError) -> Self {
        Self::Failed(error)
    }
}
impl From<Error> for VerifyError {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

/// A row that can be computed from the journal.
pub(super) trait ReplayedRow: PartialEq {
    const TABLE: &'static str;
    fn key(&self) -> i64;
    /// Every column with its value as text.
    fn columns(&self) -> Vec<(&'static str, String)>;
}

macro_rules! replayed_row {
    ($row:ident, $table:literal, $key:ident $(, $column:ident)*) => {
        impl ReplayedRow for $row {
            const TABLE: &'static str = $table;
            fn key(&self) -> i64 {
                self.$key
            }
            fn columns(&self) -> Vec<(&'static str, String)> {
                let Self { $key, $($column),* } = self;
                vec![(stringify!($key), to_text($key)), $((stringify!($column), to_text($column))),*]
            }
        }
    };
}

replayed_row!(
    JournalEntry,
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
replayed_row!(NodeRow, "nodes", node, user_id, parent_node, side, depth, sponsor_id, is_manual, placed_seq, placed_at);
#[rustfmt::skip]
replayed_row!(
    PairRow, "pairs", ordinal, earner_node, number, left_node, right_node, period, slot, month, status, earner_active_buyer,
    plan_version, gross_paise, emi_deduction_paise, reserve_deduction_paise, available_paise, matched_seq, matched_at,
    voided_seq, voided_at
);
replayed_row!(PlanRow, "plan_versions", version, effective_from, plan, published_by, published_at);
replayed_row!(WithdrawalRow, "plan_withdrawals", version, withdrawn_by, withdrawn_at);

/// The value as the API shows it in JSON.
fn to_text(value: &impl Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

/// Compares rows ordered by key. Errors with the first deviation.
pub(super) fn compare_rows<R: ReplayedRow>(expected: &[R], found: &[R]) -> Result<(), Deviation> {
    let mut found = found.iter().peekable();
    for expected_row in expected {
        match found.next_if(|row| row.key() <= expected_row.key()) {
            None => return Err(missing::<R>(expected_row.key())),
            Some(row) if row.key() < expected_row.key() => return Err(unexpected(row)),
            Some(row) => compare_row(expected_row, row)?,
        }
    }
    found.next().map_or(Ok(()), |row| Err(unexpected(row)))
}

/// Compares two rows with the same key. Errors with the first column that differs.
pub(super) fn compare_row<R: ReplayedRow>(expected_row: &R, row: &R) -> Result<(), Deviation> {
    let difference = |((column, expected), (_, found)): ((&'static str, String), (&'static str, String))| {
        let column = Some(column);
        (expected != found).then(|| Deviation {
            table: R::TABLE,
            row: expected_row.key().to_string(),
            column,
            expected,
            found,
        })
    };
    expected_row.columns().into_iter().zip(row.columns()).find_map(difference).map_or(Ok(()), Err)
}

pub(super) fn missing<R: ReplayedRow>(key: i64) -> Deviation {
    whole_row::<R>(key, "a row", "no row")
}
pub(super) fn unexpected<R: ReplayedRow>(row: &R) -> Deviation {
    whole_row::<R>(row.key(), "no row", "a row")
}
fn whole_row<R: ReplayedRow>(key: i64, expected: &str, found: &str) -> Deviation {
    let (expected, found) = (expected.to_owned(), found.to_owned());
    Deviation { table: R::TABLE, row: key.to_string(), column: None, expected, found }
}
