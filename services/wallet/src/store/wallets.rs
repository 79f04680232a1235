//! Wallets: the cached balances of members.

use crate::domain::Wallet;
use crate::schema::wallets;
use db::{AnyOfExt, DbConnection, LockExt, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, Timestamp, UserId};
use std::collections::HashSet;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = wallets, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct Row {
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

const CHANGING: [&str; 10] = [
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

pub async fn find(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<Wallet>> {
    let row = wallets::table.find(user_id).select(Row::as_select()).first(c).await.optional()?;
    Ok(row.map(Into::into))
}

/// The wallets of `users`, locked in the order of their ids; those never seen are opened first.
pub async fn open_and_lock(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<Wallet>> {
    let mut rows = lock(c, users).await?;
    if rows.len() < users.len() {
        let known: HashSet<UserId> = rows.iter().map(|row| row.user_id).collect();
        let new: Vec<UserId> = users.iter().copied().filter(|id| !known.contains(id)).collect();
        let empty: Vec<Row> = new.iter().map(|id| Wallet::empty(*id).into()).collect();
        // With nothing to set, a wallet somebody else opens at the same time is left as it is.
        upsert_many(c, wallets::table, empty, &["user_id"], &[]).await?;
        rows.extend(lock(c, &new).await?);
    }
    Ok(rows.into_iter().map(Into::into).collect())
}

async fn lock(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<Row>> {
    wallets::table
        .filter(wallets::user_id.any_of(users))
        .order(wallets::user_id)
        .select(Row::as_select())
        .lock()
        .load(c)
        .await
}

/// Saves wallets that this transaction has locked.
pub async fn save(c: &mut DbConnection, changed: Vec<Wallet>) -> QueryResult<()> {
    upsert_many(c, wallets::table, changed.into_iter().map(Row::from), &["user_id"], &CHANGING).await
}

/// The last of so many owners after `after`; none where there are not so many.
pub async fn page_end(c: &mut DbConnection, after: UserId, limit: i64) -> QueryResult<Option<UserId>> {
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

/// Wallets in the order of their owners' ids, after `after`.
pub async fn page(c: &mut DbConnection, after: UserId, limit: i64) -> QueryResult<Vec<Wallet>> {
    let rows: Vec<Row> = wallets::table
        .filter(wallets::user_id.gt(after))
        .order(wallets::user_id)
        .limit(limit)
        .select(Row::as_select())
        .load(c)
        .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Of these users' wallets, those that were opened, locked.
pub async fn lock_known(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<Wallet>> {
    Ok(lock(c, users).await?.into_iter().map(Into::into).collect())
}

impl From<Row> for Wallet {
    fn from(row: Row) -> Self {
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
impl From<Wallet> for Row {
    fn from(wallet: Wallet) -> Self {
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
