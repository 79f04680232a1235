//! Transfers by the API of RazorpayX: requests, refusals, low balance, and settings.

use crate::bank::answer;
use crate::fixture::{Fixture, Member, fixture, payout_body};
use crate::razorpayx_double::{ACCOUNT, Disturbance, RazorpayX, webhook};
use proto_events::payout::v1::PayoutCompleted;
use serde_json::{Value, json};

/// An approved payout in a batch that goes by the API.
pub(crate) async fn sent_batch(f: &Fixture, member: &Member, amount: &str) -> String {
    // The member's first token may have expired.
    let member = Member { id: member.id, client: f.as_user(member.id) };
    let id = f.approved(&member, payout_body(amount)).await;
    let batch = f.as_staff().post("/payout-batches", json!({ "channel": "razorpayx" })).await.expect(201);
    assert_eq!((&batch["channel"], &batch["payouts"]), (&json!("razorpayx"), &json!(1)));
    id
}

pub(crate) async fn transfer_of(f: &Fixture, id: &str) -> Value {
    f.as_staff().get(&format!("/payouts/{id}")).await.expect(200)["transfer"].clone()
}

pub(crate) async fn state(f: &Fixture, id: &str) -> String {
    transfer_of(f, id).await["state"].as_str().unwrap().to_owned()
}

/// Runs the job after the wait of the next attempt.
pub(crate) async fn later(f: &Fixture, secs: i64) {
    f.clock.set(f.now().plus_secs(secs));
    f.run_job("transfers").await;
}

