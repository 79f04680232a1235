//! Bank accounts. The number is sealed; what is shown is the mask.

use crate::domain::BankAccountId;
use crate::domain::account::{Source, Standing};
use crate::schema::bank_accounts;
use db::{DbConnection, LockExt, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = bank_accounts,
    treat_none_as_default_value = false,
    treat_none_as_null = true,
    check_for_backend(db::MultiBackend)
)]
pub struct BankAccount {
    pub id: BankAccountId,
    pub user_id: UserId,
    pub source: Source,
    pub account_sealed: Vec<u8>,
    pub account_index: Vec<u8>,
    pub account_mask: String,
    pub ifsc: String,
    pub holder_name: String,
    pub bank_name: String,
    pub verified_at: Option<Timestamp>,
    pub verified_by: Option<UserId>,
    /// True, or null once it is removed.
    pub live: Option<bool>,
    pub created_at: Timestamp,
}

impl BankAccount {
    /// As far as it matters for verifying it.
    pub fn standing(&self) -> Standing {
        Standing {
            owner: self.user_id,
            source: self.source,
            added_at: self.created_at,
            verified_at: self.verified_at,
            verified_by: self.verified_by,
        }
    }
}

/// False where the member has this account already.
pub async fn insert(c: &mut DbConnection, account: &BankAccount) -> QueryResult<bool> {
    inserted(diesel::insert_into(bank_accounts::table).values(account).execute(c).await)
}

pub async fn find(c: &mut DbConnection, id: BankAccountId) -> QueryResult<Option<BankAccount>> {
    let live = bank_accounts::table.find(id).filter(bank_accounts::live.eq(true));
    live.select(BankAccount::as_select()).first(c).await.optional()
}

/// The account of that id, also one that was removed.
pub async fn find_ever(c: &mut DbConnection, id: BankAccountId) -> QueryResult<Option<BankAccount>> {
    bank_accounts::table.find(id).select(BankAccount::as_select()).first(c).await.optional()
}

pub async fn lock(c: &mut DbConnection, id: BankAccountId) -> QueryResult<Option<BankAccount>> {
    let live = bank_accounts::table.find(id).filter(bank_accounts::live.eq(true));
    live.select(BankAccount::as_select()).lock().get_result(c).await.optional()
}

/// The member's accounts, newest first.
pub async fn list(
    c: &mut DbConnection,
    user_id: UserId,
    after: Option<BankAccountId>,
    limit: i64,
) -> QueryResult<Vec<BankAccount>> {
    let mut query = bank_accounts::table
        .filter(bank_accounts::user_id.eq(user_id))
        .filter(bank_accounts::live.eq(true))
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(bank_accounts::id.lt(after));
    }
    query.order(bank_accounts::id.desc()).limit(limit).select(BankAccount::as_select()).load(c).await
}

pub async fn find_by_index(c: &mut DbConnection, user_id: UserId, index: &[u8]) -> QueryResult<Option<BankAccount>> {
    bank_accounts::table
        .filter(bank_accounts::user_id.eq(user_id))
        .filter(bank_accounts::account_index.eq(index))
        .filter(bank_accounts::live.eq(true))
        .select(BankAccount::as_select())
        .lock()
        .get_result(c)
        .await
        .optional()
}

pub async fn save(c: &mut DbConnection, account: &BankAccount) -> QueryResult<()> {
    diesel::update(bank_accounts::table.find(account.id)).set(account).execute(c).await.map(drop)
}
