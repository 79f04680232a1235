//! Dashboard of the platform for staff.

use super::overflow;
use super::source::{AsOf, Reader};
use crate::ReportsState;
use crate::domain::fact::{Source, is_commission, is_open, parse_receipt_part, signed_amount};
use crate::domain::rollup::{RollupKind, Sums};
use crate::domain::{BookingStatus, MoneySource, PayoutStatus, TransactionType};
use crate::store::rollups;
use actix_web::web;
use domain::Money;
use http_api::{Json, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct DashboardView {
    /// Members: people whose role is `user`.
    users: i64,
    active_buyers: i64,
    bookings: BookingCountsView,
    /// Completed payments of new money (online, bank transfer, cash) less their refunds. Payments from a wallet or an
    /// EMI reserve are excluded: that money was counted when it was received, or is a member's earnings.
    revenue: Money,
    /// Gross credits for referrals and pairs, less reversals and recovered clawbacks. A clawback that is still due
    /// (`clawback_due`) counts as paid.
    commission_paid: Money,
    payouts: PayoutSumsView,
    /// Tax deducted from completed payouts, without payouts that the bank returned.
    tds: Money,
    /// Sum of all wallets: available, held, EMI reserve and reserve.
    wallet_liability: Money,
    /// Amount that members owe after reversals.
    clawback_due: Money,
    today: TodayView,
    #[serde(flatten)]
    as_of: AsOf,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub(super) struct BookingCountsView {
    pre_booked: i64,
    confirmed: i64,
    /// With those that are delivered.
    completed: i64,
    cancelled: i64,
    expired: i64,
    returned: i64,
}

impl BookingCountsView {
    fn add(&mut self, status: BookingStatus, count: i64) {
        match status {
            BookingStatus::PreBooked => self.pre_booked += count,
            BookingStatus::Confirmed => self.confirmed += count,
            BookingStatus::Completed | BookingStatus::Delivered => self.completed += count,
            BookingStatus::Cancelled => self.cancelled += count,
            BookingStatus::Expired => self.expired += count,
            BookingStatus::Returned => self.returned += count,
        }
    }
}

/// Counts and requested amounts of payouts, before tax.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct PayoutSumsView {
    /// Requested and not finished.
    pending: CountAndAmountView,
    /// Completed and not returned by the bank.
    paid: CountAndAmountView,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
struct CountAndAmountView {
    count: i64,
    amount: Money,
}

impl CountAndAmountView {
    fn add(&mut self, count: i64, amount: Money) -> Result<(), Problem> {
        self.count += count;
        self.amount = self.amount.add(amount).map_err(overflow)?;
        Ok(())
    }
}

/// Figures of the current Indian day.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct TodayView {
    registrations: i64,
    /// Made today, in any status.
    bookings: i64,
    revenue: Money,
    commission: Money,
}

/// Totals of the platform, and figures of today.
#[operation]
pub(super) async fn get(state: web::Data<ReportsState>) -> Result<Json<DashboardView>, Problem> {
    // One query of the rollups, so the cost does not grow with the number of members.
    let today = state.ctx.now().day();
    let reader = Reader::new(&state.ctx, false).await?;
    let as_of = reader.as_of(Source::ALL).await?;
    let mut c = reader.connection().await?;
    let mut dashboard = DashboardView { as_of, ..DashboardView::default() };
    for (key, sums) in rollups::load_totals_and_day(&mut c, today).await? {
        match key.day {
            None => dashboard.add(key.kind, &key.part, sums)?,
            Some(_) => dashboard.today.add(key.kind, &key.part, sums)?,
        }
    }
    Ok(Json::new(dashboard))
}

impl DashboardView {
    fn add(&mut self, kind: RollupKind, part: &str, sums: Sums) -> Result<(), Problem> {
        match kind {
            RollupKind::Member => {
                let [active, ..] = sums.measures;
                (self.users, self.active_buyers) = (sums.facts, active);
            }
            RollupKind::Booking => self.bookings.add(part.parse().map_err(Problem::internal)?, sums.facts),
            RollupKind::Receipt => self.revenue = self.revenue.add(revenue(part, sums)?).map_err(overflow)?,
            RollupKind::Transaction => {
                self.commission_paid = self.commission_paid.add(commission(part, sums)?).map_err(overflow)?;
            }
            RollupKind::Payout => {
                let status: PayoutStatus = part.parse().map_err(Problem::internal)?;
                let [requested, tds, ..] = sums.amounts();
                if is_open(status) {
                    self.payouts.pending.add(sums.facts, requested)?;
                } else if status == PayoutStatus::Completed {
                    self.payouts.paid.add(sums.facts, requested)?;
                    self.tds = tds;
                }
            }
            RollupKind::Wallet => {
                let [available, held, emi_reserve, reserve, clawback_due] = sums.amounts();
                self.wallet_liability = Money::total([available, held, emi_reserve, reserve]).map_err(overflow)?;
                self.clawback_due = clawback_due;
            }
            RollupKind::Joined
            | RollupKind::BookingMade
            | RollupKind::Placement
            | RollupKind::Pair
            | RollupKind::PayoutStep
            | RollupKind::Instalment
            | RollupKind::OpenPayout => {}
        }
        Ok(())
    }
}

impl TodayView {
    fn add(&mut self, kind: RollupKind, part: &str, sums: Sums) -> Result<(), Problem> {
        match kind {
            RollupKind::Joined => self.registrations = sums.facts,
            RollupKind::BookingMade => self.bookings = sums.facts,
            RollupKind::Receipt => self.revenue = self.revenue.add(revenue(part, sums)?).map_err(overflow)?,
            RollupKind::Transaction => {
                self.commission = self.commission.add(commission(part, sums)?).map_err(overflow)?
            }
            RollupKind::Member
            | RollupKind::Booking
            | RollupKind::Placement
            | RollupKind::Pair
            | RollupKind::PayoutStep
            | RollupKind::Payout
            | RollupKind::Instalment
            | RollupKind::OpenPayout
            | RollupKind::Wallet => {}
        }
        Ok(())
    }
}

/// Revenue of the receipts of one kind and method: new money, less its refunds.
fn revenue(part: &str, sums: Sums) -> Result<Money, Problem> {
    let (kind, method) = parse_receipt_part(part).map_err(Problem::internal)?;
    let [amount, ..] = sums.amounts();
    if method.map(MoneySource::from_method) == Some(MoneySource::NewMoney) {
        signed_amount(kind, amount).map_err(overflow)
    } else {
        Ok(Money::ZERO)
    }
}

/// Commission of the transactions of one type.
fn commission(part: &str, sums: Sums) -> Result<Money, Problem> {
    let kind: TransactionType = part.parse().map_err(Problem::internal)?;
    let [amount, ..] = sums.amounts();
    Ok(if is_commission(kind) { amount } else { Money::ZERO })
}
