//! Tests of the reconciliation, with each kind of difference that it must find.

use super::*;
use crate::soak::api::SignedIn;
use crate::soak::member::{Payment, Payout, TestUser};

fn rupees(text: &str) -> Money {
    text.parse().unwrap()
}

fn member(number: usize) -> Member {
    let session = SignedIn {
        id: format!("user {number}"),
        referral_code: "CODE".into(),
        access: String::new(),
        refresh: String::new(),
    };
    Member { number, ..Member::new(TestUser::new("a@example.in", session), None) }
}

fn payment(id: &str, amount: &str, method: PaidBy, booking: usize, outcome: PaymentOutcome) -> Payment {
    Payment { id: id.into(), amount: rupees(amount), method, booking, outcome }
}

fn listed(id: &str, method: &str, status: &str, amount: &str) -> ListedPayment {
    ListedPayment { id: id.into(), method: method.into(), status: status.into(), amount: rupees(amount) }
}

fn buyer() -> Member {
    let mut buyer = member(2);
    buyer.payments = vec![
        payment("early", "500.00", PaidBy::Online, 0, PaymentOutcome::Returned),
        payment("first", "500.10", PaidBy::Online, 1, PaymentOutcome::Completed),
        payment("second", "1200.00", PaidBy::Online, 1, PaymentOutcome::Refunded),
        payment("wallet", "150.00", PaidBy::Wallet, 1, PaymentOutcome::Completed),
        payment("other", "600.00", PaidBy::Online, 0, PaymentOutcome::Completed),
    ];
    buyer
}

fn payments_of_buyer() -> Vec<ListedPayment> {
    vec![
        listed("early", "online", "superseded", "500.00"),
        listed("first", "online", "completed", "500.10"),
        listed("second", "online", "refunded", "1200.00"),
        listed("wallet", "wallet", "completed", "150.00"),
        listed("other", "online", "completed", "600.00"),
        listed("emi", "emi_deduction", "completed", "100.00"),
        listed("open", "online", "pending", "500.00"),
    ]
}

#[test]
fn a_captured_payment_that_is_pending_missing_or_duplicated_is_found() {
    assert_eq!(compare_payments(&buyer(), &payments_of_buyer()), Vec::<String>::new());
    let mut pending = payments_of_buyer();
    pending[1].status = "pending".into();
    assert_eq!(compare_payments(&buyer(), &pending).len(), 2);
    let mut lost = payments_of_buyer();
    lost.remove(2);
    assert!(compare_payments(&buyer(), &lost)[0].contains("missing"));
    let mut twice = payments_of_buyer();
    twice.push(listed("again", "online", "completed", "500.10"));
    assert_eq!(compare_payments(&buyer(), &twice).len(), 1);
    let mut applied = payments_of_buyer();
    applied[0].status = "completed".into();
    assert_eq!(compare_payments(&buyer(), &applied).len(), 2);
}

#[test]
fn a_member_with_an_interrupted_operation_may_have_more_payments() {
    let uncertain = Member { is_uncertain: true, ..buyer() };
    let mut more = payments_of_buyer();
    more.push(listed("again", "online", "completed", "500.10"));
    more[1].status = "refunded".into();
    assert_eq!(compare_payments(&uncertain, &more), Vec::<String>::new());
    more[1].status = "pending".into();
    assert_eq!(compare_payments(&uncertain, &more).len(), 1);
}

fn referrer() -> (Member, WalletSnapshot) {
    let mut member = member(1);
    member.deposits = vec![rupees("2500.00")];
    member.payouts =
        vec![Payout { amount: rupees("210.10"), failed: false }, Payout { amount: rupees("210.10"), failed: true }];
    let lines = [
        ("REFERRAL_BONUS", "25.01"),
        ("REFERRAL_BONUS", "60.00"),
        ("REVERSAL", "-60.00"),
        ("BINARY_PAIR", "500.00"),
        ("BINARY_PAIR", "500.00"),
        ("EMI_DEDUCTION", "-100.00"),
        ("REVERSAL", "-400.00"),
        ("DEPOSIT", "2500.00"),
        ("PAYOUT", "-210.10"),
        ("PAYOUT", "-210.10"),
        ("REFUND", "210.10"),
    ];
    let lines: Vec<(String, Money)> = lines.map(|(kind, amount)| (kind.to_owned(), rupees(amount))).into();
    let snapshot = WalletSnapshot {
        available: rupees("2714.91"),
        held: rupees("100.00"),
        emi_reserve: rupees("70.00"),
        clawback_due: rupees("100.00"),
        lines,
        pairs: vec![
            ListedPair { gross: rupees("500.00"), emi: Money::ZERO, is_voided: false },
            ListedPair { gross: rupees("500.00"), emi: rupees("100.00"), is_voided: true },
        ],
        payments: vec![listed("emi", "emi_deduction", "completed", "30.00")],
    };
    (member, snapshot)
}

#[track_caller]
fn assert_only_fault(member: &Member, snapshot: &WalletSnapshot, text: &str) {
    let faults = compare_wallet(member, &[&buyer()], snapshot);
    assert!(faults.len() == 1 && faults[0].contains(text), "{text}: {faults:?}");
}

#[test]
fn a_wallet_with_the_expected_transactions_passes() {
    let (member, snapshot) = referrer();
    assert_eq!(compare_wallet(&member, &[&buyer()], &snapshot), Vec::<String>::new());
}

#[test]
fn a_missing_or_duplicated_transaction_and_each_wrong_balance_is_found() {
    let (member, snapshot) = referrer();
    let change = |change: fn(&mut WalletSnapshot)| {
        let mut changed = snapshot.clone();
        change(&mut changed);
        changed
    };
    assert_only_fault(&member, &change(|a| drop(a.lines.remove(0))), "missing [(\"REFERRAL_BONUS\", 2501)]");
    assert_only_fault(&member, &change(|a| a.lines.push(a.lines[10].clone())), "unexpected [(\"REFUND\", 21010)]");
    assert_only_fault(&member, &change(|a| a.available = Money::ZERO), "available and held");
    assert_only_fault(&member, &change(|a| a.clawback_due = Money::ZERO), "clawback due");
    assert_only_fault(&member, &change(|a| a.emi_reserve = rupees("70.01")), "EMI reserve");
}
