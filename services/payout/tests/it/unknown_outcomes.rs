//! Transfers whose outcome is not known: lost answers, outages, and crashes between two steps.

use crate::fixture::payout_body;
use crate::razorpayx::{later, sent_batch, state, unavailable};
use crate::razorpayx_double::{ACCOUNT, Disturbance, RazorpayX};
use domain::PayoutId;
use payout::app::transfer;
use proto_events::payout::v1::PayoutCompleted;
use serde_json::{Value, json};

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
