//! Table of corrections and cancellations of challans. Rows are only added.

use super::challans::Challan;
use crate::domain::challan::{ChallanChangeKind, ChallanId, Deposit};
use crate::schema::challan_changes;
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, FinancialYear, Money, Quarter, Timestamp, UserId};

/// A change of a challan, with what was recorded before.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = challan_changes, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct ChallanChange {
    pub challan_id: ChallanId,
    /// The revision that it made.
    pub revision: i64,
    pub kind: ChallanChangeKind,
    pub financial_year: FinancialYear,
    pub quarter: Quarter,
    pub bsr: String,
    pub serial: String,
    pub deposited_on: Day,
    pub amount_paise: Money,
    pub reason: String,
    pub changed_by: UserId,
    pub changed_at: Timestamp,
}

impl ChallanChange {
    /// A change of `before`.
    pub fn new(before: &Challan, kind: ChallanChangeKind, reason: &str, by: UserId, at: Timestamp) -> Self {
        Self {
            challan_id: before.id,
            revision: before.revision + 1,
            kind,
            financial_year: before.financial_year,
            quarter: before.quarter,
            bsr: before.bsr.clone(),
            serial: before.serial.clone(),
            deposited_on: before.deposited_on,
            amount_paise: before.amount_paise,
            reason: reason.to_owned(),
            changed_by: by,
            changed_at: at,
        }
    }

    /// The deposit as it was recorded before.
    pub fn deposit(&self) -> Deposit {
        Deposit {
            financial_year: self.financial_year,
            quarter: self.quarter,
            bsr: self.bsr.clone(),
            serial: self.serial.clone(),
            deposited_on: self.deposited_on,
            amount: self.amount_paise,
        }
    }
}

/// Inserts a change.
pub async fn insert(c: &mut DbConnection, change: &ChallanChange) -> QueryResult<()> {
    diesel::insert_into(challan_changes::table).values(change.clone()).execute(c).await.map(drop)
}

/// Lists the changes of a challan, oldest first.
pub async fn list(c: &mut DbConnection, id: ChallanId, limit: i64) -> QueryResult<Vec<ChallanChange>> {
    let query = challan_changes::table.filter(challan_changes::challan_id.eq(id)).order(challan_changes::revision);
    query.limit(limit).select(ChallanChange::as_select()).load(c).await
}

/// Counts the changes of challans that were of this financial year before.
pub async fn count_of_year(c: &mut DbConnection, year: FinancialYear) -> QueryResult<i64> {
    challan_changes::table.filter(challan_changes::financial_year.eq(year)).count().get_result(c).await
}
