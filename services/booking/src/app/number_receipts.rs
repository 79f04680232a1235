//! Numbers of receipts, without gaps in each financial year.

use crate::domain::aggregate::Payment;
use crate::error::BookingError;
use crate::store::{payments, receipt_counters};
use db::DbConnection;
use domain::FinancialYear;
use std::collections::BTreeMap;

/// Receipts that get a number in one transaction.
const MAX_RECEIPTS: i64 = 200;

/// Gives a number to each of the next receipts that have none, in the order in which their payments were completed, by
/// the financial year of that time. Returns whether there may be more.
///
/// The counter changes in the transaction of the payments, so no number is lost or given twice.
pub async fn number_receipts(c: &mut DbConnection) -> Result<bool, BookingError> {
    let mut numbered = payments::lock_without_receipt(c, MAX_RECEIPTS).await?;
    let mut last_numbers: BTreeMap<FinancialYear, i64> = BTreeMap::new();
    for payment in &mut numbered {
        let year = payment.completed_at.unwrap_or(payment.created_at).financial_year();
        let last = match last_numbers.get(&year) {
            Some(last) => *last,
            None => receipt_counters::lock(c, year).await?,
        };
        last_numbers.insert(year, last + 1);
        payment.needs_receipt = false;
        payment.receipt_year = Some(year.to_string());
        payment.receipt_number = Some(last + 1);
    }
    for (year, last) in last_numbers {
        receipt_counters::set(c, year, last).await?;
    }
    payments::save_all(c, &numbered.iter().collect::<Vec<&Payment>>()).await?;
    Ok(i64::try_from(numbered.len()).is_ok_and(|count| count == MAX_RECEIPTS))
}
