//! Sample store like those of the services, used on both databases.

use db::{DbConnection, DbError, LockExt, TxError, UpsertExt, inserted, sum_i64};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, FinancialYear, Money, Month, Timestamp};
use uuid::Uuid;

domain::id_type!(
    /// Id of a row in these tests.
    RowId
);
domain::text_enum! {
    /// A closed enum.
    pub(crate) enum Mood { Calm = "calm", Cross = "cross" }
}

diesel::table! {
    accounts (id) { id -> Binary, owner -> Text, balance_paise -> BigInt, version -> BigInt, open -> Bool, }
}
diesel::table! {
    postings (id) {
        id -> Binary, account_id -> Binary, amount_paise -> BigInt, reference -> Text, note -> Nullable<Text>,
    }
}
diesel::table! {
    outbox (position) { position -> BigInt, topic -> Text, payload -> Binary, sent_at -> Nullable<Timestamp>, }
}
diesel::table! {
    specimens (id) {
        id -> Binary, maybe_id -> Nullable<Binary>,
        amount_paise -> BigInt, maybe_paise -> Nullable<BigInt>,
        state -> Text, maybe_state -> Nullable<Text>,
        seen_at -> Timestamp, maybe_at -> Nullable<Timestamp>,
        day -> Text, maybe_day -> Nullable<Text>,
        month -> Text, maybe_month -> Nullable<Text>,
        financial_year -> Text, maybe_financial_year -> Nullable<Text>,
        story -> Text,
    }
}
diesel::joinable!(postings -> accounts (account_id));
diesel::allow_tables_to_appear_in_same_query!(accounts, postings);

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = accounts, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Account {
    pub(crate) id: RowId,
    pub(crate) owner: String,
    pub(crate) balance_paise: Money,
    pub(crate) version: i64,
    pub(crate) open: bool,
}

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = postings, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Posting {
    pub(crate) id: RowId,
    pub(crate) account_id: RowId,
    pub(crate) amount_paise: Money,
    pub(crate) reference: String,
    pub(crate) note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = specimens, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Specimen {
    pub(crate) id: RowId,
    pub(crate) maybe_id: Option<RowId>,
    pub(crate) amount_paise: Money,
    pub(crate) maybe_paise: Option<Money>,
    pub(crate) state: Mood,
    pub(crate) maybe_state: Option<Mood>,
    pub(crate) seen_at: Timestamp,
    pub(crate) maybe_at: Option<Timestamp>,
    pub(crate) day: Day,
    pub(crate) maybe_day: Option<Day>,
    pub(crate) month: Month,
    pub(crate) maybe_month: Option<Month>,
    pub(crate) financial_year: FinancialYear,
    pub(crate) maybe_financial_year: Option<FinancialYear>,
    pub(crate) story: String,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("insufficient balance")]
    InsufficientBalance,
    #[error("try again")]
    TryAgain,
    #[error(transparent)]
    Db(#[from] DbError),
}
impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl TxError for StoreError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::InsufficientBalance => false,
            Self::TryAgain => true,
            Self::Db(error) => error.is_retryable(),
        }
    }
}

pub(crate) fn id(n: u128) -> RowId {
    Uuid::from_u128(n).into()
}

pub(crate) fn account(n: u128, owner: &str, paise: i64) -> Account {
    Account { id: id(n), owner: owner.to_owned(), balance_paise: Money::from_paise(paise), version: 0, open: true }
}

pub(crate) fn posting(account_id: RowId, paise: i64, reference: &str) -> Posting {
    Posting {
        id: id(u128::from(getrandom::u64().unwrap())),
        account_id,
        amount_paise: Money::from_paise(paise),
        reference: reference.to_owned(),
        note: None,
    }
}

pub(crate) async fn insert(c: &mut DbConnection, account: &Account) -> QueryResult<usize> {
    diesel::insert_into(accounts::table).values(account).execute(c).await
}

pub(crate) async fn find(c: &mut DbConnection, id: RowId) -> QueryResult<Option<Account>> {
    accounts::table.find(id).select(Account::as_select()).first(c).await.optional()
}

pub(crate) async fn load_for_update(c: &mut DbConnection, id: RowId) -> QueryResult<Account> {
    accounts::table.find(id).select(Account::as_select()).lock().get_result(c).await
}

pub(crate) async fn balance(c: &mut DbConnection, id: RowId) -> QueryResult<Money> {
    accounts::table.find(id).select(accounts::balance_paise).first(c).await
}

/// Sets the balance. False when another transaction changed the row.
pub(crate) async fn set_balance(c: &mut DbConnection, account: &Account, to: Money) -> QueryResult<bool> {
    let row = accounts::table.filter(accounts::id.eq(account.id)).filter(accounts::version.eq(account.version));
    let set = (accounts::balance_paise.eq(to), accounts::version.eq(accounts::version + 1));
    Ok(diesel::update(row).set(set).execute(c).await? == 1)
}

/// Inserts a posting. False when the reference exists.
pub(crate) async fn post(c: &mut DbConnection, posting: &Posting) -> QueryResult<bool> {
    inserted(diesel::insert_into(postings::table).values(posting).execute(c).await)
}

pub(crate) async fn posted(c: &mut DbConnection, account: RowId) -> QueryResult<(Option<Money>, i64)> {
    postings::table
        .filter(postings::account_id.eq(account))
        .select((sum_i64(postings::amount_paise), diesel::dsl::count_star()))
        .first(c)
        .await
}

pub(crate) async fn upsert(
    c: &mut DbConnection,
    account: &Account,
    keys: &'static [&'static str],
    columns: &'static [&'static str],
) -> QueryResult<usize> {
    diesel::insert_into(accounts::table).values(account).on_conflict_set(keys, columns).execute(c).await
}

pub(crate) async fn enqueue(c: &mut DbConnection, topic: &str, payload: &[u8]) -> QueryResult<usize> {
    diesel::insert_into(outbox::table).values((outbox::topic.eq(topic), outbox::payload.eq(payload))).execute(c).await
}

pub(crate) async fn enqueued(c: &mut DbConnection) -> QueryResult<i64> {
    outbox::table.count().get_result(c).await
}

/// Marks up to `limit` unsent rows as sent and returns their positions.
pub(crate) async fn claim(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<i64>> {
    let positions: Vec<i64> = outbox::table
        .filter(outbox::sent_at.is_null())
        .order(outbox::position)
        .limit(limit)
        .select(outbox::position)
        .lock_skip_locked()
        .load(c)
        .await?;
    diesel::update(outbox::table.filter(outbox::position.eq_any(positions.clone())))
        .set(outbox::sent_at.eq(Some(Timestamp::UNIX_EPOCH)))
        .execute(c)
        .await?;
    Ok(positions)
}
