//! The platform at a glance.

use super::overflow;
use crate::Reports;
use crate::domain::fact::{receipt_of, signed};
use crate::domain::rollup::{Noun, Sums};
use crate::domain::{BookingStatus, Flow, PayoutStatus, TransactionKind};
use crate::store::rollups;
use actix_web::{HttpResponse, web};
use chassis::http::{Problem, ok};
use domain::Money;
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct Dashboard {
    /// Members: people whose role is `user`.
    users: i64,
    active_buyers: i64,
    bookings: BookingCounts,
    /// Completed payments of new money (online, bank transfer, cash) less refunds of such payments. Payments from
    /// a wallet or an EMI reserve are not in it: that money was counted when it came, or is a member's earnings.
    revenue: Money,
    /// What members' wallets were credited for referrals and pairs (gross), less what was taken back when it was
    /// reversed and what was recovered later. What is still to be recovered (`clawback_due`) counts as paid.
    commission_paid: Money,
    payouts: PayoutSums,
    /// Tax deducted from completed payouts; not from those the bank returned.
    tds: Money,
    /// What all wallets hold together: available, held, EMI reserve and reserve.
    wallet_liability: Money,
    /// What members owe after reversals.
    clawback_due: Money,
    today: Today,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct BookingCounts {
    pre_booked: i64,
    confirmed: i64,
    completed: i64,
    cancelled: i64,
    expired: i64,
}

impl BookingCounts {
    fn add(&mut self, status: BookingStatus, count: i64) {
        match status {
            BookingStatus::PreBooked => self.pre_booked += count,
            BookingStatus::Confirmed => self.confirmed += count,
            BookingStatus::Completed => self.completed += count,
            BookingStatus::Cancelled => self.cancelled += count,
            BookingStatus::Expired => self.expired += count,
        }
    }
}

/// By the amounts asked for, before tax.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct PayoutSums {
    /// Asked for and neither paid nor come to nothing.
    pending: Sum,
    /// Completed, and not returned by the bank.
    paid: Sum,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct Sum {
    count: i64,
    amount: Money,
}

impl Sum {
    fn add(&mut self, count: i64, amount: Money) -> Result<(), Problem> {
        self.count += count;
        self.amount = self.amount.add(amount).map_err(overflow)?;
        Ok(())
    }
}

/// The Indian day it is.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Today {
    registrations: i64,
    /// Made today, whatever became of them.
    bookings: i64,
    revenue: Money,
    commission: Money,
}

/// Every figure comes from rollups, in one query: nothing here grows with the platform but by its days.
pub(super) async fn show(app: web::Data<Reports>) -> Result<HttpResponse, Problem> {
    let today = app.ctx.now().day();
    let mut c = app.ctx.db().replica().await?;
    let mut dashboard = Dashboard::default();
    for (key, sums) in rollups::totals_and(&mut c, today).await? {
        match key.day {
            None => dashboard.add(key.noun, &key.part, sums)?,
            Some(_) => dashboard.today.add(key.noun, &key.part, sums)?,
        }
    }
    Ok(ok(&dashboard))
}

impl Dashboard {
    fn add(&mut self, noun: Noun, part: &str, sums: Sums) -> Result<(), Problem> {
        match noun {
            Noun::Member => {
                let [active, ..] = sums.measures;
                (self.users, self.active_buyers) = (sums.facts, active);
            }
            Noun::Booking => self.bookings.add(part.parse().map_err(Problem::internal)?, sums.facts),
            Noun::Receipt => self.revenue = self.revenue.add(revenue(part, sums)?).map_err(overflow)?,
            Noun::Transaction => {
                self.commission_paid = self.commission_paid.add(commission(part, sums)?).map_err(overflow)?;
            }
            Noun::Payout => {
                let status: PayoutStatus = part.parse().map_err(Problem::internal)?;
                let [requested, tds, ..] = sums.amounts();
                if PayoutStatus::OPEN.contains(&status) {
                    self.payouts.pending.add(sums.facts, requested)?;
                } else if status == PayoutStatus::Completed {
                    self.payouts.paid.add(sums.facts, requested)?;
                    self.tds = tds;
                }
            }
            Noun::Wallet => {
                let [available, held, emi_reserve, reserve, clawback_due] = sums.amounts();
                self.wallet_liability = Money::total([available, held, emi_reserve, reserve]).map_err(overflow)?;
                self.clawback_due = clawback_due;
            }
            Noun::Joined | Noun::BookingMade | Noun::Placement | Noun::Pair | Noun::PayoutStep => {}
        }
        Ok(())
    }
}

impl Today {
    fn add(&mut self, noun: Noun, part: &str, sums: Sums) -> Result<(), Problem> {
        match noun {
            Noun::Joined => self.registrations = sums.facts,
            Noun::BookingMade => self.bookings = sums.facts,
            Noun::Receipt => self.revenue = self.revenue.add(revenue(part, sums)?).map_err(overflow)?,
            Noun::Transaction => self.commission = self.commission.add(commission(part, sums)?).map_err(overflow)?,
            Noun::Member
            | Noun::Booking
            | Noun::Placement
            | Noun::Pair
            | Noun::PayoutStep
            | Noun::Payout
            | Noun::Wallet => {}
        }
        Ok(())
    }
}

/// What receipts of one kind and method add to the revenue: new money, less its refunds.
fn revenue(part: &str, sums: Sums) -> Result<Money, Problem> {
    let (kind, method) = receipt_of(part).map_err(Problem::internal)?;
    let [amount, ..] = sums.amounts();
    if method.map(Flow::of) == Some(Flow::New) { signed(kind, amount).map_err(overflow) } else { Ok(Money::ZERO) }
}

fn commission(part: &str, sums: Sums) -> Result<Money, Problem> {
    let kind: TransactionKind = part.parse().map_err(Problem::internal)?;
    let [amount, ..] = sums.amounts();
    Ok(if kind.is_commission() { amount } else { Money::ZERO })
}
