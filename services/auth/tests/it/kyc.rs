//! KYC applications and their review.

use crate::fixture::{self, admin, client, member, sign_in, staff, text};
use futures_util::future::join_all;
use pii::Sealer;
use proto_events::auth::v1::KycDecided;
use proto_events::compliance::v1::DocumentUploaded;
use serde_json::{Value, json};
use testkit::{Client, TestService};

pub(crate) fn form(pan: &str) -> Value {
    json!({
        "pan": pan, "aadhaar_last4": "1234",
        "bank": {
            "account_number": "1234564321", "ifsc": "HDFC0001234", "holder_name": "Asha Rao", "bank_name": "HDFC",
        },
        "address": { "line1": "1 MG Road", "city": "Pune", "state": "MH", "pincode": "411001", "country": "IN" },
    })
}

/// Submits an application; returns the applicant's client and the path of the application.
pub(crate) async fn submit_application(service: &TestService, email: &str, pan: &str) -> (Client, String) {
    let (me, _) = member(service, email).await;
    let created = me.post("/users/me/kyc", form(pan)).await.expect(201);
    (me, format!("/kyc/{}", text(&created, "id")))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_approved_once_and_published_encrypted() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let (clerk, _) = staff(&service, &admin, "clerk@example.com").await;
    let (me, path) = submit_application(&service, "asha@example.com", "abcde1234f").await;
    let mine = me.get("/users/me/kyc").await.expect(200);
    assert_eq!((text(&mine, "status").as_str(), text(&mine, "pan").as_str()), ("pending", "ABxxxxx34F"));
    assert_eq!(text(&mine, "bank.account_number"), "xxxxxx4321");
    assert_eq!(me.post("/users/me/kyc", form("ABCDE1234F")).await.problem(409), "auth.kyc_pending");
    let queue = clerk.get("/kyc?status=pending").await.expect(200);
    assert!(!queue.to_string().contains("ABCDE1234F") && !queue.to_string().contains("1234564321"));
    assert_eq!(queue["items"].as_array().unwrap().len(), 1);
    assert_eq!(text(&clerk.post_empty(&format!("{path}/approve")).await.expect(200), "status"), "approved");
    assert_eq!(text(&clerk.post_empty(&format!("{path}/approve")).await.expect(200), "status"), "approved");
    let late = clerk.post(&format!("{path}/reject"), json!({ "reason": "blurred" })).await;
    assert_eq!(late.problem(409), "auth.kyc_decided");
    assert_eq!(text(&me.get("/users/me").await.expect(200), "kyc_status"), "approved");
    assert_eq!(me.post("/users/me/kyc", form("ABCDE1234F")).await.problem(409), "auth.kyc_approved");
    let decided = service.published::<KycDecided>().await;
    assert_eq!((decided.len(), decided[0].approved, decided[0].version), (1, true, 1));
    assert_eq!((decided[0].pan_mask.as_str(), decided[0].account_mask.as_str()), ("ABxxxxx34F", "xxxxxx4321"));
    let sealer = Sealer::from_env(service.ctx().env()).unwrap();
    assert_eq!(decided[0].pan_index, sealer.index("pan", "ABCDE1234F"));
    assert!(sealer.open("pan", &decided[0].pan_sealed).is_ok());
    assert!(sealer.open("bank_account", &decided[0].account_sealed).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_applies_again_after_a_rejection() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let (me, path) = submit_application(&service, "asha@example.com", "ABCDE1234F").await;
    let reject = format!("{path}/reject");
    assert_eq!(admin.post_empty(&reject).await.status, 400);
    assert_eq!(admin.post(&reject, json!({ "reason": " " })).await.problem(422), "auth.reason_invalid");
    let rejected = admin.post(&reject, json!({ "reason": "blurred" })).await.expect(200);
    assert_eq!((text(&rejected, "status").as_str(), text(&rejected, "reason").as_str()), ("rejected", "blurred"));
    admin.post(&reject, json!({ "reason": " blurred " })).await.expect(200);
    assert_eq!(admin.post(&reject, json!({ "reason": "again" })).await.problem(409), "auth.kyc_decided");
    let second = me.post("/users/me/kyc", form("ABCDE1234F")).await.expect(201);
    admin.post_empty(&format!("/kyc/{}/approve", text(&second, "id"))).await.expect(200);
    assert_eq!(admin.post_empty(&format!("{path}/approve")).await.problem(409), "auth.kyc_decided");
    let versions: Vec<(u64, bool)> =
        service.published::<KycDecided>().await.iter().map(|e| (e.version, e.approved)).collect();
    assert_eq!(versions, [(1, false), (2, true)]);
    let own = me.get("/users/me/kyc/applications").await.expect(200);
    let shown: Vec<String> = own["items"].as_array().unwrap().iter().map(|a| text(a, "status")).collect();
    assert_eq!(shown, ["approved", "rejected"]);
    assert_eq!(text(&own["items"][1], "reason"), "blurred");
    let (other, _) = member(&service, "other@example.com").await;
    assert_eq!(other.get("/users/me/kyc/applications").await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_sees_the_applicant_and_their_earlier_rejections() {
    let service = fixture::start().await;
    let (admin, admin_id) = admin(&service).await;
    let (me, first) = submit_application(&service, "asha@example.com", "ABCDE1234F").await;
    me.patch("/users/me", json!({ "name": "Asha Rao", "date_of_birth": "1990-05-17" })).await.expect(200);
    let profile = me.get("/users/me").await.expect(200);
    let applicant = |earlier: u64| {
        json!({
            "user_id": profile["id"], "name": "Asha Rao", "email": "asha@example.com", "mobile": null,
            "date_of_birth": "1990-05-17", "account_created_at": profile["created_at"], "earlier_rejections": earlier,
        })
    };
    let mut paths = vec![first];
    for _ in 0..2 {
        let reject = format!("{}/reject", paths[paths.len() - 1]);
        let rejected = admin.post(&reject, json!({ "reason": "blurred" })).await.expect(200);
        assert_eq!(rejected["decided_by"], json!(admin_id));
        let next = me.post("/users/me/kyc", form("ABCDE1234F")).await.expect(201);
        paths.push(format!("/kyc/{}", text(&next, "id")));
    }
    let (_, other) = submit_application(&service, "other@example.com", "ABCDE1234G").await;
    for (path, earlier) in paths.iter().zip(0..) {
        let application = admin.get(path).await.expect(200);
        assert_eq!(application["applicant"], applicant(earlier));
        assert_eq!(application["decided_by"].is_null(), earlier == 2);
    }
    let user = text(&profile, "id");
    let listed = |query: String| {
        let admin = admin.clone();
        async move { admin.get(&format!("/kyc?{query}")).await.expect(200) }
    };
    let all = listed(String::new()).await;
    let earlier: Vec<Value> =
        all["items"].as_array().unwrap().iter().map(|item| item["applicant"]["earlier_rejections"].clone()).collect();
    assert_eq!(earlier, [json!(0), json!(2), json!(1), json!(0)]);
    assert_eq!(format!("/kyc/{}", text(&all["items"][0], "id")), other);
    for (query, count) in
        [("limit=2", 2), ("limit=3", 3), ("limit=4", 3), ("status=rejected", 2), ("status=approved", 0)]
    {
        let page = listed(format!("user_id={user}&{query}")).await;
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{query}");
        assert_eq!(page["next_cursor"].is_null(), query != "limit=2", "{query}");
    }
    let oldest_first = listed("order=asc&limit=500".to_owned()).await;
    assert!(oldest_first["items"].as_array().unwrap().iter().eq(all["items"].as_array().unwrap().iter().rev()));
    assert_eq!(listed(format!("user_id={admin_id}")).await["items"], json!([]));
    assert_eq!(admin.get("/kyc?user_id=x").await.problem(422), "request.bad_query");
    let own = me.get("/users/me/kyc").await.expect(200);
    assert!(own.get("applicant").is_none() && own.get("decided_by").is_none(), "{own}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_with_a_key_is_made_once_and_answered_again() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let (me, first) = submit_application(&service, "asha@example.com", "ABCDE1234F").await;
    let (reject, reason) = (format!("{first}/reject"), json!({ "reason": "blurred" }));
    let rejected = admin.post_with_key(&reject, "one", reason.clone()).await.expect(200);
    let second = me.post("/users/me/kyc", form("ABCDE1234F")).await.expect(201);
    let repeated = admin.post_with_key(&reject, "one", reason).await;
    assert_eq!(repeated.header("idempotency-replayed"), "true");
    assert_eq!(repeated.expect(200), rejected);
    let other_body = admin.post_with_key(&reject, "one", json!({ "reason": "expired" })).await;
    assert_eq!(other_body.problem(422), "idempotency.key_reused");
    let approve = format!("/kyc/{}/approve", text(&second, "id"));
    assert_eq!(admin.post_with_key(&approve, "one", json!({})).await.problem(422), "idempotency.key_reused");
    let approvals = join_all((0..4).map(|_| admin.post_with_key(&approve, "two", json!({})))).await;
    assert!(approvals.iter().all(|reply| reply.status == 200), "{approvals:?}");
    assert_eq!(approvals.iter().filter(|reply| reply.header("idempotency-replayed") == "true").count(), 3);
    assert_eq!(service.published::<KycDecided>().await.len(), 2);
    let me_again = me.post_with_key(&approve, "three", json!({})).await;
    assert_eq!(me_again.problem(403), "auth.forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn pending_applications_are_counted() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let path = "/kyc/queue-counts";
    let counts = |count: u64, oldest_at: Value| {
        let queue = json!({ "queue": "kyc.pending", "count": count, "is_capped": false, "oldest_at": oldest_at });
        json!({ "items": [queue] })
    };
    assert_eq!(service.as_staff().get(path).await.expect(200), counts(0, Value::Null));
    let mut applications = Vec::new();
    for (email, pan) in [("a@example.com", "ABCDE1234F"), ("b@example.com", "ABCDE1234G")] {
        let (_, path) = submit_application(&service, email, pan).await;
        applications.push((admin.get(&path).await.expect(200)["submitted_at"].clone(), path));
        service.clock.advance_secs(60);
    }
    assert_eq!(admin.get(path).await.expect(200), counts(2, applications[0].0.clone()));
    admin.post_empty(&format!("{}/approve", applications[0].1)).await.expect(200);
    assert_eq!(admin.get(path).await.expect(200), counts(1, applications[1].0.clone()));
    admin.post(&format!("{}/reject", applications[1].1), json!({ "reason": "blurred" })).await.expect(200);
    assert_eq!(admin.get(path).await.expect(200), counts(0, Value::Null));
    let (me, _) = member(&service, "c@example.com").await;
    assert_eq!(me.get(path).await.problem(403), "auth.forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_pan_is_approved_for_one_member() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let mut paths = Vec::new();
    for email in ["a@example.com", "b@example.com", "c@example.com"] {
        paths.push(submit_application(&service, email, "ABCDE1234F").await.1);
    }
    let approvals = join_all(paths.iter().map(|path| {
        let (admin, path) = (admin.clone(), format!("{path}/approve"));
        async move { admin.post_empty(&path).await }
    }));
    let replies = approvals.await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for refused in replies.into_iter().filter(|reply| reply.status != 200) {
        assert_eq!(refused.problem(409), "auth.pan_taken");
    }
    assert_eq!(service.published::<KycDecided>().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn reviewing_ones_own_application_is_refused() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let created = admin.post("/users/me/kyc", form("ABCDE1234F")).await.expect(201);
    let path = format!("/kyc/{}", text(&created, "id"));
    assert_eq!(admin.post_empty(&format!("{path}/approve")).await.problem(403), "auth.own");
    let reason = json!({ "reason": "no" });
    let reject = format!("{path}/reject");
    assert_eq!(admin.post(&reject, reason).await.problem(403), "auth.own");
    // The refusal does not depend on the body.
    assert_eq!(admin.post_empty(&reject).await.problem(403), "auth.own");
    for body in [json!(7), json!({ "reason": "x".repeat(100 * 1024) })] {
        assert_eq!(admin.post(&reject, body).await.problem(403), "auth.own");
    }
    let (clerk, _) = staff(&service, &admin, "clerk@example.com").await;
    clerk.post_empty(&format!("{path}/approve")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_numbers_are_refused_and_not_echoed() {
    let service = fixture::start().await;
    let (me, _) = member(&service, "asha@example.com").await;
    for (field, pointer, value) in [
        ("pan", "/pan", "ABCD1234F"),
        ("aadhaar_last4", "/aadhaar_last4", "123456789012"),
        ("bank.account_number", "/bank/account_number", "12345678"),
        ("bank.account_number", "/bank/account_number", "1234567890123456789"),
        ("bank.ifsc", "/bank/ifsc", "HDFC1001234"),
        ("address.pincode", "/address/pincode", "011001"),
        ("bank.holder_name", "/bank/holder_name", " "),
    ] {
        let mut bad = form("ABCDE1234F");
        *bad.pointer_mut(pointer).unwrap() = json!(value);
        let reply = me.post("/users/me/kyc", bad).await;
        assert_eq!(text(&reply.body["errors"][0], "field"), field);
        assert!(value == " " || !reply.text.contains(value), "{}", reply.text);
        assert_eq!(reply.problem(422), "auth.kyc_invalid");
    }
    let mut number = form("ABCDE1234F");
    number["aadhaar_last4"] = json!(123_456_789_012_u64);
    let reply = me.post("/users/me/kyc", number).await;
    assert!(!reply.text.contains("123456789012"), "{}", reply.text);
    assert_eq!(reply.problem(400), "request.wrong_type");
    assert_eq!(me.get("/users/me/kyc").await.problem(404), "request.not_found");
    assert_eq!(text(&me.get("/users/me").await.expect(200), "kyc_status"), "none");
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_other_members_are_refused() {
    let service = fixture::start().await;
    let asha = sign_in(&service, "asha@example.com").await;
    let me = client(&service, &asha);
    let (_, other) = member(&service, "other@example.com").await;
    let upload = |owner: &str| {
        let (document, owner): (domain::UserId, domain::UserId) = (runtime::id::fresh(), owner.parse().unwrap());
        let event = DocumentUploaded {
            document_id: document.into(),
            user_id: owner.into(),
            kind: "pan_card".into(),
            uploaded_at: 1_800_000_000_000_000,
            ..DocumentUploaded::default()
        };
        (document.to_string(), event)
    };
    let (own, mine) = upload(&text(&asha, "user.id"));
    let (foreign, theirs) = upload(&other);
    service.deliver_now(&mine).await;
    service.deliver_now(&mine).await;
    service.deliver_now(&theirs).await;
    let with = |ids: &[&str]| {
        let mut body = form("ABCDE1234F");
        body["document_ids"] = json!(ids);
        body
    };
    assert_eq!(me.post("/users/me/kyc", with(&[&own, &foreign])).await.problem(422), "auth.document_unknown");
    assert_eq!(me.post("/users/me/kyc", with(&["x"])).await.problem(400), "request.wrong_type");
    let created = me.post("/users/me/kyc", with(&[&own, &own])).await.expect(201);
    assert_eq!(created["document_ids"], json!([own]));
    service.finish().await;
}
