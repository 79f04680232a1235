//! Table of bank accounts. Account numbers are encrypted; clients see the mask.

use crate::domain::BankAccountId;
use crate::domain::account::{AccountSource, BankAccountFacts};
use crate::schema::bank_accounts;
use db::{AnyOfExt, DbConnection, LockExt, SortOrder, inserted, keyset, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// A bank account of a member.
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
    pub source: AccountSource,
    /// The encrypted account number.
    pub account_sealed: Vec<u8>,
    /// Keyed hash of the account number, to find equal numbers.
    pub account_index: Vec<u8>,
    pub account_mask: String,
    pub ifsc: String,
    pub holder_name: String,
    pub bank_name: String,
    pub verified_at: Option<Timestamp>,
    pub verified_by: Option<UserId>,
    /// True, or null once the account is removed.
    pub live: Option<bool>,
    pub created_at: Timestamp,
}

impl BankAccount {
    /// The facts that decide its verification.
    pub fn facts(&self) -> BankAccountFacts {
        BankAccountFacts {
            owner: self.user_id,
            source: self.source,
            added_at: self.created_at,
            verified_at: self.verified_at,
            verified_by: self.verified_by,
        }
    }
}

/// Inserts an account. Returns false if the member already has an account with this number.
pub async fn insert(c: &mut DbConnection, account: &BankAccount) -> QueryResult<bool> {
    inserted(diesel::insert_into(bank_accounts::table).values(account).execute(c).await)
}

/// Finds an account that is not removed.
pub async fn find(c: &mut DbConnection, id: BankAccountId) -> QueryResult<Option<BankAccount>> {
    let live = bank_accounts::table.find(id).filter(bank_accounts::live.eq(true));
    live.select(BankAccount::as_select()).first(c).await.optional()
}

/// Finds an account, including a removed one.
pub async fn find_including_removed(c: &mut DbConnection, id: BankAccountId) -> QueryResult<Option<BankAccount>> {
    bank_accounts::table.find(id).select(BankAccount::as_select()).first(c).await.optional()
}

/// Locks and finds an account that is not removed.
pub async fn lock(c: &mut DbConnection, id: BankAccountId) -> QueryResult<Option<BankAccount>> {
    let live = bank_accounts::table.find(id).filter(bank_accounts::live.eq(true));
    live.select(BankAccount::as_select()).lock().get_result(c).await.optional()
}

/// Lists the member's accounts by id, starting after the id `after`.
pub async fn list(
    c: &mut DbConnection,
    user_id: UserId,
    order: SortOrder,
    after: Option<BankAccountId>,
    limit: i64,
) -> QueryResult<Vec<BankAccount>> {
    let query = bank_accounts::table
        .filter(bank_accounts::user_id.eq(user_id))
        .filter(bank_accounts::live.eq(true))
        .limit(limit)
        .select(BankAccount::as_select())
        .into_boxed::<db::MultiBackend>();
    keyset!(query, order, bank_accounts::id, after).load(c).await
}

/// Locks and loads the accounts of these members that are not removed, in ascending order of id.
pub async fn lock_of_members(c: &mut DbConnection, members: &[UserId]) -> QueryResult<Vec<BankAccount>> {
    let accounts = bank_accounts::table.filter(bank_accounts::user_id.any_of(members));
    let live = accounts.filter(bank_accounts::live.eq(true)).order(bank_accounts::id);
    live.select(BankAccount::as_select()).lock().get_results(c).await
}

/// Inserts new accounts and updates existing ones, which must be locked. Of the accounts of one member with the same
/// number, the removed ones must come first.
pub async fn save_many(c: &mut DbConnection, accounts: &[BankAccount]) -> QueryResult<()> {
    use bank_accounts as t;
    let columns = &[
        t::source::NAME,
        t::account_sealed::NAME,
        t::account_mask::NAME,
        t::ifsc::NAME,
        t::holder_name::NAME,
        t::bank_name::NAME,
        t::verified_at::NAME,
        t::verified_by::NAME,
        t::live::NAME,
    ];
    upsert_many(c, t::table, accounts, &[t::id::NAME], columns).await
}

/// Updates all columns of an account.
pub async fn save(c: &mut DbConnection, account: &BankAccount) -> QueryResult<()> {
    diesel::update(bank_accounts::table.find(account.id)).set(account).execute(c).await.map(drop)
}
