//! What is asked of the ledger: one command a consequence, with every input of the rule behind it.
//!
//! A command is stored with the entry it makes, so that the amount can be explained from it later.

use super::{EntryKey, EntryKind};
use domain::{BookingId, Money, PaymentId, PaymentMethod, PayoutId, ReserveId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A referred member paid; the amount of the bonus was decided by booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bonus {
    pub payment_id: PaymentId,
    pub booking_id: BookingId,
    pub booking_number: String,
    pub referrer_id: UserId,
    pub referred_id: UserId,
    pub payment_amount: Money,
    pub method: PaymentMethod,
    pub on_first_booking: bool,
    pub net_paid_before: Money,
    pub net_paid_after: Money,
    pub bonus: Money,
    pub once_a_member: bool,
    pub plan_version: u32,
    pub at: Timestamp,
}

/// A payment was given back, and a referral bonus with it: mostly its own. `payment_id` is the one that earned it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusReversal {
    pub payment_id: PaymentId,
    pub refund_id: Uuid,
    pub referrer_id: UserId,
    pub referred_id: UserId,
    /// Of the payment that was given back.
    pub booking_number: String,
    /// That payment, where another one earned the bonus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_id: Option<PaymentId>,
    pub at: Timestamp,
}

/// A pair was made; what it pays was decided by binary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairEarning {
    pub pair_id: Uuid,
    pub earner_id: UserId,
    pub number: u32,
    pub left_user_id: UserId,
    pub right_user_id: UserId,
    pub period: u32,
    pub slot: u32,
    pub flushed: bool,
    pub earner_active_buyer: bool,
    pub plan_version: u32,
    pub gross: Money,
    pub emi_deduction: Money,
    pub reserve_deduction: Money,
    pub available: Money,
    /// What a flushed pair would have paid.
    pub forgone: Money,
    /// Under which the EMI deduction is put aside.
    pub reserve_id: ReserveId,
    pub at: Timestamp,
}

/// A member of a pair stopped counting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairVoid {
    pub pair_id: Uuid,
    pub earner_id: UserId,
    pub number: u32,
    pub left_by: UserId,
    pub refund_id: Uuid,
    pub at: Timestamp,
}

domain::text_enum! {
    /// Where a refund goes in the wallet.
    pub enum RefundTo { Wallet = "wallet", EmiReserve = "emi_reserve" }
}

/// A payment given back to the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub refund_id: Uuid,
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub amount: Money,
    pub method: PaymentMethod,
    pub to: RefundTo,
    pub booking_number: String,
    pub reserve_id: ReserveId,
    pub at: Timestamp,
}

/// Money captured that no booking could take, or a refund that failed at its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    pub return_id: Uuid,
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub amount: Money,
    pub cause: String,
    pub booking_number: String,
    pub at: Timestamp,
}

impl Return {
    /// A booking had taken the payment, and given it back; the gateway did not take the refund.
    pub fn is_failed_refund(&self) -> bool {
        self.cause == "source_refund_failed"
    }
}

/// Money that the wallet was credited with was paid back at its source as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundClawback {
    pub clawback_id: Uuid,
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub amount: Money,
    /// The gateway's id of the refund.
    pub gateway_refund_id: String,
    /// What credited the wallet: a return where it is true, else a refund.
    pub of_return: bool,
    /// The id of that return or refund.
    pub credited_by: Uuid,
    pub booking_number: String,
    pub at: Timestamp,
}

impl RefundClawback {
    /// The entry that credited the wallet.
    pub fn original(&self) -> EntryKey {
        EntryKey::new(if self.of_return { EntryKind::Return } else { EntryKind::Refund }, self.credited_by)
    }
}

/// A member pays for a booking from the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingPayment {
    pub payment_id: PaymentId,
    pub booking_id: BookingId,
    pub user_id: UserId,
    pub amount: Money,
    pub booking_number: String,
    pub at: Timestamp,
}

/// A step of a payout that is about its hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutStep {
    pub payout_id: PayoutId,
    pub user_id: UserId,
    pub amount: Money,
    pub reason: String,
    pub at: Timestamp,
}

