//! What referral bonuses were decided on. Rows are only ever added.

use super::payments::RefundId;
use crate::schema::{payments, referral_refunds, referrals};
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, PaymentMethod, Timestamp, UserId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = referrals, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Referral {
    pub payment_id: PaymentId,
    /// Who paid, and who referred them.
    pub referred_id: UserId,
    pub referrer_id: UserId,
    pub amount_paise: Money,
    pub method: PaymentMethod,
    pub on_first_booking: bool,
    pub net_paid_before_paise: Money,
    pub net_paid_after_paise: Money,
    /// As booking decided it.
    pub bonus_paise: Money,
    pub is_once_a_member: bool,
    pub completed_at: Timestamp,
    /// Counts the member's payments and refunds in the order in which they took effect.
    pub standing_version: i64,
}

/// What a refund took back.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = referral_refunds, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct ReferralRefund {
    pub payment_id: PaymentId,
    pub refund_id: RefundId,
    pub referred_id: UserId,
    pub standing_version: i64,
    pub net_paid_after_paise: Money,
    /// The bonus of the refunded payment, and that of another.
    pub takes_own: bool,
    pub takes_other: Option<PaymentId>,
}

pub async fn insert(c: &mut DbConnection, rows: Vec<Referral>) -> QueryResult<()> {
    insert_many(c, referrals::table, rows).await.map(drop)
}

pub async fn insert_refunds(c: &mut DbConnection, rows: Vec<ReferralRefund>) -> QueryResult<()> {
    insert_many(c, referral_refunds::table, rows).await.map(drop)
}

/// The next members who were referred and paid, in the order of their ids.
pub async fn referred_after(c: &mut DbConnection, after: UserId, limit: i64) -> QueryResult<Vec<UserId>> {
    referrals::table
        .filter(referrals::referred_id.gt(after))
        .select(referrals::referred_id)
        .distinct()
        .order(referrals::referred_id)
        .limit(limit)
        .load(c)
        .await
}

/// All payments of some members, with the refund of those that were refunded.
pub async fn of_members(c: &mut DbConnection, members: &[UserId]) -> QueryResult<Vec<(Referral, Option<RefundId>)>> {
    referrals::table
        .inner_join(payments::table.on(payments::payment_id.eq(referrals::payment_id)))
        .filter(referrals::referred_id.any_of(members))
        .select((Referral::as_select(), payments::refund_id))
        .load(c)
        .await
}

/// All refunds of some members.
pub async fn refunds_of_members(c: &mut DbConnection, members: &[UserId]) -> QueryResult<Vec<ReferralRefund>> {
    let theirs = referral_refunds::table.filter(referral_refunds::referred_id.any_of(members));
    theirs.select(ReferralRefund::as_select()).load(c).await
}
