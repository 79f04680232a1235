//! Change of the e-mail address or the mobile number of a user.

use crate::fixture::{self, client, newest_code, sign_in, text, wrong_code};
use proto_events::auth::v1::{SessionRevoked, UserUpdated};
use serde_json::{Value, json};
use testkit::{Reply, TestService};

const ASHA: &str = "asha@example.com";
const NEW: &str = "asha.rao@example.com";

async fn send(service: &TestService, tokens: &Value, to: &str) -> Reply {
    client(service, tokens).post("/users/me/identifiers", json!({ "identifier": to })).await
}

async fn verify(service: &TestService, tokens: &Value, to: &str, code: &str) -> Reply {
    let body = json!({ "identifier": to, "code": code });
    client(service, tokens).post("/users/me/identifiers/verify", body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proved_address_replaces_the_old_one_which_gets_a_notice() {
    let service = fixture::start().await;
    let phone = sign_in(&service, ASHA).await;
    service.clock.advance_secs(60);
    let laptop = sign_in(&service, ASHA).await;
    send(&service, &laptop, NEW).await.expect(202);
    let code = newest_code(&service, NEW).await;
    assert_eq!(verify(&service, &laptop, NEW, &wrong_code(&code)).await.problem(401), "auth.otp_invalid");
    let changed = verify(&service, &laptop, NEW, &code).await.expect(200);
    assert_eq!((&changed["email"], &changed["id"]), (&json!(NEW), &laptop["user"]["id"]));
    assert_eq!(verify(&service, &laptop, NEW, &code).await.problem(401), "auth.otp_invalid", "once");
    let notice = service.messages.list(Some(ASHA)).into_iter().next().expect("a notice");
    assert_eq!((notice.subject.as_str(), &notice.code), ("Your e-mail address was changed", &None));
    assert!(notice.body.contains("a…@example.com"), "{}", notice.body);
    // The session that changed it goes on, the others end.
    client(&service, &laptop).get("/users/me").await.expect(200);
    assert_eq!(client(&service, &phone).get("/users/me").await.problem(401), "auth.token_invalid");
    assert_eq!(service.published::<SessionRevoked>().await.len(), 1);
    let updated: Vec<UserUpdated> = service.published().await;
    assert_eq!(updated.last().unwrap().user.as_ref().unwrap().email, NEW);
    // The new address signs in the same person, the old one a new one.
    service.clock.advance_secs(60);
    assert_eq!(sign_in(&service, NEW).await["user"]["id"], laptop["user"]["id"]);
    assert_eq!(sign_in(&service, ASHA).await["is_new"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mobile_number_is_added_without_a_notice() {
    let service = fixture::start().await;
    let asha = sign_in(&service, ASHA).await;
    send(&service, &asha, "98765 43210").await.expect(202);
    let code = newest_code(&service, "9876543210").await;
    let changed = verify(&service, &asha, "9876543210", &code).await.expect(200);
    assert_eq!((&changed["email"], &changed["mobile"]), (&json!(ASHA), &json!("+919876543210")));
    assert_eq!(service.messages.list(Some(ASHA)).len(), 1, "the code of the sign-in");
    service.clock.advance_secs(60);
    assert_eq!(sign_in(&service, "9876543210").await["user"]["id"], asha["user"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_another_person_is_refused_before_and_after_the_code() {
    let service = fixture::start().await;
    let asha = sign_in(&service, ASHA).await;
    sign_in(&service, "other@example.com").await;
    assert_eq!(send(&service, &asha, "other@example.com").await.problem(409), "auth.email_taken");
    assert_eq!(send(&service, &asha, "no-address").await.status, 422);
    send(&service, &asha, NEW).await.expect(202);
    let code = newest_code(&service, NEW).await;
    // Another person registers with it meanwhile.
    service.clock.advance_secs(60);
    sign_in(&service, NEW).await;
    assert_eq!(verify(&service, &asha, NEW, &code).await.problem(409), "auth.email_taken");
    let me = client(&service, &asha).get("/users/me").await.expect(200);
    assert_eq!(text(&me, "email"), ASHA);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_needs_a_recent_code_and_no_code_of_a_sign_in() {
    let service = fixture::start().await;
    let asha = sign_in(&service, ASHA).await;
    let code = fixture::request_code(&service, NEW).await;
    assert_eq!(verify(&service, &asha, NEW, &code).await.problem(401), "auth.otp_invalid", "a code to sign in");
    service.clock.advance_secs(301);
    assert_eq!(send(&service, &asha, NEW).await.problem(403), "auth.step_up_required");
    assert_eq!(verify(&service, &asha, NEW, "123456").await.problem(403), "auth.step_up_required");
    assert_eq!(service.anonymous().post("/users/me/identifiers", json!({ "identifier": NEW })).await.status, 401);
}
