//! Reversals and clawbacks, with their events in any order.

use crate::fixture::*;
use proto_events::booking::v1::{ClawbackRequested, PaymentCompleted, PaymentReturned};
use proto_events::wallet::v1::EmiReserved;
use serde_json::json;

#[tokio::test]
async fn a_refund_reverses_the_bonus_and_the_voided_pair() {
    let s = start_wallet().await;
    let (from_b, from_c) = (paid(1, B, A, "500.00", "25.00"), paid(2, 0xC, A, "500.00", "25.00"));
    s.deliver_now(&from_b).await;
    s.deliver_now(&from_c).await;
    s.deliver_now(&placed(vec![pair(A, 1, "0.00")])).await;
    assert_eq!(balances_text(&s, A).await, "550.00 0.00 0.00 0.00");
    s.deliver_now(&refunded(9, &from_c, "wallet")).await;
    s.deliver_now(&voided(vec![pair(A, 1, "0.00")])).await;
    assert_eq!(balances_text(&s, A).await, "25.00 0.00 0.00 0.00");
    assert_eq!(balances_text(&s, 0xC).await, "500.00 0.00 0.00 0.00");
    assert_eq!(lines(&s.as_user(user(A))).await[3..], ["REVERSAL -25.00", "REVERSAL -500.00"]);
    assert_eq!(balances(&s, A).await["total_earned"], "25.00");
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn an_original_and_its_reversal_make_the_same_ledger_in_both_orders() {
    let payment = paid(1, B, A, "500.00", "25.00");
    let (original, reversal) = (placed(vec![pair(A, 6, "100.00")]), voided(vec![pair(A, 6, "100.00")]));
    let mut ledgers = Vec::new();
    for reversed_first in [false, true] {
        let s = start_wallet().await;
        deposit(&s, A, "100.00").await;
        if reversed_first {
            s.deliver_now(&refunded(9, &payment, "wallet")).await;
            s.deliver_now(&reversal).await;
            s.deliver_now(&reversal).await;
            assert_eq!(balances_text(&s, A).await, "100.00 0.00 0.00 0.00");
        }
        s.deliver_now(&payment).await;
        s.deliver_now(&original).await;
        if !reversed_first {
            s.deliver_now(&refunded(9, &payment, "wallet")).await;
            s.deliver_now(&reversal).await;
        }
        assert_eq!(s.published::<EmiReserved>().await.len(), 1);
        let mut seen = lines(&s.as_user(user(A))).await;
        seen.sort();
        ledgers.push((balances_text(&s, A).await, assert_consistent(&s).await, seen));
        s.finish().await;
    }
    // The EMI deduction stays in the reserve; the gross is debited from the available balance.
    assert_eq!(ledgers[0].0, "0.00 0.00 100.00 0.00");
    assert_eq!(ledgers[0], ledgers[1]);
}

#[tokio::test]
async fn each_void_of_an_event_waits_for_its_own_pair() {
    let pairs = || vec![pair(A, 1, "0.00"), pair(A, 2, "0.00"), pair(A, 3, "0.00")];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let s = start_wallet().await;
        s.deliver_now(&voided(pairs())).await;
        for index in order {
            s.deliver_now(&placed(vec![pairs()[index].clone()])).await;
        }
        assert_eq!(balances_text(&s, A).await, "0.00 0.00 0.00 0.00", "{order:?}");
        assert_eq!(lines(&s.as_user(user(A))).await.len(), 6);
        assert_consistent(&s).await;
        s.finish().await;
    }
}

