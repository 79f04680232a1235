//! Data on which referral bonuses were decided. Append-only.

use super::payments::RefundId;
use crate::schema::{payments, referral_refunds, referrals};
use db::{AnyOfExt, DbConnection, insert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, PaymentMethod, Timestamp, UserId};

/// A payment of a referred member.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = referrals, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct ReferralRow {
    pub payment_id: PaymentId,
    /// The paying member; `referrer_id` is the referrer.
    pub referred_id: UserId,
    pub referrer_id: UserId,
    pub amount_paise: Money,
    pub method: PaymentMethod,
    pub on_first_booking: bool,
    pub net_paid_before_paise: Money,
    pub net_paid_after_paise: Money,
    /// Decided by booking.
    pub bonus_paise: Money,
    pub is_once_a_member: bool,
    pub completed_at: Timestamp,
    /// Sequence number of the member's payments and refunds, in the order in which they took effect.
    pub standing_version: i64,
}

/// A refund of a referred member and the bonuses that it reversed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = referral_refunds, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct ReferralRefundRow {
    pub payment_id: PaymentId,
    pub refund_id: RefundId,
    pub referred_id: UserId,
    pub standing_version: i64,
    pub net_paid_after_paise: Money,
    /// Whether the bonus of the refunded payment was reversed, and whether the bonus of another payment was.
    pub takes_own: bool,
    pub takes_other: Option<PaymentId>,
}

/// Inserts payments of referred members.
pub async fn insert(c: &mut DbConnection, rows: Vec<ReferralRow>) -> QueryResult<()> {
    insert_many(c, referrals::table, rows).await.map(drop)
}

/// Inserts refunds of referred members.
pub async fn insert_refunds(c: &mut DbConnection, rows: Vec<ReferralRefundRow>) -> QueryResult<()> {
    insert_many(c, referral_refunds::table, rows).await.map(drop)
}

/// Referred members with a payment, after one id, ordered by id.
pub async fn list_referred_after(c: &mut DbConnection, after: UserId, limit: i64) -> QueryResult<Vec<UserId>> {
    referrals::table
        .filter(referrals::referred_id.gt(after))
        .select(referrals::referred_id)
        .distinct()
        .order(referrals::referred_id)
        .limit(limit)
        .load(c)
        .await
}

/// All payments of these members, each with its refund.
pub async fn list_payments_of(
    c: &mut DbConnection,
    members: &[UserId],
) -> QueryResult<Vec<(ReferralRow, Option<RefundId>)>> {
    referrals::table
        .inner_join(payments::table.on(payments::payment_id.eq(referrals::payment_id)))
        .filter(referrals::referred_id.any_of(members))
        .select((ReferralRow::as_select(), payments::refund_id))
        .load(c)
        .await
}

/// All refunds of these members.
pub async fn list_refunds_of(c: &mut DbConnection, members: &[UserId]) -> QueryResult<Vec<ReferralRefundRow>> {
    let refunds = referral_refunds::table.filter(referral_refunds::referred_id.any_of(members));
    refunds.select(ReferralRefundRow::as_select()).load(c).await
}
