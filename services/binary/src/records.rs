//! Members, payments, referral bonuses, placements and pairs, compared with what other services store of them.

use crate::app::outgoing_events::pair_id;
use crate::domain::PairStatus;
use crate::schema::{members, nodes, pairs, payments, referrals};
use crate::store::payments::RefundId;
use db::records::{Record, RecordKey, RecordPage, RecordSource, optional, row_number, row_position};
use db::{AnyOfExt, DbConnection, record_source};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, PaymentId, Side, UserId};
use std::collections::BTreeMap;

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "users",
        members::table,
        members::user_id => UserId,
        referrer: members::referrer_id => Option<UserId> as optional,
    ),
    record_source!(
        "payments",
        payments::table,
        payments::payment_id => PaymentId,
        user: payments::user_id => UserId,
        amount: payments::amount_paise => Money,
        is_refunded: payments::refund_id => Option<RefundId> as |refund: Option<RefundId>| refund.is_some(),
    ),
    record_source!(
        "referral bonuses",
        referrals::table.filter(referrals::bonus_paise.gt(Money::ZERO)),
        referrals::payment_id => PaymentId,
        user: referrals::referrer_id => UserId,
        amount: referrals::bonus_paise => Money,
    ),
    record_source!(
        "placements",
        nodes::table,
        nodes::user_id => UserId,
        side: nodes::side => Side,
        is_manual: nodes::is_manual => bool,
    ),
    RecordSource {
        kind: "earning pairs",
        has_derived_ids: true,
        list: |c, after, limit| Box::pin(list_pairs(c, false, after, limit)),
        find: |c, keys| Box::pin(find_pairs(c, false, keys)),
    },
    RecordSource {
        kind: "voided pairs",
        has_derived_ids: true,
        list: |c, after, limit| Box::pin(list_pairs(c, true, after, limit)),
        find: |c, keys| Box::pin(find_pairs(c, true, keys)),
    },
];

/// Ordinal, node and number of the earner, outcome, gross.
type PairRow = (i64, i64, i64, PairStatus, Money);

fn columns() -> (pairs::ordinal, pairs::earner_node, pairs::number, pairs::status, pairs::gross_paise) {
    (pairs::ordinal, pairs::earner_node, pairs::number, pairs::status, pairs::gross_paise)
}

fn pair_record(earner: UserId, number: i64, gross: Money) -> Record {
    let mut record = Record::new(pair_id(earner, number).uuid()).with("user", earner).with("amount", gross);
    record.key.derived_from = Some((earner.uuid(), number));
    record
}

/// Whether the pair has earned something, and with `voided` whether that was reversed.
fn is_listed(status: PairStatus, gross: Money, voided: bool) -> bool {
    gross.is_positive() && (!voided || status == PairStatus::Voided)
}

async fn list_pairs(c: &mut DbConnection, voided: bool, after: u128, limit: i64) -> QueryResult<RecordPage> {
    let rows: Vec<PairRow> = pairs::table
        .filter(pairs::ordinal.gt(row_number(after)?))
        .order(pairs::ordinal)
        .select(columns())
        .limit(limit)
        .load(c)
        .await?;
    let earners: Vec<i64> = rows.iter().map(|row| row.1).collect();
    let users: Vec<(i64, UserId)> =
        nodes::table.filter(nodes::node.any_of(&earners)).select((nodes::node, nodes::user_id)).load(c).await?;
    let users: BTreeMap<i64, UserId> = users.into_iter().collect();
    RecordPage::read(rows, limit, |(ordinal, node, number, status, gross)| {
        let earner = users.get(&node).filter(|_| is_listed(status, gross, voided));
        Ok((row_position(ordinal)?, earner.map(|earner| pair_record(*earner, number, gross))))
    })
}

async fn find_pairs(c: &mut DbConnection, voided: bool, keys: &[RecordKey]) -> QueryResult<Vec<Record>> {
    let wanted: BTreeMap<_, _> = keys.iter().filter_map(|key| Some((key.derived_from?, key.id))).collect();
    let owners: Vec<UserId> = wanted.keys().map(|(owner, _)| UserId::from(*owner)).collect();
    let numbers: Vec<i64> = wanted.keys().map(|(_, number)| *number).collect();
    let earners: Vec<(i64, UserId)> =
        nodes::table.filter(nodes::user_id.any_of(&owners)).select((nodes::node, nodes::user_id)).load(c).await?;
    let earners: BTreeMap<i64, UserId> = earners.into_iter().collect();
    let node_list: Vec<i64> = earners.keys().copied().collect();
    let rows: Vec<PairRow> = pairs::table
        .filter(pairs::earner_node.any_of(&node_list))
        .filter(pairs::number.any_of(&numbers))
        .select(columns())
        .load(c)
        .await?;
    let found = rows.into_iter().filter_map(|(_, node, number, status, gross)| {
        let earner = *earners.get(&node)?;
        let is_wanted = wanted.contains_key(&(earner.uuid(), number)) && is_listed(status, gross, voided);
        is_wanted.then(|| pair_record(earner, number, gross))
    });
    Ok(found.collect())
}
