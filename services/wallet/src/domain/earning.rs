//! Referral bonuses and pair earnings. The booking and binary services decide the amounts; the ledger posts them.

use super::amount::{require_no_negative, require_total};
use super::command::{PairEarning, ReferralBonus};
use super::decision::{Decision, Effects, Rejection, RejectionReason, SingleBonus, WaitKey};
use super::emi_reserve::EmiReserve;
use super::entry::{EntryBuilder, EntryHeader, EntryKey};
use super::loaded_rows::LoadedRows;
use super::{Account, LedgerError, TransactionType, WalletBalances};
use domain::Money;

/// Posts a referral bonus, and recovers a clawback due from it. Rejects a bonus of zero. Waits while another payment
/// holds the single bonus of the referred member. Errors with `InvalidAmount` when the amount is negative.
pub(super) fn decide_bonus(key: EntryKey, c: &ReferralBonus, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    require_no_negative(&[c.bonus])?;
    if c.bonus.is_zero() {
        let reason = if !c.method.is_new_money() {
            RejectionReason::NotNewMoney
        } else if !c.on_first_booking {
            RejectionReason::NotFirstBooking
        } else {
            RejectionReason::NothingByPlan
        };
        return Ok(Decision::Reject(Rejection { amount: Money::ZERO, reason }));
    }
    let single_bonus =
        c.once_a_member.then_some(SingleBonus { referred: c.referred_id, payment_id: Some(c.payment_id) });
    if c.once_a_member && rows.single_bonus(c.referred_id)?.is_some_and(|holder| holder != c.payment_id) {
        // Booking pays a bonus only while no other stands, so the reversal of the other is still to arrive.
        return Ok(Decision::Wait(WaitKey::SingleBonus(c.referred_id)));
    }
    let text = format!("Referral bonus for a payment of {} on booking {}", c.payment_amount, c.booking_number);
    let lines = EntryBuilder::new().post(Account::ReferralExpense, c.bonus.neg()?).post_visible(
        Account::Available,
        c.bonus,
        TransactionType::ReferralBonus,
        text,
    );
    let entry = recover_clawback(lines, rows.wallet(c.referrer_id)?, c.bonus)?.build(EntryHeader {
        key,
        member: c.referrer_id,
        amount: c.bonus,
        at: c.at,
        plan_version: Some(c.plan_version),
        reverses: None,
    })?;
    Ok(Effects { single_bonus, ..entry.into() }.into())
}

/// Posts a pair earning: the gross, its deductions, and the recovery of a clawback due from the rest. Rejects flushed
/// and unpaid pairs. Errors with `InvalidAmount` for a negative part and `PartsMismatch` when the parts are not the
/// gross.
pub(super) fn decide_pair(key: EntryKey, c: &PairEarning, rows: &LoadedRows) -> Result<Decision, LedgerError> {
    require_no_negative(&[c.gross, c.emi_deduction, c.reserve_deduction, c.available, c.forgone])?;
    require_total([c.emi_deduction, c.reserve_deduction, c.available], c.gross)?;
    if c.flushed {
        return Ok(Decision::Reject(Rejection { amount: c.forgone, reason: RejectionReason::Flushed }));
    }
    if c.gross.is_zero() {
        return Ok(Decision::Reject(Rejection { amount: Money::ZERO, reason: RejectionReason::UnpaidPair }));
    }
    let mut lines = EntryBuilder::new().post(Account::PairExpense, c.gross.neg()?).post_visible(
        Account::Available,
        c.gross,
        TransactionType::BinaryPair,
        format!("Pair {}", c.number),
    );
    if c.emi_deduction.is_positive() {
        let text = format!("Put aside for your EMI from pair {}", c.number);
        lines = lines
            .post_visible(Account::Available, c.emi_deduction.neg()?, TransactionType::EmiDeduction, text)
            .post(Account::EmiReserve, c.emi_deduction);
    }
    if c.reserve_deduction.is_positive() {
        let text = format!("Put in your reserve from pair {}", c.number);
        lines = lines
            .post_visible(Account::Available, c.reserve_deduction.neg()?, TransactionType::ReserveDeduction, text)
            .post(Account::Reserve, c.reserve_deduction);
    }
    let entry = recover_clawback(lines, rows.wallet(c.earner_id)?, c.available)?.build(EntryHeader {
        key,
        member: c.earner_id,
        amount: c.gross,
        at: c.at,
        plan_version: Some(c.plan_version),
        reverses: None,
    })?;
    let reserve = c.emi_deduction.is_positive().then(|| EmiReserve::for_pair(c));
    Ok(Effects { reserve, ..entry.into() }.into())
}

/// Adds the lines that recover the member's clawback due from `credited`, the amount that `lines` make available.
pub(super) fn recover_clawback(
    lines: EntryBuilder,
    wallet: &WalletBalances,
    credited: Money,
) -> Result<EntryBuilder, LedgerError> {
    let part = wallet.clawback_due.min(credited);
    if !part.is_positive() {
        return Ok(lines);
    }
    let text = "Recovered for earnings reversed before".to_owned();
    Ok(lines
        .post_visible(Account::Available, part.neg()?, TransactionType::Clawback, text)
        .post(Account::ClawbackDue, part))
}