#[tokio::test]
async fn a_clawback_due_is_recovered_from_later_earnings_and_not_from_deposits() {
    let s = start_wallet().await;
    s.deliver_now(&placed(vec![pair(A, 1, "0.00")])).await;
    // A payout takes the 500.00 out of the wallet.
    let p = payout(50, "500.00", "0.00");
    s.deliver_now(&requested(&p)).await;
    s.deliver_now(&approved(&p)).await;
    s.deliver_now(&voided(vec![pair(A, 1, "0.00")])).await;
    assert_eq!(balances_text(&s, A).await, "0.00 0.00 0.00 500.00");
    deposit(&s, A, "40.00").await;
    assert_eq!(balances_text(&s, A).await, "40.00 0.00 0.00 500.00");
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    assert_eq!(balances_text(&s, A).await, "40.00 0.00 0.00 475.00");
    s.deliver_now(&placed(vec![pair(A, 6, "100.00")])).await;
    assert_eq!(balances_text(&s, A).await, "40.00 0.00 100.00 75.00");
    s.deliver_now(&placed(vec![pair(A, 2, "0.00")])).await;
    assert_eq!(balances_text(&s, A).await, "465.00 0.00 100.00 0.00");
    let seen = lines(&s.as_user(user(A))).await;
    assert_eq!(seen[2..4], ["REVERSAL 0.00", "DEPOSIT 40.00"]);
    assert_eq!(seen[4..6], ["REFERRAL_BONUS 25.00", "CLAWBACK -25.00"]);
    assert_eq!(seen[6..9], ["BINARY_PAIR 500.00", "EMI_DEDUCTION -100.00", "CLAWBACK -400.00"]);
    assert_eq!(seen[9..], ["BINARY_PAIR 500.00", "CLAWBACK -75.00"]);
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn an_earning_of_another_member_is_not_reversed() {
    let s = start_wallet().await;
    let payment = paid(1, B, A, "500.00", "25.00");
    s.deliver_now(&payment).await;
    s.deliver_now(&placed(vec![pair(A, 1, "0.00")])).await;
    s.deliver_now(&voided(vec![pair(B, 1, "0.00")])).await;
    s.deliver_now(&refunded(9, &PaymentCompleted { referrer_id: Some(bytes(0xC)), ..payment }, "source")).await;
    let parked = s.parked().await;
    assert_eq!(parked.len(), 2, "{parked:?}");
    assert!(parked.iter().all(|p| p.ends_with("the original entry belongs to another member")), "{parked:?}");
    assert_eq!(balances_text(&s, A).await, "525.00 0.00 0.00 0.00");
    assert_consistent(&s).await;
}

#[tokio::test]
async fn a_refund_goes_to_the_account_that_it_names() {
    let s = start_wallet().await;
    let payment = paid(1, B, A, "500.00", "0.00");
    s.deliver_now(&payment).await;
    s.deliver_now(&refunded(2, &payment, "emi_reserve")).await;
    s.deliver_now(&refunded(3, &payment, "source")).await;
    assert_eq!(balances_text(&s, B).await, "0.00 0.00 500.00 0.00");
    let reserved = s.published::<EmiReserved>().await;
    assert_eq!((reserved[0].source_kind.as_str(), reserved[0].amount_paise), ("refund", 50_000));
    let returned = PaymentReturned {
        return_id: id(4).as_bytes().to_vec(),
        payment_id: id(5).as_bytes().to_vec(),
        booking_id: id(6).as_bytes().to_vec(),
        user_id: user(B).into(),
        amount_paise: 12_345,
        cause: "booking_expired".into(),
        booking_number: "B-9".into(),
        returned_at: at().micros(),
    };
    s.deliver_now(&returned).await;
    s.deliver_now(&returned).await;
    assert_eq!(balances_text(&s, B).await, "123.45 0.00 500.00 0.00");
    assert_eq!(lines(&s.as_user(user(B))).await, ["REFUND 123.45"]);
    assert_consistent(&s).await;
    s.finish().await;
}

fn returned(n: u128, amount: &str) -> PaymentReturned {
    PaymentReturned {
        return_id: bytes(n),
        payment_id: bytes(5),
        booking_id: bytes(6),
        user_id: bytes(B),
        amount_paise: paise(amount),
        cause: "source_refund_failed".into(),
        booking_number: "B-9".into(),
        returned_at: at().micros(),
    }
}

fn clawback(n: u128, amount: &str) -> ClawbackRequested {
    ClawbackRequested {
        clawback_id: bytes(n),
        payment_id: bytes(5),
        booking_id: bytes(6),
        user_id: bytes(B),
        amount_paise: paise(amount),
        gateway: "razorpay".into(),
        gateway_refund_id: format!("rfnd_{n}"),
        booking_number: "B-9".into(),
        requested_at: at().micros(),
        ..ClawbackRequested::default()
    }
}

#[tokio::test]
async fn a_credit_that_was_also_refunded_at_its_source_is_debited_in_both_orders() {
    for clawback_first in [false, true] {
        let s = start_wallet().await;
        let credit = returned(4, "500.00");
        let clawbacks = [("200.00", 7_u128), ("300.00", 8)]
            .map(|(amount, n)| ClawbackRequested { return_id: Some(bytes(4)), ..clawback(n, amount) });
        if clawback_first {
            for clawback in &clawbacks {
                s.deliver_now(clawback).await;
            }
            assert_eq!(balances_text(&s, B).await, "0.00 0.00 0.00 0.00");
        }
        s.deliver_now(&credit).await;
        for clawback in clawbacks.iter().chain(&clawbacks) {
            s.deliver_now(clawback).await;
        }
        assert_eq!(balances_text(&s, B).await, "0.00 0.00 0.00 0.00");
        assert_eq!(lines(&s.as_user(user(B))).await, ["REFUND 500.00", "REFUND -200.00", "REFUND -300.00"]);
        assert_consistent(&s).await;
        s.finish().await;
    }
}

#[tokio::test]
async fn a_credit_that_is_spent_before_it_is_debited_becomes_a_clawback_due() {
    let s = start_wallet().await;
    let payment = paid(1, B, A, "500.00", "0.00");
    s.deliver_now(&payment).await;
    s.deliver_now(&refunded(2, &payment, "wallet")).await;
    let adjust = format!("/wallets/{}/adjustments", user(B));
    s.as_admin().post(&adjust, json!({ "amount": "-400.00", "reason": "spent" })).await.expect(201);
    s.deliver_now(&ClawbackRequested { refund_id: Some(bytes(2)), ..clawback(7, "500.00") }).await;
    let shown = balances(&s, B).await;
    assert_eq!((&shown["available"], &shown["clawback_due"]), (&json!("0.00"), &json!("400.00")));
    let line = &s.as_user(user(B)).get("/wallet/transactions?type=REFUND").await.expect(200)["items"][0];
    let explained =
        s.as_user(user(B)).get(&format!("/wallet/transactions/{}/explain", line["id"].as_str().expect("an id"))).await;
    assert_eq!(explained.expect(200)["steps"][0]["operands"][0]["value"], "500.00");
    assert_consistent(&s).await;
    s.finish().await;
}
