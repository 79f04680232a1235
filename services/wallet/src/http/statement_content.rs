//! Content of a statement: a header and rows, read page by page, which each file format writes in its own way.

use crate::app::ids;
use crate::domain::{TransactionId, TransactionType};
use crate::error::WalletError;
use crate::store::entries::PostingRow;
use crate::store::transactions;
use db::LongRead;
use domain::{Money, Month, Timestamp, UserId};
use http_api::{FileTypes, Problem};

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

/// Lines read at once.
const PAGE_LINES: i64 = 500;

domain::text_enum! {
    /// The file format of a statement.
    pub(crate) enum StatementFormat { Csv = "csv", Pdf = "pdf" }
}

impl FileTypes for StatementFormat {
    const CONTENT_TYPES: &'static [&'static str] = &["text/csv", "application/pdf"];
}

/// Reads the lines of the month page by page.
pub(super) async fn for_each_page(
    long_read: &LongRead,
    header: &StatementHeader,
    mut visit: impl AsyncFnMut(Vec<StatementRow>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let end = header.month.next().starts_at();
    let mut after = header.after;
    loop {
        let mut c = long_read.connection().await?;
        let page = transactions::list_by_number(&mut c, header.user_id, after, PAGE_LINES).await?;
        drop(c);
        let Some(last) = page.last() else { return Ok(()) };
        after = last.transaction_number.unwrap_or(i64::MAX);
        // Posting times never decrease within a wallet.
        let is_last = last.posted_at >= end;
        let rows = page.into_iter().take_while(|row| row.posted_at < end).map(StatementRow::from_row);
        visit(rows.collect::<Result<_, _>>().map_err(Problem::internal)?).await?;
        if is_last {
            return Ok(());
        }
    }
}
