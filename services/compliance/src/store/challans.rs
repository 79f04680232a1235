//! Table of challans.

use crate::domain::challan::{ChallanId, Deposit};
use crate::schema::challans;
use db::{DbConnection, LockExt, inserted};
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
    /// 1 when it is recorded, one more with each change.
    pub revision: i64,
    pub cancelled_at: Option<Timestamp>,
}

impl Challan {
    /// A new challan of a deposit.
    pub fn new(id: ChallanId, deposit: &Deposit, recorded_by: UserId, recorded_at: Timestamp) -> Self {
        Self {
            id,
            financial_year: deposit.financial_year,
            quarter: deposit.quarter,
            bsr: deposit.bsr.clone(),
            serial: deposit.serial.clone(),
            deposited_on: deposit.deposited_on,
            amount_paise: deposit.amount,
            recorded_by,
            recorded_at,
            revision: 1,
            cancelled_at: None,
        }
    }

    /// The deposit as recorded.
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

    /// How documents name it: branch, day and serial number.
    pub fn reference(&self) -> String {
        self.deposit().reference()
    }
}

/// Inserts a challan. Returns false when its branch, day and serial number are there already.
pub async fn insert(c: &mut DbConnection, challan: &Challan) -> QueryResult<bool> {
    inserted(diesel::insert_into(challans::table).values(challan.clone()).execute(c).await)
}

/// Locks and finds the challan with the branch, day and serial number of a deposit.
pub async fn lock_of_deposit(c: &mut DbConnection, deposit: &Deposit) -> QueryResult<Option<Challan>> {
    challans::table
        .filter(challans::bsr.eq(&deposit.bsr))
        .filter(challans::deposited_on.eq(deposit.deposited_on))
        .filter(challans::serial.eq(&deposit.serial))
        .select(Challan::as_select())
        .lock()
        .get_result(c)
        .await
        .optional()
}

/// Locks and finds a challan.
pub async fn lock(c: &mut DbConnection, id: ChallanId) -> QueryResult<Option<Challan>> {
    challans::table.find(id).select(Challan::as_select()).lock().get_result(c).await.optional()
}

/// Whether a challan is recorded, also one that is cancelled.
pub async fn exists(c: &mut DbConnection, id: ChallanId) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(challans::table.find(id))).get_result(c).await
}

/// Saves what a correction or cancellation changed. Returns false when another challan has the branch, day and serial
/// number.
pub async fn save(c: &mut DbConnection, challan: &Challan) -> QueryResult<bool> {
    let update = diesel::update(challans::table.find(challan.id)).set((
        challans::financial_year.eq(challan.financial_year),
        challans::quarter.eq(challan.quarter),
        challans::bsr.eq(&challan.bsr),
        challans::serial.eq(&challan.serial),
        challans::deposited_on.eq(challan.deposited_on),
        challans::amount_paise.eq(challan.amount_paise),
        challans::revision.eq(challan.revision),
        challans::cancelled_at.eq(challan.cancelled_at),
    ));
    inserted(update.execute(c).await)
}

/// Lists the challans of a year or of one of its quarters, by quarter, day, branch and serial number, with those that
/// are cancelled.
pub async fn list_with_cancelled(
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

/// Like [`list_with_cancelled`], without those that are cancelled.
pub async fn list(
    c: &mut DbConnection,
    year: FinancialYear,
    quarter: Option<Quarter>,
    limit: i64,
) -> QueryResult<Vec<Challan>> {
    let mut found = list_with_cancelled(c, year, quarter, limit).await?;
    found.retain(|challan| challan.cancelled_at.is_none());
    Ok(found)
}
