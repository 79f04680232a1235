//! A member's own figures. One of whom nothing was told yet has zeros.
//!
//! They are added up from the member's own rows, which an index holds together and which stay few: a rollup a member
//! would be written at every event and read rarely.

use super::overflow;
use crate::Reports;
use crate::domain::fact::signed;
use crate::domain::{BookingStatus, PairFact, PayoutStatus};
use crate::store::{bookings, members, payouts, receipts, tree, wallets};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Problem, ok};
use db::DbConnection;
use domain::{Money, PaymentMethod, UserId};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MyDashboard {
    /// All of them, whatever became of them.
    bookings: i64,
    /// Neither cancelled nor expired.
    live_bookings: i64,
    /// Completed payments less refunds, without EMI deductions: the sum that Active Buyer goes by.
    total_paid: Money,
    is_active_buyer: bool,
    /// Direct referrals, and the Active Buyers among them.
    referrals: i64,
    active_referrals: i64,
    is_placed: bool,
    /// Matched pairs; flushed and voided ones are not among them.
    pairs_total: i64,
    /// Referral bonuses and pair earnings, gross, less those reversed.
    earned: Money,
    /// What can be spent or withdrawn.
    available: Money,
    held: Money,
    emi_reserve: Money,
    reserve: Money,
    clawback_due: Money,
    /// Completed payouts, before tax; those the bank returned are not among them.
    withdrawn: Money,
    /// Payouts asked for that are neither paid nor come to nothing.
    payouts_pending: i64,
}

pub(super) async fn show(app: web::Data<Reports>, caller: Caller) -> Result<HttpResponse, Problem> {
    let user = caller.user_id;
    let mut c = app.ctx.db().replica().await?;
    let c = &mut *c;
    let by_status = bookings::by_status(c, user).await?;
    let live = [BookingStatus::PreBooked, BookingStatus::Confirmed, BookingStatus::Completed];
    let (referrals, active_referrals) = members::referred_by(c, user).await?;
    let wallet = wallets::find(c, user).await?;
    let held = |part: fn(&wallets::Wallet) -> Money| wallet.as_ref().map(part).unwrap_or_default();
    let payouts = payouts::by_status(c, user).await?;
    let pending = payouts.iter().filter(|(status, _)| PayoutStatus::OPEN.contains(status));
    Ok(ok(&MyDashboard {
        bookings: by_status.iter().map(|(_, count)| count).sum(),
        live_bookings: by_status.iter().filter(|(status, _)| live.contains(status)).map(|(_, count)| count).sum(),
        total_paid: net_paid(c, user).await?,
        is_active_buyer: members::is_active_buyer(c, user).await?,
        referrals,
        active_referrals,
        is_placed: tree::is_placed(c, user).await?,
        pairs_total: pairs(tree::pairs_of(c, user).await?),
        earned: held(|w| w.total_earned_paise),
        available: held(|w| w.available_paise),
        held: held(|w| w.held_paise),
        emi_reserve: held(|w| w.emi_reserve_paise),
        reserve: held(|w| w.reserve_paise),
        clawback_due: held(|w| w.clawback_due_paise),
        withdrawn: held(|w| w.total_withdrawn_paise),
        payouts_pending: pending.map(|(_, count)| count).sum(),
    }))
}

async fn net_paid(c: &mut DbConnection, user: UserId) -> Result<Money, Problem> {
    let sums = receipts::sums(c, user).await?;
    let own = sums.into_iter().filter(|(_, method, _)| method.is_some_and(PaymentMethod::is_members_money));
    let parts: Result<Vec<Money>, _> = own.map(|(kind, _, sum)| signed(kind, sum.unwrap_or_default())).collect();
    parts.and_then(Money::total).map_err(overflow)
}

fn pairs(facts: Vec<(PairFact, i64)>) -> i64 {
    let counts = facts.into_iter().map(|(fact, count)| match fact {
        PairFact::Matched => count,
        PairFact::Voided => -count,
        PairFact::Flushed => 0,
    });
    counts.sum::<i64>().max(0)
}
