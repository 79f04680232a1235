//! Checks of a payout request. Quotes and requests use the same function.

use super::account::{BankAccountRefusal, VerificationDecision};
use domain::plan::PayoutTerms;
use domain::{Money, MoneyError};

/// Facts about the member who requests a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requester {
    pub kyc_approved: bool,
    /// Decision on verifying the account to pay; `None` if the member has no account.
    pub account: Option<Result<VerificationDecision, BankAccountRefusal>>,
    pub clawback_due: Money,
    /// Available balance, as the wallet published it last.
    pub available: Money,
    /// Held balance, as the wallet published it last.
    pub held: Money,
    /// Total of the member's payouts that are requested or pending.
    pub reserved: Money,
}

/// Refusal of a payout request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefusal {
    #[error("your KYC is not approved")]
    KycNotApproved,
    #[error("you have no verified bank account")]
    NoAccount,
    #[error(transparent)]
    Account(BankAccountRefusal),
    #[error("{0} is due to be recovered from the member's earnings first")]
    ClawbackDue(Money),
    #[error("the smallest payout is {0}")]
    BelowMinimum(Money),
    #[error("only {0} is available")]
    InsufficientBalance(Money),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Requester {
    /// Largest amount that may be requested now. Errors if an amount overflows.
    ///
    /// A hold moves money from available to held. So `available + held - reserved` is right whether or not the wallet
    /// has published the hold. The published available balance is a second limit.
    pub fn requestable(&self) -> Result<Money, MoneyError> {
        let unreserved = self.available.add(self.held)?.minus_or_zero(self.reserved);
        Ok(self.available.min(unreserved))
    }
}

/// Checks that the member may request `amount`, and errors with the first refusal.
pub fn validate_request(requester: &Requester, amount: Money, terms: &PayoutTerms) -> Result<(), RequestRefusal> {
    all_refusals(requester, amount, terms).into_iter().next().map_or(Ok(()), Err)
}

/// Returns all refusals of a request of `amount`, in this order: KYC, bank account, clawback, minimum amount, balance.
pub fn all_refusals(requester: &Requester, amount: Money, terms: &PayoutTerms) -> Vec<RequestRefusal> {
    let checks = [
        if requester.kyc_approved { Ok(()) } else { Err(RequestRefusal::KycNotApproved) },
        requester.account.ok_or(RequestRefusal::NoAccount).and_then(|a| a.map(drop).map_err(RequestRefusal::Account)),
        require_no_clawback_due(requester.clawback_due),
        if amount.is_positive() && amount >= terms.minimum {
            Ok(())
        } else {
            Err(RequestRefusal::BelowMinimum(terms.minimum))
        },
        require_balance(requester, amount),
    ];
    checks.into_iter().filter_map(Result::err).collect()
}

fn require_balance(requester: &Requester, amount: Money) -> Result<(), RequestRefusal> {
    let requestable = requester.requestable()?;
    if amount > requestable { Err(RequestRefusal::InsufficientBalance(requestable)) } else { Ok(()) }
}

/// Refuses a request or an approval while a clawback is due from the member.
pub fn require_no_clawback_due(clawback_due: Money) -> Result<(), RequestRefusal> {
    if clawback_due.is_positive() { Err(RequestRefusal::ClawbackDue(clawback_due)) } else { Ok(()) }
}

/// Number of approvals of a payout that two people must approve.
pub const TWO_APPROVALS: i32 = 2;

