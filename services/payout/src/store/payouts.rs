//! Payouts and their approvals.

use crate::domain::payout::Status;
use crate::domain::{BankAccountId, BatchId};
use crate::schema::{approvals, payouts};
use db::{AnyOfExt, DbConnection, LockExt, inserted, sum_i64, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PayoutId, Timestamp, UserId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = payouts,
    treat_none_as_default_value = false,
    treat_none_as_null = true,
    check_for_backend(db::MultiBackend)
)]
pub struct Payout {
    pub id: PayoutId,
    pub user_id: UserId,
    /// From 1; grows with every change of state.
    pub version: i64,
    pub status: Status,
    pub requested_paise: Money,
    /// The parts are an estimate until approval.
    pub tds_paise: Money,
    pub emi_paise: Money,
    pub net_paise: Money,
    pub emi_autofill: bool,
    pub tax_rule_id: String,
    /// The compensation plan it was asked for under.
    pub plan_version: i64,
    pub approvals_needed: i32,
    pub bank_account_id: BankAccountId,
    pub account_sealed: Vec<u8>,
    pub account_mask: String,
    pub ifsc: String,
    pub holder_name: String,
    pub bank_name: String,
    pub pan_sealed: Vec<u8>,
    pub pan_index: Vec<u8>,
    pub pan_mask: String,
    pub pan_holder: String,
    pub batch_id: Option<BatchId>,
    pub utr: String,
    pub reason: String,
    pub requested_at: Timestamp,
    pub changed_at: Timestamp,
}

pub async fn insert(c: &mut DbConnection, payout: &Payout) -> QueryResult<()> {
    diesel::insert_into(payouts::table).values(payout).execute(c).await.map(drop)
}

pub async fn find(c: &mut DbConnection, id: PayoutId) -> QueryResult<Option<Payout>> {
    payouts::table.find(id).select(Payout::as_select()).first(c).await.optional()
}

pub async fn lock(c: &mut DbConnection, id: PayoutId) -> QueryResult<Option<Payout>> {
    payouts::table.find(id).select(Payout::as_select()).lock().get_result(c).await.optional()
}

/// Those of `ids` that there are, locked in the order of their ids.
pub async fn lock_all(c: &mut DbConnection, ids: &[PayoutId]) -> QueryResult<Vec<Payout>> {
    let query = payouts::table.filter(payouts::id.any_of(ids)).order(payouts::id).select(Payout::as_select());
    query.lock().get_results(c).await
}

/// Stores what the wallet's decision changes in payouts that are there and locked.
pub async fn save_decided(c: &mut DbConnection, rows: &[Payout]) -> QueryResult<()> {
    use payouts as t;
    let columns = &[t::version::NAME, t::status::NAME, t::reason::NAME, t::changed_at::NAME];
    upsert_many(c, t::table, rows, &[t::id::NAME], columns).await
}

pub async fn save(c: &mut DbConnection, payout: &Payout) -> QueryResult<()> {
    diesel::update(payouts::table.find(payout.id)).set(payout).execute(c).await.map(drop)
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub user_id: Option<UserId>,
    pub status: Option<Status>,
    pub after: Option<PayoutId>,
}

/// Newest first.
pub async fn list(c: &mut DbConnection, filter: Filter, limit: i64) -> QueryResult<Vec<Payout>> {
    let mut query = payouts::table.into_boxed::<db::MultiBackend>();
    if let Some(user_id) = filter.user_id {
        query = query.filter(payouts::user_id.eq(user_id));
    }
    if let Some(status) = filter.status {
        query = query.filter(payouts::status.eq(status));
    }
    if let Some(after) = filter.after {
        query = query.filter(payouts::id.lt(after));
    }
    query.order(payouts::id.desc()).limit(limit).select(Payout::as_select()).load(c).await
}

