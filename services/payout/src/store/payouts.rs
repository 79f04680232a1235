//! Table of payouts.

use crate::domain::payout::PayoutStatus;
use crate::domain::request::TWO_APPROVALS;
use crate::domain::{BankAccountId, BatchId};
use crate::schema::{approvals, payouts};
use db::{AnyOfExt, Count, DbConnection, LockExt, SortOrder, Version, keyset, sum_i64, upsert_many};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PayoutId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// A payout with its own copy of the bank account and the PAN.
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
    /// Starts at 1 and grows by 1 with every transition.
    pub version: Version,
    pub status: PayoutStatus,
    pub requested_paise: Money,
    /// `tds`, `emi` and `net` are estimates until approval.
    pub tds_paise: Money,
    pub emi_paise: Money,
    pub net_paise: Money,
    pub emi_autofill: bool,
    pub tax_rule_id: String,
    /// Version of the compensation plan in force at the request.
    pub plan_version: Count,
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

/// Inserts a payout.
pub async fn insert(c: &mut DbConnection, payout: &Payout) -> QueryResult<()> {
    diesel::insert_into(payouts::table).values(payout).execute(c).await.map(drop)
}

/// Finds a payout.
pub async fn find(c: &mut DbConnection, id: PayoutId) -> QueryResult<Option<Payout>> {
    payouts::table.find(id).select(Payout::as_select()).first(c).await.optional()
}

/// Locks and finds a payout.
pub async fn lock(c: &mut DbConnection, id: PayoutId) -> QueryResult<Option<Payout>> {
    payouts::table.find(id).select(Payout::as_select()).lock().get_result(c).await.optional()
}

/// Locks and loads the existing payouts among `ids`, in ascending order of id.
pub async fn lock_many(c: &mut DbConnection, ids: &[PayoutId]) -> QueryResult<Vec<Payout>> {
    let query = payouts::table.filter(payouts::id.any_of(ids)).order(payouts::id).select(Payout::as_select());
    query.lock().get_results(c).await
}

/// Saves the columns that a hold decision changes. The rows must exist and be locked.
pub async fn save_hold_decisions(c: &mut DbConnection, rows: &[Payout]) -> QueryResult<()> {
    use payouts as t;
    let columns = &[t::version::NAME, t::status::NAME, t::reason::NAME, t::changed_at::NAME];
    upsert_many(c, t::table, rows, &[t::id::NAME], columns).await
}

/// Updates all columns of a payout.
pub async fn save(c: &mut DbConnection, payout: &Payout) -> QueryResult<()> {
    diesel::update(payouts::table.find(payout.id)).set(payout).execute(c).await.map(drop)
}

/// Conditions of a list of payouts; `None` means any.
#[derive(Debug, Clone, Default)]
pub struct PayoutQuery {
    pub user_id: Option<UserId>,
    pub batch_id: Option<BatchId>,
    pub statuses: Option<BTreeSet<PayoutStatus>>,
    /// Smallest requested amount.
    pub min_amount: Option<Money>,
    /// Only payouts that one of two people has approved.
    pub needs_second: bool,
    /// Requested from this time on.
    pub from: Option<Timestamp>,
    /// Requested until this time, inclusive.
    pub until: Option<Timestamp>,
}

/// Key of a list of payouts, and the one after which a page begins.
#[derive(Debug, Clone, Copy)]
pub enum ListKey {
    Id { after: Option<PayoutId> },
    Time { after: Option<(Timestamp, PayoutId)> },
}

