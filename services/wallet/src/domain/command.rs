//! Commands to the ledger: one for each journal entry, with every input of the rule behind it.
//!
//! A command is stored as JSON with its entry, to explain the amount later; field names are part of the stored data.

use super::{EntryKey, EntryKind};
use domain::{BookingId, Money, PaymentId, PaymentMethod, PayoutId, ReserveId, Timestamp, UserId};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// A referral bonus for a payment of a referred member. Booking has decided the amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralBonus {
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

/// The reversal of a referral bonus because a payment was refunded. `payment_id` is the payment that earned the bonus,
/// usually the refunded one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BonusReversal {
    pub payment_id: PaymentId,
    pub refund_id: Uuid,
    pub referrer_id: UserId,
    pub referred_id: UserId,
    /// The booking of the refunded payment.
    pub booking_number: String,
    /// The refunded payment, when another payment earned the bonus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded_id: Option<PaymentId>,
    pub at: Timestamp,
}

/// A pair earning. Binary has decided the amounts.
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
    /// The amount that a flushed pair would have paid.
    pub forgone: Money,
    /// The id of the reserve that the EMI deduction goes to.
    pub reserve_id: ReserveId,
    pub at: Timestamp,
}

/// The reversal of a pair earning because one of the two members no longer counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairVoid {
    pub pair_id: Uuid,
    pub earner_id: UserId,
    pub number: u32,
    /// The member who no longer counts.
    pub left_by: UserId,
    pub refund_id: Uuid,
    pub at: Timestamp,
}

domain::text_enum! {
    /// The account of the member that a refund is credited to: the available balance or an EMI reserve.
    pub enum RefundTo { Wallet = "wallet", EmiReserve = "emi_reserve" }
}

/// A payment refunded to the wallet.
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

/// A captured payment that no booking accepted, or a refund that failed at its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReturn {
    pub return_id: Uuid,
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub amount: Money,
    pub cause: String,
    pub booking_number: String,
    pub at: Timestamp,
}

impl PaymentReturn {
    /// Whether booking refunded the payment and the gateway refused the refund.
    pub fn is_failed_refund(&self) -> bool {
        self.cause == "source_refund_failed"
    }
}

/// The debit of a wallet credit that the gateway has refunded to the payment source as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundClawback {
    pub clawback_id: Uuid,
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub amount: Money,
    /// The refund id of the gateway.
    pub gateway_refund_id: String,
    /// Whether a return credited the wallet; otherwise a refund did.
    pub of_return: bool,
    /// The id of that return or refund.
    pub credited_by: Uuid,
    pub booking_number: String,
    pub at: Timestamp,
}

impl RefundClawback {
    /// The entry that credited the wallet.
    pub fn original(&self) -> EntryKey {
        EntryKey::new(if self.of_return { EntryKind::PaymentReturn } else { EntryKind::Refund }, self.credited_by)
    }
}

/// A payment for a booking from the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingPayment {
    pub payment_id: PaymentId,
    pub booking_id: BookingId,
    pub user_id: UserId,
    pub amount: Money,
    pub booking_number: String,
    pub at: Timestamp,
}

/// A step of a payout that changes its hold: placed, captured, released, or returned after a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldChange {
    pub payout_id: PayoutId,
    pub user_id: UserId,
    pub amount: Money,
    pub reason: String,
    pub at: Timestamp,
}

/// The amounts of a payout that the bank completed or returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutSettlement {
    pub payout_id: PayoutId,
    pub user_id: UserId,
    pub requested: Money,
    pub tds: Money,
    pub emi: Money,
    pub net: Money,
    pub tax_rule: String,
    /// The id of the reserve that the EMI part goes to.
    pub reserve_id: ReserveId,
    pub at: Timestamp,
}

/// Booking applies a part of an EMI reserve to an instalment, or releases it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReserveUse {
    /// The id of the application or the release.
    pub use_id: Uuid,
    pub reserve_id: ReserveId,
    pub user_id: UserId,
    pub amount: Money,
    pub booking_number: String,
    pub instalment: u32,
    pub reason: String,
    pub at: Timestamp,
}

/// A deposit, reserve release or adjustment by an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualEntry {
    pub id: Uuid,
    pub user_id: UserId,
    /// Signed for an adjustment, positive for the others.
    pub amount: Money,
    pub reason: String,
    pub actor_id: UserId,
    pub at: Timestamp,
}

