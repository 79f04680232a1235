//! Queries of the table `members`: referrer, name and paid total of each member.

use crate::domain::aggregate::Member;
use crate::schema::members;
use db::{AnyOfExt, DbConnection, LockExt, Version, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentId, UserId};
use std::collections::BTreeSet;

row!(MemberRow of Member in members key(user_id) {
    fixed {
        user_id: UserId,
    }
    changing {
        referrer_id: Option<UserId>,
        name: Option<String>,
        profile_version: i64,
        net_paid_paise: Money,
        active_buyer: bool,
        standing_version: u64 as Version,
        first_booking_id: Option<BookingId>,
        once_bonus_payment_id: Option<PaymentId>,
        once_bonus_threshold_paise: Option<Money>,
    }
});

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
    let rows = ids.iter().map(|id| MemberRow::from(&Member::new(*id)));
    upsert_many(c, members::table, rows, MemberRow::KEY, &[]).await
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

/// The member with this id.
pub async fn find(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<Member>> {
    members::table.find(user_id).select(Member::as_select()).first(c).await.optional()
}

/// The member's name, when it is known.
pub async fn find_name(c: &mut DbConnection, user_id: UserId) -> QueryResult<Option<String>> {
    let found = members::table.find(user_id).select(members::name).first::<Option<String>>(c).await.optional()?;
    Ok(found.flatten())
}

/// Saves existing members.
pub async fn save_all(c: &mut DbConnection, members: &[&Member]) -> QueryResult<()> {
    if let [only] = *members {
        let row = MemberRow::from(only);
        return diesel::update(members::table.find(only.user_id)).set(row).execute(c).await.map(drop);
    }
    let rows = members.iter().copied().map(MemberRow::from);
    upsert_many(c, members::table, rows, MemberRow::KEY, MemberRow::CHANGING).await
}
