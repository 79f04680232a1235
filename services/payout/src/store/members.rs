//! Table of members: wallet and KYC data that other services publish.

use crate::domain::BankAccountId;
use crate::schema::members;
use db::{AnyOfExt, DbConnection, LockExt, UpsertExt, upsert_many, upsert_newer};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, UserId};

/// A member's wallet and KYC as last published. A version is 0 before the first event.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = members, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct MemberRow {
    pub user_id: UserId,
    pub wallet_version: i64,
    pub available_paise: Money,
    pub held_paise: Money,
    pub clawback_due_paise: Money,
    pub kyc_version: i64,
    pub kyc_approved: bool,
    pub kyc_account_id: Option<BankAccountId>,
    pub pan_sealed: Vec<u8>,
    pub pan_index: Vec<u8>,
    pub pan_mask: String,
    /// The name the KYC was approved under.
    pub pan_holder: String,
}

impl MemberRow {
    /// The row of a member of whom no event has arrived yet.
    pub fn unknown(user_id: UserId) -> Self {
        Self {
            user_id,
            wallet_version: 0,
            available_paise: Money::ZERO,
            held_paise: Money::ZERO,
            clawback_due_paise: Money::ZERO,
            kyc_version: 0,
            kyc_approved: false,
            kyc_account_id: None,
            pan_sealed: Vec::new(),
            pan_index: Vec::new(),
            pan_mask: String::new(),
            pan_holder: String::new(),
        }
    }
}

/// Finds the member's row.
pub async fn find(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<MemberRow>> {
    members::table.find(user_id).select(MemberRow::as_select()).first(c).await.optional()
}

/// Locks and loads the member's row, after inserting it if it is missing.
pub async fn lock(c: &mut DbConnection, user_id: UserId) -> QueryResult<MemberRow> {
    let unknown = MemberRow::unknown(user_id);
    let ensure = diesel::insert_into(members::table).values(&unknown);
    ensure.on_conflict_set(&["user_id"], &[]).execute(c).await?;
    members::table.find(user_id).select(MemberRow::as_select()).lock().get_result(c).await
}

/// Locks and loads the rows of these members in ascending order of id, after inserting the missing ones.
pub async fn lock_many(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<MemberRow>> {
    let unknown: Vec<MemberRow> = ids.iter().copied().map(MemberRow::unknown).collect();
    upsert_many(c, members::table, &unknown, &[members::user_id::NAME], &[]).await?;
    let query = members::table.filter(members::user_id.any_of(ids)).order(members::user_id);
    query.select(MemberRow::as_select()).lock().get_results(c).await
}

/// Saves the wallet columns of the rows with a newer wallet version. `rows` has at most one row a member.
pub async fn save_newer_wallets(c: &mut DbConnection, rows: &[MemberRow]) -> QueryResult<()> {
    use members as t;
    let columns = &[t::available_paise::NAME, t::held_paise::NAME, t::clawback_due_paise::NAME];
    upsert_newer(c, t::table, rows, &[t::user_id::NAME], columns, t::wallet_version::NAME).await
}

/// Saves the KYC columns of the rows, which must exist and be locked.
pub async fn save_kyc(c: &mut DbConnection, rows: &[MemberRow]) -> QueryResult<()> {
    use members as t;
    let columns = &[
        t::kyc_version::NAME,
        t::kyc_approved::NAME,
        t::kyc_account_id::NAME,
        t::pan_sealed::NAME,
        t::pan_index::NAME,
        t::pan_mask::NAME,
        t::pan_holder::NAME,
    ];
    upsert_many(c, t::table, rows, &[t::user_id::NAME], columns).await
}
