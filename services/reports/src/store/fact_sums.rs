//! Full-table sums of the facts, from which the rollups are rebuilt. No request runs them.

use super::bookings::list_unpaid;
use super::rollups::{deserialization_error, overflow_error};
use crate::domain::fact::{AUTOMATIC, MANUAL, is_open, receipt_part};
use crate::domain::instalment::parse_unpaid;
use crate::domain::rollup::{RollupKind, Rollups, Sums};
use crate::domain::{BookingStatus, PairStatus, PayoutStatus, ReceiptKind, TransactionType};
use crate::schema::{
    bookings, members, pair_facts, payout_steps, payouts, placements, receipts, wallet_transactions, wallets,
};
use db::{DbConnection, sum_i64};
use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, PaymentMethod, Role};

type Sum = Option<Money>;

/// Bookings that are read at once.
const MAX_PAGE_ROWS: i64 = 1_000;

/// Converts a count and nullable SQL sums.
fn to_sums(facts: i64, sums: &[Sum]) -> Sums {
    Sums::new(facts, sums.iter().map(|sum| sum.unwrap_or_default().paise()))
}

/// Sums all facts. Errors when a sum overflows.
pub async fn load_all(c: &mut DbConnection) -> QueryResult<Rollups> {
    let mut rollups = Rollups::default();
    sum_members_and_placements(c, &mut rollups).await?;
    sum_bookings(c, &mut rollups).await?;
    sum_unpaid_instalments(c, &mut rollups).await?;
    sum_receipts_and_wallets(c, &mut rollups).await?;
    sum_pairs(c, &mut rollups).await?;
    sum_payouts(c, &mut rollups).await?;
    sum_open_payouts(c, &mut rollups).await?;
    Ok(rollups)
}

async fn sum_members_and_placements(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    let joined: Vec<(Day, bool, i64, i64)> = members::table
        .filter(members::role.eq(Role::User))
        .group_by((members::joined_on, members::is_active_buyer))
        .select((members::joined_on, members::is_active_buyer, count_star(), count(members::referrer_id.nullable())))
        .load(c)
        .await?;
    for (day, is_active_buyer, rows, referred) in joined {
        rollups.add_on(day, RollupKind::Joined, "", Sums::new(rows, [referred])).map_err(overflow_error)?;
        let active = if is_active_buyer { rows } else { 0 };
        rollups.add(RollupKind::Member, "", Sums::new(rows, [active])).map_err(overflow_error)?;
    }
    let placed: Vec<(Day, bool, i64)> = placements::table
        .group_by((placements::placed_on, placements::manual))
        .select((placements::placed_on, placements::manual, count_star()))
        .load(c)
        .await?;
    for (day, manual, rows) in placed {
        let part = if manual { MANUAL } else { AUTOMATIC };
        rollups.add_on(day, RollupKind::Placement, part, Sums::new(rows, [])).map_err(overflow_error)?;
    }
    Ok(())
}

async fn sum_bookings(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    let made: Vec<(Day, i64, Sum)> = bookings::table
        .group_by(bookings::booked_on)
        .select((bookings::booked_on, count_star(), sum_i64(bookings::price_paise)))
        .load(c)
        .await?;
    for (day, rows, price) in made {
        rollups.add_on(day, RollupKind::BookingMade, "", to_sums(rows, &[price])).map_err(overflow_error)?;
    }
    let by_status: Vec<(BookingStatus, i64)> =
        bookings::table.group_by(bookings::status).select((bookings::status, count_star())).load(c).await?;
    for (status, rows) in by_status {
        rollups.add(RollupKind::Booking, status.as_str(), Sums::new(rows, [])).map_err(overflow_error)?;
    }
    Ok(())
}

async fn sum_unpaid_instalments(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    let mut after = None;
    loop {
        let rows = list_unpaid(c, after, MAX_PAGE_ROWS).await?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after = Some(*last);
        for (_, unpaid) in &rows {
            for (day, amount) in parse_unpaid(unpaid.as_deref()).map_err(deserialization_error)? {
                let sums = Sums::of_one([amount.paise()]);
                rollups.add_on(day, RollupKind::Instalment, "", sums).map_err(overflow_error)?;
            }
        }
    }
}

