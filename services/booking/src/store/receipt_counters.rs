//! Table of the last receipt number of each financial year, and of the last one that is published.

use crate::schema::receipt_counters;
use db::{DbConnection, LockExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::FinancialYear;

db::year_counters!(receipt_counters, FinancialYear);

/// Locks the counter of the first year with numbers that are not published. Returns the year and its last published
/// number.
pub async fn lock_unpublished(c: &mut DbConnection) -> QueryResult<Option<(String, i64)>> {
    use receipt_counters as t;
    t::table
        .filter(t::published_number.lt(t::last_number))
        .order(t::financial_year)
        .limit(1)
        .select((t::financial_year, t::published_number))
        .lock()
        .get_result(c)
        .await
        .optional()
}

/// Sets the last published number of a year.
pub async fn set_published(c: &mut DbConnection, year: &str, number: i64) -> QueryResult<()> {
    let counter = receipt_counters::table.find(year);
    diesel::update(counter).set(receipt_counters::published_number.eq(number)).execute(c).await.map(drop)
}
