//! Transfers by the API of RazorpayX: requests, reports, outages, unknown outcomes, and crashes between two steps.

use crate::bank::answer;
use crate::fixture::{Fixture, Member, fixture, payout_body};
use crate::razorpayx_double::{ACCOUNT, Disturbance, RazorpayX, event, webhook, webhook_signed_with};
use domain::PayoutId;
use payout::app::transfer;
use proto_events::payout::v1::{PayoutCompleted, PayoutFailed, PayoutReversed};
use serde_json::{Value, json};

/// An approved payout in a batch that goes by the API.
async fn sent_batch(f: &Fixture, member: &Member, amount: &str) -> String {
    // The member's first token may have expired.
    let member = Member { id: member.id, client: f.as_user(member.id) };
    let id = f.approved(&member, payout_body(amount)).await;
    let batch = f.as_staff().post("/payout-batches", json!({ "channel": "razorpayx" })).await.expect(201);
    assert_eq!((&batch["channel"], &batch["payouts"]), (&json!("razorpayx"), &json!(1)));
    id
}

async fn transfer_of(f: &Fixture, id: &str) -> Value {
    f.as_staff().get(&format!("/payouts/{id}")).await.expect(200)["transfer"].clone()
}

async fn state(f: &Fixture, id: &str) -> String {
    transfer_of(f, id).await["state"].as_str().unwrap().to_owned()
}

/// Runs the job after the wait of the next attempt.
async fn later(f: &Fixture, secs: i64) {
    f.clock.set(f.now().plus_secs(secs));
    f.run_job("transfers").await;
}

fn unavailable() -> Disturbance {
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
async fn a_lost_answer_is_asked_about_and_the_payout_is_never_made_twice() {
    let bank = RazorpayX::default();
    for lost in
        [Disturbance::DoneWithoutAnswer, Disturbance::DoneBut(502, json!({})), Disturbance::DoneBut(200, json!({}))]
    {
        let f = bank.fixture(&[]).await;
        let member = f.member("20000.00").await;
        bank.take_calls();
        let before = bank.payouts().len();
        let id = sent_batch(&f, &member, "1000.00").await;
        bank.disturb(lost.clone());
        f.run_job("transfers").await;
        assert_eq!((state(&f, &id).await.as_str(), bank.payouts().len()), ("sent", before + 1), "{lost:?}");
        // It is not its turn again yet.
        f.run_job("transfers").await;
        assert_eq!(bank.requests().len(), 1);
        later(&f, 15).await;
        assert_eq!(state(&f, &id).await, "processing");
        let found = bank.take_calls().pop().unwrap();
        let query = format!("account_number={ACCOUNT}&reference_id={id}&count=10");
        assert_eq!((found.method.as_str(), found.path.as_str(), found.query), ("GET", "/v1/payouts", query));
        assert_eq!(bank.payouts().len(), before + 1);
        f.service.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_took_no_effect_is_made_again_with_its_key_and_body() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("20000.00").await;
    let id = sent_batch(&f, &member, "1000.00").await;
    for status in [503, 409, 429, 401, 404] {
        bank.disturb(Disturbance::Answer(status, json!({ "error": { "code": "BAD_REQUEST_ERROR" } })));
        later(&f, 3_600).await;
        assert_eq!(state(&f, &id).await, "sent", "{status}");
    }
    // While it cannot be asked about, it is not made again.
    let requests = bank.requests().len();
    for _ in 0..2 {
        bank.disturb_other(unavailable());
    }
    later(&f, 3_600).await;
    assert_eq!((state(&f, &id).await.as_str(), bank.requests().len()), ("sent", requests));
    // A change of the member's account changes nothing of the request.
    f.deliver_now(&f.kyc(member.id, 2, true, "ABCDE1234F", "999988887777")).await;
    later(&f, 3_600).await;
    assert_eq!(state(&f, &id).await, "processing");
    let requests = bank.requests();
    assert_eq!(requests.len(), 6);
    assert!(requests.iter().all(|r| r.idempotency == id && r.text == requests[0].text));
    assert_eq!(bank.payouts().len(), 1);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_circuit_breaker_sends_nothing_and_loses_nothing() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("20000.00").await;
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(f.approved(&member, payout_body("100.00")).await);
    }
    f.as_staff().post("/payout-batches", json!({ "channel": "razorpayx" })).await.expect(201);
    for _ in 0..7 {
        bank.disturb(unavailable());
    }
    f.run_job("transfers").await;
    // Five failures in a row open it; the other two were not asked for.
    assert_eq!(bank.requests().len(), 5);
    for id in &ids {
        assert_eq!(state(&f, id).await, "sent");
    }
    bank.forget_disturbances();
    later(&f, 60).await;
    for id in &ids {
        assert_eq!(state(&f, id).await, "processing");
    }
    assert_eq!(bank.payouts().len(), 7);
    f.service.finish().await;
}

/// Each step of a transfer after which the process may die, and what is left then.
#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_any_step_makes_one_transfer() {
    crashes(&RazorpayX::default(), &[]).await;
}

