//! Wallets: the stored balances of members.

use crate::domain::WalletBalances;
use crate::schema::wallets;
use db::{AnyOfExt, DbConnection, LockExt, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Timestamp, UserId};
use std::collections::HashSet;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = wallets, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct WalletRow {
    user_id: UserId,
    available_paise: Money,
    held_paise: Money,
    emi_reserve_paise: Money,
    reserve_paise: Money,
    clawback_due_paise: Money,
    total_earned_paise: Money,
    total_withdrawn_paise: Money,
    transactions: i64,
    version: i64,
    changed_at: Timestamp,
}

/// The columns that `save` overwrites.
const UPDATED_COLUMNS: [&str; 10] = [
    "available_paise",
    "held_paise",
    "emi_reserve_paise",
    "reserve_paise",
    "clawback_due_paise",
    "total_earned_paise",
    "total_withdrawn_paise",
    "transactions",
    "version",
    "changed_at",
];

/// Finds the wallet of a member.
pub async fn find(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<WalletBalances>> {
    let row = wallets::table.find(user_id).select(WalletRow::as_select()).first(c).await.optional()?;
    Ok(row.map(Into::into))
}

/// The wallets of these members; those without one are left out.
pub async fn list_by_users(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<WalletBalances>> {
    let rows = wallets::table.filter(wallets::user_id.any_of(users)).select(WalletRow::as_select()).load(c).await?;
    Ok(rows.into_iter().map(|row: WalletRow| row.into()).collect())
}

/// Locks the wallets of `users` in the order of their ids. Creates those that do not exist.
pub async fn create_and_lock(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<WalletBalances>> {
    let mut rows = lock(c, users).await?;
    if rows.len() < users.len() {
        let known: HashSet<UserId> = rows.iter().map(|row| row.user_id).collect();
        let new: Vec<UserId> = users.iter().copied().filter(|id| !known.contains(id)).collect();
        let empty: Vec<WalletRow> = new.iter().map(|id| WalletBalances::empty(*id).into()).collect();
        // No column is updated, so a wallet that another transaction has just created stays as it is.
        upsert_many(c, wallets::table, empty, &["user_id"], &[]).await?;
        rows.extend(lock(c, &new).await?);
    }
    Ok(rows.into_iter().map(Into::into).collect())
}

async fn lock(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<WalletRow>> {
    wallets::table
        .filter(wallets::user_id.any_of(users))
        .order(wallets::user_id)
        .select(WalletRow::as_select())
        .lock()
        .load(c)
        .await
}

/// Saves wallets that this transaction has locked.
pub async fn save(c: &mut DbConnection, changed: Vec<WalletBalances>) -> QueryResult<()> {
    upsert_many(c, wallets::table, changed.into_iter().map(WalletRow::from), &["user_id"], &UPDATED_COLUMNS).await
}

/// The last of `limit` owners after `after`; `None` when there are fewer.
pub async fn find_page_end(c: &mut DbConnection, after: UserId, limit: i64) -> QueryResult<Option<UserId>> {
    wallets::table
        .filter(wallets::user_id.gt(after))
        .order(wallets::user_id)
        .offset(limit - 1)
        .limit(1)
        .select(wallets::user_id)
        .first(c)
        .await
        .optional()
}

/// Wallets of owners after `after`, in the order of their ids.
pub async fn list(c: &mut DbConnection, after: UserId, limit: i64) -> QueryResult<Vec<WalletBalances>> {
    let rows: Vec<WalletRow> = wallets::table
        .filter(wallets::user_id.gt(after))
        .order(wallets::user_id)
        .limit(limit)
        .select(WalletRow::as_select())
        .load(c)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Locks the wallets of these users that exist.
pub async fn lock_existing(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<WalletBalances>> {
    Ok(lock(c, users).await?.into_iter().map(Into::into).collect())
}

impl From<WalletRow> for WalletBalances {
    fn from(row: WalletRow) -> Self {
        Self {
            user_id: row.user_id,
            available: row.available_paise,
            held: row.held_paise,
            emi_reserve: row.emi_reserve_paise,
            reserve: row.reserve_paise,
            clawback_due: row.clawback_due_paise,
            total_earned: row.total_earned_paise,
            total_withdrawn: row.total_withdrawn_paise,
            transactions: row.transactions,
            version: row.version,
            changed_at: row.changed_at,
        }
    }
}
impl From<WalletBalances> for WalletRow {
    fn from(wallet: WalletBalances) -> Self {
        Self {
            user_id: wallet.user_id,
            available_paise: wallet.available,
            held_paise: wallet.held,
            emi_reserve_paise: wallet.emi_reserve,
            reserve_paise: wallet.reserve,
            clawback_due_paise: wallet.clawback_due,
            total_earned_paise: wallet.total_earned,
            total_withdrawn_paise: wallet.total_withdrawn,
            transactions: wallet.transactions,
            version: wallet.version,
            changed_at: wallet.changed_at,
        }
    }
}
