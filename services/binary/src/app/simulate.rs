//! Simulation of a candidate plan over the tree's whole history. Reads only.

use super::background::run_blocking;
use super::follow;
use super::journal_tail::JournalTail;
use crate::domain::Input;
use crate::domain::referral_bonuses::{ReferralEvent, ReferredPayment};
use crate::domain::simulation::{Comparison, EarningsSum, PlanResults, Simulation};
use crate::error::BinaryError;
use crate::store::journal::{self, JournalEntry};
use crate::store::payments::RefundId;
use crate::store::referrals::{self, ReferralRefundRow, ReferralRow};
use db::DbConnection;
use domain::plan::{BonusReversal, ReferralInput};
use domain::{Money, Month, PaymentId, Plan, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Members whose payments are read at once.
const PAGE_MEMBERS: i64 = 1_000;

/// Results of the candidate plan, as if it had been in force from the beginning, and of the published plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SimulationReport {
    /// Entries of the tree's journal that were replayed.
    pub journal_entries: i64,
    pub candidate: PlanResultsView,
    /// The same replay under the published plan versions.
    pub live: PlanResultsView,
    /// Members whose net from pairs and referrals would be greater.
    pub members_better_off: u64,
    /// Members whose net from pairs and referrals would be smaller.
    pub members_worse_off: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanResultsView {
    /// All matched pairs and bonuses that were not voided or reversed.
    pub total: EarningsSumView,
    /// By the month in which a pair was matched or a payment completed, oldest first.
    pub months: Vec<MonthView>,
    /// Members with a net greater than zero.
    pub earners: u64,
    /// Number of earners in the top percent, at least one.
    pub top_earners: u64,
    /// Share of the top earners in the whole net, in percent with two decimals, rounded down.
    pub top_earners_share: String,
    pub top_earners_net: Money,
    /// Pairs over the limit, carried to a later period.
    pub carried_pairs: u64,
    /// Their gross.
    pub carried_gross: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MonthView {
    pub month: Month,
    #[serde(flatten)]
    pub sum: EarningsSumView,
}

/// Sums, where `net + emi_deduction + reserve_deduction = gross + referral` is the cost to the company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EarningsSumView {
    /// Number of referral bonuses; `referral` is their amount.
    pub bonuses: u64,
    pub referral: Money,
    pub pairs: u64,
    /// Gross pay of the pairs.
    pub gross: Money,
    pub emi_deduction: Money,
    pub reserve_deduction: Money,
    pub net: Money,
}

impl From<&EarningsSum> for EarningsSumView {
    fn from(sum: &EarningsSum) -> Self {
        let EarningsSum { bonuses, referral, pairs, gross, emi_deduction, reserve_deduction, net } = *sum;
        Self { bonuses, referral, pairs, gross, emi_deduction, reserve_deduction, net }
    }
}

impl From<&PlanResults> for PlanResultsView {
    fn from(results: &PlanResults) -> Self {
        let months = results.months.iter().map(|(month, sum)| MonthView { month: *month, sum: sum.into() });
        Self {
            total: (&results.total).into(),
            months: months.collect(),
            earners: results.earners,
            top_earners: results.top_earners,
            top_earners_share: share(results.top_net, results.total.net),
            top_earners_net: results.top_net,
            carried_pairs: results.carried_pairs,
            carried_gross: results.carried_gross,
        }
    }
}

fn share(part: Money, whole: Money) -> String {
    let hundredths = (i128::from(part.paise()) * 10_000).checked_div(i128::from(whole.paise())).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Replays the journal up to its current head under `plan`. Errors when the plan or the journal is invalid.
pub async fn simulate_plan(c: &mut DbConnection, plan: Plan) -> Result<SimulationReport, BinaryError> {
    let head = journal::load_head(c).await?;
    let mut simulation = Simulation::try_new(plan)?;
    while simulation.seq() < head {
        let page = follow::load_page(c, simulation.seq(), head).await?;
        simulation = run_blocking(move || apply_page(simulation, &page)).await?;
    }
    let (mut after, mut tail) = (UserId::from(Uuid::nil()), JournalTail::after(head));
    loop {
        let members = referrals::list_referred_after(c, after, PAGE_MEMBERS).await?;
        let Some(last) = members.last() else { break };
        after = *last;
        let payments = referrals::list_payments_of(c, &members).await?;
        let refunds = referrals::list_refunds_of(c, &members).await?;
        tail.catch_up(c).await?;
        let events = events_by_member(payments, refunds, |cause| tail.has_cause(cause));
        simulation = run_blocking(move || apply_referral_events(simulation, &events)).await?;
    }
    let Comparison { live, candidate, better_off, worse_off } = run_blocking(move || Ok(simulation.compare()?)).await?;
    Ok(SimulationReport {
        journal_entries: head,
        candidate: (&candidate).into(),
        live: (&live).into(),
        members_better_off: better_off,
        members_worse_off: worse_off,
    })
}

fn apply_page(mut simulation: Simulation, page: &[(JournalEntry, Input)]) -> Result<Simulation, BinaryError> {
    for (entry, input) in page {
        simulation.apply(entry.happened_at, input)?;
    }
    Ok(simulation)
}

fn apply_referral_events(
    mut simulation: Simulation,
    members: &[Vec<ReferralEvent>],
) -> Result<Simulation, BinaryError> {
    for events in members {
        simulation.apply_referral_events(events)?;
    }
    Ok(simulation)
}

/// Payments and refunds of each member, in the order in which they took effect, without those of later entries.
fn events_by_member(
    payments: Vec<(ReferralRow, Option<RefundId>)>,
    refunds: Vec<ReferralRefundRow>,
    is_later: impl Fn(Uuid) -> bool,
) -> Vec<Vec<ReferralEvent>> {
    let known: HashSet<PaymentId> = refunds.iter().map(|refund| refund.payment_id).collect();
    let mut events: HashMap<UserId, Vec<(i64, ReferralEvent)>> = HashMap::new();
    for (row, refund) in payments {
        // A refund without referral data reversed the bonus of its own payment.
        let is_reversed = refund.is_some_and(|id| !is_later(id.uuid())) && !known.contains(&row.payment_id);
        if !is_reversed && !is_later(row.payment_id.uuid()) {
            let event = ReferralEvent::Paid(referred_payment(&row));
            events.entry(row.referred_id).or_default().push((row.standing_version, event));
        }
    }
    for row in refunds.into_iter().filter(|row| !is_later(row.refund_id.uuid())) {
        let revoked = BonusReversal { own: row.takes_own, other: row.takes_other };
        let event = ReferralEvent::Refunded { payment: row.payment_id, net_paid: row.net_paid_after_paise, revoked };
        events.entry(row.referred_id).or_default().push((row.standing_version, event));
    }
    let in_order = |mut events: Vec<(i64, ReferralEvent)>| {
        events.sort_by_key(|(version, _)| *version);
        events.into_iter().map(|(_, event)| event).collect()
    };
    events.into_values().map(in_order).collect()
}

fn referred_payment(row: &ReferralRow) -> ReferredPayment {
    ReferredPayment {
        payment: row.payment_id,
        referrer: row.referrer_id,
        input: ReferralInput {
            amount: row.amount_paise,
            method: row.method,
            on_first_booking: row.on_first_booking,
            net_paid_before: row.net_paid_before_paise,
            net_paid_after: row.net_paid_after_paise,
        },
        bonus: row.bonus_paise,
        at: row.completed_at,
    }
}
