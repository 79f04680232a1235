//! What others tell of a member.

use crate::domain::BankAccountId;
use crate::schema::members;
use db::{DbConnection, LockExt, UpsertExt, upsert_newer};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, UserId};

/// A member's wallet and KYC as they were told last. Versions are 0 before the first word.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = members,
    primary_key(user_id),
    treat_none_as_default_value = false,
    treat_none_as_null = true,
    check_for_backend(db::MultiBackend)
)]
pub struct Member {
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

impl Member {
    /// Of somebody nothing was told about.
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

pub async fn find(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<Member>> {
    members::table.find(user_id).select(Member::as_select()).first(c).await.optional()
}

/// The member's row, made if there is none, and locked.
pub async fn lock(c: &mut DbConnection, user_id: UserId) -> QueryResult<Member> {
    let unknown = Member::unknown(user_id);
    let ensure = diesel::insert_into(members::table).values(&unknown);
    ensure.on_conflict_set(&["user_id"], &[]).execute(c).await?;
    members::table.find(user_id).select(Member::as_select()).lock().get_result(c).await
}

/// Stores the wallets of these members where their versions are newer; one row a member.
pub async fn put_wallets(c: &mut DbConnection, rows: &[Member]) -> QueryResult<()> {
    use members as t;
    let columns = &[t::available_paise::NAME, t::held_paise::NAME, t::clawback_due_paise::NAME];
    upsert_newer(c, t::table, rows, &[t::user_id::NAME], columns, t::wallet_version::NAME).await
}

pub async fn save(c: &mut DbConnection, member: &Member) -> QueryResult<()> {
    diesel::update(members::table.find(member.user_id)).set(member).execute(c).await.map(drop)
}
