//! Simulation of a candidate plan over the tree's whole history. Reads only.

use super::background::run_blocking;
use super::follow;
use super::journal_tail::JournalTail;
use crate::domain::Input;
use crate::domain::referral_bonuses::{ReferralEvent, ReferredPayment};
use crate::domain::simulation::{Comparison, Simulation};
use crate::error::BinaryError;
use crate::store::journal::{self, JournalEntry};
use crate::store::payments::RefundId;
use crate::store::referrals::{self, ReferralRefundRow, ReferralRow};
use db::DbConnection;
use domain::plan::{BonusReversal, ReferralInput};
use domain::{PaymentId, Plan, UserId};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Members whose payments are read at once.
const PAGE_MEMBERS: i64 = 1_000;

/// Results of a simulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulationReport {
    /// Entries of the tree's journal that were replayed.
    pub journal_entries: i64,
    pub comparison: Comparison,
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
    let comparison = run_blocking(move || Ok(simulation.compare()?)).await?;
    Ok(SimulationReport { journal_entries: head, comparison })
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
