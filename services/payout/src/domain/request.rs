//! Who may ask for how much. The quote and the request are answered by the same function.

use super::account::{self, Verdict};
use domain::plan::PayoutTerms;
use domain::{Money, MoneyError};

/// What is known of a member who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    pub kyc_approved: bool,
    /// Whether the account to be paid is verified, or would be by this; none when there is no account.
    pub account: Option<Result<Verdict, account::Refusal>>,
    pub clawback_due: Money,
    /// As the wallet told last.
    pub available: Money,
    pub held: Money,
    /// Own payouts that are requested or pending.
    pub promised: Money,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("your KYC has to be approved first")]
    KycNotApproved,
    #[error("the bank account has to be verified first")]
    NoAccount,
    #[error(transparent)]
    Account(account::Refusal),
    #[error("{0} is due to be recovered from earnings first")]
    ClawbackDue(Money),
    #[error("a payout is at least {0}")]
    BelowMinimum(Money),
    #[error("{0} is available")]
    InsufficientBalance(Money),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Asker {
    /// What may be asked for now.
    ///
    /// A hold moves money from available to held, so the balance less what is promised holds whether or not the
    /// wallet has told of a hold yet; what it has told is available is the limit besides.
    pub fn free(&self) -> Result<Money, MoneyError> {
        let unpromised = self.available.add(self.held)?.minus_or_zero(self.promised);
        Ok(self.available.min(unpromised))
    }
}

pub fn check(asker: &Asker, amount: Money, terms: &PayoutTerms) -> Result<(), Refusal> {
    if !asker.kyc_approved {
        return Err(Refusal::KycNotApproved);
    }
    asker.account.ok_or(Refusal::NoAccount)?.map_err(Refusal::Account)?;
    nothing_due(asker.clawback_due)?;
    if amount < terms.minimum || !amount.is_positive() {
        return Err(Refusal::BelowMinimum(terms.minimum));
    }
    let free = asker.free()?;
    if amount > free {
        return Err(Refusal::InsufficientBalance(free));
    }
    Ok(())
}

/// There is no payout, neither asked for nor approved, while something is to be taken back.
pub fn nothing_due(clawback_due: Money) -> Result<(), Refusal> {
    if clawback_due.is_positive() { Err(Refusal::ClawbackDue(clawback_due)) } else { Ok(()) }
}

/// How many different people have to approve a payout of `amount`.
pub fn approvals_needed(amount: Money, terms: &PayoutTerms) -> i32 {
    if amount >= terms.second_approver_from { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Plan;

    fn rupees(n: i64) -> Money {
        Money::from_rupees(n)
    }
    fn asker(available: i64, held: i64, promised: i64) -> Asker {
        Asker {
            kyc_approved: true,
            account: Some(Ok(Verdict::Verified)),
            clawback_due: Money::ZERO,
            available: rupees(available),
            held: rupees(held),
            promised: rupees(promised),
        }
    }
    fn ask(asker: &Asker, amount: &str) -> Result<(), Refusal> {
        check(asker, amount.parse().expect("money"), &Plan::seed().payout)
    }

    #[test]
    fn a_payout_is_at_least_the_minimum_and_at_most_what_is_available() {
        let rich = asker(1_000, 0, 0);
        assert_eq!(ask(&rich, "99.99"), Err(Refusal::BelowMinimum(rupees(100))));
        assert_eq!(ask(&rich, "100.00"), Ok(()));
        assert_eq!(ask(&rich, "100.01"), Ok(()));
        assert_eq!(ask(&rich, "999.99"), Ok(()));
        assert_eq!(ask(&rich, "1000.00"), Ok(()));
        assert_eq!(ask(&rich, "1000.01"), Err(Refusal::InsufficientBalance(rupees(1_000))));
        for bad in ["0.00", "-0.01", "-500.00", "-92233720368547758.08"] {
            assert_eq!(ask(&rich, bad), Err(Refusal::BelowMinimum(rupees(100))), "{bad}");
        }
    }

    #[test]
    fn three_requests_for_all_there_is_come_to_one_whatever_the_wallet_has_told() {
        // Before the hold, after it is told, and once the payout has left the wallet.
        assert_eq!(ask(&asker(1_000, 0, 1_000), "1000.00"), Err(Refusal::InsufficientBalance(Money::ZERO)));
        assert_eq!(ask(&asker(0, 1_000, 1_000), "1000.00"), Err(Refusal::InsufficientBalance(Money::ZERO)));
        assert_eq!(ask(&asker(0, 1_000, 0), "1000.00"), Err(Refusal::InsufficientBalance(Money::ZERO)));
        assert_eq!(ask(&asker(0, 0, 0), "1000.00"), Err(Refusal::InsufficientBalance(Money::ZERO)));
        // A hold of an earlier payout takes nothing from what is available besides.
        assert_eq!(ask(&asker(500, 1_000, 1_000), "500.00"), Ok(()));
        assert_eq!(ask(&asker(500, 1_000, 1_300), "200.01"), Err(Refusal::InsufficientBalance(rupees(200))));
    }

    #[test]
    fn the_first_thing_that_stands_in_the_way_is_told() {
        let mut who = Asker { kyc_approved: false, account: None, clawback_due: rupees(25), ..asker(0, 0, 0) };
        assert_eq!(ask(&who, "1.00"), Err(Refusal::KycNotApproved));
        who.kyc_approved = true;
        assert_eq!(ask(&who, "1.00"), Err(Refusal::NoAccount));
        let too_new = account::Refusal::TooNew(domain::Timestamp::UNIX_EPOCH);
        who.account = Some(Err(too_new));
        assert_eq!(ask(&who, "1.00"), Err(Refusal::Account(too_new)));
        who.account = Some(Ok(Verdict::Verified));
        assert_eq!(ask(&who, "1.00"), Err(Refusal::ClawbackDue(rupees(25))));
        who.clawback_due = Money::ZERO;
        assert_eq!(ask(&who, "1.00"), Err(Refusal::BelowMinimum(rupees(100))));
        assert_eq!(ask(&who, "100.00"), Err(Refusal::InsufficientBalance(Money::ZERO)));
    }

    #[test]
    fn fifty_thousand_is_the_first_amount_that_two_must_approve() {
        let terms = Plan::seed().payout;
        for (amount, needed) in [("49999.99", 1), ("50000.00", 2), ("50000.01", 2)] {
            assert_eq!(approvals_needed(amount.parse().expect("money"), &terms), needed, "{amount}");
        }
    }
}
