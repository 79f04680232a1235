//! The kinds of journal entries: the table of all kinds, and what the rule of a kind consists of.
//!
//! A kind is one file here, or a part of one file where kinds share their inputs, and one line in the table.

mod amount;
mod clawback;

pub mod adjustment;
pub mod booking_payment;
pub mod deposit;
pub mod manual;
pub mod pair;
pub mod payment_return;
pub mod payout_hold;
pub mod payout_settlement;
pub mod referral;
pub mod refund;
pub mod refund_clawback;
pub mod reserve_release;
pub mod reserve_use;

use crate::domain::decision::{
    Decision, Effects, EntryOutcome, LedgerEvent, NotPosted, Rejection, RejectionReason, WaitKey,
};
use crate::domain::entry::{EntryBuilder, EntryHeader, EntryKey, EntryKind, TransactionType};
use crate::domain::explanation::{Derivation, ExplainedLine, Relation};
use crate::domain::loaded_rows::{LoadedRows, RowKeys};
use crate::domain::{Account, LedgerError};
use domain::{Money, Timestamp, UserId};
use uuid::Uuid;

pub(super) use clawback::explain_recovery;

/// The table of the kinds: name, stored text, and the rule in a module of this folder.
///
/// `entry` declares the kinds from it, and `command` the commands. A stored text never changes.
macro_rules! entry_kinds {
    ($declare:ident) => {
        $declare! {
            /// A referral bonus.
            Referral = "referral" by referral::ReferralBonus;
            ReferralReversal = "referral_reversal" by referral::BonusReversal;
            Pair = "pair" by pair::PairEarning;
            PairVoid = "pair_void" by pair::PairVoid;
            /// A payment refunded to the wallet or the EMI reserve.
            Refund = "refund" by refund::Refund;
            /// A captured payment that no booking accepted, or a refund that failed at its source.
            PaymentReturn = "return" by payment_return::PaymentReturn;
            /// The debit of a credit that the gateway has refunded to the payment source as well.
            RefundClawback = "refund_clawback" by refund_clawback::RefundClawback;
            BookingPayment = "booking_payment" by booking_payment::BookingPayment;
            Hold = "hold" by payout_hold::HoldPlacement;
            Capture = "capture" by payout_hold::HoldCapture;
            Release = "release" by payout_hold::HoldRelease;
            PayoutCompletion = "payout_completion" by payout_settlement::PayoutCompletion;
            PayoutFailure = "payout_failure" by payout_settlement::PayoutFailure;
            PayoutReversal = "payout_reversal" by payout_settlement::PayoutReversal;
            EmiApplication = "emi_application" by reserve_use::EmiApplication;
            EmiRelease = "emi_release" by reserve_use::EmiRelease;
            Deposit = "deposit" by deposit::Deposit;
            ReserveRelease = "reserve_release" by reserve_release::ReserveRelease;
            Adjustment = "adjustment" by adjustment::Adjustment;
        }
    };
}

/// The cause of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// Identifies the entry, together with its kind.
    pub id: Uuid,
    /// The owner of the wallet that the entry changes.
    pub member: UserId,
    pub at: Timestamp,
}

/// The inputs of a command. They are stored as JSON with the entry, to explain its amount later, so the names of their
/// fields never change, and a field added later has a default.
pub trait CommandInputs {
    /// The cause of the entry.
    fn cause(&self) -> Cause;

    /// The number by which members know the cause: of a booking or of a pair.
    fn label(&self) -> Option<String> {
        None
    }

    /// The members that the entry concerns besides the owner of the wallet. All are direct referrals of the owner or
    /// members of their subtree, so the owner may see their full names.
    fn others(&self) -> Vec<(UserId, Relation)> {
        Vec::new()
    }
}

/// The number of a booking as a label; `None` for a cause without a booking.
fn booking_label(number: &str) -> Option<String> {
    (!number.is_empty()).then(|| number.to_owned())
}

/// The rule of one kind of entry: what it reads, decides, answers and explains.
pub trait EntryRule {
    /// Every input of the rule.
    type Inputs: CommandInputs;
    /// The type of the cause, for `reference` in the API and in events.
    const REFERENCE_TYPE: &'static str;
    /// The code of the event that causes the entry, for `causes` in the API. Never changes.
    const CAUSE_EVENT: &'static str;
    /// The sign of the entry's amount in the member's total earned: 1, -1 or 0.
    const EARNED_SIGN: i64 = 0;
    /// The sign of the entry's amount in the member's total withdrawn: 1, -1 or 0.
    const WITHDRAWN_SIGN: i64 = 0;

    /// The plan version that decided the amount, if one did. The command waits until it is stored here.
    fn plan_version(_: &Self::Inputs) -> Option<u32> {
        None
    }

    /// Adds the rows that the decision reads, besides the wallet, the plan version and the outcome of its own cause.
    fn add_reads(_: &Self::Inputs, _: &mut RowKeys) {}

    /// Decides whether to post the entry with `key`.
    fn decide(key: EntryKey, c: &Self::Inputs, rows: &LoadedRows) -> Decision;

    /// The event that answers the command, if it is a request. `rejection` is `None` when the entry is posted.
    fn answer(_: &Self::Inputs, _rejection: Option<RejectionReason>) -> Option<LedgerEvent> {
        None
    }

    /// Derives the amount of a line of the entry. The value of the last step is that amount; a rule that posts no
    /// visible lines has no steps. The recovery of a clawback due is explained without the rule.
    fn explain(c: &Self::Inputs, line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError>;

    /// The header of the entry with `key` for `amount`, which reverses no other.
    fn header(key: EntryKey, c: &Self::Inputs, amount: Money) -> EntryHeader {
        let Cause { member, at, .. } = c.cause();
        EntryHeader {
            key,
            member,
            amount,
            at,
            plan_version: Self::plan_version(c),
            reverses: None,
            earned_sign: Self::EARNED_SIGN,
            withdrawn_sign: Self::WITHDRAWN_SIGN,
        }
    }
}
