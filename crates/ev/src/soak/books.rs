//! The platform's books beside what the driver did: every captured payment, and every line of some wallets.

use super::member::{Member, Outcome, PaidBy};
use domain::Money;
use std::collections::BTreeMap;

/// A payment as the platform lists it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) status: String,
    pub(crate) amount: Money,
}

/// A pair as the platform lists it for its earner.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) gross: Money,
    pub(crate) emi: Money,
    pub(crate) is_voided: bool,
}

/// A wallet as its owner sees it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    pub(crate) available: Money,
    pub(crate) held: Money,
    pub(crate) emi_reserve: Money,
    pub(crate) clawback_due: Money,
    /// Type and signed amount of every line.
    pub(crate) lines: Vec<(String, Money)>,
    pub(crate) pairs: Vec<Pair>,
    pub(crate) payments: Vec<Listed>,
}

/// Every payment that the driver knows as captured is completed or given back, once, and there is no other.
pub(crate) fn compare_payments(member: &Member, listed: &[Listed]) -> Vec<String> {
    let statuses: BTreeMap<&str, &str> = listed.iter().map(|p| (p.id.as_str(), p.status.as_str())).collect();
    let mut faults = Vec::new();
    for payment in &member.payments {
        let status = statuses.get(payment.id.as_str()).copied().unwrap_or("not there");
        let fits = match payment.outcome {
            // An operation that was broken off may have refunded it.
            Outcome::Completed => status == "completed" || (member.is_uncertain && status == "refunded"),
            Outcome::Refunded => status == "refunded",
            Outcome::Returned => status == "superseded",
        };
        if !fits {
            faults.push(format!(
                "payment {} of member {} is {status}, not {:?}",
                payment.id, member.number, payment.outcome
            ));
        }
    }
    let taken = |status: &str| matches!(status, "completed" | "refunded");
    let found = listed.iter().filter(|p| p.method != "emi_deduction" && taken(&p.status)).count();
    let known = member.payments.iter().filter(|p| p.outcome != Outcome::Returned).count();
    if found != known && !member.is_uncertain {
        faults.push(format!("member {} has {found} captured payments, the driver made {known}", member.number));
    }
    faults
}

/// What the referrer was credited: five per cent, half up, of new money on the first booking.
fn bonuses(referred: &Member) -> impl Iterator<Item = (Money, bool)> + '_ {
    let taken = |p: &&super::member::Payment| p.outcome != Outcome::Returned;
    let first = referred.payments.iter().find(taken).map(|p| p.booking);
    let earning =
        referred.payments.iter().filter(taken).filter(move |p| Some(p.booking) == first && p.method == PaidBy::Online);
    earning.map(|p| {
        let paise = p.amount.paise().saturating_mul(5).saturating_add(50) / 100;
        (Money::from_paise(paise), p.outcome == Outcome::Refunded)
    })
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> i64 {
    amounts.into_iter().map(Money::paise).sum()
}

/// The lines that the member's own history and the payments of the members they referred make, but for what was taken
/// back.
fn wanted(member: &Member, referred: &[&Member], pairs: &[Pair]) -> Vec<(String, i64)> {
    let mut wanted: Vec<(String, i64)> = Vec::new();
    let mut expect = |kind: &str, paise: i64| wanted.push((kind.to_owned(), paise));
    referred.iter().flat_map(|r| bonuses(r)).for_each(|(bonus, _)| expect("REFERRAL_BONUS", bonus.paise()));
    for pair in pairs {
        expect("BINARY_PAIR", pair.gross.paise());
        if !pair.emi.is_zero() {
            expect("EMI_DEDUCTION", -pair.emi.paise());
        }
    }
    member.deposits.iter().for_each(|deposit| expect("DEPOSIT", deposit.paise()));
    for payment in &member.payments {
        if payment.method == PaidBy::Wallet {
            expect("BOOKING_PAYMENT", -payment.amount.paise());
        }
        if payment.outcome != Outcome::Completed {
            expect("REFUND", payment.amount.paise());
        }
    }
    for payout in &member.payouts {
        expect("PAYOUT", -payout.amount.paise());
        if payout.failed {
            expect("REFUND", payout.amount.paise());
        }
    }
    wanted.sort();
    wanted
}

/// Compares a wallet line by line, and its balances with the sum of the lines.
pub(crate) fn compare_wallet(member: &Member, referred: &[&Member], account: &Account) -> Vec<String> {
    let is_taken_back = |kind: &str| kind == "REVERSAL" || kind == "CLAWBACK";
    let lines = account.lines.iter().map(|(kind, amount)| (kind.clone(), amount.paise()));
    let (taken, mut found): (Vec<_>, Vec<_>) = lines.partition(|(kind, _)| is_taken_back(kind));
    found.sort();
    let wanted = wanted(member, referred, &account.pairs);
    let who = format!("wallet of member {} ({})", member.number, member.person.id);
    let mut faults = Vec::new();
    if found != wanted {
        let missing: Vec<_> = difference(&wanted, &found);
        let surplus: Vec<_> = difference(&found, &wanted);
        faults.push(format!("{who}: lines missing {missing:?}, lines too many {surplus:?}"));
    }
    let taken_back: i64 = taken.iter().map(|(_, paise)| paise).sum();
    let total = wanted.iter().map(|(_, paise)| paise).sum::<i64>().saturating_add(taken_back);
    let reversed = sum(referred.iter().flat_map(|r| bonuses(r)).filter(|(_, back)| *back).map(|(bonus, _)| bonus))
        .saturating_add(sum(account.pairs.iter().filter(|p| p.is_voided).map(|p| p.gross)));
    let due = reversed.saturating_add(taken_back);
    let applied = |p: &&Listed| p.method == "emi_deduction" && p.status == "completed";
    let reserved = sum(account.pairs.iter().map(|p| p.emi)).saturating_sub(sum(account
        .payments
        .iter()
        .filter(applied)
        .map(|p| p.amount)));
    let figures = [
        ("available and held", account.available.paise().saturating_add(account.held.paise()), total),
        ("clawback due", account.clawback_due.paise(), due),
        ("EMI reserve", account.emi_reserve.paise(), reserved),
    ];
    let differing = figures.iter().filter(|(_, found, wanted)| found != wanted);
    faults.extend(differing.map(|(name, found, wanted)| format!("{who}: {name} is {found}, not {wanted} paise")));
    faults
}

/// What the first list has more than the second, repetitions counted.
fn difference(of: &[(String, i64)], without: &[(String, i64)]) -> Vec<(String, i64)> {
    let mut left = without.to_vec();
    let more = of.iter().filter(|line| match left.iter().position(|other| other == *line) {
        Some(at) => {
            left.swap_remove(at);
            false
        }
        None => true,
    });
    more.cloned().collect()
}

#[cfg(test)]
mod tests;