/// Number of different people who must approve a payout of `amount`.
pub fn approvals_needed(amount: Money, terms: &PayoutTerms) -> i32 {
    if amount >= terms.second_approver_from { TWO_APPROVALS } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Plan;

    fn rupees(n: i64) -> Money {
        Money::from_rupees(n)
    }
    fn requester(available: i64, held: i64, reserved: i64) -> Requester {
        Requester {
            kyc_approved: true,
            account: Some(Ok(VerificationDecision::AlreadyVerified)),
            clawback_due: Money::ZERO,
            available: rupees(available),
            held: rupees(held),
            reserved: rupees(reserved),
        }
    }
    fn validate(requester: &Requester, amount: &str) -> Result<(), RequestRefusal> {
        validate_request(requester, amount.parse().expect("money"), &Plan::seed().payout)
    }

    #[test]
    fn a_payout_is_at_least_the_minimum_and_at_most_what_is_available() {
        let member = requester(1_000, 0, 0);
        assert_eq!(validate(&member, "99.99"), Err(RequestRefusal::BelowMinimum(rupees(100))));
        assert_eq!(validate(&member, "100.00"), Ok(()));
        assert_eq!(validate(&member, "100.01"), Ok(()));
        assert_eq!(validate(&member, "999.99"), Ok(()));
        assert_eq!(validate(&member, "1000.00"), Ok(()));
        assert_eq!(validate(&member, "1000.01"), Err(RequestRefusal::InsufficientBalance(rupees(1_000))));
        for bad in ["0.00", "-0.01", "-500.00", "-92233720368547758.08"] {
            assert_eq!(validate(&member, bad), Err(RequestRefusal::BelowMinimum(rupees(100))), "{bad}");
        }
    }

    #[test]
    fn the_whole_balance_is_requested_once_whatever_the_wallet_has_published() {
        // Before the hold, after the wallet published it, and after the payout left the wallet.
        assert_eq!(
            validate(&requester(1_000, 0, 1_000), "1000.00"),
            Err(RequestRefusal::InsufficientBalance(Money::ZERO))
        );
        assert_eq!(
            validate(&requester(0, 1_000, 1_000), "1000.00"),
            Err(RequestRefusal::InsufficientBalance(Money::ZERO))
        );
        assert_eq!(validate(&requester(0, 1_000, 0), "1000.00"), Err(RequestRefusal::InsufficientBalance(Money::ZERO)));
        assert_eq!(validate(&requester(0, 0, 0), "1000.00"), Err(RequestRefusal::InsufficientBalance(Money::ZERO)));
        // A hold of an earlier payout does not reduce the available balance a second time.
        assert_eq!(validate(&requester(500, 1_000, 1_000), "500.00"), Ok(()));
        assert_eq!(
            validate(&requester(500, 1_000, 1_300), "200.01"),
            Err(RequestRefusal::InsufficientBalance(rupees(200)))
        );
    }

    #[test]
    fn a_refusal_names_the_first_failed_check() {
        let mut requester =
            Requester { kyc_approved: false, account: None, clawback_due: rupees(25), ..requester(0, 0, 0) };
        assert_eq!(validate(&requester, "1.00"), Err(RequestRefusal::KycNotApproved));
        requester.kyc_approved = true;
        assert_eq!(validate(&requester, "1.00"), Err(RequestRefusal::NoAccount));
        let too_new = BankAccountRefusal::TooNew(domain::Timestamp::UNIX_EPOCH);
        requester.account = Some(Err(too_new));
        assert_eq!(validate(&requester, "1.00"), Err(RequestRefusal::Account(too_new)));
        requester.account = Some(Ok(VerificationDecision::AlreadyVerified));
        assert_eq!(validate(&requester, "1.00"), Err(RequestRefusal::ClawbackDue(rupees(25))));
        requester.clawback_due = Money::ZERO;
        assert_eq!(validate(&requester, "1.00"), Err(RequestRefusal::BelowMinimum(rupees(100))));
        assert_eq!(validate(&requester, "100.00"), Err(RequestRefusal::InsufficientBalance(Money::ZERO)));
    }

    #[test]
    fn all_refusals_are_listed_in_their_order() {
        let requester =
            Requester { kyc_approved: false, account: None, clawback_due: rupees(25), ..requester(0, 0, 0) };
        let refusals = |amount| all_refusals(&requester, rupees(amount), &Plan::seed().payout);
        let (kyc, account, clawback) =
            (RequestRefusal::KycNotApproved, RequestRefusal::NoAccount, RequestRefusal::ClawbackDue(rupees(25)));
        let balance = RequestRefusal::InsufficientBalance(Money::ZERO);
        let minimum = RequestRefusal::BelowMinimum(rupees(100));
        assert_eq!(refusals(99), [kyc.clone(), account.clone(), clawback.clone(), minimum, balance.clone()]);
        assert_eq!(refusals(100), [kyc, account, clawback, balance]);
        assert_eq!(all_refusals(&self::requester(100, 0, 0), rupees(100), &Plan::seed().payout), []);
    }

    #[test]
    fn fifty_thousand_is_the_first_amount_that_two_must_approve() {
        let terms = Plan::seed().payout;
        for (amount, needed) in [("49999.99", 1), ("50000.00", 2), ("50000.01", 2)] {
            assert_eq!(approvals_needed(amount.parse().expect("money"), &terms), needed, "{amount}");
        }
    }
}