async fn sum_receipts_and_wallets(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    use {receipts as r, wallet_transactions as t, wallets as w};
    let received: Vec<(Day, ReceiptKind, Option<PaymentMethod>, i64, Sum)> = r::table
        .group_by((r::happened_on, r::kind, r::method))
        .select((r::happened_on, r::kind, r::method, count_star(), sum_i64(r::amount_paise)))
        .load(c)
        .await?;
    for (day, kind, method, rows, amount) in received {
        let part = receipt_part(kind, method);
        rollups.add_on(day, RollupKind::Receipt, &part, to_sums(rows, &[amount])).map_err(overflow_error)?;
    }
    let transactions: Vec<(Day, TransactionType, i64, Sum)> = t::table
        .group_by((t::happened_on, t::kind))
        .select((t::happened_on, t::kind, count_star(), sum_i64(t::amount_paise)))
        .load(c)
        .await?;
    for (day, kind, rows, amount) in transactions {
        rollups
            .add_on(day, RollupKind::Transaction, kind.as_str(), to_sums(rows, &[amount]))
            .map_err(overflow_error)?;
    }
    let (rows, available, held, emi_reserve, reserve, due): (i64, Sum, Sum, Sum, Sum, Sum) = w::table
        .select((
            count_star(),
            sum_i64(w::available_paise),
            sum_i64(w::held_paise),
            sum_i64(w::emi_reserve_paise),
            sum_i64(w::reserve_paise),
            sum_i64(w::clawback_due_paise),
        ))
        .first(c)
        .await?;
    rollups
        .add(RollupKind::Wallet, "", to_sums(rows, &[available, held, emi_reserve, reserve, due]))
        .map_err(overflow_error)
}

async fn sum_pairs(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    use pair_facts as t;
    let facts: Vec<(Day, PairStatus, i64, Sum, Sum)> = t::table
        .group_by((t::happened_on, t::fact))
        .select((t::happened_on, t::fact, count_star(), sum_i64(t::gross_paise), sum_i64(t::emi_deduction_paise)))
        .load(c)
        .await?;
    for (day, fact, rows, gross, emi) in facts {
        rollups.add_on(day, RollupKind::Pair, fact.as_str(), to_sums(rows, &[gross, emi])).map_err(overflow_error)?;
    }
    Ok(())
}

async fn sum_payouts(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    use payout_steps as t;
    let steps: Vec<(Day, PayoutStatus, i64, Sum, Sum, Sum, Sum)> = t::table
        .group_by((t::happened_on, t::status))
        .select((
            t::happened_on,
            t::status,
            count_star(),
            sum_i64(t::requested_paise),
            sum_i64(t::tds_paise),
            sum_i64(t::emi_paise),
            sum_i64(t::net_paise),
        ))
        .load(c)
        .await?;
    for (day, status, rows, requested, tds, emi, net) in steps {
        let sums = to_sums(rows, &[requested, tds, emi, net]);
        rollups.add_on(day, RollupKind::PayoutStep, status.as_str(), sums).map_err(overflow_error)?;
    }
    let by_status: Vec<(PayoutStatus, i64, Sum, Sum)> = payouts::table
        .group_by(payouts::status)
        .select((payouts::status, count_star(), sum_i64(payouts::requested_paise), sum_i64(payouts::tds_paise)))
        .load(c)
        .await?;
    for (status, rows, requested, tds) in by_status {
        rollups.add(RollupKind::Payout, status.as_str(), to_sums(rows, &[requested, tds])).map_err(overflow_error)?;
    }
    Ok(())
}

async fn sum_open_payouts(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    let requested: Vec<(PayoutStatus, Option<Day>, i64, Sum)> = payouts::table
        .group_by((payouts::status, payouts::requested_on))
        .select((payouts::status, payouts::requested_on, count_star(), sum_i64(payouts::requested_paise)))
        .load(c)
        .await?;
    for (status, day, rows, amount) in requested {
        if let (Some(day), true) = (day, is_open(status)) {
            let sums = to_sums(rows, &[amount]);
            rollups.add_on(day, RollupKind::OpenPayout, status.as_str(), sums).map_err(overflow_error)?;
        }
    }
    Ok(())
}
