//! Simulation of a candidate plan over the tree's whole history. Reads only.

use super::background::run_blocking;
use super::column::from_column;
use super::follow::{self, PREFETCH_INPUTS};
use super::journal_tail::JournalTail;
use crate::domain::referral_bonuses::{ReferralEvent, ReferredPayment};
use crate::domain::simulation::{Comparison, PlanReplay, Simulation};
use crate::domain::{Input, NodeIndex};
use crate::error::BinaryError;
use crate::store::journal::{self, JournalEntry};
use crate::store::nodes;
use crate::store::payments::RefundId;
use crate::store::referrals::{self, ReferralRefundRow, ReferralRow};
use db::DbConnection;
use domain::plan::{BonusReversal, ReferralInput};
use domain::{PaymentId, Plan, UserId};
use futures_util::future::BoxFuture;
use runtime::Progress;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Members whose payments are read at once.
const PAGE_MEMBERS: i64 = 1_000;
/// Refunds that are read at once.
const PAGE_REFUNDS: i64 = 500;

/// Results of a simulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulationReport {
    /// Entries of the tree's journal that were replayed.
    pub journal_entries: i64,
    pub comparison: Comparison,
}

/// Replays the journal up to its current head under the published plans and under `plan`. Errors when the plan or the
/// journal is invalid.
pub fn simulate_plan<'a>(
    c: &'a mut DbConnection,
    plan: Plan,
    progress: &'a Progress,
) -> BoxFuture<'a, Result<SimulationReport, BinaryError>> {
    Box::pin(async move {
        let head = journal::load_head(c).await?;
        let refunded = load_refunded(c, head).await?;
        let published = replay(c, PlanReplay::published(refunded), head, |seq| progress.set(seq, 2 * head)).await?;
        let mut simulation = run_blocking(move || Ok(published.then_under(plan)?)).await?;
        let report = |seq| progress.set(head + seq, 2 * head);
        simulation.candidate = replay(c, simulation.candidate, head, report).await?;
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
        let comparison = run_blocking(move || Ok(simulation.compare()?)).await?;
        Ok(SimulationReport { journal_entries: head, comparison })
    })
}

/// The members who are refunded by an entry up to `head`.
async fn load_refunded(c: &mut DbConnection, head: i64) -> Result<HashSet<NodeIndex>, BinaryError> {
    let (mut after, mut refunded) = (0, HashSet::new());
    loop {
        let page = journal::list_refunded(c, after, head, PAGE_REFUNDS).await?;
        let Some((last, _)) = page.last() else { return Ok(refunded) };
        after = *last;
        let users: Vec<UserId> = page.into_iter().filter_map(|(_, user)| user).collect();
        for node in nodes::find_all(c, &users).await? {
            refunded.insert(from_column(node.node)?);
        }
    }
}

/// Applies the journal up to `head`, and calls `report` with the last entry applied so far.
async fn replay(
    c: &mut DbConnection,
    mut replay: PlanReplay,
    head: i64,
    report: impl Fn(i64),
) -> Result<PlanReplay, BinaryError> {
    while replay.seq() < head {
        report(replay.seq());
        let page = follow::load_page(c, replay.seq(), head).await?;
        replay = run_blocking(move || apply_page(replay, &page)).await?;
    }
    Ok(replay)
}

fn apply_page(mut replay: PlanReplay, page: &[(JournalEntry, Input)]) -> Result<PlanReplay, BinaryError> {
    for chunk in page.chunks(PREFETCH_INPUTS) {
        replay.prefetch(chunk.iter().map(|(_, input)| input));
        for (entry, input) in chunk {
            replay.apply(entry.happened_at, input)?;
        }
    }
    Ok(replay)
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
