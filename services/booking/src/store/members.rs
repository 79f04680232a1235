//! Queries of the table `members`: referrer, name and paid total of each member.

use crate::schema::members;
use db::{AnyOfExt, DbConnection, LockExt, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::plan::OneTimeBonus;
use domain::{BookingId, Money, PaymentId, UserId};
use std::collections::BTreeSet;

/// A member.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = members, primary_key(user_id), treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Member {
    pub user_id: UserId,
    pub referrer_id: Option<UserId>,
    pub name: Option<String>,
    /// Completed payments less refunds of all bookings, without EMI deductions.
    pub net_paid_paise: Money,
    pub active_buyer: bool,
    /// Number of the member's payments and refunds so far, in the order in which they took effect.
    pub standing_version: i64,
    /// The booking that received the first completed payment; never changes.
    pub first_booking_id: Option<BookingId>,
    /// Both or neither: see [`Member::once_bonus`].
    pub once_bonus_payment_id: Option<PaymentId>,
    pub once_bonus_threshold_paise: Option<Money>,
}

impl Member {
    /// A member without a payment, whose name and referrer are not known.
    fn new(user_id: UserId) -> Self {
        Self {
            user_id,
            referrer_id: None,
            name: None,
            net_paid_paise: Money::ZERO,
            active_buyer: false,
            standing_version: 0,
            first_booking_id: None,
            once_bonus_payment_id: None,
            once_bonus_threshold_paise: None,
        }
    }
    /// The referral bonus that is paid once for this member, if it was earned and not reversed.
    pub fn once_bonus(&self) -> Option<OneTimeBonus> {
        let payment_id = self.once_bonus_payment_id?;
        Some(OneTimeBonus { payment_id, threshold: self.once_bonus_threshold_paise? })
    }
    /// Stores or clears that bonus.
    pub fn set_once_bonus(&mut self, bonus: Option<OneTimeBonus>) {
        self.once_bonus_payment_id = bonus.map(|b| b.payment_id);
        self.once_bonus_threshold_paise = bonus.map(|b| b.threshold);
    }
}

/// Locks the member row until the transaction ends. Creates it when it is missing.
pub async fn lock(c: &mut DbConnection, user_id: UserId) -> QueryResult<Member> {
    if let Some(member) = find_for_update(c, user_id).await? {
        return Ok(member);
    }
    insert_all_if_absent(c, &[user_id]).await?;
    members::table.find(user_id).select(Member::as_select()).lock().get_result(c).await
}

/// As [`lock`] for several members, by id.
pub async fn lock_all(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<Member>> {
    let mut found = lock_existing(c, ids).await?;
    let known: BTreeSet<UserId> = found.iter().map(|m| m.user_id).collect();
    let missing: Vec<UserId> = ids.iter().copied().filter(|id| !known.contains(id)).collect();
    if !missing.is_empty() {
        insert_all_if_absent(c, &missing).await?;
        found.extend(lock_existing(c, &missing).await?);
    }
    Ok(found)
}

async fn insert_all_if_absent(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<()> {
    let rows: Vec<Member> = ids.iter().copied().map(Member::new).collect();
    upsert_many(c, members::table, rows, &[members::user_id::NAME], &[]).await
}

/// Locks the rows of these members, by id, until the transaction ends. Skips rows that are missing or locked by other
/// transactions.
pub async fn lock_available(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<Member>> {
    members::table
        .filter(members::user_id.any_of(ids))
        .order(members::user_id)
        .select(Member::as_select())
        .lock_skip_locked()
        .load(c)
        .await
}

/// Locks the rows of these members, by id, until the transaction ends. Skips missing rows.
pub async fn lock_existing(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<Member>> {
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

/// The member's name, when it is known.
pub async fn find_name(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<String>> {
    let found = members::table.find(user_id).select(members::name).first::<Option<String>>(c).await.optional()?;
    Ok(found.flatten())
}

/// The columns that may change.
const UPDATED_COLUMNS: [&str; 8] = [
    members::referrer_id::NAME,
    members::name::NAME,
    members::net_paid_paise::NAME,
    members::active_buyer::NAME,
    members::standing_version::NAME,
    members::first_booking_id::NAME,
    members::once_bonus_payment_id::NAME,
    members::once_bonus_threshold_paise::NAME,
];

/// As [`save`] for several existing members.
pub async fn save_all(c: &mut DbConnection, members: Vec<Member>) -> QueryResult<()> {
    upsert_many(c, members::table, members, &[members::user_id::NAME], &UPDATED_COLUMNS).await
}

/// Saves a member.
pub async fn save(c: &mut DbConnection, member: &Member) -> QueryResult<()> {
    diesel::update(members::table.find(member.user_id)).set(member).execute(c).await.map(drop)
}
