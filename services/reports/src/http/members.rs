//! Dashboard of a member, for the member and for staff. A member without events has zeros.
//!
//! The figures are summed from the member's own rows at each request: they are few and indexed, while a rollup per
//! member would be written at every event and read rarely.

use super::overflow;
use crate::ReportsState;
use crate::domain::fact::{is_open, signed_amount};
use crate::domain::{Instalment, PairStatus};
use crate::store::{applied_sources, bookings, members, payouts, plans, receipts, tree, wallets};
use actix_web::web;
use db::DbConnection;
use domain::{BookingId, Day, Money, PaymentMethod, Plan, Timestamp, UserId};
use http_api::{Caller, Json, Path, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MemberDashboardView {
    /// All bookings, in any status.
    bookings: i64,
    /// Neither cancelled nor expired.
    live_bookings: i64,
    /// Completed payments less refunds, without EMI deductions: the sum that decides Active Buyer.
    total_paid: Money,
    is_active_buyer: bool,
    /// Minimum net payments of an Active Buyer, under the plan in force.
    active_buyer_from: Money,
    /// Direct referrals, and the Active Buyers among them.
    referrals: i64,
    active_referrals: i64,
    is_placed: bool,
    /// Matched pairs, without flushed and voided ones.
    pairs_total: i64,
    /// Referral bonuses and pair earnings, gross, less those reversed.
    earned: Money,
    /// Balance that can be spent or withdrawn.
    available: Money,
    held: Money,
    emi_reserve: Money,
    reserve: Money,
    clawback_due: Money,
    /// Completed payouts before tax, without those that the bank returned.
    withdrawn: Money,
    /// Payouts that are requested and not finished.
    payouts_pending: i64,
    /// Of all confirmed bookings, the unpaid instalment that is due first. It may be overdue.
    next_instalment: Option<NextInstalmentView>,
    /// Time of the newest event that the figures may contain; null before the first.
    as_of: Option<Timestamp>,
}

/// An instalment that is not paid in full.
#[derive(Debug, Serialize, JsonSchema)]
struct NextInstalmentView {
    booking_id: BookingId,
    /// Number of the booking.
    number: String,
    n: i64,
    due_on: Day,
    amount: Money,
    paid: Money,
}

/// Figures of the caller.
#[operation]
pub(super) async fn get_own(
    state: web::Data<ReportsState>,
    caller: Caller,
) -> Result<Json<MemberDashboardView>, Problem> {
    let mut c = state.ctx.db().replica().await?;
    let is_active_buyer = members::find_is_active_buyer(&mut c, caller.user_id).await?.unwrap_or(false);
    Ok(Json::new(load(&mut c, caller.user_id, is_active_buyer, state.ctx.now()).await?))
}

/// Figures of a member.
#[operation]
pub(super) async fn get(
    state: web::Data<ReportsState>,
    Path(user): Path<UserId>,
) -> Result<Json<MemberDashboardView>, Problem> {
    let mut c = state.ctx.db().replica().await?;
    let is_active_buyer = members::find_is_active_buyer(&mut c, user).await?.ok_or_else(Problem::not_found)?;
    Ok(Json::new(load(&mut c, user, is_active_buyer, state.ctx.now()).await?))
}

async fn load(
    c: &mut DbConnection,
    user: UserId,
    is_active_buyer: bool,
    now: Timestamp,
) -> Result<MemberDashboardView, Problem> {
    // Read first, so that the figures are never older than it.
    let as_of = applied_sources::load(c).await?.into_values().max();
    let by_status = bookings::count_by_status(c, user).await?;
    let (referrals, active_referrals) = members::count_referrals(c, user).await?;
    let wallet = wallets::find(c, user).await?;
    let balance = |part: fn(&wallets::Wallet) -> Money| wallet.as_ref().map(part).unwrap_or_default();
    let payouts = payouts::count_by_status(c, user).await?;
    let pending = payouts.iter().filter(|(status, _)| is_open(*status));
    let next = bookings::find_next_instalment(c, user).await?;
    Ok(MemberDashboardView {
        bookings: by_status.iter().map(|(_, count)| count).sum(),
        live_bookings: by_status.iter().filter(|(status, _)| status.is_live()).map(|(_, count)| count).sum(),
        total_paid: net_paid(c, user).await?,
        is_active_buyer,
        active_buyer_from: active_buyer_from(c, now).await?,
        referrals,
        active_referrals,
        is_placed: tree::is_placed(c, user).await?,
        pairs_total: count_live_pairs(tree::count_pairs(c, user).await?),
        earned: balance(|w| w.total_earned_paise),
        available: balance(|w| w.available_paise),
        held: balance(|w| w.held_paise),
        emi_reserve: balance(|w| w.emi_reserve_paise),
        reserve: balance(|w| w.reserve_paise),
        clawback_due: balance(|w| w.clawback_due_paise),
        withdrawn: balance(|w| w.total_withdrawn_paise),
        payouts_pending: pending.map(|(_, count)| count).sum(),
        next_instalment: next.map(|(booking_id, number, Instalment { n, due_on, amount, paid })| NextInstalmentView {
            booking_id,
            number,
            n,
            due_on,
            amount,
            paid,
        }),
        as_of,
    })
}

async fn active_buyer_from(c: &mut DbConnection, now: Timestamp) -> Result<Money, Problem> {
    let stored = plans::find_in_force(c, now).await?;
    let plan = stored.map_or_else(|| Ok(Plan::seed()), |row| row.parse().map(|version| version.plan));
    Ok(plan.map_err(Problem::internal)?.active_buyer_from)
}

/// Payments of the member's own money less refunds.
async fn net_paid(c: &mut DbConnection, user: UserId) -> Result<Money, Problem> {
    let sums = receipts::sums_for_member(c, user).await?;
    let own = sums.into_iter().filter(|(_, method, _)| method.is_some_and(PaymentMethod::is_paid_by_member));
    let parts: Result<Vec<Money>, _> = own.map(|(kind, _, sum)| signed_amount(kind, sum.unwrap_or_default())).collect();
    parts.and_then(Money::total).map_err(overflow)
}

/// Matched pairs less voided ones.
fn count_live_pairs(by_outcome: Vec<(PairStatus, i64)>) -> i64 {
    let counts = by_outcome.into_iter().map(|(outcome, count)| match outcome {
        PairStatus::Matched => count,
        PairStatus::Voided => -count,
        PairStatus::Flushed => 0,
    });
    counts.sum::<i64>().max(0)
}
