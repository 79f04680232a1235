//! Simulation of a payout: people, a wallet, and a bank that refuses orders and loses, repeats and reorders reports.

use super::payout::{Command, PayoutFacts, PayoutStatus, PayoutTransition, decide_transition};
use super::transfer::{
    BankReport, BankStatus, NextCall, PayoutOutcome, ReportEffect, TransferFacts, TransferState, decide_outcome,
    decide_report, may_be_withdrawn, next_call,
};
use domain::{Money, Timestamp, UserId};
use proptest::prelude::*;
use uuid::Uuid;

const NET: Money = Money::from_paise(95_000);
const REQUESTER: u128 = 1;

#[derive(Debug, Clone)]
enum Step {
    Hold {
        is_refused: bool,
    },
    Cancel,
    Reject,
    Approve {
        by: u128,
    },
    Send {
        by_api: bool,
    },
    CallBank {
        is_refused: bool,
        is_answer_lost: bool,
    },
    BankMoves {
        to: BankStatus,
        has_utr: bool,
    },
    /// Delivers any report that the bank has made so far.
    Deliver {
        index: prop::sample::Index,
    },
    Retry,
    SettleByHand {
        is_paid: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(BankStatus::ALL);
    prop_oneof![
        2 => prop::bool::weighted(0.1).prop_map(|is_refused| Step::Hold { is_refused }),
        1 => Just(Step::Cancel),
        1 => Just(Step::Reject),
        8 => (1_u128..5).prop_map(|by| Step::Approve { by }),
        4 => prop::bool::weighted(0.8).prop_map(|by_api| Step::Send { by_api }),
        8 => (prop::bool::weighted(0.2), any::<bool>())
            .prop_map(|(is_refused, is_answer_lost)| Step::CallBank { is_refused, is_answer_lost }),
        8 => (status, any::<bool>()).prop_map(|(to, has_utr)| Step::BankMoves { to, has_utr }),
        8 => any::<prop::sample::Index>().prop_map(|index| Step::Deliver { index }),
        1 => Just(Step::Retry),
        2 => any::<bool>().prop_map(|is_paid| Step::SettleByHand { is_paid }),
    ]
}

/// The bank: a transfer at most, however often it is asked for it.
#[derive(Default)]
struct Bank {
    reports: Vec<BankReport>,
}

impl Bank {
    fn status(&self) -> Option<BankStatus> {
        self.reports.last().map(|report| report.status)
    }

    fn report(&mut self, status: BankStatus, has_utr: bool) {
        self.reports.push(BankReport {
            bank_id: "pout_1".to_owned(),
            status,
            word: status.to_string(),
            amount: NET,
            utr: has_utr.then(|| "UTR1".to_owned()),
            reason: String::new(),
            is_low_balance: false,
        });
    }

