//! Reports of RazorpayX in any order: webhooks, their signatures, and reports that contradict what is known.

use crate::razorpayx::{later, sent_batch, state, transfer_of};
use crate::razorpayx_double::{RazorpayX, event, webhook, webhook_signed_with};
use proto_events::payout::v1::{PayoutCompleted, PayoutFailed, PayoutReversed};
use serde_json::json;

/// All orders of the first `n` numbers.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let with_last = |order: Vec<usize>| {
        (0..n).map(move |at| {
            let mut longer = order.clone();
            longer.insert(at, n - 1);
            longer
        })
    };
    orders(n - 1).into_iter().flat_map(with_last).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_in_any_order_end_the_same_way() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("9000000.00").await;
    for (n, order) in orders(4).into_iter().enumerate() {
        let id = sent_batch(&f, &member, "100.00").await;
        f.run_job("transfers").await;
        let with = |status: &str, utr: Option<&str>| bank.update(&id, &json!({ "status": status, "utr": utr }));
        let utr = format!("UTRX{n}");
        let events = [
            ("payout.initiated", with("processing", None)),
            ("payout.updated", with("processing", Some(&utr))),
            ("payout.processed", with("processed", Some(&utr))),
            ("payout.reversed", with("reversed", Some(&utr))),
        ];
        for at in order.iter().chain(&order) {
            let (kind, payout) = &events[*at];
            webhook(&f, kind, payout).await.expect(200);
        }
        assert_eq!(state(&f, &id).await, "returned", "{order:?}");
        assert_eq!(transfer_of(&f, &id).await["conflict"], json!(null), "{order:?}");
        let was_paid_first = order.iter().position(|at| *at == 2) < order.iter().position(|at| *at == 3);
        // The money is in the wallet again: as a return of a payment, or because there never was one.
        let expected = if was_paid_first { "reversed" } else { "failed" };
        assert_eq!(f.status(&id).await, expected, "{order:?}");
    }
    let (failed, reversed) = (f.published::<PayoutFailed>().await.len(), f.published::<PayoutReversed>().await.len());
    assert_eq!((failed, reversed), (12, 12));
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_transfer_gives_the_money_back_with_the_banks_reason() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("9000.00").await;
    for (n, status) in ["failed", "rejected", "cancelled", "reversed"].into_iter().enumerate() {
        let id = sent_batch(&f, &member, "100.00").await;
        f.run_job("transfers").await;
        let details = json!({ "description": "Account is closed", "source": "beneficiary_bank", "reason": "closed" });
        bank.update(&id, &json!({ "status": status, "status_details": details }));
        later(&f, 3_600).await;
        let shown = f.as_user(member.id).get(&format!("/payouts/{id}")).await.expect(200);
        assert_eq!((&shown["status"], &shown["reason"]), (&json!("failed"), &json!("Account is closed")), "{status}");
        assert_eq!(f.published::<PayoutFailed>().await.len(), n + 1);
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_without_its_reference_waits_for_it() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("9000.00").await;
    let (named, unnamed) = (sent_batch(&f, &member, "100.00").await, sent_batch(&f, &member, "200.00").await);
    f.run_job("transfers").await;
    for id in [&named, &unnamed] {
        let paid = bank.update(id, &json!({ "status": "processed", "utr": null }));
        webhook(&f, "payout.processed", &paid).await.expect(200);
        assert_eq!(f.status(id).await, "processing");
    }
    webhook(&f, "payout.updated", &bank.process(&named, "UTR9")).await.expect(200);
    assert_eq!(f.status(&named).await, "completed");
    later(&f, 24 * 3_600).await;
    let shown = f.as_staff().get(&format!("/payouts/{unnamed}")).await.expect(200);
    assert_eq!((&shown["status"], &shown["utr"]), (&json!("completed"), &shown["transfer"]["bank_id"]));
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_contradicts_what_is_known_moves_no_money_and_is_shown() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("9000.00").await;
    let id = sent_batch(&f, &member, "100.00").await;
    f.run_job("transfers").await;
    let failed = bank.update(&id, &json!({ "status": "failed" }));
    webhook(&f, "payout.failed", &failed).await.expect(200);
    webhook(&f, "payout.processed", &bank.process(&id, "UTR1")).await.expect(200);
    assert_eq!(f.status(&id).await, "failed");
    let other = sent_batch(&f, &member, "100.00").await;
    f.run_job("transfers").await;
    let wrong = bank.update(&other, &json!({ "status": "processed", "utr": "UTR2", "amount": 1 }));
    webhook(&f, "payout.processed", &wrong).await.expect(200);
    assert_eq!(f.status(&other).await, "processing");
    let mut second = wrong.clone();
    (second["id"], second["amount"]) = (json!("pout_other"), json!(9_500));
    webhook(&f, "payout.processed", &second).await.expect(200);
    assert_eq!(f.status(&other).await, "processing");
    let listed = f.as_staff().get("/payout-transfers?queue=conflicting").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert!(transfer_of(&f, &other).await["conflict"].as_str().unwrap().contains("pout_other"));
    assert_eq!(f.published::<PayoutCompleted>().await.len(), 0);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_signed_webhooks_are_read_and_foreign_ones_change_nothing() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("9000.00").await;
    let id = sent_batch(&f, &member, "100.00").await;
    f.run_job("transfers").await;
    let paid = bank.process(&id, "UTR1");
    let body = event("payout.processed", &paid);
    for secret in [&b"webhook-secre"[..], b"key-secret", b""] {
        let refused = webhook_signed_with(&f, &body, secret).await;
        assert_eq!(refused.problem(401), "payout.webhook_signature");
    }
    assert_eq!(
        f.anonymous().post("/payouts/webhooks/razorpayx", json!({})).await.problem(401),
        "payout.webhook_signature"
    );
    assert_eq!(f.anonymous().post("/payouts/webhooks/manual", json!({})).await.status, 404);
    assert_eq!(f.status(&id).await, "processing");
    // Made in the dashboard, of another kind, or not readable: answered, because a webhook that fails is disabled.
    let mut foreign = paid.clone();
    (foreign["reference_id"], foreign["notes"]) = (json!("invoice 7"), json!([]));
    webhook(&f, "payout.processed", &foreign).await.expect(200);
    let mut unknown = paid.clone();
    unknown["reference_id"] = json!(runtime::id::fresh::<uuid::Uuid>());
    webhook(&f, "payout.processed", &unknown).await.expect(200);
    let strange = bank.update(&id, &json!({ "status": "settled" }));
    webhook(&f, "payout.processed", &strange).await.expect(200);
    for body in
        ["not JSON", "{}", r#"{"event":"payout.processed"}"#, r#"{"event":"fund_account.validation.completed"}"#]
    {
        webhook_signed_with(&f, body, b"webhook-secret").await.expect(200);
    }
    assert_eq!(f.status(&id).await, "processing");
    // The payout is also found inside of a transaction.
    let paid = bank.process(&id, "UTR1");
    let nested = json!({
        "entity": "event", "event": "transaction.created", "contains": ["transaction"],
        "payload": { "transaction": { "entity": { "id": "txn_1", "entity": "transaction", "source": paid } } }
    });
    webhook_signed_with(&f, &nested.to_string(), b"webhook-secret").await.expect(200);
    assert_eq!(f.status(&id).await, "completed");
    f.service.finish().await;
}
