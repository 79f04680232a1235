//! Wallets, each in its latest version, and all their transactions.

use super::Replaced;
use super::rollups::{self, deserialization_error};
use crate::domain::TransactionType;
use crate::domain::filter::ReportFilters;
use crate::domain::rollup::{RollupKind, Sums};
use crate::schema::{members, wallet_transactions, wallets};
use db::{AnyOfExt, DbConnection, sum_i64};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, UserId};

domain::id_type! { TransactionId }

/// The balances of a wallet in its latest version.
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

/// A line of a member's wallet statement; the amount is signed.
#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = wallet_transactions, treat_none_as_default_value = false)]
pub struct WalletTransaction {
    pub transaction_id: TransactionId,
    pub user_id: UserId,
    pub kind: TransactionType,
    pub amount_paise: Money,
    pub happened_on: Day,
}

/// Stores the wallets that are new or of a higher version, and returns each with the row it replaced.
pub async fn upsert(c: &mut DbConnection, rows: &[Wallet]) -> QueryResult<Vec<Replaced<Wallet>>> {
    upsert_newer!(
        c, rows, Wallet of wallets by user_id,
        set available_paise, held_paise, emi_reserve_paise, reserve_paise, clawback_due_paise,
            total_earned_paise, total_withdrawn_paise
    )
}

/// Stores the transactions that are new and returns them.
pub async fn insert_new_transactions(
    c: &mut DbConnection,
    rows: &[WalletTransaction],
) -> QueryResult<Vec<WalletTransaction>> {
    insert_new!(c, rows, wallet_transactions by transaction_id)
}

/// Finds the wallet of a member.
pub async fn find(c: &mut DbConnection, user: UserId) -> QueryResult<Option<Wallet>> {
    wallets::table.find(user).select(Wallet::as_select()).first(c).await.optional()
}

/// Lists the sum of the transactions per day of a range and kind.
pub async fn per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<(Day, TransactionType, Money)>> {
    if let Some(city) = &filters.city {
        return per_day_in_city(c, (from, to), city).await;
    }
    let days = rollups::load_per_day(c, RollupKind::Transaction, from, to).await?;
    let figure = |(day, part, sums): (Day, String, Sums)| {
        let [amount, ..] = sums.amounts();
        Ok((day, part.parse().map_err(deserialization_error)?, amount))
    };
    days.into_iter().map(figure).collect()
}

async fn per_day_in_city(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    city: &str,
) -> QueryResult<Vec<(Day, TransactionType, Money)>> {
    use wallet_transactions as t;
    let owner = members::table.filter(members::user_id.eq(t::user_id));
    let rows: Vec<(Day, TransactionType, Option<Money>)> = t::table
        .filter(t::happened_on.between(from, to))
        .filter(exists(owner.filter(members::city.eq(city))))
        .group_by((t::happened_on, t::kind))
        .select((t::happened_on, t::kind, sum_i64(t::amount_paise)))
        .load(c)
        .await?;
    Ok(rows.into_iter().map(|(day, kind, sum)| (day, kind, sum.unwrap_or_default())).collect())
}