/// How a payout was settled with the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    pub payout_id: PayoutId,
    pub user_id: UserId,
    pub requested: Money,
    pub tds: Money,
    pub emi: Money,
    pub net: Money,
    pub tax_rule: String,
    /// Under which the EMI part is put aside.
    pub reserve_id: ReserveId,
    pub at: Timestamp,
}

/// Booking took a part of a reserve, or lets go of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveUse {
    /// Of the application or the release.
    pub use_id: Uuid,
    pub reserve_id: ReserveId,
    pub user_id: UserId,
    pub amount: Money,
    pub booking_number: String,
    pub instalment: u32,
    pub reason: String,
    pub at: Timestamp,
}

/// What an administrator does by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manual {
    pub id: Uuid,
    pub user_id: UserId,
    /// Signed for an adjustment, positive for the others.
    pub amount: Money,
    pub reason: String,
    pub actor_id: UserId,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Command {
    Bonus(Bonus),
    BonusReversal(BonusReversal),
    Pair(PairEarning),
    PairVoid(PairVoid),
    Refund(Refund),
    Return(Return),
    RefundClawback(RefundClawback),
    BookingPayment(BookingPayment),
    Hold(PayoutStep),
    Capture(PayoutStep),
    Release(PayoutStep),
    Complete(Settlement),
    Fail(PayoutStep),
    ReversePayout(Settlement),
    ApplyReserve(ReserveUse),
    ReleaseReserve(ReserveUse),
    Deposit(Manual),
    ReserveRelease(Manual),
    Adjust(Manual),
}

impl Command {
    /// The identity of the entry it makes.
    pub fn key(&self) -> EntryKey {
        let (kind, cause): (EntryKind, Uuid) = match self {
            Self::Bonus(c) => (EntryKind::Referral, c.payment_id.uuid()),
            Self::BonusReversal(c) => (EntryKind::ReferralReversal, c.payment_id.uuid()),
            Self::Pair(c) => (EntryKind::Pair, c.pair_id),
            Self::PairVoid(c) => (EntryKind::PairVoid, c.pair_id),
            Self::Refund(c) => (EntryKind::Refund, c.refund_id),
            Self::Return(c) => (EntryKind::Return, c.return_id),
            Self::RefundClawback(c) => (EntryKind::RefundClawback, c.clawback_id),
            Self::BookingPayment(c) => (EntryKind::BookingPayment, c.payment_id.uuid()),
            Self::Hold(c) => (EntryKind::Hold, c.payout_id.uuid()),
            Self::Capture(c) => (EntryKind::Capture, c.payout_id.uuid()),
            Self::Release(c) => (EntryKind::Release, c.payout_id.uuid()),
            Self::Complete(c) => (EntryKind::PayoutCompletion, c.payout_id.uuid()),
            Self::Fail(c) => (EntryKind::PayoutFailure, c.payout_id.uuid()),
            Self::ReversePayout(c) => (EntryKind::PayoutReversal, c.payout_id.uuid()),
            Self::ApplyReserve(c) => (EntryKind::EmiApplication, c.use_id),
            Self::ReleaseReserve(c) => (EntryKind::EmiRelease, c.use_id),
            Self::Deposit(c) => (EntryKind::Deposit, c.id),
            Self::ReserveRelease(c) => (EntryKind::ReserveRelease, c.id),
            Self::Adjust(c) => (EntryKind::Adjustment, c.id),
        };
        EntryKey::new(kind, cause)
    }

    /// Whose wallet it changes.
    pub fn member(&self) -> UserId {
        match self {
            Self::Bonus(c) => c.referrer_id,
            Self::BonusReversal(c) => c.referrer_id,
            Self::Pair(c) => c.earner_id,
            Self::PairVoid(c) => c.earner_id,
            Self::Refund(c) => c.user_id,
            Self::Return(c) => c.user_id,
            Self::RefundClawback(c) => c.user_id,
            Self::BookingPayment(c) => c.user_id,
            Self::Hold(c) | Self::Capture(c) | Self::Release(c) | Self::Fail(c) => c.user_id,
            Self::Complete(c) | Self::ReversePayout(c) => c.user_id,
            Self::ApplyReserve(c) | Self::ReleaseReserve(c) => c.user_id,
            Self::Deposit(c) | Self::ReserveRelease(c) | Self::Adjust(c) => c.user_id,
        }
    }

