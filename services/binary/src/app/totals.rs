//! Carries the sums of all pairs forward.
//!
//! Pairs are added as they were made, in their order; one that is voided moves to the voided ones, in the order of voiding.
//! The two commute, so neither waits for the other.

use crate::error::Failure;
use crate::store::pairs::{self, MonthSum, PairRow, PairStatus};
use crate::store::totals::{self, Head, TotalRow};
use db::DbConnection;
use domain::{Money, MoneyError, Month};
use std::collections::BTreeMap;

/// Rows read at once.
const PAGE: i64 = 5_000;
/// Pages that a reader adds by itself; a job does the rest.
const READER_PAGES: usize = 4;

/// Sums on their way forward.
struct Totals {
    sums: BTreeMap<(Month, String), TotalRow>,
    head: Head,
}

impl Totals {
    fn new(rows: Vec<TotalRow>, head: Head) -> Self {
        Self { sums: rows.into_iter().map(|row| ((row.month, row.status.to_string()), row)).collect(), head }
    }

    /// Reads one page of each kind; whether there was anything.
    async fn step(&mut self, c: &mut DbConnection) -> Result<bool, Failure> {
        let made = pairs::after(c, self.head.made_ordinal, PAGE).await?;
        let voided = totals::voided_after(c, self.head, PAGE).await?;
        for row in &made {
            self.add(row, made_as(row), 1).map_err(out_of_range)?;
            self.head.made_ordinal = row.ordinal;
        }
        for row in &voided {
            self.add(row, made_as(row), -1).map_err(out_of_range)?;
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

fn made_as(row: &PairRow) -> PairStatus {
    if row.slot.is_some() { PairStatus::Matched } else { PairStatus::Flushed }
}

fn out_of_range(error: MoneyError) -> Failure {
    Failure::Tree(error.into())
}

/// Saves one step; whether there is more to do.
pub async fn carry_forward(c: &mut DbConnection) -> Result<bool, Failure> {
    let head = totals::lock_head(c).await?;
    let mut totals = Totals::new(totals::all(c).await?, head);
    let moved = totals.step(c).await?;
    if moved {
        totals::save(c, totals.sums.into_values().collect()).await?;
        totals::move_head(c, totals.head).await?;
    }
    Ok(moved)
}

/// The sums of everything that is committed; none while too much is left to add.
pub async fn sums(c: &mut DbConnection) -> Result<Option<Vec<MonthSum>>, Failure> {
    let head = totals::head(c).await?;
    let mut totals = Totals::new(totals::all(c).await?, head);
    for _ in 0..READER_PAGES {
        if !totals.step(c).await? {
            return Ok(Some(totals.sums.into_values().map(Into::into).collect()));
        }
    }
    Ok(None)
}
