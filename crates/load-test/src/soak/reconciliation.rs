//! Comparison of the platform's payments and wallets with the expected state of the members.

use super::member::{Member, PaidBy, PaymentOutcome};
use domain::Money;
use std::collections::BTreeMap;

/// A payment in the platform's list.
#[derive(Debug, Clone)]
pub(crate) struct ListedPayment {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) status: String,
    pub(crate) amount: Money,
}

/// A pair in the platform's list.
#[derive(Debug, Clone)]
pub(crate) struct ListedPair {
    pub(crate) gross: Money,
    pub(crate) emi: Money,
    pub(crate) is_voided: bool,
}

/// State of a member's wallet, pairs and payments.
#[derive(Debug, Clone, Default)]
pub(crate) struct WalletSnapshot {
    pub(crate) available: Money,
    pub(crate) held: Money,
    pub(crate) emi_reserve: Money,
    pub(crate) clawback_due: Money,
    /// Type and signed amount of every transaction.
    pub(crate) lines: Vec<(String, Money)>,
    pub(crate) pairs: Vec<ListedPair>,
    pub(crate) payments: Vec<ListedPayment>,
}

/// Checks that every captured payment of the member is completed or refunded once, and that there are no others.
/// Returns the differences.
pub(crate) fn compare_payments(member: &Member, listed: &[ListedPayment]) -> Vec<String> {
    let statuses: BTreeMap<&str, &str> = listed.iter().map(|p| (p.id.as_str(), p.status.as_str())).collect();
    let mut faults = Vec::new();
    for payment in &member.payments {
        let status = statuses.get(payment.id.as_str()).copied().unwrap_or("missing");
        let fits = match payment.outcome {
            // An interrupted operation may have refunded it.
            PaymentOutcome::Completed => status == "completed" || (member.is_uncertain && status == "refunded"),
            PaymentOutcome::Refunded => status == "refunded",
            PaymentOutcome::Returned => status == "superseded",
        };
        if !fits {
            faults.push(format!(
                "payment {} of member {} is {status}, not {:?}",
                payment.id, member.number, payment.outcome
            ));
        }
    }
    let is_captured = |status: &str| matches!(status, "completed" | "refunded");
    let found = listed.iter().filter(|p| p.method != "emi_deduction" && is_captured(&p.status)).count();
    let known = member.payments.iter().filter(|p| p.outcome != PaymentOutcome::Returned).count();
    if found != known && !member.is_uncertain {
        faults.push(format!("member {} has {found} captured payments, expected {known}", member.number));
    }
    faults
}

/// Referral bonuses of a member's payments: 5 %, rounded half up, of new money on the first booking; and whether each
/// was reversed.
fn bonuses(referred: &Member) -> impl Iterator<Item = (Money, bool)> + '_ {
    let is_captured = |p: &&super::member::Payment| p.outcome != PaymentOutcome::Returned;
    let first = referred.payments.iter().find(is_captured).map(|p| p.booking);
    let qualifying = referred
        .payments
        .iter()
        .filter(is_captured)
        .filter(move |p| Some(p.booking) == first && p.method == PaidBy::Online);
    qualifying.map(|p| {
        let paise = p.amount.paise().saturating_mul(5).saturating_add(50) / 100;
        (Money::from_paise(paise), p.outcome == PaymentOutcome::Refunded)
    })
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> i64 {
    amounts.into_iter().map(Money::paise).sum()
}

/// Expected transactions from the member's own operations and the payments of referred members, without reversals.
fn expected_lines(member: &Member, referred: &[&Member], pairs: &[ListedPair]) -> Vec<(String, i64)> {
    let mut expected: Vec<(String, i64)> = Vec::new();
    let mut expect = |kind: &str, paise: i64| expected.push((kind.to_owned(), paise));
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
        if payment.outcome != PaymentOutcome::Completed {
            expect("REFUND", payment.amount.paise());
        }
    }
    for payout in &member.payouts {
        expect("PAYOUT", -payout.amount.paise());
        if payout.failed {
            expect("REFUND", payout.amount.paise());
        }
    }
    expected.sort();
    expected
}

/// Compares the transactions and balances of a wallet with the expected ones, and returns the differences.
pub(crate) fn compare_wallet(member: &Member, referred: &[&Member], snapshot: &WalletSnapshot) -> Vec<String> {
    let is_reversal = |kind: &str| kind == "REVERSAL" || kind == "CLAWBACK";
    let lines = snapshot.lines.iter().map(|(kind, amount)| (kind.clone(), amount.paise()));
    let (reversals, mut found): (Vec<_>, Vec<_>) = lines.partition(|(kind, _)| is_reversal(kind));
    found.sort();
    let expected = expected_lines(member, referred, &snapshot.pairs);
    let wallet = format!("wallet of member {} ({})", member.number, member.user.id);
    let mut faults = Vec::new();
    if found != expected {
        let missing: Vec<_> = difference(&expected, &found);
        let surplus: Vec<_> = difference(&found, &expected);
        faults.push(format!("{wallet}: missing {missing:?}, unexpected {surplus:?}"));
    }
    let reversed_paid: i64 = reversals.iter().map(|(_, paise)| paise).sum();
    let total = expected.iter().map(|(_, paise)| paise).sum::<i64>().saturating_add(reversed_paid);
    let reversed =
        sum(referred.iter().flat_map(|r| bonuses(r)).filter(|(_, is_reversed)| *is_reversed).map(|(bonus, _)| bonus))
            .saturating_add(sum(snapshot.pairs.iter().filter(|p| p.is_voided).map(|p| p.gross)));
    let due = reversed.saturating_add(reversed_paid);
    let applied = |p: &&ListedPayment| p.method == "emi_deduction" && p.status == "completed";
    let reserved = sum(snapshot.pairs.iter().map(|p| p.emi)).saturating_sub(sum(snapshot
        .payments
        .iter()
        .filter(applied)
        .map(|p| p.amount)));
    let figures = [
        ("available and held", snapshot.available.paise().saturating_add(snapshot.held.paise()), total),
        ("clawback due", snapshot.clawback_due.paise(), due),
        ("EMI reserve", snapshot.emi_reserve.paise(), reserved),
    ];
    let differing = figures.iter().filter(|(_, found, expected)| found != expected);
    faults
        .extend(differing.map(|(name, found, expected)| format!("{wallet}: {name} is {found}, not {expected} paise")));
    faults
}

/// Elements of the first list that the second lacks, with multiplicity.
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