    /// Moves the transfer as a bank does: forward, and back only after it was paid.
    fn advance(&mut self, to: BankStatus, has_utr: bool) {
        use BankStatus::{Failed, Paid, Processing, Queued, Returned};
        let may_move = matches!(
            (self.status(), to),
            (Some(Queued), Processing | Failed) | (Some(Processing), Paid | Failed) | (Some(Paid), Paid | Returned)
        );
        if may_move {
            self.report(to, has_utr);
        }
    }
}

struct Simulation {
    status: PayoutStatus,
    approved_by: Vec<UserId>,
    approvals_needed: usize,
    utr: String,
    reason: String,
    transfer: Option<(TransferState, Option<String>)>,
    bank: Bank,
    paid_by_hand: bool,
    now: Timestamp,
}

impl Simulation {
    fn new(approvals_needed: usize) -> Self {
        Self {
            status: PayoutStatus::Requested,
            approved_by: Vec::new(),
            approvals_needed,
            utr: String::new(),
            reason: String::new(),
            transfer: None,
            bank: Bank::default(),
            paid_by_hand: false,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    /// Executes a command, and returns whether the payout moved.
    fn execute(&mut self, command: Command<'_>) -> bool {
        let facts = PayoutFacts {
            status: self.status,
            requested_by: Uuid::from_u128(REQUESTER).into(),
            approved_by: &self.approved_by,
            approvals_needed: self.approvals_needed,
            utr: &self.utr,
            reason: &self.reason,
            net_is_zero: false,
        };
        let Ok(transition) = decide_transition(&facts, command) else { return false };
        match (command, transition) {
            (_, PayoutTransition::Unchanged) => return false,
            (Command::Approve { by }, _) => self.approved_by.push(by),
            (Command::Pay { utr }, _) => utr.clone_into(&mut self.utr),
            (Command::Reject { reason } | Command::Fail { reason } | Command::Return { reason }, _) => {
                reason.clone_into(&mut self.reason);
            }
            (Command::Hold | Command::RefuseHold | Command::Cancel | Command::Send { .. }, _) => (),
        }
        if let PayoutTransition::Move(path) = transition {
            for next in path {
                assert!(may_follow(self.status, *next), "{} after {}", next, self.status);
                self.status = *next;
            }
        }
        true
    }

    fn run(&mut self, step: &Step) {
        match step {
            Step::Hold { is_refused: false } => drop(self.execute(Command::Hold)),
            Step::Hold { is_refused: true } => drop(self.execute(Command::RefuseHold)),
            Step::Cancel => drop(self.execute(Command::Cancel)),
            Step::Reject => drop(self.execute(Command::Reject { reason: "no" })),
            Step::Approve { by } => drop(self.execute(Command::Approve { by: Uuid::from_u128(*by).into() })),
            Step::Send { by_api } => {
                if self.execute(Command::Send { batch: Uuid::nil().into() }) && *by_api {
                    self.transfer = Some((TransferState::Intended, None));
                }
            }
            Step::CallBank { is_refused, is_answer_lost } => self.call_bank(*is_refused, *is_answer_lost),
            Step::BankMoves { to, has_utr } => self.bank.advance(*to, *has_utr),
            Step::Deliver { index } => {
                if !self.bank.reports.is_empty() {
                    let report = index.get(&self.bank.reports).clone();
                    self.apply(&report);
                }
            }
            Step::Retry => {
                if let Some((state @ TransferState::Refused, _)) = &mut self.transfer {
                    *state = TransferState::Intended;
                }
            }
            Step::SettleByHand { is_paid } => self.settle_by_hand(*is_paid),
        }
    }

    /// Makes the call that is next. The state that it enters is stored before the answer comes, or is lost.
    fn call_bank(&mut self, is_refused: bool, is_answer_lost: bool) {
        let Some((state, bank_id)) = self.transfer.clone() else { return };
        let Some(call) = next_call(state) else { return };
        if matches!(call, NextCall::Create | NextCall::Find) && self.bank.status().is_none() {
            let next = if is_refused && !is_answer_lost { TransferState::Refused } else { TransferState::Sent };
            self.transfer = Some((next, bank_id));
            if is_refused {
                return;
            }
            self.bank.report(BankStatus::Queued, false);
        }
        if let Some(report) = self.bank.reports.last().cloned().filter(|_| !is_answer_lost) {
            self.apply(&report);
        }
    }

    fn apply(&mut self, report: &BankReport) {
        let Some((state, bank_id)) = self.transfer.clone() else { return };
        let facts = TransferFacts {
            state,
            bank_id: bank_id.as_deref(),
            net: NET,
            sent_at: (state != TransferState::Intended).then_some(Timestamp::UNIX_EPOCH),
        };
        let (state, utr) = match decide_report(&facts, report, self.now).expect("the bank contradicts nothing") {
            ReportEffect::Unchanged => return,
            ReportEffect::Move(state) => (state, String::new()),
            ReportEffect::Paid { utr } => (TransferState::Paid, utr),
        };
        self.transfer = Some((state, Some(report.bank_id.clone())));
        match decide_outcome(state, self.status) {
            None => (),
            Some(PayoutOutcome::Pay) => drop(self.execute(Command::Pay { utr: &utr })),
            Some(PayoutOutcome::Fail) => drop(self.execute(Command::Fail { reason: "bank" })),
            Some(PayoutOutcome::Return) => drop(self.execute(Command::Return { reason: "bank" })),
        }
    }

    fn settle_by_hand(&mut self, is_paid: bool) {
        if let Some((state, _)) = &mut self.transfer {
            if !may_be_withdrawn(*state) {
                return;
            }
            *state = TransferState::Withdrawn;
        }
        let command = if is_paid { Command::Pay { utr: "UTR2" } } else { Command::Fail { reason: "by hand" } };
        self.paid_by_hand |= self.execute(command) && is_paid;
    }

    /// Asks until nothing is left to ask, a day later, with every answer received.
    fn finish(&mut self) {
        self.now = self.now.plus_hours(25);
        for _ in 0..5 {
            self.call_bank(false, false);
        }
    }

    fn check(&self) {
        use PayoutStatus::{
            Approved, Cancelled, Completed, Failed, Pending, Processing, Rejected, Requested, Reversed,
        };
        let at_bank = self.bank.status();
        let mut approvers = self.approved_by.clone();
        approvers.sort();
        approvers.dedup();
        assert_eq!(approvers.len(), self.approved_by.len(), "an approval counts once");
        assert!(!approvers.contains(&Uuid::from_u128(REQUESTER).into()), "no approval by the requester");
        if matches!(self.status, Approved | Processing | Completed | Failed | Reversed) {
            assert!(approvers.len() >= self.approvals_needed, "{} without approvals", self.status);
        }
        assert!(!(self.paid_by_hand && at_bank.is_some()), "paid twice");
        match self.status {
            Requested | Pending | Approved => assert_eq!(at_bank, None, "a transfer before the payout was sent"),
            // The wallet has the money again, so the bank must not have it.
            Rejected | Cancelled | Failed | Reversed => {
                assert!(matches!(at_bank, None | Some(BankStatus::Failed | BankStatus::Returned)), "{at_bank:?}");
            }
            Completed => {
                let is_paid = matches!(at_bank, Some(BankStatus::Paid | BankStatus::Returned));
                assert!(self.paid_by_hand || is_paid, "completed without a payment");
                assert!(!self.utr.is_empty());
            }
            Processing => (),
        }
    }

    /// What must be so once every answer was received.
    fn check_finished(&self) {
        let Some((state, _)) = &self.transfer else { return };
        let status = self.status;
        let is_right = match self.bank.status() {
            None => matches!(state, TransferState::Refused | TransferState::Withdrawn),
            Some(BankStatus::Queued | BankStatus::Processing) => status == PayoutStatus::Processing,
            Some(BankStatus::Paid) => status == PayoutStatus::Completed,
            Some(BankStatus::Failed) => status == PayoutStatus::Failed,
            Some(BankStatus::Returned) => matches!(status, PayoutStatus::Failed | PayoutStatus::Reversed),
        };
        assert!(is_right, "{status} with {:?} at the bank and the transfer {state}", self.bank.status());
    }
}

/// Whether a payout may be in `next` right after `status`, written down independently of the machine.
fn may_follow(status: PayoutStatus, next: PayoutStatus) -> bool {
    use PayoutStatus::{Approved, Cancelled, Completed, Failed, Pending, Processing, Rejected, Requested, Reversed};
    match status {
        Requested => matches!(next, Pending | Rejected),
        Pending => matches!(next, Approved | Rejected | Cancelled),
        Approved => next == Processing,
        Processing => matches!(next, Completed | Failed),
        Completed => next == Reversed,
        Rejected | Cancelled | Failed | Reversed => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn the_money_is_at_the_bank_or_in_the_wallet_and_never_at_both(
        approvals_needed in 1_usize..3,
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut payout = Simulation::new(approvals_needed);
        for step in &steps {
            payout.run(step);
            payout.check();
        }
        payout.finish();
        payout.check();
        payout.check_finished();
    }
}
