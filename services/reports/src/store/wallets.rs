//! Wallets, as wallet last told, and every line its members saw.

use super::Replaced;
use super::rollups::{self, unreadable};
use crate::domain::TransactionKind;
use crate::domain::rollup::{Noun, Sums};
use crate::schema::{wallet_transactions, wallets};
use db::{AnyOfExt, DbConnection};
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

pub async fn put(c: &mut DbConnection, rows: &[Wallet]) -> QueryResult<Vec<Replaced<Wallet>>> {
    keep_highest!(
        c, rows, Wallet of wallets by user_id,
        set available_paise, held_paise, emi_reserve_paise, reserve_paise, clawback_due_paise,
            total_earned_paise, total_withdrawn_paise
    )
}

/// Stores those that are new, and returns them.
pub async fn add_transactions(c: &mut DbConnection, rows: &[Transaction]) -> QueryResult<Vec<Transaction>> {
    add_new!(c, rows, wallet_transactions by transaction_id)
}

pub async fn find(c: &mut DbConnection, user: UserId) -> QueryResult<Option<Wallet>> {
    wallets::table.find(user).select(Wallet::as_select()).first(c).await.optional()
}

/// How much on each day of a range, by kind.
pub async fn daily(c: &mut DbConnection, from: Day, to: Day) -> QueryResult<Vec<(Day, TransactionKind, Money)>> {
    let days = rollups::by_day(c, Noun::Transaction, from, to).await?;
    let figure = |(day, part, sums): (Day, String, Sums)| {
        let [amount, ..] = sums.amounts();
        Ok((day, part.parse().map_err(unreadable)?, amount))
    };
    days.into_iter().map(figure).collect()
}
