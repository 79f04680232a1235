//! The way of a payout from request to bank: one function says what every command does in every state.

use domain::UserId;

domain::text_enum! {
    pub enum Status {
        /// Asked for; the wallet has not said yet whether the money is there.
        Requested = "requested",
        /// The money is held; staff decide.
        Pending = "pending",
        /// Tax and EMI are fixed; the money is on its way out of the wallet.
        Approved = "approved",
        /// With the bank.
        Processing = "processing",
        Completed = "completed",
        /// By staff, or because the wallet refused the hold.
        Rejected = "rejected",
        /// By the member, before staff decided.
        Cancelled = "cancelled",
        /// The bank did not pay.
        Failed = "failed",
        /// The bank paid and gave it back.
        Reversed = "reversed",
    }
}

/// What is known of a payout when a command meets it.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub status: Status,
    pub requested_by: UserId,
    /// Who has approved so far.
    pub approved_by: &'a [UserId],
    pub approvals_needed: usize,
    /// The bank's reference; empty before completion and where nothing was transferred.
    pub utr: &'a str,
    /// Why it was rejected, failed or came back; empty otherwise.
    pub reason: &'a str,
    /// Tax and EMI take all of it: there is nothing for a bank to do.
    pub net_is_zero: bool,
}

/// What somebody wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// The wallet holds the money.
    Hold,
    /// The wallet does not.
    RefuseHold,
    Cancel,
    Reject {
        reason: &'a str,
    },
    Approve {
        by: UserId,
    },
    /// Give it to the bank.
    Send,
    /// The bank has paid.
    Pay {
        utr: &'a str,
    },
    /// The bank has not paid and will not.
    Fail {
        reason: &'a str,
    },
    /// The bank has given back what it had paid.
    Return {
        reason: &'a str,
    },
}

/// Why the wallet holds no money, as the member reads it. The wallet tells it by a word; one that is not known here
/// is of a newer wallet.
pub fn hold_refusal(word: &str) -> &'static str {
    match word {
        "insufficient_funds" => "your available balance was smaller than the amount",
        "clawback_due" => "something is still to be recovered from your earnings",
        _ => "your wallet could not set the amount aside",
    }
}

/// What a command comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It goes through these states, in this order; each is told.
    Move(&'static [Status]),
    /// One approval more, and it needs another.
    NoteApproval,
    /// It has been done before.
    Unchanged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("who asked for a payout cannot approve it")]
    SelfApproval,
    #[error("nobody rejects, settles or returns their own payout")]
    OwnPayout,
    #[error("this payout is {0}")]
    Conflict(Status),
}

/// What `command` does to a payout that stands so.
pub fn decide(payout: &Standing<'_>, command: Command<'_>) -> Result<Step, Refusal> {
    use Status::{Approved, Cancelled, Completed, Failed, Pending, Processing, Rejected, Requested, Reversed};
    let conflict = Err(Refusal::Conflict(payout.status));
    match (command, payout.status) {
        (Command::Hold, Requested) => Ok(Step::Move(&[Pending])),
        (Command::RefuseHold, Requested) => Ok(Step::Move(&[Rejected])),
        // The wallet decides once; whatever came after its answer stands.
        (
            Command::Hold | Command::RefuseHold,
            Pending | Approved | Processing | Completed | Rejected | Cancelled | Failed | Reversed,
        ) => Ok(Step::Unchanged),

        (Command::Cancel, Pending) => Ok(Step::Move(&[Cancelled])),
        (Command::Cancel, Cancelled) => Ok(Step::Unchanged),
        (Command::Cancel, Requested | Approved | Processing | Completed | Rejected | Failed | Reversed) => conflict,

        (Command::Reject { .. }, Pending) => Ok(Step::Move(&[Rejected])),
        // The member has been told why: another reason would change that.
        (Command::Reject { reason }, Rejected) if reason == payout.reason => Ok(Step::Unchanged),
        (
            Command::Reject { .. },
            Requested | Approved | Processing | Completed | Rejected | Cancelled | Failed | Reversed,
        ) => conflict,

        (Command::Approve { by }, status) => approve(payout, by, status),

        (Command::Send, Approved) => Ok(Step::Move(&[Processing])),
        (Command::Send, Processing) => Ok(Step::Unchanged),
        (Command::Send, Requested | Pending | Completed | Rejected | Cancelled | Failed | Reversed) => conflict,

        (Command::Pay { .. }, Approved) => Ok(Step::Move(&[Processing, Completed])),
        (Command::Pay { .. }, Processing) => Ok(Step::Move(&[Completed])),
        (Command::Pay { utr }, Completed) if utr == payout.utr => Ok(Step::Unchanged),
        (Command::Pay { .. }, Requested | Pending | Completed | Rejected | Cancelled | Failed | Reversed) => conflict,

        (Command::Fail { .. }, Approved) => Ok(Step::Move(&[Processing, Failed])),
        (Command::Fail { .. }, Processing) => Ok(Step::Move(&[Failed])),
        (Command::Fail { reason }, Failed) if reason == payout.reason => Ok(Step::Unchanged),
        (Command::Fail { .. }, Requested | Pending | Completed | Rejected | Cancelled | Failed | Reversed) => conflict,

        // What no bank was given, no bank can give back.
        (Command::Return { .. }, Completed) if payout.net_is_zero => conflict,
        (Command::Return { .. }, Completed) => Ok(Step::Move(&[Reversed])),
        (Command::Return { reason }, Reversed) if reason == payout.reason => Ok(Step::Unchanged),
        (
            Command::Return { .. },
            Requested | Pending | Approved | Processing | Rejected | Cancelled | Failed | Reversed,
        ) => conflict,
    }
}

