//! Estimates of payouts, and previews of the bank's answer.

use crate::bank::answer;
use crate::fixture::{Fixture, fixture, fixture_with, parts, payout_body};
use domain::{Role, UserId};
use proto_events::payout::v1::{PayoutCompleted, PayoutFailed};
use proto_events::platform::v1::StaffActed;
use reqwest::Method;
use runtime::id;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::{Client, Reply};

async fn estimate(client: &Client, amount: &str) -> Value {
    client.post("/payouts/quote", json!({ "amount": amount, "estimate": true })).await.expect(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_has_figures_and_every_refusal_at_once() {
    let f = fixture().await;
    let unknown = f.unknown_member();
    let begun = Instant::now();
    let shown = estimate(&unknown.client, "10000.00").await;
    assert!(begun.elapsed() < Duration::from_millis(1_400), "an estimate does not wait for events");
    // The tax is that of a member with a PAN.
    assert_eq!(parts(&shown), ["10000.00", "500.00", "0.00", "9500.00"]);
    let all = ["payout.kyc_not_approved", "payout.bank_account_unverified", "payout.insufficient_balance"];
    assert_eq!(shown["refusals"], json!(all));
    let member = f.member("500.00").await;
    for (amount, refusals) in [
        ("99.99", json!(["payout.below_minimum"])),
        ("100.00", json!([])),
        ("500.00", json!([])),
        ("500.01", json!(["payout.insufficient_balance"])),
    ] {
        assert_eq!(estimate(&member.client, amount).await["refusals"], refusals, "{amount}");
    }
    f.wallet(member.id, 2, "50.00", "0.00", "0.01").await;
    f.booking(member.id, &[("2026-12-10", "20.00", "0.00")]).await;
    let body = json!({ "amount": "99.00", "estimate": true, "emi_autofill": true });
    let shown = member.client.post("/payouts/quote", body).await.expect(200);
    assert_eq!(parts(&shown), ["99.00", "4.95", "20.00", "74.05"]);
    let all = ["payout.clawback_due", "payout.below_minimum", "payout.insufficient_balance"];
    assert_eq!(shown["refusals"], json!(all));
    for amount in ["0.00", "-0.01", "-92233720368547758.08"] {
        let refused = member.client.post("/payouts/quote", json!({ "amount": amount, "estimate": true })).await;
        assert_eq!(refused.problem(422), "payout.below_minimum", "{amount}");
    }
    // The total paid to a PAN in a year has a limit; this member was paid nothing yet.
    let largest = "92233720368547758.07";
    assert_eq!(estimate(&member.client, largest).await["tds"], "10000.00");
    let other = f.member("1000.00").await;
    f.approved(&other, payout_body("100.00")).await;
    let refused = other.client.post("/payouts/quote", json!({ "amount": largest, "estimate": true })).await;
    assert_eq!(refused.problem(422), "payout.amount_out_of_range");
    let elsewhere = json!({ "amount": "100.00", "estimate": true, "bank_account_id": id::fresh::<UserId>() });
    assert_eq!(member.client.post("/payouts/quote", elsewhere).await.problem(422), "payout.bank_account_unknown");
    // Without an estimate a quote refuses as before, and a request knows no such field.
    let exact = json!({ "amount": "100.00", "estimate": false });
    assert_eq!(member.client.post("/payouts/quote", exact).await.problem(422), "payout.clawback_due");
    let request = member.client.post("/payouts", json!({ "amount": "100.00", "estimate": true })).await;
    assert_eq!(request.problem(422), "request.unknown_field");
    f.wallet(member.id, 3, "500.00", "0.00", "0.00").await;
    let quote = member.client.post("/payouts/quote", payout_body("100.00")).await.expect(200);
    // The only request is that of the other member.
    assert_eq!((quote, f.requests().await), (estimate(&member.client, "100.00").await, 1));
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_kyc_an_estimate_has_the_tax_of_a_member_with_a_pan() {
    let f = fixture_with(&[("TAX_PRESET", "it_act_2025")]).await;
    // 2 % once the year passes 20,000; without a PAN it would be 20 %.
    assert_eq!(estimate(&f.unknown_member().client, "30000.00").await["tds"], "600.00");
    let member = f.member("40000.00").await;
    f.approved(&member, payout_body("15000.00")).await;
    assert_eq!(estimate(&member.client, "30000.00").await["tds"], "600.00");
    f.service.finish().await;
}

async fn preview(client: &Client, batch: &str, csv: &str) -> Reply {
    let request = client.request(Method::POST, &format!("/payout-batches/{batch}/answer/preview"));
    // A real answer with the same key is not a repetition of the preview.
    let request = request.header("content-type", "text/csv").header("Idempotency-Key", "k1");
    client.send(request.body(csv.to_owned())).await
}

/// A batch of two payouts of 950.00 and 1900.00, and a pending payout.
async fn batch_of_two(f: &Fixture) -> (String, String, String, String) {
    let member = f.member("10000.00").await;
    let one = f.approved(&member, payout_body("1000.00")).await;
    let two = f.approved(&member, payout_body("2000.00")).await;
    let waiting = f.pending(&member, payout_body("500.00")).await;
    let batch = f.as_staff().post_empty("/payout-batches").await.expect(201);
    (batch["id"].as_str().unwrap().to_owned(), one, two, waiting)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_shows_the_effect_of_an_answer_and_changes_nothing() {
    a_preview_changes_nothing(&fixture().await).await;
}

pub(crate) async fn a_preview_changes_nothing(f: &Fixture) {
    let (batch, one, two, _) = batch_of_two(f).await;
    let staff = f.as_staff();
    let before = staff.get(&format!("/payouts/{one}")).await.expect(200);
    let acts = f.published::<StaffActed>().await.len();
    let csv = format!("payout_id,outcome,utr,reason\n{two},failed,,account closed\n{one},paid,U1,\n");
    let line = |line: usize, id: &str, amount: &str, now: &str, becomes: &str| {
        let (amount, now) = (Some(amount), Some(now));
        json!({
            "line": line, "payout_id": id, "amount": amount, "now": now, "becomes": becomes, "problem": null
        })
    };
    for _ in 0..2 {
        let shown = json!({
            "lines": [
                line(2, &two, "1900.00", "processing", "failed"),
                line(3, &one, "950.00", "processing", "completed"),
            ],
            "will_settle": 2, "unchanged": 0, "errors": 0
        });
        assert_eq!(preview(&staff, &batch, &csv).await.expect(200), shown);
        assert_eq!(staff.get(&format!("/payouts/{one}")).await.expect(200), before);
    }
    assert_eq!(f.published::<PayoutCompleted>().await.len() + f.published::<PayoutFailed>().await.len(), 0);
    assert_eq!(f.published::<StaffActed>().await.len(), acts);
    let request = staff.request(Method::POST, &format!("/payout-batches/{batch}/answer"));
    let request = request.header("content-type", "text/csv").header("Idempotency-Key", "k1").body(csv.clone());
    assert_eq!(staff.send(request).await.expect(200), json!({ "settled": 2, "unchanged": 0 }));
    let again = preview(&staff, &batch, &csv).await.expect(200);
    assert_eq!(
        again,
        json!({
            "lines": [line(2, &two, "1900.00", "failed", "failed"), line(3, &one, "950.00", "completed", "completed")],
            "will_settle": 0, "unchanged": 2, "errors": 0
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_has_the_problem_of_each_refused_line() {
    let f = fixture().await;
    let (batch, one, two, waiting) = batch_of_two(&f).await;
    let staff = f.as_staff();
    let absent = id::fresh::<UserId>().to_string();
    let csv = format!(
        "payout_id,outcome,utr,reason\n{waiting},paid,U1,\n{one},paid,U1,\n{absent},paid,U1,\n{one},paid,U1,\n\
         {one},paid,U2,\n{two},failed,,\n"
    );
    let shown = preview(&staff, &batch, &csv).await.expect(200);
    let lines: Vec<(u64, &Value, &Value, &Value)> = shown["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| (l["line"].as_u64().unwrap(), &l["now"], &l["becomes"], &l["problem"]["code"]))
        .collect();
    let (none, processing, completed, failed) = (json!(null), json!("processing"), json!("completed"), json!("failed"));
    let (elsewhere, conflict) = (json!("payout.not_in_batch"), json!("payout.state_conflict"));
    assert_eq!(
        lines,
        [
            (2, &none, &none, &elsewhere),
            (3, &processing, &completed, &none),
            (4, &none, &none, &elsewhere),
            (5, &completed, &completed, &none),
            (6, &completed, &none, &conflict),
            (7, &processing, &failed, &none),
        ]
    );
    assert_eq!((&shown["will_settle"], &shown["unchanged"], &shown["errors"]), (&json!(2), &json!(1), &json!(3)));
    let amounts: Vec<&Value> = shown["lines"].as_array().unwrap().iter().map(|l| &l["amount"]).collect();
    assert_eq!(amounts, [&none, &json!("950.00"), &none, &json!("950.00"), &json!("950.00"), &json!("1900.00")]);
    assert_eq!(answer(&staff, &batch, &csv).await.problem(409), "payout.state_conflict");
    assert_eq!(f.status(&one).await, "processing");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_refuses_ones_own_payout_malformed_files_and_members() {
    let f = fixture().await;
    let member = f.member("10000.00").await;
    let one = f.approved(&member, payout_body("1000.00")).await;
    let batch = f.as_staff().post_empty("/payout-batches").await.expect(201);
    let batch = batch["id"].as_str().unwrap();
    let csv = format!("payout_id,outcome,utr,reason\n{one},paid,U1,\n");
    let own = preview(&f.as_role(member.id, Role::Staff), batch, &csv).await.expect(200);
    assert_eq!((&own["errors"], &own["lines"][0]["problem"]["code"]), (&json!(1), &json!("payout.own")));
    assert_eq!(own["lines"][0]["now"], "processing");
    let malformed = preview(&f.as_staff(), batch, "payout_id,outcome,utr,reason\nx,paid,U1,\n").await;
    assert_eq!(malformed.body["errors"][0]["field"], "line 2");
    assert_eq!(malformed.problem(422), "payout.answer_malformed");
    let absent = id::fresh::<UserId>().to_string();
    assert_eq!(preview(&f.as_staff(), &absent, &csv).await.problem(404), "request.not_found");
    preview(&f.as_user(member.id), batch, &csv).await.problem(403);
    preview(&f.anonymous(), batch, &csv).await.problem(401);
    let empty = preview(&f.as_staff(), batch, "payout_id,outcome,utr,reason\n").await.expect(200);
    assert_eq!(empty, json!({ "lines": [], "will_settle": 0, "unchanged": 0, "errors": 0 }));
    f.service.finish().await;
}
