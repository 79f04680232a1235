//! Referral bonuses and pair earnings, with the examples of the plan rules.

use crate::fixture::*;
use proto_events::binary::v1::{Pair, PairsMatched, PlanPublished};
use proto_events::booking::v1::{BonusesTakenBack, EmiApplied, EmiReleased, PaymentCompleted, PaymentRefunded};
use proto_events::wallet::v1::{EmiReserved, WalletChanged};

#[tokio::test]
async fn a_referrer_earns_from_new_money_and_sees_why_other_payments_earn_nothing() {
    let s = start_wallet().await;
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    s.deliver_now(&paid(2, B, A, "4500.00", "225.00")).await;
    let from_wallet = PaymentCompleted { method: "wallet".into(), ..paid(3, B, A, "2000.00", "0.00") };
    s.deliver_now(&from_wallet).await;
    let second = PaymentCompleted { on_first_booking: false, ..paid(4, B, A, "500.00", "0.00") };
    s.deliver_now(&second).await;
    assert_eq!(balances_text(&s, A).await, "250.00 0.00 0.00 0.00");
    assert_eq!(lines(&s.as_user(user(A))).await, ["REFERRAL_BONUS 25.00", "REFERRAL_BONUS 225.00"]);
    let forfeits = s.as_user(user(A)).get("/wallet/forfeits").await.expect(200);
    let reasons: Vec<_> = forfeits["items"].as_array().unwrap().iter().map(|f| f["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["not_first_booking", "not_new_money"]);
    assert_eq!(balances(&s, A).await["total_earned"], "250.00");
    assert_eq!(assert_consistent(&s).await, "members:available 0.00 250.00\ncompany:referral_expense 250.00 0.00\n");
    s.finish().await;
}

#[tokio::test]
async fn a_replayed_event_posts_nothing_again() {
    let s = start_wallet().await;
    let payment = paid(1, B, A, "500.00", "25.00");
    let envelope = s.deliver_now(&payment).await;
    for _ in 0..5 {
        s.deliver_envelope(envelope.clone()).await;
        // A rebuilt consumer gets the same causes in other envelopes.
        s.deliver_now(&payment).await;
    }
    assert_eq!(lines(&s.as_user(user(A))).await, ["REFERRAL_BONUS 25.00"]);
    assert_eq!(s.published::<WalletChanged>().await.len(), 1);
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn the_sixth_pair_of_an_inactive_buyer_goes_partly_to_the_emi_reserve() {
    let s = start_wallet().await;
    for number in 1..=5 {
        s.deliver_now(&placed(vec![pair(A, number, "0.00")])).await;
    }
    s.deliver_now(&placed(vec![pair(A, 6, "100.00"), pair(A, 7, "100.00")])).await;
    let rest = (8..=10).map(|n| pair(A, n, "100.00")).collect();
    s.deliver_now(&PairsMatched { cause: "period_opened".into(), pairs: rest, ..PairsMatched::default() }).await;
    assert_eq!(balances_text(&s, A).await, "4500.00 0.00 500.00 0.00");
    assert_eq!(balances(&s, A).await["total_earned"], "5000.00");
    let seen = lines(&s.as_user(user(A))).await;
    assert_eq!(seen[4..7], ["BINARY_PAIR 500.00", "BINARY_PAIR 500.00", "EMI_DEDUCTION -100.00"]);
    let reserved = s.published::<EmiReserved>().await;
    assert_eq!(reserved.len(), 5);
    assert!(reserved.iter().all(|r| r.amount_paise == 10_000 && r.source_kind == "pair"));
    let changed = s.published::<WalletChanged>().await;
    let versions: Vec<u64> = changed.iter().map(|c| c.version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(changed.last().unwrap().transactions.len(), 6);
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn flushed_and_unpaid_pairs_pay_nothing_and_are_listed_as_forfeits() {
    let s = start_wallet().await;
    let mut flushed = pair(A, 1, "0.00");
    flushed.status = "flushed".into();
    (flushed.gross_paise, flushed.available_paise, flushed.forgone_paise) = (0, 0, 50_000);
    let mut unpaid = pair(A, 2, "0.00");
    (unpaid.gross_paise, unpaid.available_paise) = (0, 0);
    s.deliver_now(&placed(vec![flushed.clone(), unpaid.clone()])).await;
    s.deliver_now(&voided(vec![flushed, unpaid])).await;
    assert_eq!(balances_text(&s, A).await, "0.00 0.00 0.00 0.00");
    let forfeits = s.as_user(user(A)).get("/wallet/forfeits").await.expect(200);
    assert_eq!(forfeits["items"][0]["reason"], "unpaid_pair");
    assert_eq!(forfeits["items"][1]["reason"], "flushed");
    assert_eq!(forfeits["items"][1]["amount"], "500.00");
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_reserve_is_applied_and_released_in_parts_and_never_beyond_its_amount() {
    let s = start_wallet().await;
    s.deliver_now(&placed(vec![pair(A, 6, "100.00")])).await;
    let reserve = s.published::<EmiReserved>().await.remove(0);
    let apply = |n: u128, amount: &str| EmiApplied {
        application_id: id(n).as_bytes().to_vec(),
        reserve_id: reserve.reserve_id.clone(),
        user_id: reserve.user_id.clone(),
        amount_paise: paise(amount),
        applied_at: at().micros(),
        ..EmiApplied::default()
    };
    let release = |n: u128, amount: &str| EmiReleased {
        release_id: id(n).as_bytes().to_vec(),
        reserve_id: reserve.reserve_id.clone(),
        user_id: reserve.user_id.clone(),
        amount_paise: paise(amount),
        reason: "every booking is completed".into(),
        released_at: at().micros(),
    };
    s.deliver_now(&apply(1, "60.00")).await;
    s.deliver_now(&apply(1, "60.00")).await;
    s.deliver_now(&release(2, "39.99")).await;
    assert_eq!(balances_text(&s, A).await, "439.99 0.00 0.01 0.00");
    s.deliver_now(&release(3, "0.02")).await;
    assert_eq!(s.parked().await.len(), 1, "more than the reserve has left");
    s.deliver_now(&release(4, "0.01")).await;
    assert_eq!(balances_text(&s, A).await, "440.00 0.00 0.00 0.00");
    assert_eq!(lines(&s.as_user(user(A))).await[2..], ["EMI_RELEASE 39.99", "EMI_RELEASE 0.01"]);
    assert_consistent(&s).await;
}

#[tokio::test]
async fn an_event_with_a_pair_whose_parts_do_not_add_up_is_parked_as_a_whole() {
    let s = start_wallet().await;
    let mut wrong = pair(A, 1, "0.00");
    wrong.available_paise = 49_999;
    s.deliver_now(&placed(vec![pair(A, 2, "0.00"), wrong])).await;
    assert_eq!(s.parked().await.len(), 1);
    assert_eq!(balances_text(&s, A).await, "0.00 0.00 0.00 0.00");
    assert_consistent(&s).await;
}

#[tokio::test]
async fn a_plan_that_pays_once_a_member_pays_once_in_any_order() {
    let once = |n: u128| PaymentCompleted { referral_once_a_member: true, ..paid(n, B, A, "5000.00", "1000.00") };
    // Paid, refunded, paid again: the threshold was crossed twice, and one bonus remains.
    let orders: [&[&str]; 6] = [
        &["p1", "r1", "p2"],
        &["p1", "p2", "r1"],
        &["p2", "p1", "r1"],
        &["p2", "r1", "p1"],
        &["r1", "p1", "p2"],
        &["r1", "p2", "p1"],
    ];
    for order in orders {
        let s = start_wallet().await;
        for step in order {
            match *step {
                "p1" => s.deliver_now(&once(1)).await,
                "p2" => s.deliver_now(&once(2)).await,
                _ => s.deliver_now(&refunded(9, &once(1), "source")).await,
            };
        }
        assert_eq!(balances_text(&s, A).await, "1000.00 0.00 0.00 0.00", "{order:?}");
        s.deliver_now(&refunded(10, &once(2), "source")).await;
        assert_eq!(balances_text(&s, A).await, "0.00 0.00 0.00 0.00", "{order:?}");
        assert_consistent(&s).await;
        s.finish().await;
    }
}

#[tokio::test]
async fn a_refund_reverses_the_bonuses_that_booking_names() {
    let once = |n: u128| PaymentCompleted { referral_once_a_member: true, ..paid(n, B, A, "5000.00", "1000.00") };
    let refund_reversing = |refund: u128, payment: &PaymentCompleted, own: bool, other: Option<u128>| PaymentRefunded {
        bonuses_taken_back: Some(BonusesTakenBack { own, other_payment_id: other.map(bytes) }),
        ..refunded(refund, payment, "source")
    };
    let s = start_wallet().await;
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    s.deliver_now(&once(2)).await;
    // A refund of the payment that earned the bonus, while the net paid stays above the threshold: nothing is reversed.
    s.deliver_now(&refund_reversing(8, &once(2), false, None)).await;
    assert_eq!(balances_text(&s, A).await, "1025.00 0.00 0.00 0.00");
    // Another payment earns the single bonus before its reversal has arrived.
    s.deliver_now(&once(3)).await;
    assert_eq!(balances_text(&s, A).await, "1025.00 0.00 0.00 0.00");
    s.deliver_now(&refund_reversing(9, &paid(1, B, A, "500.00", "25.00"), true, Some(2))).await;
    assert_eq!(balances_text(&s, A).await, "1000.00 0.00 0.00 0.00");
    let me = s.as_user(user(A));
    let list = me.get("/wallet/transactions?type=REVERSAL").await.expect(200);
    let descriptions: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|l| l["description"].as_str().unwrap()).collect();
    assert!(
        descriptions.iter().any(|text| text.starts_with("Reversal of the referral bonus for booking")),
        "{descriptions:?}"
    );
    assert!(
        descriptions.iter().any(|text| text.contains("a payment on booking") && text.ends_with("was refunded")),
        "{descriptions:?}"
    );
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_published_plan_is_stored_and_used_in_explanations() {
    let s = start_wallet().await;
    let mut plan = domain::Plan::seed();
    plan.referral = domain::plan::ReferralTerms::PercentOfFirstBooking { rate: domain::Rate::percent(7) };
    let published = PlanPublished {
        version: 2,
        effective_from: at().micros(),
        plan_json: serde_json::to_string(&plan).unwrap(),
        ..PlanPublished::default()
    };
    s.deliver_now(&published).await;
    s.deliver_now(&published).await;
    let payment = PaymentCompleted { plan_version: 2, ..paid(1, B, A, "500.00", "35.00") };
    s.deliver_now(&payment).await;
    let me = s.as_user(user(A));
    let transaction = me.get("/wallet/transactions").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let why = me.get(&format!("/wallet/transactions/{transaction}/explain")).await.expect(200);
    assert_eq!(why["steps"][0]["operands"][1]["value"], "7");
    assert_eq!(why["steps"][0]["value"], "35.00");
    s.finish().await;
}

#[tokio::test]
async fn an_amount_decided_under_an_unknown_plan_version_waits_for_it() {
    let s = start_wallet().await;
    let mut payment = paid(1, B, A, "500.00", "50.00");
    payment.plan_version = 2;
    s.deliver_now(&payment).await;
    // Its reversal waits behind it.
    s.deliver_now(&refunded(9, &payment, "wallet")).await;
    let late = Pair { plan_version: 2, ..pair(A, 6, "100.00") };
    s.deliver_now(&placed(vec![pair(A, 5, "0.00"), late])).await;
    assert_eq!(balances_text(&s, A).await, "500.00 0.00 0.00 0.00");
    let plan = serde_json::to_string(&domain::Plan::seed()).unwrap();
    let published =
        PlanPublished { version: 2, effective_from: at().micros(), plan_json: plan, ..PlanPublished::default() };
    s.deliver_now(&published).await;
    assert_eq!(balances_text(&s, A).await, "900.00 0.00 100.00 0.00");
    let lines = s.as_user(user(A)).get("/wallet/transactions?type=REVERSAL").await.expect(200);
    let path = format!("/wallet/transactions/{}/explain", lines["items"][0]["id"].as_str().unwrap());
    let why = s.as_user(user(A)).get(&path).await.expect(200);
    assert_eq!(why["entry"]["plan_version"], 2, "{why:#}");
    assert_consistent(&s).await;
    s.finish().await;
}
