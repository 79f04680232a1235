//! Table of the last receipt number of each financial year.

use crate::schema::receipt_counters;
use db::{DbConnection, LockExt, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::FinancialYear;

/// Locks the counter of a year, which is created when absent, and returns the last number.
pub async fn lock(c: &mut DbConnection, year: FinancialYear) -> QueryResult<i64> {
    let counter = receipt_counters::table.find(year.to_string());
    let found = counter.select(receipt_counters::last_number).lock().get_result(c).await.optional()?;
    if let Some(last) = found {
        return Ok(last);
    }
    let row = (receipt_counters::financial_year.eq(year.to_string()), receipt_counters::last_number.eq(0));
    inserted(diesel::insert_into(receipt_counters::table).values(row).execute(c).await)?;
    receipt_counters::table.find(year.to_string()).select(receipt_counters::last_number).lock().get_result(c).await
}

/// Sets the last number of a year.
pub async fn set(c: &mut DbConnection, year: FinancialYear, last_number: i64) -> QueryResult<()> {
    let counter = receipt_counters::table.find(year.to_string());
    diesel::update(counter).set(receipt_counters::last_number.eq(last_number)).execute(c).await.map(drop)
}