/// Declares the commands, one a row: name and inputs; kind and cause of the entry that it posts; owner of the wallet;
/// and, behind `after`, the kinds of other entries for the same cause whose outcomes the decision reads.
macro_rules! commands {
    ($($name:ident($c:ident: $inputs:ident) => $kind:ident, $cause:expr, $member:expr
        $(, after $($before:ident)|+)?;)+) => {
        /// A command to the ledger. It serialises as its inputs; the kind of the entry identifies the command.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum Command {
            $($name($inputs),)+
        }

        impl Command {
            /// Reads a command back from its inputs and the kind of its entry. Errors when they are not its inputs.
            pub fn deserialize_inputs<'de, D: Deserializer<'de>>(kind: EntryKind, inputs: D) -> Result<Self, D::Error> {
                match kind {
                    $(EntryKind::$kind => $inputs::deserialize(inputs).map(Self::$name),)+
                }
            }

            /// The identity of the entry that the command posts.
            pub fn key(&self) -> EntryKey {
                match self {
                    $(Self::$name($c) => EntryKey::new(EntryKind::$kind, $cause),)+
                }
            }

            /// The owner of the wallet that the command changes.
            pub fn member(&self) -> UserId {
                match self {
                    $(Self::$name($c) => $member,)+
                }
            }

            /// The time of the cause.
            pub fn at(&self) -> Timestamp {
                match self {
                    $(Self::$name($c) => $c.at,)+
                }
            }

            /// The kinds of other entries for the same cause whose outcomes the decision reads.
            const fn kinds_before(&self) -> &'static [EntryKind] {
                match self {
                    $(Self::$name(_) => &[$($(EntryKind::$before),+)?],)+
                }
            }
        }
    };
}

commands! {
    ReferralBonus(c: ReferralBonus) => Referral, c.payment_id.uuid(), c.referrer_id;
    BonusReversal(c: BonusReversal) => ReferralReversal, c.payment_id.uuid(), c.referrer_id, after Referral;
    Pair(c: PairEarning) => Pair, c.pair_id, c.earner_id;
    PairVoid(c: PairVoid) => PairVoid, c.pair_id, c.earner_id, after Pair;
    Refund(c: Refund) => Refund, c.refund_id, c.user_id;
    PaymentReturn(c: PaymentReturn) => PaymentReturn, c.return_id, c.user_id;
    RefundClawback(c: RefundClawback) => RefundClawback, c.clawback_id, c.user_id;
    BookingPayment(c: BookingPayment) => BookingPayment, c.payment_id.uuid(), c.user_id;
    Hold(c: HoldChange) => Hold, c.payout_id.uuid(), c.user_id;
    Capture(c: HoldChange) => Capture, c.payout_id.uuid(), c.user_id, after Hold;
    Release(c: HoldChange) => Release, c.payout_id.uuid(), c.user_id, after Hold;
    Complete(c: PayoutSettlement) => PayoutCompletion, c.payout_id.uuid(), c.user_id, after Capture | PayoutFailure;
    Fail(c: HoldChange) => PayoutFailure, c.payout_id.uuid(), c.user_id, after Capture | PayoutCompletion;
    ReversePayout(c: PayoutSettlement) => PayoutReversal, c.payout_id.uuid(), c.user_id, after PayoutCompletion;
    ApplyReserve(c: ReserveUse) => EmiApplication, c.use_id, c.user_id;
    ReleaseReserve(c: ReserveUse) => EmiRelease, c.use_id, c.user_id;
    Deposit(c: ManualEntry) => Deposit, c.id, c.user_id;
    ReserveRelease(c: ManualEntry) => ReserveRelease, c.id, c.user_id;
    Adjust(c: ManualEntry) => Adjustment, c.id, c.user_id;
}

impl Command {
    /// The entries, besides its own, whose outcomes the decision reads.
    pub fn depends_on(&self) -> Vec<EntryKey> {
        if let Self::RefundClawback(c) = self {
            return vec![c.original()];
        }
        let cause = self.key().cause;
        self.kinds_before().iter().map(|kind| EntryKey::new(*kind, cause)).collect()
    }

    /// The payout whose hold the command reads or changes.
    pub fn payout(&self) -> Option<PayoutId> {
        if let Self::Hold(c) | Self::Capture(c) | Self::Release(c) | Self::Fail(c) = self {
            return Some(c.payout_id);
        }
        if let Self::Complete(c) | Self::ReversePayout(c) = self { Some(c.payout_id) } else { None }
    }

    /// The EMI reserve that the command draws on.
    pub fn reserve(&self) -> Option<ReserveId> {
        if let Self::ApplyReserve(c) | Self::ReleaseReserve(c) = self { Some(c.reserve_id) } else { None }
    }

    /// The plan version that decided the amount, if one did.
    pub fn plan_version(&self) -> Option<u32> {
        if let Self::ReferralBonus(c) = self {
            return Some(c.plan_version);
        }
        if let Self::Pair(c) = self { Some(c.plan_version) } else { None }
    }

    /// The referred member, when the command may change who holds their single bonus.
    pub fn referred(&self) -> Option<UserId> {
        if let Self::ReferralBonus(c) = self {
            return c.once_a_member.then_some(c.referred_id);
        }
        if let Self::BonusReversal(c) = self { Some(c.referred_id) } else { None }
    }
}
