//! A candidate plan against the tree's whole history, beside the one writer and without touching anything.

use super::aside::aside;
use super::follow;
use super::later::Later;
use crate::domain::Input;
use crate::domain::referring::{Referred, Step};
use crate::domain::simulation::{Books, Comparison, Simulation, Sum};
use crate::error::Failure;
use crate::store::journal::{self, Entry};
use crate::store::payments::RefundId;
use crate::store::referrals::{self, Referral, ReferralRefund};
use db::DbConnection;
use domain::plan::{ReferralInput, TakenBack};
use domain::{Money, Month, PaymentId, Plan, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Members whose payments are read at once.
const MEMBERS: i64 = 1_000;

/// What the candidate would have come to, had it held since the beginning, beside what is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Simulated {
    /// Entries of the tree's journal that were replayed.
    pub journal_entries: i64,
    pub candidate: BooksView,
    /// The same replay under the plans as they were published.
    pub live: BooksView,
    /// Members whose net from pairs and referrals would be more than it is.
    pub members_better_off: u64,
    /// Members whose net from pairs and referrals would be less than it is.
    pub members_worse_off: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BooksView {
    /// All pairs and bonuses that stand.
    pub total: SumView,
    /// By the month a pair was matched or a payment completed in, oldest first.
    pub months: Vec<MonthView>,
    /// Members with a net of more than nothing.
    pub earners: u64,
    /// One in a hundred of them, and at least one.
    pub top_earners: u64,
    /// What the top earners have of the whole net, in percent with two decimals, rounded down.
    pub top_earners_share: String,
    pub top_earners_net: Money,
    /// Pairs over the limit that wait for a later period.
    pub carried_pairs: u64,
    /// What they will cost.
    pub carried_gross: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MonthView {
    pub month: Month,
    #[serde(flatten)]
    pub sum: SumView,
}

/// `net + emi_deduction + reserve_deduction = gross + referral`, which is what it costs the company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SumView {
    /// Referral bonuses, and what they pay.
    pub bonuses: u64,
    pub referral: Money,
    pub pairs: u64,
    /// What the pairs pay.
    pub gross: Money,
    pub emi_deduction: Money,
    pub reserve_deduction: Money,
    pub net: Money,
}

impl From<&Sum> for SumView {
    fn from(sum: &Sum) -> Self {
        let Sum { bonuses, referral, pairs, gross, emi_deduction, reserve_deduction, net } = *sum;
        Self { bonuses, referral, pairs, gross, emi_deduction, reserve_deduction, net }
    }
}

impl From<&Books> for BooksView {
    fn from(books: &Books) -> Self {
        let months = books.months.iter().map(|(month, sum)| MonthView { month: *month, sum: sum.into() });
        Self {
            total: (&books.total).into(),
            months: months.collect(),
            earners: books.earners,
            top_earners: books.top_earners,
            top_earners_share: share(books.top_net, books.total.net),
            top_earners_net: books.top_net,
            carried_pairs: books.carried_pairs,
            carried_gross: books.carried_gross,
        }
    }
}

fn share(part: Money, whole: Money) -> String {
    let hundredths = (i128::from(part.paise()) * 10_000).checked_div(i128::from(whole.paise())).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Replays the journal up to its head of now.
pub async fn simulate(c: &mut DbConnection, plan: Plan) -> Result<Simulated, Failure> {
    let head = journal::head(c).await?;
    let mut simulation = Simulation::of(plan)?;
    while simulation.seq() < head {
        let page = follow::page(c, simulation.seq(), head).await?;
        simulation = aside(move || take_all(simulation, &page)).await?;
    }
    let (mut after, mut later) = (UserId::from(Uuid::nil()), Later::than(head));
    loop {
        let members = referrals::referred_after(c, after, MEMBERS).await?;
        let Some(last) = members.last() else { break };
        after = *last;
        let payments = referrals::of_members(c, &members).await?;
        let refunds = referrals::refunds_of_members(c, &members).await?;
        later.catch_up(c).await?;
        let steps = steps(payments, refunds, |cause| later.caused(cause));
        simulation = aside(move || take_referred(simulation, &steps)).await?;
    }
    let Comparison { live, candidate, better_off, worse_off } = aside(move || Ok(simulation.compare()?)).await?;
    Ok(Simulated {
        journal_entries: head,
        candidate: (&candidate).into(),
        live: (&live).into(),
        members_better_off: better_off,
        members_worse_off: worse_off,
    })
}

fn take_all(mut simulation: Simulation, page: &[(Entry, Input)]) -> Result<Simulation, Failure> {
    for (entry, input) in page {
        simulation.take(entry.happened_at, input)?;
    }
    Ok(simulation)
}

fn take_referred(mut simulation: Simulation, members: &[Vec<Step>]) -> Result<Simulation, Failure> {
    for steps in members {
        simulation.take_referred(steps)?;
    }
    Ok(simulation)
}

/// What was paid and given back so far, of each member in the order in which it took effect.
fn steps(
    payments: Vec<(Referral, Option<RefundId>)>,
    refunds: Vec<ReferralRefund>,
    is_later: impl Fn(Uuid) -> bool,
) -> Vec<Vec<Step>> {
    let known: HashSet<PaymentId> = refunds.iter().map(|refund| refund.payment_id).collect();
    let mut steps: HashMap<UserId, Vec<(i64, Step)>> = HashMap::new();
    for (row, refund) in payments {
        // A refund of which nothing more is known took back what its own payment had earned.
        let is_gone = refund.is_some_and(|id| !is_later(id.uuid())) && !known.contains(&row.payment_id);
        if !is_gone && !is_later(row.payment_id.uuid()) {
            let step = Step::Paid(paid(&row));
            steps.entry(row.referred_id).or_default().push((row.standing_version, step));
        }
    }
    for row in refunds.into_iter().filter(|row| !is_later(row.refund_id.uuid())) {
        let taken = TakenBack { own: row.takes_own, other: row.takes_other };
        let step = Step::GivenBack { payment: row.payment_id, net_paid: row.net_paid_after_paise, taken };
        steps.entry(row.referred_id).or_default().push((row.standing_version, step));
    }
    let in_order = |mut steps: Vec<(i64, Step)>| {
        steps.sort_by_key(|(version, _)| *version);
        steps.into_iter().map(|(_, step)| step).collect()
    };
    steps.into_values().map(in_order).collect()
}

fn paid(row: &Referral) -> Referred {
    Referred {
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
