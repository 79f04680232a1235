//! Table of transfers by a bank's API, one a payout at most.

use crate::domain::transfer::{Channel, TransferState};
use crate::schema::transfers as t;
use db::{DbConnection, LockExt, SortOrder, insert_many, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{PayoutId, Timestamp};

/// A transfer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = t,
    treat_none_as_default_value = false,
    treat_none_as_null = true,
    check_for_backend(db::MultiBackend)
)]
pub struct Transfer {
    pub payout_id: PayoutId,
    pub channel: Channel,
    pub state: TransferState,
    /// The bank's id, once it reported one.
    pub bank_id: Option<String>,
    /// The bank's own word for the status; empty before its first report.
    pub bank_status: String,
    /// Whether it waits because the company's account has too little money.
    pub low_balance: bool,
    /// Why it waits, was refused or failed; empty if that is not known.
    pub reason: String,
    /// Whether a report contradicts what is known.
    pub conflicting: bool,
    /// What it says, for staff; empty if there is none.
    pub conflict: String,
    /// The body of the request, once the API was asked.
    pub request: Option<String>,
    /// Number of calls since the state changed.
    pub attempts: i64,
    /// When to ask the API next; null if there is nothing to ask.
    pub next_attempt_at: Option<Timestamp>,
    pub created_at: Timestamp,
    /// When the API was asked for the first time.
    pub sent_at: Option<Timestamp>,
    pub changed_at: Timestamp,
}

impl Transfer {
    /// A transfer that the API was not asked for yet.
    pub fn intended(payout_id: PayoutId, channel: Channel, now: Timestamp) -> Self {
        Self {
            payout_id,
            channel,
            state: TransferState::Intended,
            bank_id: None,
            bank_status: String::new(),
            low_balance: false,
            reason: String::new(),
            conflicting: false,
            conflict: String::new(),
            request: None,
            attempts: 0,
            next_attempt_at: Some(now),
            created_at: now,
            sent_at: None,
            changed_at: now,
        }
    }
}

/// A condition of a list of transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferFilter {
    State(TransferState),
    /// Those that wait for money in the company's account.
    LowBalance,
    /// Those with a report that contradicts what is known.
    Conflict,
}

/// Inserts transfers.
pub async fn insert_all(c: &mut DbConnection, transfers: &[Transfer]) -> QueryResult<()> {
    insert_many(c, t::table, transfers).await.map(drop)
}

/// Finds the transfer of a payout.
pub async fn find(c: &mut DbConnection, payout: PayoutId) -> QueryResult<Option<Transfer>> {
    t::table.find(payout).select(Transfer::as_select()).first(c).await.optional()
}

/// Locks and finds the transfer of a payout. The payout is locked before.
pub async fn lock(c: &mut DbConnection, payout: PayoutId) -> QueryResult<Option<Transfer>> {
    t::table.find(payout).select(Transfer::as_select()).lock().get_result(c).await.optional()
}

/// Updates all columns of a transfer.
pub async fn save(c: &mut DbConnection, transfer: &Transfer) -> QueryResult<()> {
    diesel::update(t::table.find(transfer.payout_id)).set(transfer).execute(c).await.map(drop)
}

/// Lists transfers that are due at `now`, the most overdue first.
pub async fn list_due(c: &mut DbConnection, now: Timestamp, limit: i64) -> QueryResult<Vec<PayoutId>> {
    let due = t::table.filter(t::next_attempt_at.le(Some(now))).order((t::next_attempt_at, t::payout_id));
    due.limit(limit).select(t::payout_id).load(c).await
}

/// Lists transfers by the id of their payouts, starting after the id `after`.
pub async fn list(
    c: &mut DbConnection,
    filter: TransferFilter,
    order: SortOrder,
    after: Option<PayoutId>,
    limit: i64,
) -> QueryResult<Vec<Transfer>> {
    let query = filtered(filter).limit(limit).select(Transfer::as_select());
    keyset!(query, order, t::payout_id, after).load(c).await
}

/// Times since which the transfers that meet the condition are in their state, by the id of their payouts.
pub async fn list_times(c: &mut DbConnection, filter: TransferFilter, limit: i64) -> QueryResult<Vec<Timestamp>> {
    filtered(filter).order(t::payout_id).limit(limit).select(t::changed_at).load(c).await
}

type Transfers<'a> = t::BoxedQuery<'a, db::MultiBackend>;

fn filtered<'a>(filter: TransferFilter) -> Transfers<'a> {
    let query = t::table.into_boxed::<db::MultiBackend>();
    match filter {
        TransferFilter::State(state) => query.filter(t::state.eq(state)),
        TransferFilter::LowBalance => query.filter(t::low_balance.eq(true)),
        TransferFilter::Conflict => query.filter(t::conflicting.eq(true)),
    }
}
