//! Sign-up with a full profile.

use crate::fixture::{self, client, newest_code, sign_in, text, wrong_code};
use serde_json::{Value, json};
use testkit::TestService;

const EMAIL: &str = "ravi@example.com";
const MOBILE: &str = "+919876500001";

fn form() -> Value {
    json!({
        "first_name": "Ravi", "last_name": "Kumar", "email": EMAIL, "mobile": "98765 00001",
        "gender": "male", "date_of_birth": "1990-05-17", "locale": "hi",
        "address": {
            "line1": "1 MG Road", "city": "Pune", "state": "Maharashtra", "pincode": "411001", "country": "IN",
        },
    })
}

async fn read_codes(service: &TestService) -> (String, String) {
    (newest_code(service, EMAIL).await, newest_code(service, MOBILE).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_is_created_after_both_addresses_are_verified() {
    let service = fixture::start().await;
    let started = service.anonymous().post("/auth/signup", form()).await.expect(202);
    let (email_code, mobile_code) = read_codes(&service).await;
    let body = |email: &str, mobile: &str| json!({ "signup_token": started["signup_token"], "email_code": email, "mobile_code": mobile });
    let verify = "/auth/signup/verify";
    let half = body(&email_code, &wrong_code(&mobile_code));
    assert_eq!(service.anonymous().post(verify, half).await.problem(401), "auth.otp_invalid");
    let other = json!({ "signup_token": "x", "email_code": email_code, "mobile_code": mobile_code });
    assert_eq!(service.anonymous().post(verify, other).await.problem(401), "auth.otp_invalid");
    let done = service.anonymous().post(verify, body(&email_code, &mobile_code)).await.expect(200);
    assert_eq!((done["is_new"].as_bool(), text(&done, "user.name").as_str()), (Some(true), "Ravi Kumar"));
    let me = client(&service, &done).get("/users/me").await.expect(200);
    assert_eq!((text(&me, "email").as_str(), text(&me, "mobile").as_str()), (EMAIL, MOBILE));
    assert_eq!((text(&me, "address.city").as_str(), text(&me, "date_of_birth").as_str()), ("Pune", "1990-05-17"));
    assert_eq!(me["locale"], "hi");
    let again = body(&email_code, &mobile_code);
    assert_eq!(service.anonymous().post(verify, again).await.problem(401), "auth.otp_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_user_is_signed_in_and_gains_the_other_address() {
    let service = fixture::start().await;
    let known = sign_in(&service, EMAIL).await;
    let started = service.anonymous().post("/auth/signup", form()).await.expect(202);
    let (email_code, mobile_code) = read_codes(&service).await;
    let body = json!({ "signup_token": started["signup_token"], "email_code": email_code, "mobile_code": mobile_code });
    let done = service.anonymous().post("/auth/signup/verify", body).await.expect(200);
    assert_eq!((done["is_new"].as_bool(), &done["user"]["id"]), (Some(false), &known["user"]["id"]));
    assert_eq!(text(&done, "user.mobile"), MOBILE);
    assert_eq!(client(&service, &done).get("/users/me").await.expect(200)["locale"], "en");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_form_is_refused_with_all_its_errors() {
    let service = fixture::start().await;
    let mut bad = form();
    bad["email"] = json!("ravi");
    bad["mobile"] = json!("12");
    bad["date_of_birth"] = json!("2020-01-01");
    bad["first_name"] = json!(" ");
    bad["address"]["pincode"] = json!("011001");
    let reply = service.anonymous().post("/auth/signup", bad).await;
    let fields: Vec<String> =
        reply.body["errors"].as_array().unwrap().iter().map(|error| text(error, "field")).collect();
    assert_eq!(fields, ["email", "mobile", "date_of_birth", "first_name", "address.pincode"]);
    assert_eq!(reply.problem(422), "auth.signup_invalid");
    let mut unknown = form();
    unknown["referral_code"] = json!("ABCD2345");
    assert_eq!(service.anonymous().post("/auth/signup", unknown).await.problem(422), "auth.referral_code_unknown");
    assert!(service.messages.list(None).is_empty());
}
