//! Referral bonuses and their reversals. Booking decides the amounts; the ledger posts them.

use super::amount::require_no_negative;
use super::clawback::{debit_or_owe, explain_reversal, find_original, recover_clawback};
use super::{
    Account, Cause, CommandInputs, Decision, Derivation, Effects, EntryBuilder, EntryHeader, EntryKey, EntryKind,
    EntryRule, ExplainedLine, LedgerError, LoadedRows, NotPosted, Rejection, RejectionReason, Relation, RowKeys,
    TransactionType, WaitKey, booking_label,
};
use crate::domain::decision::SingleBonus;
use domain::plan::ReferralTerms;
use domain::{BookingId, Money, PaymentId, PaymentMethod, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use uuid::Uuid;

/// A referral bonus for a payment of a referred member.
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

impl CommandInputs for ReferralBonus {
    fn cause(&self) -> Cause {
        Cause { id: self.payment_id.uuid(), member: self.referrer_id, at: self.at }
    }

    fn label(&self) -> Option<String> {
        booking_label(&self.booking_number)
    }

    fn others(&self) -> Vec<(UserId, Relation)> {
        vec![(self.referred_id, Relation::Referred)]
    }
}

impl EntryRule for ReferralBonus {
    type Inputs = Self;
    const REFERENCE_TYPE: &'static str = "payment";
    const CAUSE_EVENT: &'static str = "payment_completed";
    const EARNED_SIGN: i64 = 1;

    fn plan_version(c: &Self) -> Option<u32> {
        Some(c.plan_version)
    }

    fn add_reads(c: &Self, rows: &mut RowKeys) {
        rows.single_bonuses.extend(c.once_a_member.then_some(c.referred_id));
    }

    /// Posts the bonus, and recovers a clawback due from it. Rejects a bonus of zero. Waits while another payment holds
    /// the single bonus of the referred member. Errors with `InvalidAmount` when the amount is negative.
    fn decide(key: EntryKey, c: &Self, rows: &LoadedRows) -> Decision {
        require_no_negative(&[c.bonus])?;
        if c.bonus.is_zero() {
            let reason = if !c.method.is_new_money() {
                RejectionReason::NotNewMoney
            } else if !c.on_first_booking {
                RejectionReason::NotFirstBooking
            } else {
                RejectionReason::NothingByPlan
            };
            return Err(Rejection { amount: Money::ZERO, reason }.into());
        }
        let single_bonus =
            c.once_a_member.then_some(SingleBonus { referred: c.referred_id, payment_id: Some(c.payment_id) });
        if c.once_a_member && rows.single_bonus(c.referred_id)?.is_some_and(|holder| holder != c.payment_id) {
            // Booking pays a bonus only while no other stands, so the reversal of the other is still to arrive.
            return Err(NotPosted::Waiting(WaitKey::SingleBonus(c.referred_id)));
        }
        let text = format!("Referral bonus for a payment of {} on booking {}", c.payment_amount, c.booking_number);
        let lines = EntryBuilder::new().post(Account::ReferralExpense, c.bonus.neg()?).post_visible(
            Account::Available,
            c.bonus,
            TransactionType::ReferralBonus,
            text,
        );
        let entry =
            recover_clawback(lines, rows.wallet(c.referrer_id)?, c.bonus)?.build(Self::header(key, c, c.bonus))?;
        Ok(Effects { single_bonus, ..entry.into() })
    }

    fn explain(c: &Self, line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        let d = Derivation::default();
        match line.plan.map(|p| &p.referral) {
            None => Ok(d.rule("decided_by_booking", &[], "decided by booking").given("bonus", c.bonus)),
            Some(ReferralTerms::PercentOfFirstBooking { rate }) => {
                let text = format!("new money ({}) on the referred member's first booking", c.method);
                d.rule("percent_of_first_booking", &[("method", &c.method)], text).percent(
                    "bonus",
                    ("payment_amount", c.payment_amount),
                    ("rate", *rate),
                )
            }
            Some(ReferralTerms::OnceAtThreshold { threshold, amount }) => {
                let (before, after) = (c.net_paid_before, c.net_paid_after);
                let params: [(_, &dyn Display); 3] =
                    [("net_paid_before", &before), ("net_paid_after", &after), ("threshold", threshold)];
                let text = format!("net payments went from {before} to {after}, past {threshold}");
                Ok(d.rule("once_at_threshold", &params, text).given("bonus", *amount))
            }
        }
    }
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

impl BonusReversal {
    /// The entry of the bonus.
    fn original(&self) -> EntryKey {
        EntryKey::new(EntryKind::Referral, self.payment_id.uuid())
    }
}

impl CommandInputs for BonusReversal {
    fn cause(&self) -> Cause {
        Cause { id: self.payment_id.uuid(), member: self.referrer_id, at: self.at }
    }

    fn label(&self) -> Option<String> {
        booking_label(&self.booking_number)
    }

    fn others(&self) -> Vec<(UserId, Relation)> {
        vec![(self.referred_id, Relation::Referred)]
    }
}

impl EntryRule for BonusReversal {
    type Inputs = Self;
    const REFERENCE_TYPE: &'static str = "payment";
    const CAUSE_EVENT: &'static str = "payment_refunded";
    const EARNED_SIGN: i64 = -1;

    fn add_reads(c: &Self, rows: &mut RowKeys) {
        rows.entries.insert(c.original());
        rows.single_bonuses.insert(c.referred_id);
    }

    /// Reverses the bonus as a whole, and frees the single bonus of the referred member if this payment holds it. Waits
    /// for the bonus; does nothing when it was rejected. Errors with `OriginalMismatch` when another member earned it.
    fn decide(key: EntryKey, c: &Self, rows: &LoadedRows) -> Decision {
        let original = find_original(c.original(), c.referrer_id, rows)?;
        let text = match c.refunded_id {
            None => format!("Reversal of the referral bonus for booking {}", c.booking_number),
            Some(_) => {
                format!("Reversal of the referral bonus: a payment on booking {} was refunded", c.booking_number)
            }
        };
        let wallet = rows.wallet(c.referrer_id)?;
        let (amount, plan_version) = (original.amount, original.plan_version);
        let entry = debit_or_owe(wallet, amount, Account::ReferralExpense, TransactionType::Reversal, text)?
            .build(EntryHeader { plan_version, reverses: Some(c.original()), ..Self::header(key, c, amount) })?;
        let holds_single_bonus = rows.single_bonus(c.referred_id)? == Some(c.payment_id);
        let single_bonus = holds_single_bonus.then_some(SingleBonus { referred: c.referred_id, payment_id: None });
        Ok(Effects { single_bonus, ..entry.into() })
    }

    fn explain(_: &Self, line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        explain_reversal(line)
    }
}
