//! Decisions of staff and settlement by the bank.

use crate::bank::answer;
use crate::fixture::{fixture, parts, payout_body};
use domain::Role;
use proto_events::auth::v1::{User, UserUpdated};
use proto_events::payout::v1::{
    PayoutApproved, PayoutCompleted, PayoutFailed, PayoutProcessing, PayoutRejected, PayoutReversed,
};
use proto_events::platform::v1::StaffActed;
use reqwest::Method;
use runtime::id;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_goes_from_request_to_the_bank() {
    let f = fixture().await;
    let member = f.member("300000.00").await;
    let (first, second) = (f.as_staff(), f.as_admin());
    let id = f.pending(&member, payout_body("300000.00")).await;
    let path = format!("/payouts/{id}/approve");
    let first_approval = first.post_empty(&path).await.expect(200);
    assert_eq!((&first_approval["status"], &first_approval["approvals"]), (&json!("pending"), &json!(1)));
    let again = first.post_empty(&path).await.expect(200);
    assert_eq!((&again["status"], &again["approvals"]), (&json!("pending"), &json!(1)));
    let approved = second.post_empty(&path).await.expect(200);
    assert_eq!((&approved["status"], &approved["approvals"]), (&json!("approved"), &json!(2)));
    assert_eq!(parts(&approved), ["300000.00", "10000.00", "0.00", "290000.00"]);
    assert_eq!(first.get(&format!("/payouts/{id}/advice")).await.problem(409), "payout.no_advice");
    let settle = format!("/payouts/{id}/settle");
    assert_eq!(first.post(&settle, json!({"outcome": "paid"})).await.problem(422), "payout.utr_required");
    let paid = json!({"outcome": "paid", "utr": "UTR1"});
    let done = first.post(&settle, paid.clone()).await.expect(200);
    assert_eq!((&done["status"], &done["utr"]), (&json!("completed"), &json!("UTR1")));
    first.post(&settle, paid).await.expect(200);
    let advice = first.get(&format!("/payouts/{id}/advice")).await;
    assert_eq!((advice.status, advice.header("content-type").as_str()), (200, "application/pdf"), "{}", advice.text);
    assert_eq!(second.get(&format!("/payouts/{id}/advice")).await.text, advice.text);
    // In the member's language, unless another is asked for.
    let owner = first.get(&format!("/payouts/{id}")).await.expect(200)["user_id"].as_str().unwrap().to_owned();
    let owner: domain::UserId = owner.parse().unwrap();
    let user = User { user_id: owner.into(), version: 2, locale: "hi".into(), ..User::default() };
    f.deliver_now(&UserUpdated { user: Some(user.clone()) }).await;
    f.deliver_now(&UserUpdated { user: Some(User { version: 1, locale: "en".into(), ..user }) }).await;
    let hindi = first.get(&format!("/payouts/{id}/advice")).await.text;
    assert_ne!(hindi, advice.text);
    assert_eq!(second.get(&format!("/payouts/{id}/advice?lang=en")).await.text, advice.text);
    let (_, code) = advice.text.split_once("/verify/P-").unwrap();
    let stated = f.anonymous().get(&format!("/documents/verify/P-{}", &code[..23])).await.expect(200);
    assert_eq!((&stated["kind"], &stated["amount"]), (&json!("payout_advice"), &json!("290000.00")));
    for other in [json!({"outcome": "paid", "utr": "UTR2"}), json!({"outcome": "failed", "reason": "x"})] {
        assert_eq!(first.post(&settle, other).await.problem(409), "payout.state_conflict");
    }
    assert_eq!(f.published::<PayoutApproved>().await.len(), 1);
    assert_eq!(f.published::<PayoutProcessing>().await.len(), 1);
    let completed = f.published::<PayoutCompleted>().await;
    assert_eq!(completed.len(), 1);
    let (payout, tax) = (completed[0].payout.as_ref().unwrap(), completed[0].tax.as_ref().unwrap());
    assert_eq!((payout.net_paise, payout.utr.as_str(), payout.version), (29_000_000, "UTR1", 5));
    assert_eq!((tax.tds_paise, tax.financial_year.as_str(), tax.quarter.as_str()), (1_000_000, "2026-27", "Q3"));
    assert_eq!((tax.pan_mask.as_str(), tax.rate.as_str()), ("ABxxxxx34F", "5"));
    let acts: Vec<String> = f.published::<StaffActed>().await.into_iter().map(|a| a.action).collect();
    assert_eq!(acts, ["payout.approve", "payout.approve", "payout.settle"]);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_requester_cannot_approve_and_a_second_approval_needs_a_second_person() {
    let f = fixture().await;
    let member = f.member("100000.00").await;
    let own = f.as_role(member.id, Role::Staff);
    for (amount, status) in [("49999.99", "approved"), ("50000.00", "pending")] {
        let id = f.pending(&member, payout_body(amount)).await;
        let path = format!("/payouts/{id}/approve");
        assert_eq!(own.post_empty(&path).await.problem(403), "payout.own");
        let staff = f.as_staff();
        let (a, b) = tokio::join!(staff.post_empty(&path), staff.post_empty(&path));
        assert_eq!((a.status, b.status), (200, 200));
        assert_eq!(f.status(&id).await, status);
        assert_eq!(own.post_empty(&path).await.problem(403), "payout.own");
    }
    assert_eq!(f.published::<PayoutApproved>().await.len(), 1);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_approved_while_a_clawback_is_due() {
    let f = fixture().await;
    let member = f.member("60000.00").await;
    let (one, two) = (f.as_staff(), f.as_staff());
    let (small, large) =
        (f.pending(&member, payout_body("100.00")).await, f.pending(&member, payout_body("50000.00")).await);
    let (small, large) = (format!("/payouts/{small}/approve"), format!("/payouts/{large}/approve"));
    one.post_empty(&large).await.expect(200);
    f.wallet(member.id, 2, "9900.00", "50100.00", "25.00").await;
    for path in [&small, &large] {
        assert_eq!(two.post_empty(path).await.problem(422), "payout.clawback_due");
    }
    // A repeated approval of the same person still succeeds.
    assert_eq!(one.post_empty(&large).await.expect(200)["approvals"], 1);
    assert_eq!(f.published::<PayoutApproved>().await.len(), 0);
    f.wallet(member.id, 3, "9900.00", "50100.00", "0.00").await;
    for path in [&small, &large] {
        assert_eq!(two.post_empty(path).await.expect(200)["status"], "approved");
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_cannot_decide_their_own_payout_whatever_the_body() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let id = f.approved(&member, payout_body("500.00")).await;
    let (own, staff) = (f.as_role(member.id, Role::Admin), f.as_staff());
    let batch = staff.post_empty("/payout-batches").await.expect(201);
    let csv = format!("payout_id,outcome,utr,reason\n{id},failed,,closed\n");
    let reply = answer(&own, batch["id"].as_str().unwrap(), &csv).await;
    assert_eq!(reply.problem(403), "payout.own");
    for verb in ["approve", "reject", "settle", "return"] {
        let path = format!("/payouts/{id}/{verb}");
        assert_eq!(own.post_empty(&path).await.problem(403), "payout.own", "{verb} without a body");
        for body in ["{".to_owned(), "7".to_owned(), format!("\"{}\"", "x".repeat(100 * 1024))] {
            let request = own.request(Method::POST, &path).header("content-type", "application/json");
            assert_eq!(own.send(request.body(body)).await.problem(403), "payout.own", "{verb}");
        }
    }
    assert_eq!(f.status(&id).await, "processing");
    staff.post(&format!("/payouts/{id}/settle"), json!({"outcome": "paid", "utr": "U1"})).await.expect(200);
    let returned = own.post(&format!("/payouts/{id}/return"), json!({"reason": "mine"})).await;
    assert_eq!(returned.problem(403), "payout.own");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_approvals_take_effect_once() {
    let f = fixture().await;
    let member = f.member("60000.00").await;
    let id = f.pending(&member, payout_body("60000.00")).await;
    let path = format!("/payouts/{id}/approve");
    let (one, two, three) = (f.as_staff(), f.as_staff(), f.as_staff());
    let (a, b, c) = tokio::join!(one.post_empty(&path), two.post_empty(&path), three.post_empty(&path));
    assert_eq!((a.status, b.status, c.status), (200, 200, 200));
    assert_eq!(f.status(&id).await, "approved");
    assert_eq!(f.published::<PayoutApproved>().await.len(), 1);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_needs_a_reason() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let id = f.pending(&member, payout_body("1000.00")).await;
    let (staff, path) = (f.as_staff(), format!("/payouts/{id}/reject"));
    assert_eq!(staff.post_empty(&path).await.problem(422), "payout.reason_invalid");
    assert_eq!(staff.post(&path, json!({"reason": " "})).await.problem(422), "payout.reason_invalid");
    assert_eq!(staff.post(&path, json!({"reason": "x".repeat(501)})).await.problem(422), "payout.reason_invalid");
    assert_eq!(staff.post(&path, json!({"reason": "na\u{0}me"})).await.problem(422), "payout.reason_invalid");
    assert_eq!(f.status(&id).await, "pending");
    let rejected = staff.post(&path, json!({"reason": "name does not match"})).await.expect(200);
    assert_eq!(rejected["reason"], "name does not match");
    staff.post(&path, json!({"reason": " name does not match "})).await.expect(200);
    assert_eq!(staff.post(&path, json!({"reason": "other"})).await.problem(409), "payout.state_conflict");
    let rejections = f.published::<PayoutRejected>().await;
    assert_eq!((rejections.len(), rejections[0].hold_refused), (1, false));
    let late = member.client.post_empty(&format!("/payouts/{id}/cancel")).await;
    assert_eq!(late.problem(409), "payout.state_conflict");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_without_a_hold_decision_cannot_be_decided() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let payout = member.client.post("/payouts", payout_body("1000.00")).await.expect(201);
    let id = payout["id"].as_str().unwrap();
    let (approve, cancel) = (format!("/payouts/{id}/approve"), format!("/payouts/{id}/cancel"));
    assert_eq!(f.as_staff().post_empty(&approve).await.problem(409), "payout.state_conflict");
    let hold = async { f.deliver_now(&f.hold(&payout, true)).await };
    let (cancelled, _) = tokio::join!(member.client.post_empty(&cancel), hold);
    assert_eq!(cancelled.expect(200)["status"], "cancelled");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_published_once_and_is_final() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let id = f.approved(&member, payout_body("1000.00")).await;
    let (staff, path) = (f.as_staff(), format!("/payouts/{id}/settle"));
    let failed = json!({"outcome": "failed", "reason": "account closed"});
    let (a, b) = tokio::join!(staff.post(&path, failed.clone()), staff.post(&path, failed.clone()));
    assert_eq!((a.status, b.status), (200, 200));
    let paid = json!({"outcome": "paid", "utr": "UTR1"});
    assert_eq!(staff.post(&path, paid).await.problem(409), "payout.state_conflict");
    assert_eq!(f.published::<PayoutFailed>().await.len(), 1);
    assert_eq!(f.published::<PayoutCompleted>().await.len(), 0);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_idempotency_key_acts_once_and_repeats_the_first_response() {
    let f = fixture().await;
    let member = f.member("10000.00").await;
    let staff = f.as_staff();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(f.pending(&member, payout_body("1000.00")).await);
    }
    let [paid, rejected, cancelled] = ids.as_slice() else { panic!("three payouts") };
    let reason = json!({"reason": "name does not match"});
    let (reused, unknown) = ("idempotency.key_reused", "request.unknown_field");
    for (client, id, verb, body, other, refusal) in [
        (&staff, paid, "approve", json!({}), json!({"again": true}), unknown),
        (
            &staff,
            paid,
            "settle",
            json!({"outcome": "paid", "utr": "U1"}),
            json!({"outcome": "paid", "utr": "U2"}),
            reused,
        ),
        (&staff, paid, "return", reason.clone(), json!({"reason": "other"}), reused),
        (&staff, rejected, "reject", reason.clone(), json!({"reason": "other"}), reused),
        (&member.client, cancelled, "cancel", json!({}), json!({"again": true}), unknown),
    ] {
        let path = format!("/payouts/{id}/{verb}");
        let bad = client.post_with_key(&path, &"k".repeat(256), body.clone()).await;
        assert_eq!(bad.problem(400), "idempotency.bad_key", "{verb}");
        let first = client.post_with_key(&path, verb, body.clone()).await;
        let again = client.post_with_key(&path, verb, body).await;
        assert_eq!(again.header("idempotency-replayed"), "true", "{verb}");
        assert_eq!(first.expect(200), again.expect(200), "{verb}");
        let refused = client.post_with_key(&path, verb, other).await;
        assert_eq!(refused.problem(422), refusal, "{verb}");
    }
    // The stored response to the approval is returned, whatever happened to the payout since.
    let replayed = staff.post_with_key(&format!("/payouts/{paid}/approve"), "approve", json!({})).await;
    assert_eq!((replayed.expect(200)["status"].clone(), f.status(paid).await), (json!("approved"), "reversed".into()));
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_the_bank_returns_is_reversed_once() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let id = f.approved(&member, payout_body("1000.00")).await;
    let staff = f.as_staff();
    let reason = json!({"reason": "no such account"});
    let path = format!("/payouts/{id}/return");
    assert_eq!(staff.post(&path, reason.clone()).await.problem(409), "payout.state_conflict");
    staff.post(&format!("/payouts/{id}/settle"), json!({"outcome": "paid", "utr": "U1"})).await.expect(200);
    let (a, b) = tokio::join!(staff.post(&path, reason.clone()), staff.post(&path, reason.clone()));
    assert_eq!((a.status, b.status), (200, 200));
    assert_eq!(staff.post(&path, json!({"reason": "other"})).await.problem(409), "payout.state_conflict");
    let reversed = f.published::<PayoutReversed>().await;
    assert_eq!(reversed.len(), 1);
    assert_eq!(reversed[0].tax.as_ref().unwrap().tds_paise, 5_000);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emi_autofill_pays_the_oldest_unpaid_instalment() {
    let f = fixture().await;
    let member = f.member("50000.00").await;
    f.booking(member.id, &[("2027-02-10", "3000.00", "0.00")]).await;
    let due = [("2026-11-10", "3000.00", "3000.00"), ("2026-12-10", "3000.00", "655.00")];
    f.booking(member.id, &due).await;
    let body = json!({"amount": "10000.00", "emi_autofill": true});
    let id = f.pending(&member, body).await;
    let approved = f.as_staff().post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
    assert_eq!(parts(&approved), ["10000.00", "500.00", "2345.00", "7155.00"]);
    let plain = member.client.post("/payouts/quote", payout_body("10000.00")).await.expect(200);
    assert_eq!(plain["emi"], "0.00");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_payouts_share_an_instalment_and_never_overpay_it() {
    let with_emi = |amount: &str| json!({"amount": amount, "emi_autofill": true});
    // The first payout pays 950.00 of the instalment: all that remains after tax.
    for (instalment, first_emi, left) in
        [("949.99", "949.99", "0.00"), ("950.00", "950.00", "0.00"), ("950.01", "950.00", "0.01")]
    {
        let f = fixture().await;
        let member = f.member("50000.00").await;
        f.booking(member.id, &[("2026-12-10", instalment, "0.00"), ("2027-01-10", "3000.00", "0.00")]).await;
        let quote = async || member.client.post("/payouts/quote", with_emi("10000.00")).await.expect(200);
        assert_eq!(quote().await["emi"], instalment, "nothing is reserved yet");
        let first = f.pending(&member, with_emi("1000.00")).await;
        assert_eq!(quote().await["emi"], left);
        let second = f.pending(&member, with_emi("10000.00")).await;
        assert_eq!(quote().await["emi"], "0.00");
        // The order of approval does not matter: each payout pays the part it reserved.
        let staff = f.as_staff();
        let approve = async |id: &str| staff.post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
        assert_eq!(approve(&second).await["emi"], left, "{instalment}");
        assert_eq!(approve(&first).await["emi"], first_emi, "{instalment}");
        f.service.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_or_failed_payout_releases_its_instalment() {
    let f = fixture().await;
    let member = f.member("50000.00").await;
    f.booking(member.id, &[("2026-12-10", "2345.00", "0.00")]).await;
    let body = json!({"amount": "10000.00", "emi_autofill": true});
    let quote = async || member.client.post("/payouts/quote", body.clone()).await.expect(200);
    let first = f.pending(&member, body.clone()).await;
    let second = f.pending(&member, body.clone()).await;
    assert_eq!(quote().await["emi"], "0.00");
    member.client.post_empty(&format!("/payouts/{first}/cancel")).await.expect(200);
    assert_eq!(quote().await["emi"], "2345.00", "the second payout reserves its estimate, which is zero");
    let approved = f.as_staff().post_empty(&format!("/payouts/{second}/approve")).await.expect(200);
    assert_eq!(approved["emi"], "2345.00", "approval recalculates the EMI part");
    assert_eq!(quote().await["emi"], "0.00");
    let failed = json!({"outcome": "failed", "reason": "closed"});
    f.as_staff().post(&format!("/payouts/{second}/settle"), failed).await.expect(200);
    assert_eq!(quote().await["emi"], "2345.00");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_with_a_net_amount_of_zero_completes_without_a_transfer() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    f.booking(member.id, &[("2026-12-10", "950.00", "0.00")]).await;
    let id = f.pending(&member, json!({"amount": "1000.00", "emi_autofill": true})).await;
    let done = f.as_staff().post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
    assert_eq!(parts(&done), ["1000.00", "50.00", "950.00", "0.00"]);
    assert_eq!((&done["status"], &done["utr"]), (&json!("completed"), &json!(null)));
    assert_eq!(f.published::<PayoutCompleted>().await.len(), 1);
    let returned = f.as_staff().post(&format!("/payouts/{id}/return"), json!({"reason": "x"})).await;
    assert_eq!(returned.problem(409), "payout.state_conflict");
    assert_eq!(f.as_staff().post_empty("/payout-batches").await.problem(409), "payout.nothing_to_send");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_payout_is_refused_before_the_body_is_read() {
    let f = fixture().await;
    let (staff, id) = (f.as_staff(), id::fresh::<domain::PayoutId>());
    for verb in ["cancel", "approve", "reject", "settle", "return"] {
        for id in [id.to_string(), "x".to_owned()] {
            let reply = staff.post(&format!("/payouts/{id}/{verb}"), json!("not an object")).await;
            assert_eq!(reply.problem(404), "request.not_found", "{verb}");
        }
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undecided_request_expires_and_a_decided_one_does_not() {
    let f = fixture().await;
    let member = f.member("1000.00").await;
    let decided = f.pending(&member, payout_body("300.00")).await;
    f.as_staff().post_empty(&format!("/payouts/{decided}/approve")).await.expect(200);
    let late = f.pending(&member, payout_body("200.00")).await;
    let status = async |id: &str| f.as_staff().get(&format!("/payouts/{id}")).await.expect(200)["status"].clone();
    f.clock.advance_secs(30 * 86_400 - 60);
    f.run_job("expire").await;
    assert_eq!(status(&late).await, "pending");
    f.clock.advance_secs(61);
    f.run_job("expire").await;
    f.run_job("expire").await;
    assert_eq!((status(&late).await, status(&decided).await), (json!("rejected"), json!("approved")));
    let rejections = f.published::<PayoutRejected>().await;
    assert_eq!(rejections.len(), 1, "the wallet releases the hold once");
    assert!(rejections[0].payout.as_ref().unwrap().reason.starts_with("not decided within 30 days"));
    f.service.finish().await;
}
