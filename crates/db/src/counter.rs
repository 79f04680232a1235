//! Counters that give numbers without gaps.

/// Defines `lock` and `set` for a table of counters, which has the columns `financial_year` and `last_number`.
///
/// A counter that is locked stays locked until the transaction ends, so numbers are given in the order of the commits,
/// and one that is rolled back is given again.
#[macro_export]
macro_rules! year_counters {
    ($table:ident, $year:ty) => {
        /// Locks the counter of a year, which is created when absent, and returns the last number.
        pub async fn lock(c: &mut $crate::DbConnection, year: $year) -> ::diesel::QueryResult<i64> {
            use ::diesel::prelude::*;
            use ::diesel_async::RunQueryDsl;
            use $crate::LockExt;
            let counter = $table::table.find(year);
            let found = counter.select($table::last_number).lock().get_result(c).await.optional()?;
            if let Some(last) = found {
                return Ok(last);
            }
            let row = ($table::financial_year.eq(year), $table::last_number.eq(0));
            $crate::inserted(::diesel::insert_into($table::table).values(row).execute(c).await)?;
            $table::table.find(year).select($table::last_number).lock().get_result(c).await
        }

        /// Sets the last number of a year.
        pub async fn set(c: &mut $crate::DbConnection, year: $year, last_number: i64) -> ::diesel::QueryResult<()> {
            use ::diesel::prelude::*;
            use ::diesel_async::RunQueryDsl;
            let counter = $table::table.find(year);
            ::diesel::update(counter).set($table::last_number.eq(last_number)).execute(c).await.map(drop)
        }
    };
}
