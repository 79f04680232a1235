//! EMI reserves, and which payment holds a referred member's single bonus.

use super::entries::CauseId;
use crate::domain::books::SingleBonus;
use crate::domain::reserve::{Reserve, ReserveSource};
use crate::schema::{emi_reserves, single_bonuses};
use db::{AnyOfExt, DbConnection, LockExt, insert_many, sum_i64, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, ReserveId, Timestamp, UserId};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = emi_reserves, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct Row {
    reserve_id: ReserveId,
    user_id: UserId,
    amount_paise: Money,
    applied_paise: Money,
    released_paise: Money,
    source_kind: ReserveSource,
    source_id: CauseId,
    reserved_at: Timestamp,
}

pub async fn lock(c: &mut DbConnection, ids: &[ReserveId]) -> QueryResult<Vec<Reserve>> {
    let rows: Vec<Row> = emi_reserves::table
        .filter(emi_reserves::reserve_id.any_of(ids))
        .order(emi_reserves::reserve_id)
        .select(Row::as_select())
        .lock()
        .load(c)
        .await?;
    let reserve = |r: Row| Reserve {
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

const CHANGING: [&str; 2] = ["applied_paise", "released_paise"];

pub async fn save(c: &mut DbConnection, changed: Vec<Reserve>) -> QueryResult<()> {
    let row = |r: Reserve| Row {
        reserve_id: r.reserve_id,
        user_id: r.user_id,
        amount_paise: r.amount,
        applied_paise: r.applied,
        released_paise: r.released,
        source_kind: r.source,
        source_id: CauseId::of(r.source_id),
        reserved_at: r.reserved_at,
    };
    upsert_many(c, emi_reserves::table, changed.into_iter().map(row), &["reserve_id"], &CHANGING).await
}

/// Σ of what is left of the reserves, by owner.
pub async fn left(c: &mut DbConnection, owners: &[UserId]) -> QueryResult<Vec<(UserId, Money)>> {
    let left = emi_reserves::amount_paise - emi_reserves::applied_paise - emi_reserves::released_paise;
    let rows: Vec<(UserId, Option<Money>)> = emi_reserves::table
        .filter(emi_reserves::user_id.any_of(owners))
        .group_by(emi_reserves::user_id)
        .select((emi_reserves::user_id, sum_i64(left)))
        .load(c)
        .await?;
    Ok(rows.into_iter().map(|(owner, sum)| (owner, sum.unwrap_or_default())).collect())
}

#[derive(Insertable)]
#[diesel(table_name = single_bonuses, treat_none_as_default_value = false)]
struct SingleRow {
    referred_id: UserId,
    payment_id: PaymentId,
}

pub async fn singles(c: &mut DbConnection, referred: &[UserId]) -> QueryResult<Vec<(UserId, PaymentId)>> {
    single_bonuses::table.filter(single_bonuses::referred_id.any_of(referred)).lock().load(c).await
}

pub async fn save_singles(c: &mut DbConnection, changed: Vec<SingleBonus>) -> QueryResult<()> {
    let referred: Vec<UserId> = changed.iter().map(|s| s.referred).collect();
    diesel::delete(single_bonuses::table.filter(single_bonuses::referred_id.any_of(&referred))).execute(c).await?;
    let taken = changed
        .into_iter()
        .filter_map(|s| s.taken_by.map(|payment_id| SingleRow { referred_id: s.referred, payment_id }));
    insert_many(c, single_bonuses::table, taken).await.map(drop)
}
