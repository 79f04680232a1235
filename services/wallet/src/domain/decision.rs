//! Decisions on commands: post an entry, reject, wait, or do nothing; and the events that follow from them.

use super::LedgerError;
use super::emi_reserve::EmiReserve;
use super::entry::{EntryKey, JournalEntry};
use super::hold::Hold;
use domain::{BookingId, Money, MoneyError, PaymentId, PayoutId, ReserveId, UserId};
use std::fmt;

/// Stored outcome of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryOutcome {
    /// An entry was posted to the wallet of `member`, for `amount`.
    Posted { member: UserId, amount: Money, plan_version: Option<u32> },
    /// The cause moved no money (table `forfeits`).
    Rejected,
}

domain::text_enum! {
    /// Reason why a cause moved no money.
    pub enum RejectionReason {
        /// The plan's rule gives nothing for it.
        NothingByPlan = "nothing_by_plan",
        /// The payment was made from the wallet or the EMI reserve.
        NotNewMoney = "not_new_money",
        /// The payment was not on the referred member's first booking.
        NotFirstBooking = "not_first_booking",
        /// Over the limit of pairs, under a plan that flushes.
        Flushed = "flushed",
        /// One of the earner's first pairs, under a plan that pays nothing for them.
        UnpaidPair = "unpaid_pair",
        /// The available balance is smaller than the amount.
        InsufficientFunds = "insufficient_funds",
        /// The reserve is smaller than the amount.
        InsufficientReserve = "insufficient_reserve",
        /// The member owes a clawback, which blocks payouts.
        ClawbackDue = "clawback_due",
    }
}

impl RejectionReason {
    /// The text that the member sees.
    pub const fn description(self) -> &'static str {
        match self {
            Self::NothingByPlan => "The plan gives nothing for this",
            Self::NotNewMoney => "Payments from a wallet or an EMI reserve earn no bonus",
            Self::NotFirstBooking => "Only a member's first booking earns a bonus",
            Self::Flushed => "Over the limit of pairs for the period",
            Self::UnpaidPair => "The plan pays nothing for this pair",
            Self::InsufficientFunds => "The available balance was too small",
            Self::InsufficientReserve => "The reserve was too small",
            Self::ClawbackDue => "Something is still to be recovered for earlier reversals",
        }
    }
}

/// The decision that a cause moves no money, with the amount that it would have moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub amount: Money,
    pub reason: RejectionReason,
}

/// The condition that a command waits for before it can take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitKey {
    /// The outcome of another entry.
    Entry(EntryKey),
    /// The creation of an EMI reserve.
    EmiReserve(ReserveId),
    /// The reversal of the single bonus for this referred member.
    SingleBonus(UserId),
    /// The publication of a plan version, under which another service has decided the amount.
    Plan(u32),
}
impl fmt::Display for WaitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(key) => key.fmt(f),
            Self::EmiReserve(id) => write!(f, "reserve:{id}"),
            Self::SingleBonus(member) => write!(f, "single_bonus:{member}"),
            Self::Plan(version) => write!(f, "plan:{version}"),
        }
    }
}

/// The decision on a command, before it is applied: the entry to post, or why there is none.
pub type Decision = Result<Effects, NotPosted>;

/// Why a command posts no entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotPosted {
    Rejected(Rejection),
    Waiting(WaitKey),
    /// Nothing to post and nothing to store.
    Nothing,
    /// No correct sender makes the command.
    Invalid(LedgerError),
}
impl From<Rejection> for NotPosted {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}
impl From<LedgerError> for NotPosted {
    fn from(error: LedgerError) -> Self {
        Self::Invalid(error)
    }
}
impl From<MoneyError> for NotPosted {
    fn from(error: MoneyError) -> Self {
        Self::Invalid(error.into())
    }
}

/// An entry to post, with the other rows that change with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effects {
    pub entry: JournalEntry,
    pub hold: Option<Hold>,
    pub reserve: Option<EmiReserve>,
    pub single_bonus: Option<SingleBonus>,
}
impl From<JournalEntry> for Effects {
    fn from(entry: JournalEntry) -> Self {
        Self { entry, hold: None, reserve: None, single_bonus: None }
    }
}
/// The payment that earned the single bonus for a referred member; `None` when no payment holds it.
///
/// Used under a plan that pays a referral bonus once a referred member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SingleBonus {
    pub referred: UserId,
    pub payment_id: Option<PaymentId>,
}

/// A change to publish to other services, besides `WalletChanged`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerEvent {
    /// Answers a payout request. `rejection` is `None` when the hold was placed.
    HoldDecided { payout_id: PayoutId, amount: Money, rejection: Option<RejectionReason> },
    /// Answers a payment from the wallet. `rejection` is `None` when the payment was posted.
    WalletPaymentDecided {
        payment_id: PaymentId,
        booking_id: BookingId,
        amount: Money,
        rejection: Option<RejectionReason>,
    },
    /// An amount was set aside for EMI.
    EmiReserved(EmiReserve),
}