/// Whether `by`, of the staff, may approve a payout that `requested_by` asked for.
pub fn may_approve(requested_by: UserId, by: UserId) -> Result<(), Refusal> {
    if by == requested_by { Err(Refusal::SelfApproval) } else { Ok(()) }
}

/// Whether `by`, of the staff, may reject, settle or return it. Who says of their own payout that the bank gave it
/// back makes money for themselves.
pub fn may_decide(requested_by: UserId, by: UserId) -> Result<(), Refusal> {
    if by == requested_by { Err(Refusal::OwnPayout) } else { Ok(()) }
}

fn approve(payout: &Standing<'_>, by: UserId, status: Status) -> Result<Step, Refusal> {
    may_approve(payout.requested_by, by)?;
    let has_approved = payout.approved_by.contains(&by);
    match status {
        Status::Pending if has_approved => Ok(Step::Unchanged),
        Status::Pending if payout.approved_by.len() + 1 < payout.approvals_needed => Ok(Step::NoteApproval),
        Status::Pending => Ok(Step::Move(&[Status::Approved])),
        Status::Approved => Ok(Step::Unchanged),
        // The answer to a retry by one of those who did approve.
        Status::Processing | Status::Completed if has_approved => Ok(Step::Unchanged),
        Status::Requested
        | Status::Processing
        | Status::Completed
        | Status::Rejected
        | Status::Cancelled
        | Status::Failed
        | Status::Reversed => Err(Refusal::Conflict(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn user(n: u128) -> UserId {
        Uuid::from_u128(n).into()
    }
    fn at(status: Status) -> Standing<'static> {
        Standing {
            status,
            requested_by: user(1),
            approved_by: &[],
            approvals_needed: 1,
            utr: "UTR1",
            reason: "closed account",
            net_is_zero: false,
        }
    }
    /// What each command does in each state, in the order of `Status::ALL`; `.` is unchanged, `x` a conflict.
    fn row(command: Command<'_>) -> String {
        let cell = |status: &Status| match decide(&at(*status), command) {
            Ok(Step::Unchanged) => ".".to_owned(),
            Ok(Step::NoteApproval) => "+".to_owned(),
            Ok(Step::Move(path)) => path.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(">"),
            Err(Refusal::Conflict(_)) => "x".to_owned(),
            Err(Refusal::SelfApproval | Refusal::OwnPayout) => "self".to_owned(),
        };
        Status::ALL.iter().map(cell).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_command_in_every_state_does_what_the_rules_say() {
        // requested pending approved processing completed rejected cancelled failed reversed
        let table = [
            (Command::Hold, "pending . . . . . . . ."),
            (Command::RefuseHold, "rejected . . . . . . . ."),
            (Command::Cancel, "x cancelled x x x x . x x"),
            (Command::Reject { reason: "closed account" }, "x rejected x x x . x x x"),
            (Command::Reject { reason: "other" }, "x rejected x x x x x x x"),
            (Command::Approve { by: user(2) }, "x approved . x x x x x x"),
            (Command::Approve { by: user(1) }, "self self self self self self self self self"),
            (Command::Send, "x x processing . x x x x x"),
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
        let mut payout = Standing { approvals_needed: 2, ..at(Status::Pending) };
        assert_eq!(decide(&payout, Command::Approve { by: first }), Ok(Step::NoteApproval));
        let noted = [first];
        payout.approved_by = &noted;
        assert_eq!(decide(&payout, Command::Approve { by: first }), Ok(Step::Unchanged));
        assert_eq!(decide(&payout, Command::Approve { by: user(1) }), Err(Refusal::SelfApproval));
        assert_eq!(decide(&payout, Command::Approve { by: second }), Ok(Step::Move(&[Status::Approved])));
    }

    #[test]
    fn a_retried_approval_is_answered_by_what_came_of_it() {
        let approvers = [user(2)];
        for status in [Status::Approved, Status::Processing, Status::Completed] {
            let payout = Standing { approved_by: &approvers, ..at(status) };
            assert_eq!(decide(&payout, Command::Approve { by: user(2) }), Ok(Step::Unchanged));
        }
    }

    #[test]
    fn what_was_never_transferred_is_never_returned() {
        let payout = Standing { net_is_zero: true, ..at(Status::Completed) };
        assert_eq!(decide(&payout, Command::Return { reason: "" }), Err(Refusal::Conflict(Status::Completed)));
    }
}