/// Lists payouts by a key.
pub async fn list(
    c: &mut DbConnection,
    query: &PayoutQuery,
    (key, order): (ListKey, SortOrder),
    limit: i64,
) -> QueryResult<Vec<Payout>> {
    let Some(statuses) = &query.statuses else { return list_page(c, filtered(query), (key, order), limit).await };
    let mut found = Vec::new();
    // No index is in the order of the list across several statuses, so one indexed list a status is merged.
    for status in statuses {
        found.extend(list_page(c, filtered(query).filter(payouts::status.eq(*status)), (key, order), limit).await?);
    }
    match key {
        ListKey::Id { .. } => order.sort_by_key(&mut found, |payout| payout.id),
        ListKey::Time { .. } => order.sort_by_key(&mut found, |payout| (payout.requested_at, payout.id)),
    }
    Ok((0..limit).zip(found).map(|(_, payout)| payout).collect())
}

type Payouts<'a> = payouts::BoxedQuery<'a, db::MultiBackend>;

/// The payouts that meet all conditions but the status.
fn filtered<'a>(conditions: &PayoutQuery) -> Payouts<'a> {
    let mut query = payouts::table.into_boxed::<db::MultiBackend>();
    if let Some(user_id) = conditions.user_id {
        query = query.filter(payouts::user_id.eq(user_id));
    }
    if let Some(batch_id) = conditions.batch_id {
        query = query.filter(payouts::batch_id.eq(Some(batch_id)));
    }
    if let Some(amount) = conditions.min_amount {
        query = query.filter(payouts::requested_paise.ge(amount));
    }
    if conditions.needs_second {
        // MySQL would read all approvals for an EXISTS.
        let given = approvals::table.filter(approvals::payout_id.eq(payouts::id)).select(count_star()).single_value();
        query = query.filter(payouts::approvals_needed.eq(TWO_APPROVALS)).filter(given.eq(1));
    }
    if let Some(from) = conditions.from {
        query = query.filter(payouts::requested_at.ge(from));
    }
    if let Some(until) = conditions.until {
        query = query.filter(payouts::requested_at.le(until));
    }
    query
}

async fn list_page(
    c: &mut DbConnection,
    query: Payouts<'_>,
    (key, order): (ListKey, SortOrder),
    limit: i64,
) -> QueryResult<Vec<Payout>> {
    let page = match key {
        ListKey::Id { after } => keyset!(query, order, payouts::id, after),
        ListKey::Time { after } => keyset!(query, order, (payouts::requested_at, payouts::id), after),
    };
    page.limit(limit).select(Payout::as_select()).load(c).await
}

/// Times of the requests of payouts with `status`, oldest first.
pub async fn list_request_times(c: &mut DbConnection, status: PayoutStatus, limit: i64) -> QueryResult<Vec<Timestamp>> {
    let query = payouts::table.filter(payouts::status.eq(status)).order(payouts::requested_at).limit(limit);
    query.select(payouts::requested_at).load(c).await
}

