//! Bank accounts, bank files and bank answers.

use crate::fixture::{Fixture, fixture, fixture_with, payout_body};
use domain::{Role, UserId};
use payout::store::accounts::{self, BankAccount};
use proto_events::payout::v1::{PayoutCompleted, PayoutFailed, PayoutProcessing};
use proto_events::platform::v1::StaffActed;
use reqwest::Method;
use runtime::id;
use serde_json::{Value, json};
use testkit::{Client, Reply};

fn account(number: &str) -> Value {
    json!({"account_number": number, "ifsc": "SBIN0ABC123", "holder_name": "Asha Rao", "bank_name": "SBI"})
}

pub(crate) async fn answer(client: &Client, batch: &str, csv: &str) -> Reply {
    let request = client.request(Method::POST, &format!("/payout-batches/{batch}/answer"));
    client.send(request.header("content-type", "text/csv").body(csv.to_owned())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_account_can_be_paid_after_staff_verify_it() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let added = member.client.post("/payouts/bank-accounts", account("987654321000")).await;
    assert!(!added.text.contains("987654321000"));
    let added = added.expect(201);
    assert_eq!((&added["account_number"], &added["verified"]), (&json!("xxxxxx1000"), &json!(false)));
    let again = member.client.post("/payouts/bank-accounts", account("987654321000")).await;
    assert_eq!(again.problem(409), "payout.bank_account_known");
    let id = added["id"].as_str().unwrap();
    let body = json!({"amount": "100.00", "bank_account_id": id});
    let early = member.client.post("/payouts", body.clone()).await;
    assert_eq!(early.problem(422), "payout.bank_account_unverified");
    let path = format!("/payouts/bank-accounts/{id}/verify");
    assert_eq!(f.unknown_member().client.post_empty(&path).await.problem(404), "request.not_found");
    assert_eq!(member.client.post_empty(&path).await.problem(422), "payout.bank_account_unverified");
    for own in [Role::Staff, Role::Admin].map(|role| f.as_role(member.id, role)) {
        assert_eq!(own.post_empty(&path).await.problem(403), "payout.own");
    }
    f.as_staff().post_empty(&path).await.expect(200);
    assert_eq!(f.as_staff().post_empty(&path).await.expect(200)["verified_by"], "staff");
    let payout = member.client.post("/payouts", body.clone()).await.expect(201);
    assert_eq!(payout["bank"]["account_number"], "xxxxxx1000");
    let other_member = f.member("1000.00").await;
    assert_eq!(other_member.client.post("/payouts", body).await.problem(422), "payout.bank_account_unknown");
    let acts: Vec<String> = f.published::<StaffActed>().await.into_iter().map(|a| a.action).collect();
    assert_eq!(acts, ["payout.bank_account_verify"]);
    f.service.finish().await;
}

/// Gives the member KYC and a balance, adds two accounts and returns their ids.
async fn two_accounts(f: &Fixture, id: UserId) -> Vec<String> {
    let client = f.as_user(id);
    f.deliver_now(&f.kyc(id, 1, true, "ABCDE1234F", "123456784321")).await;
    f.wallet(id, 1, "1000.00", "0.00", "0.00").await;
    let mut added = Vec::new();
    for number in ["987654321000", "987654321001"] {
        let account = client.post("/payouts/bank-accounts", account(number)).await.expect(201);
        added.push(account["id"].as_str().unwrap().to_owned());
    }
    added
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_needs_the_wait_and_a_fresh_code() {
    let f = fixture().await;
    let id = f.unknown_member().id;
    // A session id contains the machine's time, so the service's clock is set from it.
    let started = payout::domain::account::session_started_at(id::fresh()).unwrap();
    f.clock.set(started.plus_hours(-1));
    let added = two_accounts(&f, id).await;
    let body = json!({"amount": "100.00", "bank_account_id": added[0]});
    let verify = format!("/payouts/bank-accounts/{}/verify", added[1]);
    f.clock.set(started.plus_hours(71).plus_secs(-1));
    let same_session = f.as_user(id);
    let early = same_session.post_empty(&verify).await;
    assert!(
        early.body["detail"].as_str().unwrap().contains(&started.plus_hours(71).to_string()[..19]),
        "{}",
        early.text
    );
    assert_eq!(early.problem(422), "payout.bank_account_unverified");
    // The wait is over, but the session started before its end.
    f.clock.set(started.plus_hours(72));
    let same_session = f.as_user(id);
    assert_eq!(same_session.post_empty(&verify).await.problem(422), "payout.fresh_code_required");
    for path in ["/payouts/quote", "/payouts"] {
        assert_eq!(same_session.post(path, body.clone()).await.problem(422), "payout.fresh_code_required");
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_code_after_the_wait_verifies_an_account_by_wait() {
    let f = fixture_with(&[("BANK_ACCOUNT_WAIT_HOURS", "5")]).await;
    let id = f.unknown_member().id;
    let started = payout::domain::account::session_started_at(id::fresh()).unwrap();
    f.clock.set(started.plus_hours(-5).plus_secs(-60));
    let added = two_accounts(&f, id).await;
    f.clock.set(started);
    let fresh = f.as_user(id);
    let body = json!({"amount": "100.00", "bank_account_id": added[0]});
    fresh.post("/payouts/quote", body.clone()).await.expect(200);
    let listed = fresh.get("/payouts/bank-accounts").await.expect(200);
    assert_eq!(listed["items"][1]["verified"], false);
    fresh.post("/payouts", body).await.expect(201);
    let verified = fresh.post_empty(&format!("/payouts/bank-accounts/{}/verify", added[1])).await.expect(200);
    assert_eq!((&verified["verified"], &verified["verified_by"]), (&json!(true), &json!("wait")));
    let listed = fresh.get("/payouts/bank-accounts").await.expect(200);
    let methods: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|a| a["verified_by"].as_str().unwrap()).collect();
    assert_eq!(methods, ["wait", "wait", "kyc"]);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_visible_to_its_owner_only_and_the_kyc_account_cannot_be_removed() {
    let f = fixture().await;
    let (member, other) = (f.member("1000.00").await, f.unknown_member());
    let own = member.client.post("/payouts/bank-accounts", account("987654321000")).await.expect(201);
    let path = format!("/payouts/bank-accounts/{}", own["id"].as_str().unwrap());
    assert_eq!(other.client.delete(&path).await.problem(404), "request.not_found");
    // A retry gets the same response.
    for _ in 0..2 {
        assert_eq!(member.client.delete(&path).await.status, 204);
        assert_eq!(other.client.delete(&path).await.problem(404), "request.not_found");
        assert_eq!(member.client.post_empty(&format!("{path}/verify")).await.problem(404), "request.not_found");
    }
    let listed = member.client.get("/payouts/bank-accounts").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!((&listed["items"][0]["source"], &listed["items"][0]["verified"]), (&json!("kyc"), &json!(true)));
    let of_kyc = format!("/payouts/bank-accounts/{}", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(member.client.delete(&of_kyc).await.problem(409), "payout.bank_account_of_kyc");
    member.client.post("/payouts/bank-accounts", account("987654321000")).await.expect(201);
    for (field, value) in [("account_number", "12345678"), ("ifsc", "SBIN1ABC123"), ("holder_name", " ")] {
        let mut bad = account("111222333444");
        bad[field] = json!(value);
        let refused = member.client.post("/payouts/bank-accounts", bad).await;
        assert_eq!(refused.body["errors"][0]["field"], field);
        assert_eq!(refused.problem(422), "payout.bank_account_invalid");
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_kyc_changes_the_account_and_existing_payouts_keep_the_old_one() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let id = f.pending(&member, payout_body("100.00")).await;
    // The member added the account before the KYC contained it.
    member.client.post("/payouts/bank-accounts", account("555566667777")).await.expect(201);
    f.deliver_now(&f.kyc(member.id, 2, true, "ABCDE1234F", "555566667777")).await;
    let listed = member.client.get("/payouts/bank-accounts").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!((&listed["items"][0]["source"], &listed["items"][0]["verified"]), (&json!("kyc"), &json!(true)));
    let old = member.client.get(&format!("/payouts/{id}")).await.expect(200);
    assert_eq!(old["bank"]["account_number"], "xxxxxx4321");
    let new = member.client.post("/payouts", payout_body("100.00")).await.expect(201);
    assert_eq!(new["bank"]["account_number"], "xxxxxx7777");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_account_is_never_paid() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let added = member.client.post("/payouts/bank-accounts", account("987654321000")).await.expect(201);
    let path = format!("/payouts/bank-accounts/{}", added["id"].as_str().unwrap());
    f.as_staff().post_empty(&format!("{path}/verify")).await.expect(200);
    assert_eq!(member.client.delete(&path).await.status, 204);
    let body = json!({"amount": "100.00", "bank_account_id": added["id"]});
    for route in ["/payouts/quote", "/payouts"] {
        assert_eq!(member.client.post(route, body.clone()).await.problem(422), "payout.bank_account_unknown");
    }
    // No foreign key protects the account that the member's row names.
    let listed = member.client.get("/payouts/bank-accounts").await.expect(200);
    let of_kyc = listed["items"][0]["id"].as_str().unwrap().parse().unwrap();
    let mut c = f.ctx().db().write().await.unwrap();
    let stored = accounts::find(&mut c, of_kyc).await.unwrap().unwrap();
    accounts::save(&mut c, &BankAccount { live: None, ..stored }).await.unwrap();
    drop(c);
    for route in ["/payouts/quote", "/payouts"] {
        let refused = member.client.post(route, payout_body("100.00")).await;
        assert_eq!(refused.problem(422), "payout.bank_account_unverified");
    }
    assert_eq!(f.requests().await, 0);
    f.deliver_now(&f.kyc(member.id, 2, true, "ABCDE1234F", "123456784321")).await;
    member.client.post("/payouts", payout_body("100.00")).await.expect(201);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_one_bank_file_and_the_answer_settles_its_payouts_once() {
    let f = fixture().await;
    let member = f.member("10000.00").await;
    let staff = f.as_staff();
    let (one, two) =
        (f.approved(&member, payout_body("1000.00")).await, f.approved(&member, payout_body("2000.00")).await);
    let waiting = f.pending(&member, payout_body("500.00")).await;
    let batch = staff.post_empty("/payout-batches").await.expect(201);
    assert_eq!((&batch["payouts"], &batch["total"], &batch["open"]), (&json!(2), &json!("2850.00"), &json!(2)));
    assert_eq!(staff.post_empty("/payout-batches").await.problem(409), "payout.nothing_to_send");
    assert_eq!(f.published::<PayoutProcessing>().await.len(), 2);
    let batch = batch["id"].as_str().unwrap();
    let file = staff.get(&format!("/payout-batches/{batch}/file")).await;
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = file.text.lines().collect();
    assert_eq!(lines[0], "payout_id,holder_name,account_number,ifsc,bank_name,amount,narration");
    assert_eq!(lines[1], format!("{one},'=Asha Rao,123456784321,HDFC0001234,HDFC Bank,950.00,payout {one}"));
    assert_eq!(lines.len(), 3);
    assert!(f.published::<StaffActed>().await.iter().any(|a| a.action == "payout.batch_file"));

    let csv = format!("payout_id,outcome,utr,reason\n{one},paid,U1,\n{two},failed,,account closed\n");
    let stray = format!("{csv}{waiting},paid,U3,\n");
    assert_eq!(answer(&staff, batch, &stray).await.problem(422), "payout.not_in_batch");
    assert_eq!(f.status(&one).await, "processing");
    let settled = answer(&staff, batch, &csv).await.expect(200);
    assert_eq!(settled, json!({"settled": 2, "unchanged": 0}));
    let again = answer(&staff, batch, &csv).await.expect(200);
    assert_eq!(again, json!({"settled": 0, "unchanged": 2}));
    let other = format!("payout_id,outcome,utr,reason\n{one},paid,U9,\n");
    assert_eq!(answer(&staff, batch, &other).await.problem(409), "payout.state_conflict");
    assert_eq!(f.published::<PayoutCompleted>().await.len(), 1);
    assert_eq!(f.published::<PayoutFailed>().await.len(), 1);
    let shown = staff.get(&format!("/payout-batches/{batch}")).await.expect(200);
    assert_eq!(shown["open"], 0);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_settled_by_hand_is_left_out_of_the_bank_file() {
    let f = fixture().await;
    let member = f.member("10000.00").await;
    let staff = f.as_staff();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(f.approved(&member, payout_body("1000.00")).await);
    }
    let batch = staff.post_empty("/payout-batches").await.expect(201);
    let file = format!("/payout-batches/{}/file", batch["id"].as_str().unwrap());
    let outcomes = [json!({"outcome": "paid", "utr": "U0"}), json!({"outcome": "failed", "reason": "closed"})];
    for (id, outcome) in ids.iter().zip(outcomes) {
        assert!(staff.get(&file).await.text.contains(id));
        staff.post(&format!("/payouts/{id}/settle"), outcome).await.expect(200);
        assert!(!staff.get(&file).await.text.contains(id));
    }
    assert_eq!(staff.get(&file).await.text.lines().count(), 2);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_has_each_payout_of_a_batch_with_its_member() {
    let f = fixture().await;
    let (asha, ravi) = (f.member("1000.00").await, f.member("1000.00").await);
    let (one, two) = (f.approved(&asha, payout_body("500.00")).await, f.approved(&ravi, payout_body("600.00")).await);
    let staff = f.as_staff();
    let batch = staff.post_empty("/payout-batches").await.expect(201);
    let csv = format!("payout_id,outcome,utr,reason\n{two},paid,U2,\n{one},failed,,closed\n");
    for _ in 0..2 {
        answer(&staff, batch["id"].as_str().unwrap(), &csv).await.expect(200);
    }
    let acts = f.published::<StaffActed>().await;
    for (member, id, settled) in [(asha.id, one, "failed of 500.00: closed"), (ravi.id, two, "completed of 600.00: U2")]
    {
        let of_member = acts.iter().filter(|a| a.subject_user_id == Some(member.into()) && a.subject_id == id);
        let records: Vec<(&str, &str)> =
            of_member.map(|a| (a.action.as_str(), a.detail.split(';').next().unwrap())).collect();
        assert_eq!(
            records[1..].iter().map(|(action, _)| *action).collect::<Vec<_>>(),
            ["payout.send", "payout.settle"]
        );
        assert_eq!(records[2].1, settled);
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_answer_changes_nothing() {
    let f = fixture().await;
    let member = f.member("10000.00").await;
    let staff = f.as_staff();
    let one = f.approved(&member, payout_body("1000.00")).await;
    let batch = staff.post_empty("/payout-batches").await.expect(201);
    let batch = batch["id"].as_str().unwrap();
    for csv in [
        String::new(),
        "nonsense".into(),
        "payout_id,outcome\n".into(),
        format!("payout_id,outcome,utr,reason\n{one},paid,,\n"),
        format!("payout_id,outcome,utr,reason\n{one},maybe,U1,\n"),
        format!("payout_id,outcome,utr,reason\n{one},paid,U1,\nx,paid,U2,\n"),
        format!("payout_id,outcome,utr,reason\n{one},paid,U1\n"),
    ] {
        assert_eq!(answer(&staff, batch, &csv).await.problem(422), "payout.answer_malformed", "{csv}");
    }
    assert_eq!(f.status(&one).await, "processing");
    let unknown_batch = id::fresh::<domain::PayoutId>().to_string();
    assert_eq!(answer(&staff, &unknown_batch, "x").await.problem(404), "request.not_found");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_batches_created_concurrently_share_no_payout() {
    let f = fixture().await;
    let member = f.member("10000.00").await;
    for _ in 0..3 {
        f.approved(&member, payout_body("1000.00")).await;
    }
    let (staff, admin) = (f.as_staff(), f.as_admin());
    let (a, b) = tokio::join!(staff.post_empty("/payout-batches"), admin.post_empty("/payout-batches"));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    assert_eq!(f.published::<PayoutProcessing>().await.len(), 3);
    f.service.finish().await;
}
