//! Sign-in by one-time codes.

use crate::fixture::{self, client, request_code, sign_in, sign_in_with, text, wrong_code};
use futures_util::future::join_all;
use proto_events::auth::v1::UserRegistered;
use serde_json::json;

const ASHA: &str = "asha@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn the_first_sign_in_registers_and_the_next_does_not() {
    let service = fixture::start().await;
    let first = sign_in_with(&service, ASHA, json!({ "name": "Asha", "preferred_side": "left" })).await;
    assert_eq!((first["is_new"].as_bool(), first["token_type"].as_str()), (Some(true), Some("Bearer")));
    assert_eq!((first["expires_in"].as_i64(), text(&first, "user.role").as_str()), (Some(900), "user"));
    assert_eq!(text(&first, "user.referral_code").len(), 8);
    let me = client(&service, &first).get("/users/me").await.expect(200);
    assert_eq!(text(&me, "email").as_str(), ASHA);

    service.clock.advance_secs(30);
    let again = sign_in_with(&service, "  ASHA@Example.com ".trim(), json!({ "name": "Other" })).await;
    assert_eq!(again["is_new"].as_bool(), Some(false));
    assert_eq!((&again["user"]["id"], text(&again, "user.name").as_str()), (&first["user"]["id"], "Asha"));
    let registered = service.published::<UserRegistered>().await;
    assert_eq!(registered.iter().filter(|e| e.user.as_ref().unwrap().email == ASHA).count(), 1);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_response_does_not_reveal_who_is_registered() {
    let service = fixture::start().await;
    sign_in(&service, ASHA).await;
    service.clock.advance_secs(30);
    let send = |identifier: &str| {
        let body = json!({ "identifier": identifier, "channel": "email" });
        let client = service.anonymous();
        async move { client.post("/auth/otp", body).await }
    };
    let (known, unknown) = (send(ASHA).await, send("unknown@example.com").await);
    for reply in [known, unknown] {
        let mut body = reply.expect(202);
        let id = body.as_object_mut().unwrap().remove("request_id").unwrap();
        assert!(id.as_str().unwrap().parse::<domain::EventId>().is_ok(), "{id}");
        assert_eq!(body, json!({ "expires_in": 600, "resend_after": 30 }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_code_has_to_wait_thirty_seconds() {
    let service = fixture::start().await;
    let first = request_code(&service, ASHA).await;
    let again = json!({ "identifier": "ASHA@example.com", "channel": "email" });
    let reply = service.anonymous().post("/auth/otp", again.clone()).await;
    assert_eq!(reply.header("retry-after"), "30");
    assert_eq!(reply.problem(429), "auth.otp_too_soon");
    assert_eq!(service.messages.list(Some(ASHA)).len(), 1);
    service.clock.advance_secs(30);
    service.anonymous().post("/auth/otp", again).await.expect(202);
    // Without an id the code is compared with the newest one.
    let newest = service.messages.list(Some(ASHA))[0].code.clone().unwrap();
    if newest != first {
        let old = json!({ "identifier": ASHA, "code": first });
        assert_eq!(service.anonymous().post("/auth/otp/verify", old).await.problem(401), "auth.otp_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifth_wrong_attempt_invalidates_a_code() {
    let service = fixture::start().await;
    for (wrong_attempts, expected) in [(4, 200), (5, 401)] {
        let identifier = format!("attempts-{wrong_attempts}@example.com");
        let code = request_code(&service, &identifier).await;
        let verify = |code: &str| {
            let (client, body) = (service.anonymous(), json!({ "identifier": identifier, "code": code }));
            async move { client.post("/auth/otp/verify", body).await }
        };
        for _ in 0..wrong_attempts {
            assert_eq!(verify(&wrong_code(&code)).await.problem(401), "auth.otp_invalid");
        }
        assert_eq!(verify(&code).await.status, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_valid_once_and_for_ten_minutes() {
    let service = fixture::start().await;
    let verify = |code: String| {
        let (client, body) = (service.anonymous(), json!({ "identifier": ASHA, "code": code }));
        async move { client.post("/auth/otp/verify", body).await }
    };
    let code = request_code(&service, ASHA).await;
    service.clock.advance_secs(600);
    assert_eq!(verify(code).await.problem(401), "auth.otp_invalid");
    let code = request_code(&service, ASHA).await;
    verify(code.clone()).await.expect(200);
    assert_eq!(verify(code).await.problem(401), "auth.otp_invalid");
    let never_sent = json!({ "identifier": "never@example.com", "code": "000000" });
    assert_eq!(service.anonymous().post("/auth/otp/verify", never_sent).await.problem(401), "auth.otp_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_concurrent_sign_ins_with_a_code_succeeds() {
    let service = fixture::start().await;
    let body = json!({ "identifier": ASHA, "code": request_code(&service, ASHA).await });
    let sign_ins = join_all((0..10).map(|_| {
        let (client, body) = (service.anonymous(), body.clone());
        async move { client.post("/auth/otp/verify", body).await.status }
    }));
    let mut outcomes = sign_ins.await;
    outcomes.sort_unstable();
    assert_eq!((outcomes[0], &outcomes[1..]), (200, &[401_u16; 9][..]));
    assert_eq!(service.published::<UserRegistered>().await.len(), 2, "the administrator and one more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_code_fixes_the_referrer() {
    let service = fixture::start().await;
    let referrer = sign_in(&service, ASHA).await;
    let code = text(&referrer, "user.referral_code").to_lowercase();
    let referred = sign_in_with(&service, "+919876543210", json!({ "referral_code": format!(" {code} ") })).await;
    assert_eq!(referred["user"]["referrer_id"], referrer["user"]["id"]);
    let event = service.published::<UserRegistered>().await.pop().and_then(|e| e.user).unwrap();
    assert_eq!((event.mobile.as_str(), event.email.as_str(), event.version), ("+919876543210", "", 1));
    assert_eq!(event.referrer_id, Some(id_bytes(&text(&referrer, "user.id"))));
    // Later sign-ins ignore the referral code, even an invalid one.
    service.clock.advance_secs(30);
    let again = sign_in_with(&service, "+919876543210", json!({ "referral_code": "nonsense" })).await;
    assert_eq!(again["user"]["referrer_id"], referrer["user"]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_referral_code_does_not_use_the_code() {
    let service = fixture::start().await;
    let code = request_code(&service, ASHA).await;
    let with = |referral: &str| json!({ "identifier": ASHA, "code": code, "referral_code": referral });
    for referral in ["ABCD2345", "ABCD", "ABCD2340", "'; --"] {
        let reply = service.anonymous().post("/auth/otp/verify", with(referral)).await;
        assert_eq!(reply.problem(422), "auth.referral_code_unknown", "{referral}");
    }
    let wrong = json!({ "identifier": ASHA, "code": wrong_code(&code), "referral_code": "ABCD" });
    assert_eq!(service.anonymous().post("/auth/otp/verify", wrong).await.problem(401), "auth.otp_invalid");
    let long_name = json!({ "identifier": ASHA, "code": code, "name": "x".repeat(101) });
    assert_eq!(service.anonymous().post("/auth/otp/verify", long_name).await.problem(422), "auth.name_invalid");
    assert_eq!(service.published::<UserRegistered>().await.len(), 1, "the administrator alone");
    let done = service.anonymous().post("/auth/otp/verify", with("")).await.expect(200);
    assert_eq!((done["is_new"].as_bool(), done["user"]["referrer_id"].is_null()), (Some(true), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_identifiers_and_channels_are_refused() {
    let service = fixture::start().await;
    for (identifier, channel, code) in [
        ("", "email", "auth.identifier_invalid"),
        ("asha@", "email", "auth.identifier_invalid"),
        ("12345", "sms", "auth.identifier_invalid"),
        (ASHA, "sms", "auth.channel_invalid"),
        ("9876543210", "email", "auth.channel_invalid"),
    ] {
        let body = json!({ "identifier": identifier, "channel": channel });
        assert_eq!(service.anonymous().post("/auth/otp", body).await.problem(422), code, "{identifier}");
    }
    let no_such_channel = json!({ "identifier": ASHA, "channel": "pigeon" });
    assert_eq!(service.anonymous().post("/auth/otp", no_such_channel).await.problem(400), "request.wrong_type");
    assert!(service.messages.list(None).is_empty());
}

fn id_bytes(id: &str) -> Vec<u8> {
    id.parse::<domain::UserId>().unwrap().into()
}
