//! Bonuses and pair earnings. Their amounts were decided where their inputs are known; here they are posted.

use super::books::{Decision, Effects, Forfeit, ForfeitReason, SingleBonus, WaitKey};
use super::command::{Bonus, Command, PairEarning};
use super::entry::{Header, Lines};
use super::reserve::Reserve;
use super::{Account, Books, LedgerError, TransactionType, Wallet};
use domain::Money;

pub(super) fn bonus(c: &Bonus, books: &Books) -> Result<Decision, LedgerError> {
    if c.bonus.is_negative() {
        return Err(LedgerError::BadAmount(c.bonus));
    }
    if c.bonus.is_zero() {
        let reason = if !c.method.is_new_money() {
            ForfeitReason::NotNewMoney
        } else if !c.on_first_booking {
            ForfeitReason::NotFirstBooking
        } else {
            ForfeitReason::NothingByPlan
        };
        return Ok(Decision::Forfeit(Forfeit { amount: Money::ZERO, reason }));
    }
    let single = c.once_a_member.then_some(SingleBonus { referred: c.referred_id, taken_by: Some(c.payment_id) });
    if c.once_a_member && books.single(c.referred_id)?.is_some_and(|holder| holder != c.payment_id) {
        // Booking pays one only where none stands: that the other was taken back is on its way.
        return Ok(Decision::Wait(WaitKey::SingleBonus(c.referred_id)));
    }
    let text = format!("Referral bonus for a payment of {} on booking {}", c.payment_amount, c.booking_number);
    let lines = Lines::new().book(Account::ReferralExpense, c.bonus.neg()?).show(
        Account::Available,
        c.bonus,
        TransactionType::ReferralBonus,
        text,
    );
    let entry = recovering(lines, books.wallet(c.referrer_id)?, c.bonus)?.entry(Header {
        key: Command::Bonus(c.clone()).key(),
        member: c.referrer_id,
        amount: c.bonus,
        at: c.at,
        plan_version: Some(c.plan_version),
        reverses: None,
    })?;
    Ok(Effects { single, ..entry.into() }.into())
}

pub(super) fn pair(c: &PairEarning, books: &Books) -> Result<Decision, LedgerError> {
    let parts = [c.gross, c.emi_deduction, c.reserve_deduction, c.available, c.forgone];
    if let Some(negative) = parts.into_iter().find(|p| p.is_negative()) {
        return Err(LedgerError::BadAmount(negative));
    }
    if Money::total([c.emi_deduction, c.reserve_deduction, c.available])? != c.gross {
        return Err(LedgerError::PartsDiffer);
    }
    if c.flushed {
        return Ok(Decision::Forfeit(Forfeit { amount: c.forgone, reason: ForfeitReason::Flushed }));
    }
    if c.gross.is_zero() {
        return Ok(Decision::Forfeit(Forfeit { amount: Money::ZERO, reason: ForfeitReason::UnpaidPair }));
    }
    let mut lines = Lines::new().book(Account::PairExpense, c.gross.neg()?).show(
        Account::Available,
        c.gross,
        TransactionType::BinaryPair,
        format!("Pair {}", c.number),
    );
    if c.emi_deduction.is_positive() {
        let text = format!("Put aside for your EMI from pair {}", c.number);
        lines = lines
            .show(Account::Available, c.emi_deduction.neg()?, TransactionType::EmiDeduction, text)
            .book(Account::EmiReserve, c.emi_deduction);
    }
    if c.reserve_deduction.is_positive() {
        let text = format!("Put in your reserve from pair {}", c.number);
        lines = lines
            .show(Account::Available, c.reserve_deduction.neg()?, TransactionType::ReserveDeduction, text)
            .book(Account::Reserve, c.reserve_deduction);
    }
    let entry = recovering(lines, books.wallet(c.earner_id)?, c.available)?.entry(Header {
        key: Command::Pair(c.clone()).key(),
        member: c.earner_id,
        amount: c.gross,
        at: c.at,
        plan_version: Some(c.plan_version),
        reverses: None,
    })?;
    let reserve = c.emi_deduction.is_positive().then(|| Reserve::of_pair(c));
    Ok(Effects { reserve, ..entry.into() }.into())
}

/// Adds what is recovered of the member's clawback due from `credited`, which these lines make available.
pub(super) fn recovering(lines: Lines, wallet: &Wallet, credited: Money) -> Result<Lines, LedgerError> {
    let part = wallet.clawback_due.min(credited);
    if !part.is_positive() {
        return Ok(lines);
    }
    let text = "Recovered for earnings reversed before".to_owned();
    Ok(lines.show(Account::Available, part.neg()?, TransactionType::Clawback, text).book(Account::ClawbackDue, part))
}
