//! MSG91: requests of its Flow API and error codes.

use super::double::{Answer, Provider};
use super::settings::expect_refusal;
use super::{Outcome, Settings, TO, TOKEN};
use super::{email, expect_outcomes, mailer, notice, outcome, pairs, sms};
use serde_json::{Value, json};

pub(crate) fn settings(endpoint: &str) -> Settings {
    pairs(&[
        ("SMS_URL", "msg91://TEMPLATE1/TEMPLATE2"),
        ("SMS_TOKEN", TOKEN),
        ("SMS_SENDER_ID", "EVPLAT"),
        ("SMS_ENDPOINT", endpoint),
    ])
}

pub(crate) fn accepted() -> Answer {
    Answer::text(200, r#"{"message":"5762846b4f8d285d378b4567","type":"success"}"#)
}

#[tokio::test]
async fn a_message_is_a_template_with_the_code_or_with_the_text() {
    let msg91 = Provider::start(accepted()).await;
    let settings = settings(&msg91.endpoint());
    mailer(&settings).send(&sms(TO)).await.unwrap();
    let url = ("SMS_URL", "msg91://TEMPLATE1/TEMPLATE2");
    let without_sender = pairs(&[url, ("SMS_TOKEN", TOKEN), ("SMS_ENDPOINT", &msg91.endpoint())]);
    mailer(&without_sender).send(&notice()).await.unwrap();
    let requests = msg91.requests();
    for request in &requests {
        assert_eq!(request.line, "POST /api/v5/flow HTTP/1.1");
        let json = "application/json";
        for (name, value) in [("authkey", TOKEN), ("content-type", json), ("accept", json)] {
            assert_eq!(request.header(name), value);
        }
    }
    let bodies: Vec<Value> = requests.iter().map(|r| serde_json::from_str(&r.body).unwrap()).collect();
    let code = json!([{ "mobiles": "919876543210", "code": "123456" }]);
    let text = json!([{ "mobiles": "919876543210", "text": "Your number was changed." }]);
    assert_eq!(
        bodies,
        [
            json!({ "template_id": "TEMPLATE1", "short_url": "0", "sender": "EVPLAT", "recipients": code }),
            json!({ "template_id": "TEMPLATE2", "short_url": "0", "recipients": text }),
        ]
    );
}

#[tokio::test]
async fn the_error_code_says_whether_the_recipient_or_the_account_is_at_fault() {
    let msg91 = Provider::start(accepted()).await;
    let settings = settings(&msg91.endpoint());
    let error = |code: &str| format!(r#"{{"type":"error","message":"{TO} {TOKEN}","code":{code}}}"#);
    let mut cases = Vec::new();
    for code in [r#""101""#, r#""202""#, "202"] {
        for status in [200, 400] {
            cases.push((status, error(code), Outcome::Refused));
        }
        for status in [429, 500, 503] {
            cases.push((status, error(code), Outcome::Unavailable));
        }
    }
    // Text, sender, key, address of the caller, balance, account, route, and an unknown code.
    for code in ["102", "103", "106", "203", "207", "208", "301", "302", "303", "306", "310", "418", "999"] {
        cases.push((200, error(code), Outcome::Unavailable));
        cases.push((400, error(code), Outcome::Unavailable));
    }
    // It accepted the same message less than ten seconds ago.
    cases.push((200, error("311"), Outcome::Sent));
    for (status, text) in [
        (200, r#"{"type":"error","message":"flow id missing"}"#),
        (401, r#"{"message":"Unauthorized"}"#),
        (200, r#"{"type":"success"}"#),
        (401, r#"{"type":"success","message":"1"}"#),
        (200, "{}"),
        (200, "<html>"),
        (200, ""),
        (404, "<html>"),
    ] {
        cases.push((status, text.to_owned(), Outcome::Unavailable));
    }
    expect_outcomes(&msg91, &settings, &cases).await;
    assert_eq!(msg91.requests().len(), cases.len(), "one attempt each");
}

#[tokio::test]
async fn what_is_no_sms_is_refused_without_a_request() {
    let msg91 = Provider::start(accepted()).await;
    let settings = settings(&msg91.endpoint());
    for message in [sms("9876543210"), email()] {
        assert_eq!(outcome(mailer(&settings).send(&message).await), Outcome::Refused);
    }
    assert!(msg91.requests().is_empty());
}

#[test]
fn a_bad_setting_of_msg91_is_refused_by_its_name() {
    let settings = settings("");
    for url in [
        "msg91:",
        "msg91://",
        "msg91:///hunter2",
        "msg91://hunter2",
        "msg91://hunter2/",
        "msg91://hunter2-x/y",
        "msg91://hunter2/x/y",
        "msg91://hunter2/x?y",
        "msg91://hunter2/x#y",
        "msg91://hunter2:80/x",
        "msg91://:hunter2@TEMPLATE1/TEMPLATE2",
        "msg91://x/hunter2@TEMPLATE1/TEMPLATE2",
    ] {
        expect_refusal(&settings, &[("SMS_URL", url)], "SMS_URL");
    }
}