/// Payouts that have been pending since before `before`, oldest first.
pub async fn pending_since(c: &mut DbConnection, before: Timestamp, limit: i64) -> QueryResult<Vec<PayoutId>> {
    payouts::table
        .filter(payouts::status.eq(Status::Pending))
        .filter(payouts::requested_at.lt(before))
        .order((payouts::requested_at, payouts::id))
        .limit(limit)
        .select(payouts::id)
        .load(c)
        .await
}

/// What a member's payouts in `states` come to.
pub async fn total(c: &mut DbConnection, user_id: UserId, states: &[Status]) -> QueryResult<Money> {
    let sum: Option<Money> = payouts::table
        .filter(payouts::user_id.eq(user_id))
        .filter(payouts::status.any_of(states))
        .select(sum_i64(payouts::requested_paise))
        .first(c)
        .await?;
    Ok(sum.unwrap_or(Money::ZERO))
}

/// What open payouts of a member are to put towards EMI: those that were approved, and of those that were not the ones
/// asked for before `than`; `than` itself is not counted.
pub async fn emi_promised_before(c: &mut DbConnection, user_id: UserId, than: Option<PayoutId>) -> QueryResult<Money> {
    let open: Vec<(PayoutId, Status, Money)> = payouts::table
        .filter(payouts::user_id.eq(user_id))
        .filter(payouts::status.any_of(&EMI_OPEN))
        .select((payouts::id, payouts::status, payouts::emi_paise))
        .load(c)
        .await?;
    let counts = |id: PayoutId, status: Status| match status {
        Status::Approved | Status::Processing => than != Some(id),
        Status::Requested | Status::Pending => than.is_none_or(|than| id < than),
        Status::Completed | Status::Rejected | Status::Cancelled | Status::Failed | Status::Reversed => false,
    };
    let emi = open.into_iter().filter(|(id, status, _)| counts(*id, *status)).map(|(_, _, emi)| emi);
    Money::total(emi).map_err(|e| diesel::result::Error::DeserializationError(Box::new(e)))
}

/// States in which the EMI part of a payout is promised to an instalment that does not show it yet.
const EMI_OPEN: [Status; 4] = [Status::Requested, Status::Pending, Status::Approved, Status::Processing];

/// Approved payouts that are in no batch, oldest first, locked.
pub async fn lock_unsent(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<Payout>> {
    payouts::table
        .filter(payouts::status.eq(Status::Approved))
        .filter(payouts::batch_id.is_null())
        .order(payouts::id)
        .limit(limit)
        .select(Payout::as_select())
        .lock()
        .get_results(c)
        .await
}

/// The payouts of a batch that are `status`, oldest first.
pub async fn of_batch(c: &mut DbConnection, batch: BatchId, status: Status) -> QueryResult<Vec<Payout>> {
    let query = payouts::table.filter(payouts::batch_id.eq(batch)).filter(payouts::status.eq(status));
    query.order(payouts::id).select(Payout::as_select()).load(c).await
}

/// The payouts of a batch by status: how many there are.
pub async fn count_of_batch(c: &mut DbConnection, batch: BatchId, status: Status) -> QueryResult<i64> {
    payouts::table.filter(payouts::batch_id.eq(batch)).filter(payouts::status.eq(status)).count().get_result(c).await
}

/// False where this person has approved before.
pub async fn insert_approval(
    c: &mut DbConnection,
    payout: PayoutId,
    approver: UserId,
    at: Timestamp,
) -> QueryResult<bool> {
    let row = diesel::insert_into(approvals::table).values((
        approvals::payout_id.eq(payout),
        approvals::approver_id.eq(approver),
        approvals::approved_at.eq(at),
    ));
    inserted(row.execute(c).await)
}

/// Who has approved, of each of `payouts`.
pub async fn approvers(c: &mut DbConnection, payouts: &[PayoutId]) -> QueryResult<Vec<(PayoutId, UserId)>> {
    if payouts.is_empty() {
        return Ok(Vec::new());
    }
    approvals::table
        .filter(approvals::payout_id.any_of(payouts))
        .order((approvals::approved_at, approvals::approver_id))
        .select((approvals::payout_id, approvals::approver_id))
        .load(c)
        .await
}
