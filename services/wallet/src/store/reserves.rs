//! EMI reserves, and the payments that hold the single bonuses of referred members.

use super::entries::CauseId;
use crate::domain::decision::SingleBonus;
use crate::domain::emi_reserve::{EmiReserve, ReserveSource};
use crate::schema::{emi_reserves, single_bonuses};
use db::{AnyOfExt, DbConnection, LockExt, insert_many, sum_i64, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, ReserveId, Timestamp, UserId};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = emi_reserves, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct EmiReserveRow {
    reserve_id: ReserveId,
    user_id: UserId,
    amount_paise: Money,
    applied_paise: Money,
    released_paise: Money,
    source_kind: ReserveSource,
    source_id: CauseId,
    reserved_at: Timestamp,
}

/// Locks these reserves, in the order of their ids.
pub async fn lock(c: &mut DbConnection, ids: &[ReserveId]) -> QueryResult<Vec<EmiReserve>> {
    let rows: Vec<EmiReserveRow> = emi_reserves::table
        .filter(emi_reserves::reserve_id.any_of(ids))
        .order(emi_reserves::reserve_id)
        .select(EmiReserveRow::as_select())
        .lock()
        .load(c)
        .await?;
    let reserve = |r: EmiReserveRow| EmiReserve {
        reserve_id: r.reserve_id,
        user_id: r.user_id,
        amount: r.amount_paise,
        applied: r.applied_paise,
        released: r.released_paise,
        source: r.source_kind,
        source_id: r.source_id.uuid(),
        reserved_at: r.reserved_at,
    };
    Ok(rows.into_iter().map(reserve).collect())
}

const UPDATED_COLUMNS: [&str; 2] = ["applied_paise", "released_paise"];

/// Saves new or changed reserves. Of a stored reserve only the applied and released amounts change.
pub async fn save(c: &mut DbConnection, changed: Vec<EmiReserve>) -> QueryResult<()> {
    let row = |r: EmiReserve| EmiReserveRow {
        reserve_id: r.reserve_id,
        user_id: r.user_id,
        amount_paise: r.amount,
        applied_paise: r.applied,
        released_paise: r.released,
        source_kind: r.source,
        source_id: CauseId::from(r.source_id),
        reserved_at: r.reserved_at,
    };
    upsert_many(c, emi_reserves::table, changed.into_iter().map(row), &["reserve_id"], &UPDATED_COLUMNS).await
}

/// Sums of the remaining amounts of the reserves, by owner.
pub async fn sum_remaining(c: &mut DbConnection, owners: &[UserId]) -> QueryResult<Vec<(UserId, Money)>> {
    let remaining = emi_reserves::amount_paise - emi_reserves::applied_paise - emi_reserves::released_paise;
    let rows: Vec<(UserId, Option<Money>)> = emi_reserves::table
        .filter(emi_reserves::user_id.any_of(owners))
        .group_by(emi_reserves::user_id)
        .select((emi_reserves::user_id, sum_i64(remaining)))
        .load(c)
        .await?;
    Ok(rows.into_iter().map(|(owner, sum)| (owner, sum.unwrap_or_default())).collect())
}

#[derive(Insertable)]
#[diesel(table_name = single_bonuses, treat_none_as_default_value = false)]
struct SingleBonusRow {
    referred_id: UserId,
    payment_id: PaymentId,
}

/// Locks and reads the payments that hold the single bonuses of these referred members.
pub async fn lock_single_bonuses(c: &mut DbConnection, referred: &[UserId]) -> QueryResult<Vec<(UserId, PaymentId)>> {
    single_bonuses::table.filter(single_bonuses::referred_id.any_of(referred)).lock().load(c).await
}

/// Replaces the payments that hold single bonuses; a bonus without a payment loses its row.
pub async fn save_single_bonuses(c: &mut DbConnection, changed: Vec<SingleBonus>) -> QueryResult<()> {
    let referred: Vec<UserId> = changed.iter().map(|s| s.referred).collect();
    diesel::delete(single_bonuses::table.filter(single_bonuses::referred_id.any_of(&referred))).execute(c).await?;
    let held = changed
        .into_iter()
        .filter_map(|s| s.payment_id.map(|payment_id| SingleBonusRow { referred_id: s.referred, payment_id }));
    insert_many(c, single_bonuses::table, held).await.map(drop)
}
