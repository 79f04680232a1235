//! Wallets, as wallet last told, and every line its members saw.

use crate::domain::TransactionKind;
use crate::schema::{wallet_transactions, wallets};
use db::{DbConnection, LockExt, sum_i64, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, UserId};

domain::id_type! { TransactionId }

#[derive(Debug, Clone, Copy, Queryable, Selectable, Insertable)]
#[diesel(table_name = wallets, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Wallet {
    pub user_id: UserId,
    pub version: i64,
    pub available_paise: Money,
    pub held_paise: Money,
    pub emi_reserve_paise: Money,
    pub reserve_paise: Money,
    pub clawback_due_paise: Money,
    pub total_earned_paise: Money,
    pub total_withdrawn_paise: Money,
}

#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = wallet_transactions, treat_none_as_default_value = false)]
pub struct Transaction {
    pub transaction_id: TransactionId,
    pub user_id: UserId,
    pub kind: TransactionKind,
    pub amount_paise: Money,
    pub happened_on: Day,
}

pub async fn put(c: &mut DbConnection, rows: &[Wallet]) -> QueryResult<()> {
    keep_highest!(
        c, rows, wallets by user_id,
        set available_paise, held_paise, emi_reserve_paise, reserve_paise, clawback_due_paise,
            total_earned_paise, total_withdrawn_paise
    )
}

pub async fn add_transactions(c: &mut DbConnection, rows: &[Transaction]) -> QueryResult<()> {
    upsert_many(c, wallet_transactions::table, rows.to_vec(), &[wallet_transactions::transaction_id::NAME], &[]).await
}

pub async fn find(c: &mut DbConnection, user: UserId) -> QueryResult<Option<Wallet>> {
    wallets::table.find(user).select(Wallet::as_select()).first(c).await.optional()
}

/// All wallets together, account by account.
#[derive(Debug, Clone, Copy, Default)]
pub struct Owed {
    pub available: Money,
    pub held: Money,
    pub emi_reserve: Money,
    pub reserve: Money,
    pub clawback_due: Money,
}

pub async fn owed(c: &mut DbConnection) -> QueryResult<Owed> {
    type Sums = (Option<Money>, Option<Money>, Option<Money>, Option<Money>, Option<Money>);
    let (available, held, emi_reserve, reserve, clawback_due): Sums = wallets::table
        .select((
            sum_i64(wallets::available_paise),
            sum_i64(wallets::held_paise),
            sum_i64(wallets::emi_reserve_paise),
            sum_i64(wallets::reserve_paise),
            sum_i64(wallets::clawback_due_paise),
        ))
        .first(c)
        .await?;
    Ok(Owed {
        available: available.unwrap_or_default(),
        held: held.unwrap_or_default(),
        emi_reserve: emi_reserve.unwrap_or_default(),
        reserve: reserve.unwrap_or_default(),
        clawback_due: clawback_due.unwrap_or_default(),
    })
}

/// The sum of all lines of some kinds, for ever or on one day.
pub async fn total(c: &mut DbConnection, kinds: &[TransactionKind], on: Option<Day>) -> QueryResult<Money> {
    let mut query = wallet_transactions::table
        .filter(wallet_transactions::kind.eq_any(kinds.to_vec()))
        .select(sum_i64(wallet_transactions::amount_paise))
        .into_boxed::<db::MultiBackend>();
    if let Some(day) = on {
        query = query.filter(wallet_transactions::happened_on.eq(day));
    }
    Ok(query.first::<Option<Money>>(c).await?.unwrap_or_default())
}

/// How much on each day of a range, by kind.
pub async fn daily(
    c: &mut DbConnection,
    from: Day,
    to: Day,
) -> QueryResult<Vec<(Day, TransactionKind, Option<Money>)>> {
    wallet_transactions::table
        .filter(wallet_transactions::happened_on.between(from, to))
        .group_by((wallet_transactions::happened_on, wallet_transactions::kind))
        .select((
            wallet_transactions::happened_on,
            wallet_transactions::kind,
            sum_i64(wallet_transactions::amount_paise),
        ))
        .load(c)
        .await
}