    /// When its cause happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Bonus(c) => c.at,
            Self::BonusReversal(c) => c.at,
            Self::Pair(c) => c.at,
            Self::PairVoid(c) => c.at,
            Self::Refund(c) => c.at,
            Self::Return(c) => c.at,
            Self::RefundClawback(c) => c.at,
            Self::BookingPayment(c) => c.at,
            Self::Hold(c) | Self::Capture(c) | Self::Release(c) | Self::Fail(c) => c.at,
            Self::Complete(c) | Self::ReversePayout(c) => c.at,
            Self::ApplyReserve(c) | Self::ReleaseReserve(c) => c.at,
            Self::Deposit(c) | Self::ReserveRelease(c) | Self::Adjust(c) => c.at,
        }
    }

    /// The entries whose fate decides this one's, besides its own.
    pub fn depends_on(&self) -> Vec<EntryKey> {
        let kinds: &[EntryKind] = match self {
            Self::RefundClawback(c) => return vec![c.original()],
            Self::BonusReversal(_) => &[EntryKind::Referral],
            Self::PairVoid(_) => &[EntryKind::Pair],
            Self::Capture(_) | Self::Release(_) => &[EntryKind::Hold],
            Self::Complete(_) => &[EntryKind::Capture, EntryKind::PayoutFailure],
            Self::Fail(_) => &[EntryKind::Capture, EntryKind::PayoutCompletion],
            Self::ReversePayout(_) => &[EntryKind::PayoutCompletion],
            Self::Bonus(_)
            | Self::Pair(_)
            | Self::Refund(_)
            | Self::Return(_)
            | Self::BookingPayment(_)
            | Self::Hold(_)
            | Self::ApplyReserve(_)
            | Self::ReleaseReserve(_)
            | Self::Deposit(_)
            | Self::ReserveRelease(_)
            | Self::Adjust(_) => &[],
        };
        kinds.iter().map(|kind| EntryKey::new(*kind, self.key().cause)).collect()
    }

    /// The payout whose hold it reads or changes.
    pub fn payout(&self) -> Option<PayoutId> {
        if let Self::Hold(c) | Self::Capture(c) | Self::Release(c) | Self::Fail(c) = self {
            return Some(c.payout_id);
        }
        if let Self::Complete(c) | Self::ReversePayout(c) = self { Some(c.payout_id) } else { None }
    }

    /// The reserve it takes from.
    pub fn reserve(&self) -> Option<ReserveId> {
        if let Self::ApplyReserve(c) | Self::ReleaseReserve(c) = self { Some(c.reserve_id) } else { None }
    }

    /// The version of the plan that decided the amount, where one did.
    pub fn plan_version(&self) -> Option<u32> {
        match self {
            Self::Bonus(c) => Some(c.plan_version),
            Self::Pair(c) => Some(c.plan_version),
            Self::BonusReversal(_)
            | Self::PairVoid(_)
            | Self::Refund(_)
            | Self::Return(_)
            | Self::RefundClawback(_)
            | Self::BookingPayment(_)
            | Self::Hold(_)
            | Self::Capture(_)
            | Self::Release(_)
            | Self::Complete(_)
            | Self::Fail(_)
            | Self::ReversePayout(_)
            | Self::ApplyReserve(_)
            | Self::ReleaseReserve(_)
            | Self::Deposit(_)
            | Self::ReserveRelease(_)
            | Self::Adjust(_) => None,
        }
    }

    /// The referred member whose single bonus it may take or give back.
    pub fn referred(&self) -> Option<UserId> {
        if let Self::Bonus(c) = self {
            return c.once_a_member.then_some(c.referred_id);
        }
        if let Self::BonusReversal(c) = self { Some(c.referred_id) } else { None }
    }
}
