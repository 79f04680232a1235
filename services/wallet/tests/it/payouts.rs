//! Payouts, and payments from the wallet.

use crate::fixture::*;
use proto_events::Event;
use proto_events::booking::v1::WalletPaymentRequested;
use proto_events::payout::v1::PayoutRejected;
use proto_events::wallet::v1::{EmiReserved, HoldDecided, WalletPaymentDecided};
use testkit::TestService;

#[tokio::test]
async fn a_payout_goes_from_hold_to_bank_and_back() {
    let s = start_wallet().await;
    deposit(&s, A, "10000.00").await;
    let p = payout(50, "10000.00", "2345.00");
    s.deliver_now(&requested(&p)).await;
    assert_eq!(balances_text(&s, A).await, "0.00 10000.00 0.00 0.00");
    assert_eq!(balances(&s, A).await["balance"], "10000.00");
    s.deliver_now(&approved(&p)).await;
    assert_eq!(balances_text(&s, A).await, "0.00 0.00 0.00 0.00");
    s.deliver_now(&completed(&p)).await;
    assert_eq!(balances_text(&s, A).await, "0.00 0.00 2345.00 0.00");
    assert_eq!(balances(&s, A).await["total_withdrawn"], "10000.00");
    assert_eq!(s.published::<EmiReserved>().await[0].source_kind, "payout");
    let trial_balance = assert_consistent(&s).await;
    assert!(trial_balance.contains("company:tds_payable 0.00 500.00"), "{trial_balance}");
    assert!(trial_balance.contains("company:bank 2845.00 0.00"), "10,000.00 in, 7,155.00 out: {trial_balance}");
    s.deliver_now(&payout_reversed(&p)).await;
    assert_eq!(balances_text(&s, A).await, "7655.00 0.00 2345.00 0.00");
    assert_eq!(balances(&s, A).await["total_withdrawn"], "2345.00");
    assert_eq!(lines(&s.as_user(user(A))).await, ["DEPOSIT 10000.00", "PAYOUT -10000.00", "REFUND 7655.00"]);
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_hold_is_refused_at_one_paisa_too_much_and_while_a_clawback_is_due() {
    let s = start_wallet().await;
    deposit(&s, A, "100.00").await;
    s.deliver_now(&requested(&payout(50, "100.01", "0.00"))).await;
    s.deliver_now(&requested(&payout(51, "100.00", "0.00"))).await;
    s.deliver_now(&requested(&payout(52, "0.01", "0.00"))).await;
    let rejected = PayoutRejected { payout: Some(payout(50, "100.01", "0.00")), hold_refused: true };
    s.deliver_now(&rejected).await;
    s.deliver_now(&cancelled(&payout(51, "100.00", "0.00"))).await;
    s.deliver_now(&placed(vec![pair(A, 1, "0.00")])).await;
    let all = payout(53, "600.00", "0.00");
    s.deliver_now(&requested(&all)).await;
    s.deliver_now(&approved(&all)).await;
    s.deliver_now(&voided(vec![pair(A, 1, "0.00")])).await;
    deposit(&s, A, "200.00").await;
    s.deliver_now(&requested(&payout(54, "100.00", "0.00"))).await;
    let decided = s.published::<HoldDecided>().await;
    let decisions: Vec<_> = decided.iter().map(|d| (d.placed, d.reason.as_str())).collect();
    let (no, due) = ((false, "insufficient_funds"), (false, "clawback_due"));
    assert_eq!(decisions, [no, (true, ""), no, (true, ""), due]);
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_clawback_due_is_recovered_from_a_released_hold() {
    let s = start_wallet().await;
    s.deliver_now(&placed(vec![pair(A, 1, "0.00")])).await;
    let p = payout(50, "400.00", "0.00");
    s.deliver_now(&requested(&p)).await;
    s.deliver_now(&voided(vec![pair(A, 1, "0.00")])).await;
    assert_eq!(balances_text(&s, A).await, "0.00 400.00 0.00 400.00");
    s.deliver_now(&cancelled(&p)).await;
    assert_eq!(balances_text(&s, A).await, "0.00 0.00 0.00 0.00");
    assert_eq!(lines(&s.as_user(user(A))).await, ["BINARY_PAIR 500.00", "REVERSAL -100.00", "CLAWBACK -400.00"]);
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_failed_payout_is_returned_as_a_whole_and_once() {
    let s = start_wallet().await;
    deposit(&s, A, "150.00").await;
    let p = payout(50, "150.00", "0.00");
    for _ in 0..3 {
        s.deliver_now(&requested(&p)).await;
        s.deliver_now(&approved(&p)).await;
        s.deliver_now(&failed(&p)).await;
    }
    assert_eq!(balances_text(&s, A).await, "150.00 0.00 0.00 0.00");
    assert_eq!(lines(&s.as_user(user(A))).await, ["DEPOSIT 150.00", "PAYOUT -150.00", "REFUND 150.00"]);
    assert_consistent(&s).await;
    s.deliver_now(&completed(&p)).await;
    assert_eq!(s.parked().await.len(), 1, "it cannot both fail and complete");
    assert_consistent(&s).await;
}

enum PayoutStep {
    Requested,
    Approved,
    Cancelled,
    Completed,
    Failed,
    Reversed,
}

async fn deliver(s: &TestService, step: &PayoutStep) {
    let p = payout(50, "100.00", "30.00");
    async fn send<M: Event>(s: &TestService, m: &M) {
        s.deliver_now(m).await;
    }
    match step {
        PayoutStep::Requested => send(s, &requested(&p)).await,
        PayoutStep::Approved => send(s, &approved(&p)).await,
        PayoutStep::Cancelled => send(s, &cancelled(&p)).await,
        PayoutStep::Completed => send(s, &completed(&p)).await,
        PayoutStep::Failed => send(s, &failed(&p)).await,
        PayoutStep::Reversed => send(s, &payout_reversed(&p)).await,
    }
}

#[tokio::test]
async fn the_steps_of_a_payout_make_the_same_ledger_in_reverse_order() {
    use PayoutStep::*;
    let scenarios: [(&[PayoutStep], &str); 4] = [
        (&[Requested, Cancelled], "100.00 0.00 0.00 0.00"),
        (&[Requested, Approved, Failed], "100.00 0.00 0.00 0.00"),
        (&[Requested, Approved, Completed], "0.00 0.00 30.00 0.00"),
        (&[Requested, Approved, Completed, Reversed], "70.00 0.00 30.00 0.00"),
    ];
    for (steps, end) in scenarios {
        let mut ledgers = Vec::new();
        for reversed in [false, true] {
            let s = start_wallet().await;
            deposit(&s, A, "100.00").await;
            let mut order: Vec<&PayoutStep> = steps.iter().collect();
            if reversed {
                order.reverse();
            }
            for step in order {
                deliver(&s, step).await;
                deliver(&s, step).await;
            }
            assert_eq!(balances_text(&s, A).await, end);
            ledgers.push((assert_consistent(&s).await, lines(&s.as_user(user(A))).await));
            s.finish().await;
        }
        assert_eq!(ledgers[0], ledgers[1]);
    }
}

#[tokio::test]
async fn a_capture_of_another_amount_or_member_is_parked() {
    let s = start_wallet().await;
    deposit(&s, A, "100.00").await;
    s.deliver_now(&requested(&payout(50, "100.00", "0.00"))).await;
    s.deliver_now(&approved(&payout(50, "99.99", "0.00"))).await;
    let mut other = payout(50, "100.00", "0.00");
    other.user_id = user(B).into();
    s.deliver_now(&approved(&other)).await;
    assert_eq!(s.parked().await.len(), 2);
    assert_eq!(balances_text(&s, A).await, "0.00 100.00 0.00 0.00");
    assert_consistent(&s).await;
}

#[tokio::test]
async fn a_payment_from_the_wallet_is_made_or_refused() {
    let s = start_wallet().await;
    deposit(&s, A, "100.00").await;
    let request = |n: u128, amount: &str| WalletPaymentRequested {
        payment_id: id(n).as_bytes().to_vec(),
        booking_id: id(1_000).as_bytes().to_vec(),
        user_id: user(A).into(),
        amount_paise: paise(amount),
        booking_number: "B-1".into(),
        requested_at: at().micros(),
    };
    for event in [request(1, "100.01"), request(2, "100.00"), request(2, "100.00"), request(3, "0.01")] {
        s.deliver_now(&event).await;
    }
    let decided = s.published::<WalletPaymentDecided>().await;
    let decisions: Vec<_> = decided.iter().map(|d| (d.paid, d.reason.as_str())).collect();
    assert_eq!(decisions, [(false, "insufficient_funds"), (true, ""), (false, "insufficient_funds")]);
    assert_eq!(decided[1].booking_id, id(1_000).as_bytes());
    assert_eq!(lines(&s.as_user(user(A))).await, ["DEPOSIT 100.00", "BOOKING_PAYMENT -100.00"]);
    let refusals = s.as_user(user(A)).get("/wallet/forfeits").await.expect(200);
    assert_eq!(refusals["items"].as_array().unwrap().len(), 2);
    assert_consistent(&s).await;
    s.finish().await;
}
