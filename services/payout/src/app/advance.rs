//! Transitions of a payout. Every state is a version of its own, has a step and publishes an event.

use super::{publish, tax};
use crate::domain::payout::{Command, PayoutFacts, PayoutStatus, PayoutTransition, decide_transition};
use crate::error::PayoutError;
use crate::store::bank_references;
use crate::store::payout_steps::{self, PayoutStep};
use crate::store::payouts::{self, Payout};
use crate::store::taxes::{self, TaxLine};
use db::{DbConnection, Version};
use diesel::QueryResult;
use domain::{PayoutId, Timestamp, UserId};
use messaging::outbox::{self, OutboxEvent};

/// A payout after a command, and whether the command changed anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOutcome {
    pub payout: Payout,
    pub changed: bool,
}

/// Who moves a payout, and when. `by` is `None` for the wallet and for jobs.
#[derive(Debug, Clone, Copy)]
pub struct Move {
    pub by: Option<UserId>,
    pub at: Timestamp,
}

/// Steps and events of payouts that moved and are not saved yet.
#[derive(Debug, Default)]
pub struct Moves {
    steps: Vec<PayoutStep>,
    events: Vec<OutboxEvent>,
}

impl Moves {
    /// Adds the step and the event of the payout's current state. `hold_refused` is whether the wallet's refusal of the
    /// hold rejects the payout.
    pub fn add(&mut self, payout: &Payout, line: Option<&TaxLine>, hold_refused: bool, by: Option<UserId>) {
        self.steps.push(PayoutStep {
            payout_id: payout.id,
            version: payout.version,
            status: payout.status,
            reached_at: payout.changed_at,
            moved_by: by,
        });
        self.events.extend(publish::payout_event(payout, line, hold_refused));
    }

    /// Moves `payout` through the states of `path`, and adds each of them. The caller saves the payout.
    pub fn advance(
        &mut self,
        payout: &mut Payout,
        path: &[PayoutStatus],
        line: Option<&TaxLine>,
        hold_refused: bool,
        moved: Move,
    ) {
        for status in path {
            payout.status = *status;
            payout.version = Version::new(payout.version.get() + 1);
            payout.changed_at = moved.at;
            self.add(payout, line, hold_refused, moved.by);
        }
    }

    /// Inserts the steps and publishes the events.
    pub async fn save(self, c: &mut DbConnection) -> QueryResult<()> {
        payout_steps::insert(c, &self.steps).await?;
        outbox::publish_all(c, self.events).await
    }
}

/// Locks and loads the payout. Errors with `UnknownPayout` if it does not exist.
pub async fn lock(c: &mut DbConnection, id: PayoutId) -> Result<Payout, PayoutError> {
    payouts::lock(c, id).await?.ok_or(PayoutError::UnknownPayout(id))
}

/// Decides what `command` does to `payout`, which the caller has locked. Errors if the state does not allow it.
pub fn decide(payout: &Payout, approved_by: &[UserId], command: Command<'_>) -> Result<PayoutTransition, PayoutError> {
    let facts = PayoutFacts {
        status: payout.status,
        requested_by: payout.user_id,
        approved_by,
        approvals_needed: usize::try_from(payout.approvals_needed)?,
        utr: &payout.utr,
        reason: &payout.reason,
        net_is_zero: payout.net_paise.is_zero(),
    };
    Ok(decide_transition(&facts, command)?)
}

/// Locks the payout, decides `command` and applies it. Errors with `UnknownPayout` if it does not exist.
pub async fn execute(
    c: &mut DbConnection,
    id: PayoutId,
    command: Command<'_>,
    moved: Move,
) -> Result<CommandOutcome, PayoutError> {
    let payout = lock(c, id).await?;
    execute_locked(c, payout, command, moved).await
}

/// Does the same for a payout that the caller has locked.
pub async fn execute_locked(
    c: &mut DbConnection,
    mut payout: Payout,
    command: Command<'_>,
    moved: Move,
) -> Result<CommandOutcome, PayoutError> {
    match decide(&payout, &[], command)? {
        PayoutTransition::Move(path) => {
            claim_reference(c, &payout, command).await?;
            set_details(&mut payout, command);
            transition(c, &mut payout, path, moved).await?;
            payouts::save(c, &payout).await?;
            Ok(CommandOutcome { payout, changed: true })
        }
        // Approvals are handled by `approve`, so `RecordApproval` does not occur here.
        PayoutTransition::RecordApproval | PayoutTransition::Unchanged => Ok(CommandOutcome { payout, changed: false }),
    }
}

/// Records that the bank reference of a payment belongs to this payout. Errors with `UtrKnown` if it is another's.
async fn claim_reference(c: &mut DbConnection, payout: &Payout, command: Command<'_>) -> Result<(), PayoutError> {
    match command {
        Command::Pay { utr } if !utr.is_empty() && !bank_references::insert(c, utr, payout.id).await? => {
            Err(PayoutError::UtrKnown(utr.to_owned()))
        }
        Command::Pay { .. }
        | Command::Hold
        | Command::RefuseHold
        | Command::Cancel
        | Command::Reject { .. }
        | Command::Approve { .. }
        | Command::Send { .. }
        | Command::Fail { .. }
        | Command::Return { .. } => Ok(()),
    }
}

/// Sets the fields that belong to the command.
fn set_details(payout: &mut Payout, command: Command<'_>) {
    match command {
        Command::Reject { reason } | Command::Fail { reason } | Command::Return { reason } => {
            reason.clone_into(&mut payout.reason);
        }
        Command::Pay { utr } => utr.clone_into(&mut payout.utr),
        Command::Send { batch } => payout.batch_id = Some(batch),
        Command::Hold | Command::RefuseHold | Command::Cancel | Command::Approve { .. } => {}
    }
}

/// Moves `payout` through the states of `path`, inserts a step and publishes an event for each. The caller saves the
/// payout. Errors with `NoTaxLine` if a payout that fails or is reversed has no tax line.
pub async fn transition(
    c: &mut DbConnection,
    payout: &mut Payout,
    path: &[PayoutStatus],
    moved: Move,
) -> Result<(), PayoutError> {
    let line =
        if path.iter().any(|status| has_fixed_tax(*status)) { taxes::find_tax_line(c, payout.id).await? } else { None };
    if path.iter().any(|status| matches!(status, PayoutStatus::Failed | PayoutStatus::Reversed)) {
        tax::release(c, line.as_ref().ok_or(PayoutError::NoTaxLine(payout.id))?, moved.at).await?;
    }
    let mut moves = Moves::default();
    moves.advance(payout, path, line.as_ref(), false, moved);
    Ok(moves.save(c).await?)
}

/// Whether the tax of a payout is fixed once it reaches this state.
fn has_fixed_tax(status: PayoutStatus) -> bool {
    match status {
        PayoutStatus::Requested | PayoutStatus::Pending | PayoutStatus::Rejected | PayoutStatus::Cancelled => false,
        PayoutStatus::Approved
        | PayoutStatus::Processing
        | PayoutStatus::Completed
        | PayoutStatus::Failed
        | PayoutStatus::Reversed => true,
    }
}