/// Times of the requests of pending payouts that one of two people has approved, oldest first.
pub async fn list_second_approval_times(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<Timestamp>> {
    let query = filtered(&PayoutQuery { needs_second: true, ..PayoutQuery::default() });
    let query = query.filter(payouts::status.eq(PayoutStatus::Pending)).order(payouts::requested_at).limit(limit);
    query.select(payouts::requested_at).load(c).await
}

/// Lists payouts that were requested before `before` and are still pending, oldest first.
pub async fn list_pending_before(c: &mut DbConnection, before: Timestamp, limit: i64) -> QueryResult<Vec<PayoutId>> {
    payouts::table
        .filter(payouts::status.eq(PayoutStatus::Pending))
        .filter(payouts::requested_at.lt(before))
        .order((payouts::requested_at, payouts::id))
        .limit(limit)
        .select(payouts::id)
        .load(c)
        .await
}

/// Sum of the requested amounts of a member's payouts in `states`.
pub async fn sum_requested(c: &mut DbConnection, user_id: UserId, states: &[PayoutStatus]) -> QueryResult<Money> {
    let sum: Option<Money> = payouts::table
        .filter(payouts::user_id.eq(user_id))
        .filter(payouts::status.any_of(states))
        .select(sum_i64(payouts::requested_paise))
        .first(c)
        .await?;
    Ok(sum.unwrap_or(Money::ZERO))
}

/// Sum of the EMI parts that open payouts of a member reserve: of all approved payouts, and of undecided payouts
/// requested before `before` (all of them if it is `None`). Leaves out `before` itself.
pub async fn sum_emi_reserved_before(
    c: &mut DbConnection,
    user_id: UserId,
    before: Option<PayoutId>,
) -> QueryResult<Money> {
    let open: Vec<(PayoutId, PayoutStatus, Money)> = payouts::table
        .filter(payouts::user_id.eq(user_id))
        .filter(payouts::status.any_of(&EMI_OPEN))
        .select((payouts::id, payouts::status, payouts::emi_paise))
        .load(c)
        .await?;
    let counts = |id: PayoutId, status: PayoutStatus| match status {
        PayoutStatus::Approved | PayoutStatus::Processing => before != Some(id),
        PayoutStatus::Requested | PayoutStatus::Pending => before.is_none_or(|before| id < before),
        PayoutStatus::Completed
        | PayoutStatus::Rejected
        | PayoutStatus::Cancelled
        | PayoutStatus::Failed
        | PayoutStatus::Reversed => false,
    };
    let emi = open.into_iter().filter(|(id, status, _)| counts(*id, *status)).map(|(_, _, emi)| emi);
    Money::total(emi).map_err(|e| diesel::result::Error::DeserializationError(Box::new(e)))
}

/// States in which a payout reserves its EMI part, because the instalment does not count it as paid yet.
const EMI_OPEN: [PayoutStatus; 4] =
    [PayoutStatus::Requested, PayoutStatus::Pending, PayoutStatus::Approved, PayoutStatus::Processing];

/// Locks and lists approved payouts that are in no batch, oldest first.
pub async fn lock_unsent(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<Payout>> {
    payouts::table
        .filter(payouts::status.eq(PayoutStatus::Approved))
        .filter(payouts::batch_id.is_null())
        .order(payouts::id)
        .limit(limit)
        .select(Payout::as_select())
        .lock()
        .get_results(c)
        .await
}

/// Net amounts of the payouts that [`lock_unsent`] would lock.
pub async fn list_unsent_amounts(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<Money>> {
    let unsent = payouts::table.filter(payouts::status.eq(PayoutStatus::Approved)).filter(payouts::batch_id.is_null());
    unsent.order(payouts::id).limit(limit).select(payouts::net_paise).load(c).await
}

/// Lists the ids of the payouts of a batch.
pub async fn list_ids_in_batch(c: &mut DbConnection, batch: BatchId) -> QueryResult<Vec<PayoutId>> {
    payouts::table.filter(payouts::batch_id.eq(batch)).select(payouts::id).load(c).await
}

/// Lists the payouts of a batch with `status`, oldest first.
pub async fn list_in_batch(c: &mut DbConnection, batch: BatchId, status: PayoutStatus) -> QueryResult<Vec<Payout>> {
    let query = payouts::table.filter(payouts::batch_id.eq(batch)).filter(payouts::status.eq(status));
    query.order(payouts::id).select(Payout::as_select()).load(c).await
}

/// Counts the payouts of each of `batches` with `status`. A batch without any is left out.
pub async fn count_in_batches(
    c: &mut DbConnection,
    batches: &[BatchId],
    status: PayoutStatus,
) -> QueryResult<BTreeMap<BatchId, i64>> {
    if batches.is_empty() {
        return Ok(BTreeMap::new());
    }
    let counts: Vec<(Option<BatchId>, i64)> = payouts::table
        .filter(payouts::batch_id.any_of(batches))
        .filter(payouts::status.eq(status))
        .group_by(payouts::batch_id)
        .select((payouts::batch_id, count_star()))
        .load(c)
        .await?;
    Ok(counts.into_iter().filter_map(|(batch, count)| Some((batch?, count))).collect())
}
