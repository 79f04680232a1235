//! Content of a statement: a header and rows, which each file format writes in its own way.

use crate::app::ids;
use crate::domain::{TransactionId, TransactionType};
use crate::error::WalletError;
use crate::store::entries::PostingRow;
use domain::{Money, Month, Timestamp, UserId};

/// The header of a statement.
pub(super) struct StatementHeader {
    pub(super) user_id: UserId,
    pub(super) name: String,
    pub(super) month: Month,
    pub(super) opening: Money,
    /// Whether no more lines can be added.
    pub(super) is_final: bool,
    /// The number of the line before the first.
    pub(super) after: i64,
}

/// A line with the balance after it.
pub(super) struct StatementRow {
    pub(super) id: TransactionId,
    pub(super) posted_at: Timestamp,
    /// The time of the cause, which gives the value date.
    pub(super) at: Timestamp,
    pub(super) kind: Option<TransactionType>,
    pub(super) description: String,
    pub(super) amount: Money,
    pub(super) balance: Money,
}

impl StatementRow {
    /// The line that is stored as `row`. Errors when the balance overflows.
    pub(super) fn from_row(row: PostingRow) -> Result<Self, WalletError> {
        Ok(Self {
            id: ids::transaction(row.entry_id, row.line)?,
            posted_at: row.posted_at,
            at: row.at,
            kind: row.transaction_type,
            description: row.description.unwrap_or_default(),
            amount: row.amount_paise,
            balance: row.balance_before_paise.unwrap_or_default().add(row.amount_paise)?,
        })
    }
}
