//! The platform at a glance.

use super::overflow;
use crate::Reports;
use crate::domain::fact::signed;
use crate::domain::{BookingStatus, Flow, PayoutStatus, TransactionKind};
use crate::store::{bookings, members, payouts, receipts, wallets};
use actix_web::{HttpResponse, web};
use chassis::http::{Problem, ok};
use db::DbConnection;
use domain::{Day, Money};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Serialize, JsonSchema)]
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
    fn of(counts: Vec<(BookingStatus, i64)>) -> Self {
        let mut of = Self::default();
        for (status, count) in counts {
            match status {
                BookingStatus::PreBooked => of.pre_booked = count,
                BookingStatus::Confirmed => of.confirmed = count,
                BookingStatus::Completed => of.completed = count,
                BookingStatus::Cancelled => of.cancelled = count,
                BookingStatus::Expired => of.expired = count,
            }
        }
        of
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
#[derive(Debug, Serialize, JsonSchema)]
struct Today {
    registrations: i64,
    /// Made today, whatever became of them.
    bookings: i64,
    revenue: Money,
    commission: Money,
}

pub(super) async fn show(app: web::Data<Reports>) -> Result<HttpResponse, Problem> {
    let today = app.ctx.now().day();
    let mut c = app.ctx.db().replica().await?;
    let c = &mut *c;
    let (users, active_buyers) = members::count(c).await?;
    let (payouts, tds) = payout_sums(payouts::by_status(c, None).await?)?;
    let owed = wallets::owed(c).await?;
    let held = [owed.available, owed.held, owed.emi_reserve, owed.reserve];
    Ok(ok(&Dashboard {
        users,
        active_buyers,
        bookings: BookingCounts::of(bookings::by_status(c, None).await?),
        revenue: revenue(c).await?,
        commission_paid: wallets::total(c, &TransactionKind::COMMISSION, None).await?,
        payouts,
        tds,
        wallet_liability: Money::total(held).map_err(overflow)?,
        clawback_due: owed.clawback_due,
        today: of_today(c, today).await?,
    }))
}

async fn revenue(c: &mut DbConnection) -> Result<Money, Problem> {
    let sums = receipts::sums(c, None).await?;
    let new = sums.into_iter().filter(|(_, method, _)| method.map(Flow::of) == Some(Flow::New));
    let parts: Result<Vec<Money>, _> = new.map(|(kind, _, sum)| signed(kind, sum.unwrap_or_default())).collect();
    parts.and_then(Money::total).map_err(overflow)
}

fn payout_sums(rows: Vec<payouts::ByStatus>) -> Result<(PayoutSums, Money), Problem> {
    let (mut sums, mut tds) = (PayoutSums::default(), Money::ZERO);
    for (status, count, requested, tax) in rows {
        let requested = requested.unwrap_or_default();
        if PayoutStatus::OPEN.contains(&status) {
            sums.pending.add(count, requested)?;
        } else if status == PayoutStatus::Completed {
            sums.paid.add(count, requested)?;
            tds = tax.unwrap_or_default();
        }
    }
    Ok((sums, tds))
}

async fn of_today(c: &mut DbConnection, today: Day) -> Result<Today, Problem> {
    let mut revenue = Money::ZERO;
    for (_, kind, method, _, sum) in receipts::daily(c, today, today).await? {
        if method.map(Flow::of) == Some(Flow::New) {
            let part = signed(kind, sum.unwrap_or_default()).map_err(overflow)?;
            revenue = revenue.add(part).map_err(overflow)?;
        }
    }
    Ok(Today {
        registrations: members::joined(c, today, today).await?.iter().map(|(_, all, _)| all).sum(),
        bookings: bookings::made(c, today, today).await?.iter().map(|(_, count, _)| count).sum(),
        revenue,
        commission: wallets::total(c, &TransactionKind::COMMISSION, Some(today)).await?,
    })
}
