//! Takes a payout through its states: each is a version of its own and is told.

use super::{tax, tell};
use crate::domain::payout::{Command, Standing, Status, Step, decide};
use crate::error::PayoutError;
use crate::store::payouts::{self, Payout};
use crate::store::taxes;
use db::DbConnection;
use domain::{PayoutId, Timestamp, UserId};

/// A payout after a command, and whether the command changed anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub payout: Payout,
    pub changed: bool,
}

/// The payout, locked.
pub async fn lock(c: &mut DbConnection, id: PayoutId) -> Result<Payout, PayoutError> {
    payouts::lock(c, id).await?.ok_or(PayoutError::UnknownPayout(id))
}

/// What `command` comes to for `payout`, which is locked.
pub fn weigh(payout: &Payout, approved_by: &[UserId], command: Command<'_>) -> Result<Step, PayoutError> {
    let standing = Standing {
        status: payout.status,
        requested_by: payout.user_id,
        approved_by,
        approvals_needed: usize::try_from(payout.approvals_needed).unwrap_or(1),
        utr: &payout.utr,
        reason: &payout.reason,
        net_is_zero: payout.net_paise.is_zero(),
    };
    Ok(decide(&standing, command)?)
}

/// Decides `command` and does what it comes to; `note` sets what goes with it (a reason, a reference).
pub async fn carry_out(
    c: &mut DbConnection,
    mut payout: Payout,
    command: Command<'_>,
    now: Timestamp,
    note: impl FnOnce(&mut Payout),
) -> Result<Done, PayoutError> {
    let changed = decide_and_tell(c, &mut payout, command, now, note).await?;
    if changed {
        payouts::save(c, &payout).await?;
    }
    Ok(Done { payout, changed })
}

/// The same without saving `payout`; returns whether it has changed.
pub async fn decide_and_tell(
    c: &mut DbConnection,
    payout: &mut Payout,
    command: Command<'_>,
    now: Timestamp,
    note: impl FnOnce(&mut Payout),
) -> Result<bool, PayoutError> {
    match weigh(payout, &[], command)? {
        Step::Move(path) => {
            note(payout);
            walk(c, payout, path, command == Command::RefuseHold, now).await?;
            Ok(true)
        }
        // Only an approval is ever noted, and approvals do not come this way.
        Step::NoteApproval | Step::Unchanged => Ok(false),
    }
}

/// Takes `payout` through `path`, and tells of each state. The caller saves it.
pub async fn walk(
    c: &mut DbConnection,
    payout: &mut Payout,
    path: &[Status],
    hold_refused: bool,
    now: Timestamp,
) -> Result<(), PayoutError> {
    let line =
        if path.iter().any(|status| has_tax_line(*status)) { taxes::find_line(c, payout.id).await? } else { None };
    for status in path {
        payout.status = *status;
        payout.version += 1;
        payout.changed_at = now;
        if matches!(status, Status::Failed | Status::Reversed) {
            let line = line.as_ref().ok_or(PayoutError::NoTaxLine(payout.id))?;
            tax::give_back(c, line, now).await?;
        }
        tell::tell(c, payout, line.as_ref(), hold_refused).await?;
    }
    Ok(())
}

/// Whether the tax is fixed by the time a payout is in this state.
fn has_tax_line(status: Status) -> bool {
    match status {
        Status::Requested | Status::Pending | Status::Rejected | Status::Cancelled => false,
        Status::Approved | Status::Processing | Status::Completed | Status::Failed | Status::Reversed => true,
    }
}
