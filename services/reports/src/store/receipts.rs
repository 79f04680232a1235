//! Receipts: payments, refunds, and returns of money that could not be booked.

use super::rollups::{self, deserialization_error};
use crate::domain::filter::ReportFilters;
use crate::domain::rollup::{RollupKind, Sums};
use crate::domain::{ReceiptKind, fact};
use crate::schema::{bookings, members, receipts};
use db::{AnyOfExt, DbConnection, MultiBackend, sum_i64};
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Day, Money, PaymentMethod, UserId};

domain::id_type! {
    /// Id of a payment, refund or return.
    FactId,
}

/// A payment, refund or return.
#[derive(Debug, Clone, Copy, Insertable)]
#[diesel(table_name = receipts, treat_none_as_default_value = false)]
pub struct Receipt {
    pub fact_id: FactId,
    pub kind: ReceiptKind,
    pub user_id: UserId,
    /// `None` for a return.
    pub method: Option<PaymentMethod>,
    pub amount_paise: Money,
    pub happened_on: Day,
    pub booking_id: Option<BookingId>,
    /// Version of the plan that applied to it; `None` for a return.
    pub plan_version: Option<i64>,
}

/// Stores the receipts that are new and returns them.
pub async fn insert_new(c: &mut DbConnection, rows: &[Receipt]) -> QueryResult<Vec<Receipt>> {
    insert_new!(c, rows, receipts by fact_id, kind)
}

/// Sums a member's receipts by kind and method.
pub async fn sums_for_member(
    c: &mut DbConnection,
    user: UserId,
) -> QueryResult<Vec<(ReceiptKind, Option<PaymentMethod>, Option<Money>)>> {
    receipts::table
        .filter(receipts::user_id.eq(user))
        .group_by((receipts::kind, receipts::method))
        .select((receipts::kind, receipts::method, sum_i64(receipts::amount_paise)))
        .load(c)
        .await
}

/// Day, kind, method, count and sum of receipts.
pub type ReceiptsPerDay = (Day, ReceiptKind, Option<PaymentMethod>, i64, Money);

/// Lists count and sum of the receipts per day of a range, kind and method.
pub async fn per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<ReceiptsPerDay>> {
    if !filters.is_empty() {
        return facts_per_day(c, (from, to), filters).await;
    }
    let days = rollups::load_per_day(c, RollupKind::Receipt, from, to).await?;
    let figure = |(day, part, sums): (Day, String, Sums)| {
        let (kind, method) = fact::parse_receipt_part(&part).map_err(deserialization_error)?;
        let [amount, ..] = sums.amounts();
        Ok((day, kind, method, sums.facts, amount))
    };
    days.into_iter().map(figure).collect()
}

/// Day, kind, method, count and nullable SQL sum.
type ReceiptSums = (Day, ReceiptKind, Option<PaymentMethod>, i64, Option<Money>);

async fn facts_per_day(
    c: &mut DbConnection,
    (from, to): (Day, Day),
    filters: &ReportFilters,
) -> QueryResult<Vec<ReceiptsPerDay>> {
    use receipts as t;
    let mut query = t::table
        .filter(t::happened_on.between(from, to))
        .group_by((t::happened_on, t::kind, t::method))
        .select((t::happened_on, t::kind, t::method, count_star(), sum_i64(t::amount_paise)))
        .into_boxed::<MultiBackend>();
    if let Some(method) = filters.method {
        query = query.filter(t::method.eq(Some(method)));
    }
    if let Some(version) = filters.plan_version {
        query = query.filter(t::plan_version.eq(Some(version)));
    }
    if let Some(vehicle) = filters.vehicle {
        let booking = bookings::table.filter(bookings::booking_id.nullable().eq(t::booking_id));
        query = query.filter(exists(booking.filter(bookings::vehicle_id.eq(Some(vehicle)))));
    }
    if let Some(status) = filters.booking_status {
        let booking = bookings::table.filter(bookings::booking_id.nullable().eq(t::booking_id));
        query = query.filter(exists(booking.filter(bookings::status.eq(status))));
    }
    if let Some(city) = &filters.city {
        let payer = members::table.filter(members::user_id.eq(t::user_id));
        query = query.filter(exists(payer.filter(members::city.eq(city))));
    }
    let rows: Vec<ReceiptSums> = query.load(c).await?;
    Ok(rows.into_iter().map(|(day, kind, method, n, sum)| (day, kind, method, n, sum.unwrap_or_default())).collect())
}
