//! What referral bonuses were decided on. Rows are only ever added.

use super::payments::RefundId;
use crate::schema::{payments, referrals};
use db::{DbConnection, insert_many};
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
}

pub async fn insert(c: &mut DbConnection, rows: Vec<Referral>) -> QueryResult<()> {
    insert_many(c, referrals::table, rows).await.map(drop)
}

/// In the order of their payments' ids, with the refund of those that were refunded.
pub async fn page(
    c: &mut DbConnection,
    after: Option<PaymentId>,
    limit: i64,
) -> QueryResult<Vec<(Referral, Option<RefundId>)>> {
    let mut query = referrals::table
        .inner_join(payments::table.on(payments::payment_id.eq(referrals::payment_id)))
        .order(referrals::payment_id)
        .limit(limit)
        .select((Referral::as_select(), payments::refund_id))
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(referrals::payment_id.gt(after));
    }
    query.load(c).await
}
