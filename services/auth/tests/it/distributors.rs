//! Terms, and applications to become a distributor.

use crate::fixture::{self, KEYS, admin, client, member, request_code, sign_in, staff, text};
use domain::Timestamp;
use futures_util::future::join_all;
use proto_events::auth::v1::{DistributorDecided, UserUpdated};
use proto_events::platform::v1::StaffActed;
use runtime::clock::Clock;
use serde_json::{Value, json};
use testkit::{Client, TestService};

const APPLY: &str = "/users/me/distributor-application";

/// Publishes distributor terms; returns their hash.
async fn publish(admin: &Client, text_: &str) -> String {
    let body = json!({ "title": "Distributor agreement", "text": text_ });
    text(&admin.post("/terms/distributor", body).await.expect(201), "hash")
}

async fn apply(me: &Client, hash: &str) -> testkit::Reply {
    me.post(APPLY, json!({ "terms_hash": hash })).await
}

async fn distributors(service: &TestService) -> Vec<bool> {
    let updates = service.published::<UserUpdated>().await;
    updates.into_iter().filter_map(|event| event.user).map(|user| user.is_distributor).collect()
}

/// Published decisions: whether it is an approval, its reason, and whether a person made it.
async fn decisions(service: &TestService) -> Vec<(bool, String, bool)> {
    let decided = service.published::<DistributorDecided>().await;
    decided.into_iter().map(|event| (event.approved, event.reason, event.decided_by.is_some())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_terms_is_public_and_never_changes() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let anonymous = service.anonymous();
    assert_eq!(anonymous.get("/terms/distributor").await.status, 404);
    assert_eq!(anonymous.get("/terms/unknown").await.status, 404);
    let hindi = json!({ "title": "वितरक अनुबंध", "text": "पहला।\n\nदूसरा।" });
    let body = json!({ "title": " Agreement ", "text": "First.\n\nSecond.", "hindi": hindi });
    let first = admin.post("/terms/distributor", body.clone()).await.expect(201);
    assert_eq!((&first["version"], &first["is_current"], &first["hindi"]), (&json!(1), &json!(true), &hindi));
    // printf 'Agreement\0First.\n\nSecond.\0वितरक अनुबंध\0पहला।\n\nदूसरा।' | sha256sum
    let hash = text(&first, "hash");
    assert_eq!(hash, HASH);
    assert_eq!(admin.post("/terms/distributor", body.clone()).await.problem(409), "auth.terms_published");
    // Another kind has versions of its own.
    assert_eq!(admin.post("/terms/privacy", body).await.expect(201)["version"], 1);
    let second = publish(&admin, "Third.").await;
    let current = anonymous.get("/terms/distributor").await.expect(200);
    assert_eq!((&current["version"], text(&current, "hash")), (&json!(2), second));
    for query in [format!("hash={hash}"), format!("hash={}", hash.to_uppercase()), "version=1".to_owned()] {
        let old = anonymous.get(&format!("/terms/distributor?{query}")).await.expect(200);
        let mut expected = first.clone();
        expected["is_current"] = json!(false);
        assert_eq!(old, expected, "{query}");
    }
    for (query, status) in [
        (format!("hash={hash}&version=1"), 422),
        ("hash=12".to_owned(), 422),
        ("version=x".to_owned(), 422),
        ("version=3".to_owned(), 404),
        (format!("hash={}", "0".repeat(64)), 404),
    ] {
        assert_eq!(anonymous.get(&format!("/terms/distributor?{query}")).await.status, status, "{query}");
    }
    let listed = anonymous.get("/terms/distributor/versions?limit=1").await.expect(200);
    assert_eq!((listed["items"][0]["version"].clone(), listed["items"][0].get("text")), (json!(2), None));
    let next = format!("/terms/distributor/versions?limit=1&cursor={}", text(&listed, "next_cursor"));
    let next = anonymous.get(&next).await.expect(200);
    assert_eq!((&next["items"][0]["version"], &next["next_cursor"]), (&json!(1), &Value::Null));
    service.finish().await;
}

/// Of the content in the test above.
const HASH: &str = "525bbb408f983584cf99a2844af1bd887c4929cf9b63a7b9a3e7ef2678ad0eb6";

#[tokio::test(flavor = "multi_thread")]
async fn terms_that_are_no_text_are_refused() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let long = "x".repeat(12_001);
    for (body, status) in [
        (json!({ "title": "T" }), 400),
        (json!({ "title": "T", "text": " \n " }), 422),
        (json!({ "title": "two\nlines", "text": "t" }), 422),
        (json!({ "title": "T", "text": "a\u{202e}b" }), 422),
        (json!({ "title": "T", "text": "a\u{0}b" }), 422),
        (json!({ "title": "x".repeat(121), "text": "t" }), 422),
        (json!({ "title": "T", "text": long }), 422),
        (json!({ "title": "T", "text": "t", "hindi": { "title": "", "text": "t" } }), 422),
    ] {
        assert_eq!(admin.post("/terms/distributor", body.clone()).await.status, status, "{body}");
    }
    let largest =
        json!({ "title": "T", "text": "x".repeat(12_000), "hindi": { "title": "त", "text": "त".repeat(12_000) } });
    admin.post("/terms/distributor", largest).await.expect(201);
    let (clerk, _) = staff(&service, &admin, "clerk@example.com").await;
    let body = json!({ "title": "T", "text": "by staff" });
    assert_eq!(clerk.post("/terms/distributor", body).await.status, 403);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_published_at_the_same_time_get_different_numbers() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let replies = join_all((0..4).map(|n| {
        let body = json!({ "title": "T", "text": format!("text {n}") });
        let admin = admin.clone();
        async move { admin.post("/terms/service", body).await }
    }))
    .await;
    let published = replies.iter().filter(|reply| reply.status == 201).count();
    assert!(replies.iter().all(|reply| [201, 409].contains(&reply.status)));
    let listed = service.anonymous().get("/terms/service/versions").await.expect(200);
    let numbers: Vec<i64> =
        listed["items"].as_array().unwrap().iter().map(|item| item["version"].as_i64().unwrap()).collect();
    let expected: Vec<i64> = (1..=i64::try_from(published).unwrap()).rev().collect();
    assert_eq!(numbers, expected);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_approved_once_and_makes_a_distributor() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let (clerk, clerk_id) = staff(&service, &admin, "clerk@example.com").await;
    let hash = publish(&admin, "The terms.").await;
    let signed_in = sign_in(&service, "asha@example.com").await;
    let (me, id) = (client(&service, &signed_in), text(&signed_in, "user.id"));
    assert_eq!(me.get(APPLY).await.status, 404);
    let signed_in_at = service.clock.now();
    service.clock.advance_secs(60);
    let created = apply(&me, &hash).await.expect(201);
    assert_eq!((text(&created, "status"), text(&created, "user_id")), ("pending".into(), id.clone()));
    let accepted = &created["accepted_terms"];
    assert_eq!((&accepted["version"], text(accepted, "hash")), (&json!(1), hash.clone()));
    assert_eq!(text(accepted, "address"), "127.0.0.1");
    let secs = |field: &str| accepted[field].as_str().unwrap().parse::<Timestamp>().unwrap().micros() / 1_000_000;
    let proved_secs = signed_in_at.micros() / 1_000_000;
    assert_eq!((secs("proved_at"), secs("accepted_at")), (proved_secs, proved_secs + 60));
    assert_eq!(apply(&me, &hash).await.problem(409), "auth.application_pending");
    let counts = clerk.get("/distributor-applications/queue-counts").await.expect(200);
    assert_eq!(
        (&counts["items"][0]["queue"], &counts["items"][0]["count"]),
        (&json!("distributors.pending"), &json!(1))
    );
    let queue = clerk.get("/distributor-applications?status=pending").await.expect(200);
    assert_eq!(queue["items"].as_array().unwrap().len(), 1);
    let path = format!("/distributor-applications/{}", text(&created, "id"));
    assert_eq!(distributors(&service).await, Vec::<bool>::new());
    for _ in 0..2 {
        let approved = clerk.post_empty(&format!("{path}/approve")).await.expect(200);
        assert_eq!((text(&approved, "status"), text(&approved, "decided_by")), ("approved".into(), clerk_id.clone()));
    }
    let late = clerk.post(&format!("{path}/reject"), json!({ "reason": "no" })).await;
    assert_eq!(late.problem(409), "auth.application_decided");
    assert_eq!(distributors(&service).await, [true]);
    assert_eq!(decisions(&service).await, [(true, String::new(), true)]);
    assert_eq!(me.get("/users/me").await.expect(200)["is_distributor"], true);
    assert_eq!(apply(&me, &hash).await.problem(409), "auth.distributor_already");
    let actions: Vec<String> = service.published::<StaffActed>().await.into_iter().map(|event| event.action).collect();
    assert_eq!(actions.iter().filter(|action| *action == "auth.distributor.approve").count(), 1);
    assert!(actions.iter().any(|action| action == "auth.terms.publish"));
    assert_eq!(me.get(&path).await.status, 403);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_applies_again_after_a_rejection_and_the_history_stays() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let first = publish(&admin, "The terms.").await;
    let (me, _) = member(&service, "asha@example.com").await;
    let created = apply(&me, &first).await.expect(201);
    let reject = format!("/distributor-applications/{}/reject", text(&created, "id"));
    assert_eq!(admin.post(&reject, json!({ "reason": " " })).await.problem(422), "auth.reason_invalid");
    let rejected = admin.post(&reject, json!({ "reason": "incomplete" })).await.expect(200);
    assert_eq!((text(&rejected, "status"), text(&rejected, "reason")), ("rejected".into(), "incomplete".into()));
    admin.post(&reject, json!({ "reason": "incomplete" })).await.expect(200);
    assert_eq!(admin.post(&reject, json!({ "reason": "other" })).await.problem(409), "auth.application_decided");
    assert_eq!(decisions(&service).await, [(false, "incomplete".to_owned(), true)]);
    // The terms change in between: the old version is not accepted any more.
    let second = publish(&admin, "The new terms.").await;
    assert_eq!(apply(&me, &first).await.problem(409), "auth.terms_outdated");
    assert_eq!(apply(&me, &"0".repeat(64)).await.problem(422), "auth.terms_unknown");
    assert_eq!(apply(&me, "none").await.problem(422), "auth.terms_unknown");
    let again = apply(&me, &second).await.expect(201);
    let own = me.get("/users/me/distributor-applications").await.expect(200);
    let shown: Vec<(String, i64)> = own["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (text(item, "status"), item["accepted_terms"]["version"].as_i64().unwrap()))
        .collect();
    assert_eq!(shown, [("pending".to_owned(), 2), ("rejected".to_owned(), 1)]);
    assert_eq!(me.get(APPLY).await.expect(200)["id"], again["id"]);
    let (other, _) = member(&service, "other@example.com").await;
    assert_eq!(other.get("/users/me/distributor-applications").await.expect(200)["items"], json!([]));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recent_proof_is_needed_and_staff_never_review_themselves() {
    let service = fixture::start().await;
    let (admin, admin_id) = admin(&service).await;
    let (_, clerk_id) = staff(&service, &admin, "clerk@example.com").await;
    let hash = publish(&admin, "The terms.").await;
    assert_eq!(apply(&admin, &hash).await.problem(409), "auth.members_only");
    let signed_in = sign_in(&service, "asha@example.com").await;
    let me = client(&service, &signed_in);
    service.clock.advance_secs(301);
    assert_eq!(apply(&me, &hash).await.problem(403), "auth.step_up_required");
    let code = request_code(&service, "asha@example.com").await;
    let renewed = me.post("/auth/step-up", json!({ "code": code })).await.expect(200);
    let created = apply(&client(&service, &renewed), &hash).await.expect(201);
    // The applicant becomes a member of staff before the review.
    let user = format!("/users/{}", text(&created, "user_id"));
    let (admin, _) = member(&service, fixture::ADMIN).await;
    admin.patch(&user, json!({ "role": "staff" })).await.expect(200);
    service.clock.advance_secs(60);
    let (promoted, _) = member(&service, "asha@example.com").await;
    let path = format!("/distributor-applications/{}", text(&created, "id"));
    assert_eq!(promoted.post_empty(&format!("{path}/approve")).await.problem(403), "auth.own");
    assert_eq!(promoted.post(&format!("{path}/reject"), json!({ "reason": "x" })).await.problem(403), "auth.own");
    assert!(admin_id != clerk_id);
    admin.post_empty(&format!("{path}/approve")).await.expect(200);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_platform_approves_the_member_is_a_distributor_at_once() {
    let settings: Vec<(&str, &str)> = KEYS.into_iter().chain([("DISTRIBUTOR_APPROVAL", "automatic")]).collect();
    let service = TestService::start_with(auth::service(), &settings).await;
    let (admin, _) = admin(&service).await;
    let hash = publish(&admin, "The terms.").await;
    let (me, _) = member(&service, "asha@example.com").await;
    let created = apply(&me, &hash).await.expect(201);
    assert_eq!((text(&created, "status"), created["decided_at"].is_string()), ("approved".into(), true));
    assert_eq!(distributors(&service).await, [true]);
    assert_eq!(decisions(&service).await, [(true, String::new(), false)]);
    let counts = admin.get("/distributor-applications/queue-counts").await.expect(200);
    assert_eq!(counts["items"][0]["count"], 0);
    let review = admin.get(&format!("/distributor-applications/{}", text(&created, "id"))).await.expect(200);
    assert_eq!(review["decided_by"], Value::Null);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_parallel_applications_one_is_stored() {
    let service = fixture::start().await;
    parallel_applications(&service).await;
    service.finish().await;
}

pub(crate) async fn parallel_applications(service: &TestService) {
    let (admin, _) = admin(service).await;
    let hash = publish(&admin, "The terms.").await;
    let (me, _) = member(service, "asha@example.com").await;
    let replies = join_all((0..8).map(|_| apply(&me, &hash))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    let queue = admin.get("/distributor-applications?status=pending").await.expect(200);
    let id = text(&queue["items"][0], "id");
    let (approve, reject) =
        (format!("/distributor-applications/{id}/approve"), format!("/distributor-applications/{id}/reject"));
    let (approved, rejected) = tokio::join!(admin.post_empty(&approve), admin.post(&reject, json!({ "reason": "no" })));
    let mut statuses = [approved.status, rejected.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let is_distributor = me.get("/users/me").await.expect(200)["is_distributor"].clone();
    assert_eq!(is_distributor, json!(approved.status == 200));
}
