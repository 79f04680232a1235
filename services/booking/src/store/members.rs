//! Members as booking knows them: who referred them, what they have paid.

use crate::schema::members;
use db::{AnyOfExt, DbConnection, LockExt, UpsertExt, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::plan::OnceBonus;
use domain::{BookingId, Money, PaymentId, UserId};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = members, primary_key(user_id), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Member {
    pub user_id: UserId,
    pub referrer_id: Option<UserId>,
    pub name: Option<String>,
    /// Completed payments less refunds over all bookings, without EMI deductions.
    pub net_paid_paise: Money,
    pub active_buyer: bool,
    /// Counts this member's payments and refunds in the order in which they took effect.
    pub standing_version: i64,
    /// The booking that received the first completed payment; never changes.
    pub first_booking_id: Option<BookingId>,
    /// Both or neither: see [`Member::once_bonus`].
    pub once_bonus_payment_id: Option<PaymentId>,
    pub once_bonus_threshold_paise: Option<Money>,
}

impl Member {
    /// The referral bonus that stands and is owed once for this member.
    pub fn once_bonus(&self) -> Option<OnceBonus> {
        let payment_id = self.once_bonus_payment_id?;
        Some(OnceBonus { payment_id, threshold: self.once_bonus_threshold_paise? })
    }
    pub fn set_once_bonus(&mut self, bonus: Option<OnceBonus>) {
        self.once_bonus_payment_id = bonus.map(|b| b.payment_id);
        self.once_bonus_threshold_paise = bonus.map(|b| b.threshold);
    }
}

/// The member's row, made where it is missing, locked until the transaction ends.
pub async fn lock(c: &mut DbConnection, user_id: UserId) -> QueryResult<Member> {
    if let Some(member) = find_for_update(c, user_id).await? {
        return Ok(member);
    }
    let fresh = Member {
        user_id,
        referrer_id: None,
        name: None,
        net_paid_paise: Money::ZERO,
        active_buyer: false,
        standing_version: 0,
        first_booking_id: None,
        once_bonus_payment_id: None,
        once_bonus_threshold_paise: None,
    };
    diesel::insert_into(members::table)
        .values(&fresh)
        .on_conflict_set(&[members::user_id::NAME], &[])
        .execute(c)
        .await?;
    members::table.find(user_id).select(Member::as_select()).lock().get_result(c).await
}

/// The rows of these members in the order of their ids, locked until the transaction ends, without those that are missing
/// or locked by others.
pub async fn lock_free(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<Member>> {
    members::table
        .filter(members::user_id.any_of(ids))
        .order(members::user_id)
        .select(Member::as_select())
        .lock_skip()
        .load(c)
        .await
}

/// The rows of these members in the order of their ids, locked until the transaction ends, without those that are
/// missing.
pub async fn lock_known(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<Member>> {
    members::table
        .filter(members::user_id.any_of(ids))
        .order(members::user_id)
        .select(Member::as_select())
        .lock()
        .get_results(c)
        .await
}

async fn find_for_update(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<Member>> {
    members::table.find(user_id).select(Member::as_select()).lock().get_result(c).await.optional()
}

pub async fn name(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<String>> {
    let found = members::table.find(user_id).select(members::name).first::<Option<String>>(c).await.optional()?;
    Ok(found.flatten())
}

/// What may change of one.
const CHANGING: [&str; 8] = [
    members::referrer_id::NAME,
    members::name::NAME,
    members::net_paid_paise::NAME,
    members::active_buyer::NAME,
    members::standing_version::NAME,
    members::first_booking_id::NAME,
    members::once_bonus_payment_id::NAME,
    members::once_bonus_threshold_paise::NAME,
];

/// [`save`] for several members, which all exist.
pub async fn save_all(c: &mut DbConnection, members: Vec<Member>) -> QueryResult<()> {
    upsert_many(c, members::table, members, &[members::user_id::NAME], &CHANGING).await
}

pub async fn save(c: &mut DbConnection, member: &Member) -> QueryResult<()> {
    diesel::update(members::table.find(member.user_id)).set(member).execute(c).await.map(drop)
}
