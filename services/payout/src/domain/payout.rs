//! State machine of a payout. [`decide_transition`] decides every command in every state.

use super::BatchId;
use domain::UserId;

pub use proto_events::vocabulary::PayoutStatus;

/// Facts about a payout that decide what a command does.
#[derive(Debug, Clone, Copy)]
pub struct PayoutFacts<'a> {
    pub status: PayoutStatus,
    pub requested_by: UserId,
    /// People who have approved so far.
    pub approved_by: &'a [UserId],
    pub approvals_needed: usize,
    /// The bank reference; empty before completion and if nothing was transferred.
    pub utr: &'a str,
    /// Reason of a rejection, failure or return; empty otherwise.
    pub reason: &'a str,
    /// Whether tax and EMI use up the whole amount, so that there is nothing to transfer.
    pub net_is_zero: bool,
}

/// A command on a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// The wallet holds the money.
    Hold,
    /// The wallet refused the hold.
    RefuseHold,
    /// The member cancels.
    Cancel,
    /// Staff reject.
    Reject { reason: &'a str },
    /// A member of staff approves.
    Approve { by: UserId },
    /// The payout goes to the bank in a batch.
    Send { batch: BatchId },
    /// The bank paid.
    Pay { utr: &'a str },
    /// The bank did not pay and will not.
    Fail { reason: &'a str },
    /// The bank returned the money after payment.
    Return { reason: &'a str },
}

/// Text for the member that explains the wallet's refusal `code`. A newer wallet may send codes that are unknown here;
/// they get a general text.
pub fn hold_refusal_text(code: &str) -> &'static str {
    match code {
        "insufficient_funds" => "your available balance was smaller than the amount",
        "clawback_due" => "something is still to be recovered from your earnings",
        _ => "your wallet could not set the amount aside",
    }
}

/// Effect of a command on a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutTransition {
    /// The payout moves through these states in order; each publishes an event.
    Move(&'static [PayoutStatus]),
    /// The approval is recorded; the payout needs another one.
    RecordApproval,
    /// The command was applied before.
    Unchanged,
}

/// Refusal of a command on a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayoutRefusal {
    #[error("you cannot approve your own payout")]
    SelfApproval,
    #[error("you cannot reject, settle or return your own payout")]
    OwnPayout,
    #[error("the payout is {0}, which does not allow this")]
    Conflict(PayoutStatus),
}

/// Decides what `command` does to the payout. Errors with `Conflict` if its status does not allow the command, and with
/// `SelfApproval` if the requester approves.
pub fn decide_transition(payout: &PayoutFacts<'_>, command: Command<'_>) -> Result<PayoutTransition, PayoutRefusal> {
    use PayoutStatus::{Approved, Cancelled, Completed, Failed, Pending, Processing, Rejected, Requested, Reversed};
    let conflict = Err(PayoutRefusal::Conflict(payout.status));
    match (command, payout.status) {
        (Command::Hold, Requested) => Ok(PayoutTransition::Move(&[Pending])),
        (Command::RefuseHold, Requested) => Ok(PayoutTransition::Move(&[Rejected])),
        // The wallet decides a hold once. A repeated or late decision changes nothing.
        (
            Command::Hold | Command::RefuseHold,
            Pending | Approved | Processing | Completed | Rejected | Cancelled | Failed | Reversed,
        ) => Ok(PayoutTransition::Unchanged),

        (Command::Cancel, Pending) => Ok(PayoutTransition::Move(&[Cancelled])),
        (Command::Cancel, Cancelled) => Ok(PayoutTransition::Unchanged),
        (Command::Cancel, Requested | Approved | Processing | Completed | Rejected | Failed | Reversed) => conflict,

        (Command::Reject { .. }, Pending) => Ok(PayoutTransition::Move(&[Rejected])),
        // The member has seen the first reason, so a different one is a conflict.
        (Command::Reject { reason }, Rejected) if reason == payout.reason => Ok(PayoutTransition::Unchanged),
        (
            Command::Reject { .. },
            Requested | Approved | Processing | Completed | Rejected | Cancelled | Failed | Reversed,
        ) => conflict,

        (Command::Approve { by }, status) => approve(payout, by, status),

        (Command::Send { .. }, Approved) => Ok(PayoutTransition::Move(&[Processing])),
        (Command::Send { .. }, Processing) => Ok(PayoutTransition::Unchanged),
        (Command::Send { .. }, Requested | Pending | Completed | Rejected | Cancelled | Failed | Reversed) => conflict,

        (Command::Pay { .. }, Approved) => Ok(PayoutTransition::Move(&[Processing, Completed])),
        (Command::Pay { .. }, Processing) => Ok(PayoutTransition::Move(&[Completed])),
        (Command::Pay { utr }, Completed) if utr == payout.utr => Ok(PayoutTransition::Unchanged),
        (Command::Pay { .. }, Requested | Pending | Completed | Rejected | Cancelled | Failed | Reversed) => conflict,

        (Command::Fail { .. }, Approved) => Ok(PayoutTransition::Move(&[Processing, Failed])),
        (Command::Fail { .. }, Processing) => Ok(PayoutTransition::Move(&[Failed])),
        (Command::Fail { reason }, Failed) if reason == payout.reason => Ok(PayoutTransition::Unchanged),
        (Command::Fail { .. }, Requested | Pending | Completed | Rejected | Cancelled | Failed | Reversed) => conflict,

        // A payout that was never transferred cannot be returned.
        (Command::Return { .. }, Completed) if payout.net_is_zero => conflict,
        (Command::Return { .. }, Completed) => Ok(PayoutTransition::Move(&[Reversed])),
        (Command::Return { reason }, Reversed) if reason == payout.reason => Ok(PayoutTransition::Unchanged),
        (
            Command::Return { .. },
            Requested | Pending | Approved | Processing | Rejected | Cancelled | Failed | Reversed,
        ) => conflict,
    }
}

/// Refuses an approval by the requester.
pub fn may_approve(requested_by: UserId, by: UserId) -> Result<(), PayoutRefusal> {
    if by == requested_by { Err(PayoutRefusal::SelfApproval) } else { Ok(()) }
}

/// Refuses a rejection, settlement or return by the requester, who could credit their own wallet with it.
pub fn may_decide(requested_by: UserId, by: UserId) -> Result<(), PayoutRefusal> {
    if by == requested_by { Err(PayoutRefusal::OwnPayout) } else { Ok(()) }
}

fn approve(payout: &PayoutFacts<'_>, by: UserId, status: PayoutStatus) -> Result<PayoutTransition, PayoutRefusal> {
    may_approve(payout.requested_by, by)?;
    let has_approved = payout.approved_by.contains(&by);
    match status {
        PayoutStatus::Pending if has_approved => Ok(PayoutTransition::Unchanged),
        PayoutStatus::Pending if payout.approved_by.len() + 1 < payout.approvals_needed => {
            Ok(PayoutTransition::RecordApproval)
        }
        PayoutStatus::Pending => Ok(PayoutTransition::Move(&[PayoutStatus::Approved])),
        PayoutStatus::Approved => Ok(PayoutTransition::Unchanged),
        // A retry of an approval succeeds even after later transitions.
        PayoutStatus::Processing | PayoutStatus::Completed if has_approved => Ok(PayoutTransition::Unchanged),
        PayoutStatus::Requested
        | PayoutStatus::Processing
        | PayoutStatus::Completed
        | PayoutStatus::Rejected
        | PayoutStatus::Cancelled
        | PayoutStatus::Failed
        | PayoutStatus::Reversed => Err(PayoutRefusal::Conflict(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(n: u128) -> UserId {
        Uuid::from_u128(n).into()
    }
    fn at(status: PayoutStatus) -> PayoutFacts<'static> {
        PayoutFacts {
            status,
            requested_by: user(1),
            approved_by: &[],
            approvals_needed: 1,
            utr: "UTR1",
            reason: "closed account",
            net_is_zero: false,
        }
    }
    /// Effect of a command in each state, in the order of `PayoutStatus::ALL`; `.` is unchanged, `x` a conflict.
    fn row(command: Command<'_>) -> String {
        let cell = |status: &PayoutStatus| match decide_transition(&at(*status), command) {
            Ok(PayoutTransition::Unchanged) => ".".to_owned(),
            Ok(PayoutTransition::RecordApproval) => "+".to_owned(),
            Ok(PayoutTransition::Move(path)) => path.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(">"),
            Err(PayoutRefusal::Conflict(_)) => "x".to_owned(),
            Err(PayoutRefusal::SelfApproval | PayoutRefusal::OwnPayout) => "self".to_owned(),
        };
        PayoutStatus::ALL.iter().map(cell).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_command_in_every_state_has_the_listed_effect() {
        // requested pending approved processing completed rejected cancelled failed reversed
        let table = [
            (Command::Hold, "pending . . . . . . . ."),
            (Command::RefuseHold, "rejected . . . . . . . ."),
            (Command::Cancel, "x cancelled x x x x . x x"),
            (Command::Reject { reason: "closed account" }, "x rejected x x x . x x x"),
            (Command::Reject { reason: "other" }, "x rejected x x x x x x x"),
            (Command::Approve { by: user(2) }, "x approved . x x x x x x"),
            (Command::Approve { by: user(1) }, "self self self self self self self self self"),
            (Command::Send { batch: Uuid::from_u128(4).into() }, "x x processing . x x x x x"),
            (Command::Pay { utr: "UTR1" }, "x x processing>completed completed . x x x x"),
            (Command::Pay { utr: "UTR2" }, "x x processing>completed completed x x x x x"),
            (Command::Fail { reason: "closed account" }, "x x processing>failed failed x x x . x"),
            (Command::Fail { reason: "other" }, "x x processing>failed failed x x x x x"),
            (Command::Return { reason: "closed account" }, "x x x x reversed x x x ."),
            (Command::Return { reason: "other" }, "x x x x reversed x x x x"),
        ];
        for (command, expected) in table {
            assert_eq!(row(command), expected, "{command:?}");
        }
    }

    #[test]
    fn two_approvals_come_from_two_people() {
        let (first, second) = (user(2), user(3));
        let mut payout = PayoutFacts { approvals_needed: 2, ..at(PayoutStatus::Pending) };
        assert_eq!(decide_transition(&payout, Command::Approve { by: first }), Ok(PayoutTransition::RecordApproval));
        let recorded = [first];
        payout.approved_by = &recorded;
        assert_eq!(decide_transition(&payout, Command::Approve { by: first }), Ok(PayoutTransition::Unchanged));
        assert_eq!(decide_transition(&payout, Command::Approve { by: user(1) }), Err(PayoutRefusal::SelfApproval));
        assert_eq!(
            decide_transition(&payout, Command::Approve { by: second }),
            Ok(PayoutTransition::Move(&[PayoutStatus::Approved]))
        );
    }

    #[test]
    fn a_retried_approval_changes_nothing() {
        let approvers = [user(2)];
        for status in [PayoutStatus::Approved, PayoutStatus::Processing, PayoutStatus::Completed] {
            let payout = PayoutFacts { approved_by: &approvers, ..at(status) };
            assert_eq!(decide_transition(&payout, Command::Approve { by: user(2) }), Ok(PayoutTransition::Unchanged));
        }
    }

    #[test]
    fn a_payout_that_was_never_transferred_cannot_be_returned() {
        let payout = PayoutFacts { net_is_zero: true, ..at(PayoutStatus::Completed) };
        assert_eq!(
            decide_transition(&payout, Command::Return { reason: "" }),
            Err(PayoutRefusal::Conflict(PayoutStatus::Completed))
        );
    }
}