pub(crate) fn unavailable() -> Disturbance {
    Disturbance::Answer(503, json!({}))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_is_requested_as_documented_and_completed_by_its_webhook() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("20000.00").await;
    let id = sent_batch(&f, &member, "10000.00").await;
    assert_eq!((f.status(&id).await.as_str(), state(&f, &id).await.as_str()), ("processing", "intended"));
    f.run_job("transfers").await;

    let calls = bank.take_calls();
    let paths: Vec<&str> = calls.iter().map(|call| call.path.as_str()).collect();
    assert_eq!(paths, ["/v1/contacts", "/v1/fund_accounts", "/v1/payouts"]);
    assert!(calls.iter().all(|call| call.authorization == "Basic cnpwX3Rlc3RfMTprZXktc2VjcmV0"));
    assert_eq!(calls[0].body, json!({ "name": "Asha Rao", "type": "vendor", "reference_id": member.id.to_string() }));
    let account = json!({ "name": "Asha Rao", "ifsc": "HDFC0001234", "account_number": "123456784321" });
    assert_eq!(
        calls[1].body,
        json!({ "contact_id": "cont_00000000000001", "account_type": "bank_account", "bank_account": account })
    );
    assert_eq!(calls[2].idempotency, id);
    assert_eq!(
        calls[2].body,
        json!({
            "account_number": ACCOUNT, "fund_account_id": "fa_00000000000002", "amount": 950_000, "currency": "INR",
            "mode": "IMPS", "purpose": "payout", "queue_if_low_balance": true, "reference_id": id,
            "narration": "Payout", "notes": { "payout_id": id }
        })
    );
    let shown = transfer_of(&f, &id).await;
    assert_eq!((&shown["state"], &shown["bank_id"]), (&json!("processing"), &json!("pout_00000000000001")));

    let paid = bank.process(&id, "AXISN00000000001");
    for _ in 0..2 {
        webhook(&f, "payout.processed", &paid).await.expect(200);
    }
    let shown = f.as_staff().get(&format!("/payouts/{id}")).await.expect(200);
    assert_eq!((&shown["status"], &shown["utr"]), (&json!("completed"), &json!("AXISN00000000001")));
    assert_eq!(f.published::<PayoutCompleted>().await.len(), 1);
    // A member sees the payout, not how the company transfers.
    let own = member.client.get(&format!("/payouts/{id}")).await.expect(200);
    assert_eq!(own["transfer"], json!(null));

    // The next payout to the same account needs no new payee.
    let second = sent_batch(&f, &member, "1000.00").await;
    f.run_job("transfers").await;
    let paths: Vec<String> = bank.take_calls().into_iter().map(|call| call.path).collect();
    assert_eq!(paths, ["/v1/payouts"]);
    assert_eq!(state(&f, &second).await, "processing");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_payout_goes_by_neft() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("2000000.00").await;
    for (amount, mode) in [("510000.00", "IMPS"), ("510000.01", "NEFT")] {
        let id = f.pending(&member, payout_body(amount)).await;
        for approver in [f.as_staff(), f.as_admin()] {
            approver.post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
        }
        f.as_staff().post("/payout-batches", json!({ "channel": "razorpayx" })).await.expect(201);
        f.run_job("transfers").await;
        let request = bank.requests().pop().unwrap();
        assert_eq!((request.body["mode"].as_str(), request.idempotency.as_str()), (Some(mode), id.as_str()));
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_little_money_queues_a_transfer_and_is_shown_to_staff() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("9000.00").await;
    bank.set_balance(0);
    let queued = sent_batch(&f, &member, "100.00").await;
    f.run_job("transfers").await;
    let shown = transfer_of(&f, &queued).await;
    assert_eq!(
        (&shown["state"], &shown["low_balance"], &shown["bank_status"]),
        (&json!("queued"), &json!(true), &json!("queued"))
    );
    let insufficient = sent_batch(&f, &member, "100.00").await;
    // An account that cannot queue refuses.
    let description = "Your account does not have enough balance to carry out the payout operation.";
    let error = json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": description, "reason": "NA" } });
    bank.disturb(Disturbance::Answer(400, error));
    f.run_job("transfers").await;
    let shown = transfer_of(&f, &insufficient).await;
    assert_eq!((&shown["state"], &shown["low_balance"]), (&json!("intended"), &json!(true)));
    assert_eq!(shown["reason"], description);
    let staff = f.as_staff();
    let listed = staff.get("/payout-transfers?queue=low_balance").await.expect(200);
    let mut ids: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|t| t["payout_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let mut expected = [queued.as_str(), insufficient.as_str()];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let counts = staff.get("/payouts/queue-counts").await.expect(200);
    let count =
        |name: &str| counts["items"].as_array().unwrap().iter().find(|q| q["queue"] == name).unwrap()["count"].clone();
    assert_eq!((count("transfers.low_balance"), count("transfers.refused")), (json!(2), json!(0)));

    bank.set_balance(1_000_000);
    bank.update(&queued, &json!({ "status": "processing", "status_details": { "reason": null } }));
    later(&f, 3_600).await;
    for id in [&queued, &insufficient] {
        let shown = transfer_of(&f, id).await;
        assert_eq!((&shown["state"], &shown["low_balance"]), (&json!("processing"), &json!(false)), "{id}");
    }
    assert_eq!(bank.payouts().len(), 2);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_transfer_waits_for_staff_who_retry_it_or_settle_it() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("9000.00").await;
    let error =
        json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": "The ifsc is invalid.", "reason": "x" } });
    // The account of the payee is refused, then the payout itself.
    bank.disturb_other(Disturbance::Answer(201, json!({ "id": "cont_1" })));
    bank.disturb_other(Disturbance::Answer(400, error.clone()));
    let retried = sent_batch(&f, &member, "100.00").await;
    f.run_job("transfers").await;
    let shown = transfer_of(&f, &retried).await;
    assert_eq!((&shown["state"], &shown["reason"]), (&json!("refused"), &json!("The ifsc is invalid.")));
    later(&f, 3_600).await;
    let staff = f.as_staff();
    assert_eq!((state(&f, &retried).await.as_str(), bank.requests().len()), ("refused", 0), "staff decide");
    let path = format!("/payouts/{retried}/transfer/retry");
    assert_eq!(f.as_role(member.id, domain::Role::Staff).post_empty(&path).await.problem(403), "payout.own");
    assert_eq!(f.as_user(member.id).post_empty(&path).await.status, 403);
    assert_eq!(staff.post_empty(&path).await.expect(200)["state"], "intended");
    assert_eq!(staff.post_empty(&path).await.problem(409), "payout.transfer_state");
    f.run_job("transfers").await;
    assert_eq!(state(&f, &retried).await, "processing");
    let settle = format!("/payouts/{retried}/settle");
    let failed = json!({ "outcome": "failed", "reason": "closed" });
    let refused = staff.post(&settle, failed.clone()).await;
    assert_eq!(refused.problem(409), "payout.transfer_state", "the bank has it");

    let settled = sent_batch(&f, &member, "100.00").await;
    bank.disturb(Disturbance::Answer(400, error));
    f.run_job("transfers").await;
    assert_eq!(state(&f, &settled).await, "refused");
    let shown = staff.post(&format!("/payouts/{settled}/settle"), failed).await.expect(200);
    assert_eq!((&shown["status"], state(&f, &settled).await.as_str()), (&json!("failed"), "withdrawn"));
    later(&f, 7_200).await;
    assert!(!bank.payouts().iter().any(|p| p["reference_id"] == settled.as_str()));
    let absent = domain::PayoutId::from(runtime::id::fresh::<uuid::Uuid>());
    assert_eq!(f.as_staff().post_empty(&format!("/payouts/{absent}/transfer/retry")).await.status, 404);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_by_the_api_has_no_file_and_takes_no_answer() {
    let without = fixture().await;
    let refused = without.as_staff().post("/payout-batches", json!({ "channel": "razorpayx" })).await;
    assert_eq!(refused.problem(422), "payout.channel_not_configured");
    assert_eq!(without.anonymous().post("/payouts/webhooks/razorpayx", json!({})).await.status, 404);
    let channels = without.as_staff().get("/payout-batches/channels").await.expect(200);
    assert_eq!(channels["channels"], json!(["manual"]));
    without.service.finish().await;

    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let staff = f.as_staff();
    let channels = staff.get("/payout-batches/channels").await.expect(200);
    assert_eq!(channels["channels"], json!(["razorpayx", "manual"]));
    let member = f.member("9000.00").await;
    let id = f.approved(&member, payout_body("100.00")).await;
    let batch = staff.post("/payout-batches", json!({ "channel": "razorpayx" })).await.expect(201);
    let batch = batch["id"].as_str().unwrap();
    assert_eq!(staff.get(&format!("/payout-batches/{batch}/file")).await.problem(409), "payout.not_by_file");
    let csv = format!("payout_id,outcome,utr,reason\n{id},paid,U1,\n");
    assert_eq!(answer(&staff, batch, &csv).await.problem(409), "payout.not_by_file");
    // Without a channel a batch goes by a file, as before.
    f.approved(&member, payout_body("100.00")).await;
    let by_file = staff.post_empty("/payout-batches").await.expect(201);
    assert_eq!(by_file["channel"], "manual");
    f.run_job("transfers").await;
    assert_eq!(bank.payouts().len(), 1);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_is_missing_or_malformed_stops_the_boot() {
    let sealer = pii::Sealer::generate();
    let good = [
        ("RAZORPAYX_KEY_ID", "rzp_test_1"),
        ("RAZORPAYX_KEY_SECRET", "key-secret"),
        ("RAZORPAYX_WEBHOOK_SECRET", "webhook-secret"),
        ("RAZORPAYX_ACCOUNT_NUMBER", ACCOUNT),
    ];
    let read = |pairs: &[(&'static str, &'static str)]| {
        let env = sealer.to_env().iter().fold(runtime::Env::default(), |env, (k, v)| env.with(k, v.clone()));
        let env = pairs.iter().fold(env, |env, (k, v)| env.with(k, (*v).to_owned()));
        payout::config::Config::from_env(&env).map(|config| config.razorpayx.is_some()).map_err(|e| e.variable)
    };
    assert_eq!((read(&[]), read(&good)), (Ok(false), Ok(true)));
    for (variable, _) in good {
        let without: Vec<_> = good.into_iter().filter(|(name, _)| *name != variable).collect();
        assert_eq!(read(&without), Err(variable.to_owned()));
    }
    for (variable, bad) in [
        ("RAZORPAYX_KEY_SECRET", "short"),
        ("RAZORPAYX_WEBHOOK_SECRET", "short"),
        ("RAZORPAYX_ACCOUNT_NUMBER", "78 78"),
        ("BANK_DEBIT_ACCOUNT", "12"),
        ("BANK_FILE_TEMPLATES", "/there/is/no/such/file.json"),
    ] {
        let mut pairs: Vec<_> = good.into_iter().filter(|(name, _)| *name != variable).collect();
        pairs.push((variable, bad));
        assert_eq!(read(&pairs), Err(variable.to_owned()));
    }
}
