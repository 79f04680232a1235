//! Table of the last certificate number of each financial year.

use crate::schema::certificate_counters as t;
use db::{DbConnection, LockExt, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::FinancialYear;

/// Locks the counter of a year, which is created when absent, and returns the last number.
pub async fn lock(c: &mut DbConnection, year: FinancialYear) -> QueryResult<i64> {
    let counter = t::table.find(year);
    let found = counter.select(t::last_number).lock().get_result(c).await.optional()?;
    if let Some(last) = found {
        return Ok(last);
    }
    let row = (t::financial_year.eq(year), t::last_number.eq(0));
    inserted(diesel::insert_into(t::table).values(row).execute(c).await)?;
    t::table.find(year).select(t::last_number).lock().get_result(c).await
}

/// Sets the last number of a year.
pub async fn set(c: &mut DbConnection, year: FinancialYear, last_number: i64) -> QueryResult<()> {
    diesel::update(t::table.find(year)).set(t::last_number.eq(last_number)).execute(c).await.map(drop)
}
