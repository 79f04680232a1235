//! Accepted terms, and the erasure of personal data.

use crate::fixture::{self, admin, client, member, request_code, sign_in, staff, text};
use crate::kyc::form;
use proto_events::auth::v1::{ErasureRequested, UserUpdated};
use proto_events::platform::v1::StaffActed;
use serde_json::{Value, json};
use testkit::{Client, TestService};

const OWN: &str = "/users/me/erasure-request";

async fn request_erasure(me: &Client) -> String {
    text(&me.post_empty(OWN).await.expect(201), "id")
}

/// Adds a profile, a nominee and a KYC application.
async fn fill(me: &Client) {
    let address = json!({
        "line1": "1 MG Road", "city": "Pune", "state": "Maharashtra", "pincode": "411001", "country": "IN"
    });
    let profile = json!({ "first_name": "Asha", "last_name": "Rao", "gender": "female", "address": address });
    me.patch("/users/me", profile).await.expect(200);
    let nominee = json!({ "name": "Ravi Rao", "relationship": "brother", "date_of_birth": "1990-05-17" });
    me.put("/users/me/nominee", nominee).await.expect(200);
    me.post("/users/me/kyc", form("ABCDE1234F")).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_are_accepted_in_their_current_version_and_listed() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let publish = async |kind: &str, text_: &str| {
        let body = json!({ "title": "Terms", "text": text_ });
        text(&admin.post(&format!("/terms/{kind}"), body).await.expect(201), "hash")
    };
    let (first, distributor) = (publish("privacy", "First.").await, publish("distributor", "Other.").await);
    let (me, _) = member(&service, "asha@example.com").await;
    let accept =
        async |kind: &str, hash: &str| me.post("/users/me/consents", json!({ "kind": kind, "terms_hash": hash })).await;
    let accepted = accept("privacy", &first).await.expect(201);
    assert_eq!((&accepted["version"], text(&accepted, "kind")), (&json!(1), "privacy".into()));
    let second = publish("privacy", "Second.").await;
    assert_eq!(accept("privacy", &first).await.problem(409), "auth.terms_outdated");
    assert_eq!(accept("service", &second).await.problem(422), "auth.terms_unknown");
    assert_eq!(accept("privacy", "no hash").await.problem(422), "auth.terms_unknown");
    assert_eq!(accept("distributor", &distributor).await.problem(422), "auth.terms_need_application");
    accept("privacy", &second).await.expect(201);
    let listed = me.get("/users/me/consents").await.expect(200);
    let versions: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["version"]).collect();
    assert_eq!(versions, [&json!(2), &json!(1)]);
    let (other, _) = member(&service, "other@example.com").await;
    assert_eq!(other.get("/users/me/consents").await.expect(200)["items"], json!([]));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_withdrawn_or_rejected_and_made_again() {
    let service = fixture::start().await;
    let (admin, _) = admin(&service).await;
    let (clerk, _) = staff(&service, &admin, "clerk@example.com").await;
    let signed_in = sign_in(&service, "asha@example.com").await;
    let me = client(&service, &signed_in);
    assert_eq!(me.get(OWN).await.status, 404);
    assert_eq!(me.post_empty(&format!("{OWN}/withdraw")).await.status, 404);
    assert_eq!(clerk.post_empty(OWN).await.problem(409), "auth.members_only");
    request_erasure(&me).await;
    assert_eq!(me.post_empty(OWN).await.problem(409), "auth.erasure_pending");
    for _ in 0..2 {
        let withdrawn = me.post_empty(&format!("{OWN}/withdraw")).await.expect(200);
        assert_eq!(text(&withdrawn, "status"), "withdrawn");
    }
    let id = request_erasure(&me).await;
    let counts = clerk.get("/erasure-requests/queue-counts").await.expect(200);
    assert_eq!((&counts["items"][0]["queue"], &counts["items"][0]["count"]), (&json!("erasures.pending"), &json!(1)));
    let path = format!("/erasure-requests/{id}");
    assert_eq!(clerk.post_empty(&format!("{path}/approve")).await.status, 403, "only administrators decide");
    let reject = async |reason: &str| admin.post(&format!("{path}/reject"), json!({ "reason": reason })).await;
    assert_eq!(reject(" ").await.problem(422), "auth.reason_invalid");
    for _ in 0..2 {
        assert_eq!(text(&reject("open booking").await.expect(200), "status"), "rejected");
    }
    assert_eq!(reject("other").await.problem(409), "auth.erasure_decided");
    assert_eq!(admin.post_empty(&format!("{path}/approve")).await.problem(409), "auth.erasure_decided");
    assert_eq!(me.post_empty(&format!("{OWN}/withdraw")).await.problem(409), "auth.erasure_decided");
    assert_eq!(text(&me.get(OWN).await.expect(200), "reason"), "open booking");
    service.clock.advance_secs(301);
    assert_eq!(me.post_empty(OWN).await.problem(403), "auth.step_up_required");
    let code = request_code(&service, "asha@example.com").await;
    let renewed = me.post("/auth/step-up", json!({ "code": code })).await.expect(200);
    request_erasure(&client(&service, &renewed)).await;
    let rejected = clerk.get("/erasure-requests?status=rejected").await.expect(200);
    assert_eq!(rejected["items"].as_array().unwrap().len(), 1);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_removes_personal_data_and_leaves_what_tax_law_needs() {
    let service = fixture::start().await;
    erasure_removes_personal_data(&service).await;
    service.finish().await;
}

pub(crate) async fn erasure_removes_personal_data(service: &TestService) {
    let (admin, _) = admin(service).await;
    let signed_in = sign_in(service, "asha@example.com").await;
    let (me, user) = (client(service, &signed_in), text(&signed_in, "user.id"));
    let code = text(&signed_in, "user.referral_code");
    fill(&me).await;
    let id = request_erasure(&me).await;
    let path = format!("/erasure-requests/{id}/approve");
    for _ in 0..2 {
        assert_eq!(text(&admin.post_empty(&path).await.expect(200), "status"), "done");
    }
    assert_eq!(me.get("/users/me").await.status, 401, "the session has ended");
    let erased = admin.get(&format!("/users/{user}")).await.expect(200);
    assert_eq!((text(&erased, "name"), &erased["is_active"]), ("Erased member".into(), &json!(false)));
    assert_eq!(text(&erased, "referral_code"), code, "the referrals of the member stay");
    for gone in ["Asha", "Rao", "asha@example.com", "MG Road", "Pune", "1234\"", "Ravi"] {
        assert!(!erased.to_string().contains(gone), "{gone} in {erased}");
    }
    for word in ["asha", "rao", "example.com"] {
        let found = admin.get(&format!("/users?q={word}&role=user")).await.expect(200);
        assert_eq!(found["items"], json!([]), "{word}");
    }
    assert_eq!(admin.get(&format!("/users/{user}/nominee")).await.status, 404);
    let kyc = admin.get("/kyc").await.expect(200)["items"][0].clone();
    assert_eq!((text(&kyc, "pan"), text(&kyc, "aadhaar_last4")), ("ABxxxxx34F".into(), String::new()));
    assert!(!kyc.to_string().contains("MG Road"), "{kyc}");
    // The events have no address any more, and the address is free for another account.
    let events: Vec<UserUpdated> = service.published().await;
    let last = events.into_iter().filter_map(|event| event.user).next_back().expect("an event");
    assert_eq!((last.name.as_str(), last.email.as_str(), last.mobile.as_str()), ("Erased member", "", ""));
    let requested: Vec<ErasureRequested> = service.published().await;
    assert_eq!(requested.len(), 1);
    let actions: Vec<StaffActed> = service.published().await;
    assert_eq!(actions.iter().filter(|event| event.action == "auth.erasure.approve").count(), 1);
    service.clock.advance_secs(60);
    let again = sign_in(service, "asha@example.com").await;
    assert_ne!(text(&again, "user.id"), user);
}
