//! Dashboard of a member. A member without events has zeros.
//!
//! The figures are summed from the member's own rows at each request: they are few and indexed, while a rollup per
//! member would be written at every event and read rarely.

use super::overflow;
use crate::ReportsState;
use crate::domain::PairStatus;
use crate::domain::fact::{is_open, signed_amount};
use crate::store::{bookings, members, payouts, receipts, tree, wallets};
use actix_web::web;
use db::DbConnection;
use domain::{Money, PaymentMethod, UserId};
use http_api::{Caller, Json, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MyDashboardView {
    /// All bookings, in any status.
    bookings: i64,
    /// Neither cancelled nor expired.
    live_bookings: i64,
    /// Completed payments less refunds, without EMI deductions: the sum that decides Active Buyer.
    total_paid: Money,
    is_active_buyer: bool,
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
}

/// Figures of the caller.
#[operation]
pub(super) async fn get(state: web::Data<ReportsState>, caller: Caller) -> Result<Json<MyDashboardView>, Problem> {
    let user = caller.user_id;
    let mut c = state.ctx.db().replica().await?;
    let c = &mut *c;
    let by_status = bookings::count_by_status(c, user).await?;
    let (referrals, active_referrals) = members::count_referrals(c, user).await?;
    let wallet = wallets::find(c, user).await?;
    let balance = |part: fn(&wallets::Wallet) -> Money| wallet.as_ref().map(part).unwrap_or_default();
    let payouts = payouts::count_by_status(c, user).await?;
    let pending = payouts.iter().filter(|(status, _)| is_open(*status));
    Ok(Json::new(MyDashboardView {
        bookings: by_status.iter().map(|(_, count)| count).sum(),
        live_bookings: by_status.iter().filter(|(status, _)| status.is_live()).map(|(_, count)| count).sum(),
        total_paid: net_paid(c, user).await?,
        is_active_buyer: members::is_active_buyer(c, user).await?,
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
    }))
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
