//! Table of challans. Rows are only added.

use crate::domain::challan::{ChallanId, Deposit};
use crate::schema::challans;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, FinancialYear, Money, Quarter, Timestamp, UserId};

/// A deposit of deducted tax with the government.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = challans, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Challan {
    pub id: ChallanId,
    pub financial_year: FinancialYear,
    pub quarter: Quarter,
    pub bsr: String,
    pub serial: String,
    pub deposited_on: Day,
    pub amount_paise: Money,
    pub recorded_by: UserId,
    pub recorded_at: Timestamp,
}

impl Challan {
    /// How documents name it: branch, day and serial number.
    pub fn reference(&self) -> String {
        format!("{} / {} / {}", self.bsr, self.deposited_on, self.serial)
    }
}

/// Inserts a challan. Returns false when its branch, day and serial number are there already.
pub async fn insert(c: &mut DbConnection, challan: &Challan) -> QueryResult<bool> {
    inserted(diesel::insert_into(challans::table).values(challan.clone()).execute(c).await)
}

/// Finds the challan with the branch, day and serial number of a deposit.
pub async fn find(c: &mut DbConnection, deposit: &Deposit) -> QueryResult<Option<Challan>> {
    challans::table
        .filter(challans::bsr.eq(&deposit.bsr))
        .filter(challans::deposited_on.eq(deposit.deposited_on))
        .filter(challans::serial.eq(&deposit.serial))
        .select(Challan::as_select())
        .first(c)
        .await
        .optional()
}

/// Lists the challans of a year or of one of its quarters, by quarter, day, branch and serial number.
pub async fn list(
    c: &mut DbConnection,
    year: FinancialYear,
    quarter: Option<Quarter>,
    limit: i64,
) -> QueryResult<Vec<Challan>> {
    let query = challans::table
        .filter(challans::financial_year.eq(year))
        .order((challans::quarter, challans::deposited_on, challans::bsr, challans::serial))
        .limit(limit)
        .select(Challan::as_select())
        .into_boxed::<db::MultiBackend>();
    match quarter {
        Some(quarter) => query.filter(challans::quarter.eq(quarter)).load(c).await,
        None => query.load(c).await,
    }
}