pub(crate) async fn crashes(bank: &RazorpayX, variables: &[(&str, &str)]) {
    let f = bank.fixture(variables).await;
    let member = f.member("90000.00").await;
    // The call was made, and its answer not stored.
    let made = sent_batch(&f, &member, "1000.03").await;
    bank.disturb(Disturbance::DoneWithoutAnswer);
    f.run_job("transfers").await;
    assert_eq!((state(&f, &made).await.as_str(), bank.payouts().len()), ("sent", 1));
    // The intent is recorded, and nothing else.
    let intended = sent_batch(&f, &member, "1000.00").await;
    // The turn was taken, and the payee was not asked for.
    let claimed = sent_batch(&f, &member, "1000.01").await;
    let (id, now): (PayoutId, _) = (claimed.parse().unwrap(), f.now());
    let task = f.ctx().tx(async |c| transfer::claim(c, id, now).await).await.unwrap();
    assert!(task.is_some());
    // A second instance does not take the same turn.
    assert!(f.ctx().tx(async |c| transfer::claim(c, id, now).await).await.unwrap().is_none());
    // The call was recorded, and not made.
    let recorded = sent_batch(&f, &member, "1000.02").await;
    let (id, now): (PayoutId, _) = (recorded.parse().unwrap(), f.now());
    let body = json!({
        "account_number": ACCOUNT, "fund_account_id": "fa_1", "amount": 95_002, "currency": "INR", "mode": "IMPS",
        "purpose": "payout", "queue_if_low_balance": true, "reference_id": recorded
    });
    let body = body.to_string();
    let claimed_task = f.ctx().tx(async |c| transfer::claim(c, id, now).await).await.unwrap();
    assert!(claimed_task.is_some());
    for other_body in [body.as_str(), "{}"] {
        // A repetition gets the first body, whatever it would be now.
        let begun = f.ctx().tx(async |c| transfer::begin_send(c, id, other_body, now).await).await.unwrap();
        assert_eq!(begun.as_deref(), Some(&*body));
    }
    for _ in 0..3 {
        later(&f, 60).await;
    }
    for id in [&intended, &claimed, &recorded, &made] {
        assert_eq!(state(&f, id).await, "processing", "{id}");
        let transfers: Vec<Value> = bank.payouts().into_iter().filter(|p| p["reference_id"] == **id).collect();
        assert_eq!(transfers.len(), 1, "{id}");
        // The report arrives while the process is down; the status is asked for.
        bank.process(id, &format!("UTR{}", &id[24..]));
    }
    later(&f, 3_600).await;
    for id in [&intended, &claimed, &recorded, &made] {
        assert_eq!(f.status(id).await, "completed");
    }
    assert_eq!(f.published::<PayoutCompleted>().await.len(), 4);
    f.service.finish().await;
}

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
async fn a_refusal_after_a_lost_answer_finds_the_transfer() {
    let bank = RazorpayX::default();
    let f = bank.fixture(&[]).await;
    let member = f.member("9000.00").await;
    let id = sent_batch(&f, &member, "100.00").await;
    // Done, and answered as if it had been refused.
    let error =
        json!({ "error": { "code": "BAD_REQUEST_ERROR", "description": "Different request body", "reason": "NA" } });
    bank.disturb(Disturbance::DoneBut(400, error));
    f.run_job("transfers").await;
    assert_eq!((state(&f, &id).await.as_str(), bank.payouts().len()), ("processing", 1));
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
