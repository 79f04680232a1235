//! Running totals of all pairs, by month and status.
//!
//! New pairs are added in the order of their ordinals; voided pairs move to the voided totals in the order of voiding.
//! The two operations commute, so neither waits for the other.

use crate::domain::PairStatus;
use crate::error::BinaryError;
use crate::store::pairs::{self, MonthSum, PairRow};
use crate::store::totals::{self, TotalRow, TotalsHead};
use db::DbConnection;
use domain::{Money, MoneyError, Month};
use std::collections::BTreeMap;

/// Pairs read at once.
const PAGE_PAIRS: i64 = 5_000;
/// Pages that a reader adds itself; a job adds the rest.
const MAX_READER_PAGES: usize = 4;

/// Totals and the position up to which pairs are included.
struct PairTotals {
    sums: BTreeMap<(Month, String), TotalRow>,
    head: TotalsHead,
}

impl PairTotals {
    fn new(rows: Vec<TotalRow>, head: TotalsHead) -> Self {
        Self { sums: rows.into_iter().map(|row| ((row.month, row.status.to_string()), row)).collect(), head }
    }

    /// Adds one page of new and of voided pairs. Returns whether there was any.
    async fn add_page(&mut self, c: &mut DbConnection) -> Result<bool, BinaryError> {
        let made = pairs::list_after(c, self.head.made_ordinal, PAGE_PAIRS).await?;
        let voided = totals::list_voided_after(c, self.head, PAGE_PAIRS).await?;
        for row in &made {
            self.add(row, status_when_made(row), 1).map_err(out_of_range)?;
            self.head.made_ordinal = row.ordinal;
        }
        for row in &voided {
            self.add(row, status_when_made(row), -1).map_err(out_of_range)?;
            self.add(row, PairStatus::Voided, 1).map_err(out_of_range)?;
            self.head.voided_seq = row.voided_seq.unwrap_or(self.head.voided_seq);
            self.head.voided_ordinal = row.ordinal;
        }
        Ok(!made.is_empty() || !voided.is_empty())
    }

    fn add(&mut self, row: &PairRow, status: PairStatus, times: i64) -> Result<(), MoneyError> {
        let sum = self.sums.entry((row.month, status.to_string())).or_insert_with(|| TotalRow {
            month: row.month,
            status,
            pairs: 0,
            gross_paise: Money::ZERO,
            emi_deduction_paise: Money::ZERO,
            reserve_deduction_paise: Money::ZERO,
            available_paise: Money::ZERO,
        });
        sum.pairs += times;
        for (sum, part) in [
            (&mut sum.gross_paise, row.gross_paise),
            (&mut sum.emi_deduction_paise, row.emi_deduction_paise),
            (&mut sum.reserve_deduction_paise, row.reserve_deduction_paise),
            (&mut sum.available_paise, row.available_paise),
        ] {
            *sum = sum.add(part.times(times)?)?;
        }
        Ok(())
    }
}

fn status_when_made(row: &PairRow) -> PairStatus {
    if row.slot.is_some() { PairStatus::Matched } else { PairStatus::Flushed }
}

fn out_of_range(error: MoneyError) -> BinaryError {
    BinaryError::Tree(error.into())
}

/// Adds one page and saves the totals. Returns whether there may be more.
pub async fn carry_forward(c: &mut DbConnection) -> Result<bool, BinaryError> {
    let head = totals::lock_head(c).await?;
    let mut totals = PairTotals::new(totals::list_all(c).await?, head);
    let has_more = totals.add_page(c).await?;
    if has_more {
        totals::save(c, totals.sums.into_values().collect()).await?;
        totals::update_head(c, totals.head).await?;
    }
    Ok(has_more)
}

/// The totals of all committed pairs; `None` while more than [`MAX_READER_PAGES`] pages are left to add.
pub async fn load_sums(c: &mut DbConnection) -> Result<Option<Vec<MonthSum>>, BinaryError> {
    let head = totals::load_head(c).await?;
    let mut totals = PairTotals::new(totals::list_all(c).await?, head);
    for _ in 0..MAX_READER_PAGES {
        if !totals.add_page(c).await? {
            return Ok(Some(totals.sums.into_values().map(Into::into).collect()));
        }
    }
    Ok(None)
}
