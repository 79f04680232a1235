//! Sums over whole tables of facts: what the rollups have to come to. For rebuilding them, never for a request.

use super::rollups::out_of_range;
use crate::domain::fact::{AUTOMATIC, MANUAL, receipt_part};
use crate::domain::rollup::{Noun, Rollups, Sums};
use crate::domain::{BookingStatus, PairFact, PayoutStatus, ReceiptKind, TransactionKind};
use crate::schema::{
    bookings, members, pair_facts, payout_steps, payouts, placements, receipts, wallet_transactions, wallets,
};
use db::{DbConnection, sum_i64};
use diesel::dsl::{count, count_star};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, PaymentMethod, Role};

type Sum = Option<Money>;

fn of(facts: i64, sums: &[Sum]) -> Sums {
    Sums::of(facts, sums.iter().map(|sum| sum.unwrap_or_default().paise()))
}

/// Everything there is, summed up.
pub async fn all(c: &mut DbConnection) -> QueryResult<Rollups> {
    let mut rollups = Rollups::default();
    people(c, &mut rollups).await?;
    booked(c, &mut rollups).await?;
    money(c, &mut rollups).await?;
    pairs(c, &mut rollups).await?;
    paid_out(c, &mut rollups).await?;
    Ok(rollups)
}

async fn people(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    let joined: Vec<(Day, bool, i64, i64)> = members::table
        .filter(members::role.eq(Role::User))
        .group_by((members::joined_on, members::is_active_buyer))
        .select((members::joined_on, members::is_active_buyer, count_star(), count(members::referrer_id.nullable())))
        .load(c)
        .await?;
    for (day, is_active_buyer, all, referred) in joined {
        rollups.add_on(day, Noun::Joined, "", Sums::of(all, [referred])).map_err(out_of_range)?;
        let active = if is_active_buyer { all } else { 0 };
        rollups.add(Noun::Member, "", Sums::of(all, [active])).map_err(out_of_range)?;
    }
    let placed: Vec<(Day, bool, i64)> = placements::table
        .group_by((placements::placed_on, placements::manual))
        .select((placements::placed_on, placements::manual, count_star()))
        .load(c)
        .await?;
    for (day, manual, all) in placed {
        let part = if manual { MANUAL } else { AUTOMATIC };
        rollups.add_on(day, Noun::Placement, part, Sums::of(all, [])).map_err(out_of_range)?;
    }
    Ok(())
}

async fn booked(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    let made: Vec<(Day, i64, Sum)> = bookings::table
        .group_by(bookings::booked_on)
        .select((bookings::booked_on, count_star(), sum_i64(bookings::price_paise)))
        .load(c)
        .await?;
    for (day, all, price) in made {
        rollups.add_on(day, Noun::BookingMade, "", of(all, &[price])).map_err(out_of_range)?;
    }
    let by_status: Vec<(BookingStatus, i64)> =
        bookings::table.group_by(bookings::status).select((bookings::status, count_star())).load(c).await?;
    for (status, all) in by_status {
        rollups.add(Noun::Booking, status.as_str(), Sums::of(all, [])).map_err(out_of_range)?;
    }
    Ok(())
}

async fn money(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    use {receipts as r, wallet_transactions as t, wallets as w};
    let received: Vec<(Day, ReceiptKind, Option<PaymentMethod>, i64, Sum)> = r::table
        .group_by((r::happened_on, r::kind, r::method))
        .select((r::happened_on, r::kind, r::method, count_star(), sum_i64(r::amount_paise)))
        .load(c)
        .await?;
    for (day, kind, method, all, amount) in received {
        let part = receipt_part(kind, method);
        rollups.add_on(day, Noun::Receipt, &part, of(all, &[amount])).map_err(out_of_range)?;
    }
    let transactions: Vec<(Day, TransactionKind, i64, Sum)> = t::table
        .group_by((t::happened_on, t::kind))
        .select((t::happened_on, t::kind, count_star(), sum_i64(t::amount_paise)))
        .load(c)
        .await?;
    for (day, kind, all, amount) in transactions {
        rollups.add_on(day, Noun::Transaction, kind.as_str(), of(all, &[amount])).map_err(out_of_range)?;
    }
    let (all, available, held, emi_reserve, reserve, due): (i64, Sum, Sum, Sum, Sum, Sum) = w::table
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
    rollups.add(Noun::Wallet, "", of(all, &[available, held, emi_reserve, reserve, due])).map_err(out_of_range)
}

async fn pairs(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
    use pair_facts as t;
    let facts: Vec<(Day, PairFact, i64, Sum, Sum)> = t::table
        .group_by((t::happened_on, t::fact))
        .select((t::happened_on, t::fact, count_star(), sum_i64(t::gross_paise), sum_i64(t::emi_deduction_paise)))
        .load(c)
        .await?;
    for (day, fact, all, gross, emi) in facts {
        rollups.add_on(day, Noun::Pair, fact.as_str(), of(all, &[gross, emi])).map_err(out_of_range)?;
    }
    Ok(())
}

async fn paid_out(c: &mut DbConnection, rollups: &mut Rollups) -> QueryResult<()> {
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
    for (day, status, all, requested, tds, emi, net) in steps {
        let sums = of(all, &[requested, tds, emi, net]);
        rollups.add_on(day, Noun::PayoutStep, status.as_str(), sums).map_err(out_of_range)?;
    }
    let by_status: Vec<(PayoutStatus, i64, Sum, Sum)> = payouts::table
        .group_by(payouts::status)
        .select((payouts::status, count_star(), sum_i64(payouts::requested_paise), sum_i64(payouts::tds_paise)))
        .load(c)
        .await?;
    for (status, all, requested, tds) in by_status {
        rollups.add(Noun::Payout, status.as_str(), of(all, &[requested, tds])).map_err(out_of_range)?;
    }
    Ok(())
}
