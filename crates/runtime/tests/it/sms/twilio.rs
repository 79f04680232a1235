//! Twilio: requests and error codes.

use super::double::{Answer, Provider};
use super::settings::expect_refusal;
use super::{ACCOUNT_SID, Outcome, SERVICE_SID, Settings, TO, TOKEN};
use super::{email, expect_outcomes, mailer, outcome, pairs, sms};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

pub(crate) fn settings(endpoint: &str) -> Settings {
    pairs(&[
        ("SMS_URL", "twilio://api.twilio.com"),
        ("SMS_ACCOUNT", ACCOUNT_SID),
        ("SMS_TOKEN", TOKEN),
        ("SMS_SENDER_ID", "+15005550006"),
        ("SMS_ENDPOINT", endpoint),
    ])
}

pub(crate) fn accepted() -> Answer {
    Answer::text(201, r#"{"sid":"SM0123456789abcdef0123456789abcdef","status":"queued","error_code":null}"#)
}

#[tokio::test]
async fn a_message_is_a_form_with_basic_authentication() {
    let twilio = Provider::start(accepted()).await;
    let settings = settings(&twilio.endpoint());
    mailer(&settings).send(&sms(TO)).await.unwrap();
    let request = &twilio.requests()[0];
    assert_eq!(request.line, format!("POST /2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json HTTP/1.1"));
    assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(request.header("host"), twilio.address.to_string());
    let credentials = STANDARD.encode(format!("{ACCOUNT_SID}:{TOKEN}"));
    assert_eq!(request.header("authorization"), format!("Basic {credentials}"));
    assert_eq!(request.body, "To=%2B919876543210&From=%2B15005550006&Body=Your+code+is+123456+%26+more.");
}

#[tokio::test]
async fn credentials_may_be_in_the_url_and_the_sender_may_be_a_service_or_a_name() {
    let twilio = Provider::start(accepted()).await;
    let url = format!("twilio://{ACCOUNT_SID}:{TOKEN}@api.twilio.com");
    for (sender, field) in
        [(SERVICE_SID, "MessagingServiceSid"), ("EVPLAT", "From"), ("57575", "From"), ("+15005550006", "From")]
    {
        let settings = pairs(&[("SMS_URL", &url), ("SMS_SENDER_ID", sender), ("SMS_ENDPOINT", &twilio.endpoint())]);
        mailer(&settings).send(&sms(TO)).await.unwrap();
        let request = twilio.requests().pop().unwrap();
        assert!(request.header("authorization").starts_with("Basic "));
        assert_eq!(request.form()[1], (field.to_owned(), sender.to_owned()));
    }
}

#[tokio::test]
async fn the_error_code_says_whether_the_message_or_the_account_is_at_fault() {
    let twilio = Provider::start(accepted()).await;
    let settings = settings(&twilio.endpoint());
    let error = |status: u16, code: u32| {
        let message = format!("The 'To' number {TO} is wrong, token {TOKEN}");
        (status, json!({ "code": code, "message": message, "more_info": "x", "status": status }).to_string())
    };
    let refused = [21211, 21214, 21217, 21265, 21266, 21408, 21602, 21610, 21612, 21614, 21617, 21635, 21658];
    // Credentials, suspension, rate, senders, queue, and an unknown code.
    let account = [
        (401, 20003),
        (403, 20005),
        (404, 20404),
        (429, 20429),
        (400, 21212),
        (400, 21603),
        (400, 21606),
        (400, 21608),
        (429, 21611),
        (400, 21703),
        (400, 99999),
        // An outage is one, whatever the body says.
        (503, 21211),
    ];
    let mut cases = Vec::new();
    for code in refused {
        let (status, text) = error(400, code);
        cases.push((status, text, Outcome::Refused));
    }
    for (status, code) in account {
        let (status, text) = error(status, code);
        cases.push((status, text, Outcome::Unavailable));
    }
    for (status, text) in [(400, ""), (400, "<html>"), (201, "{}"), (201, "<html>"), (500, "")] {
        cases.push((status, text.to_owned(), Outcome::Unavailable));
    }
    expect_outcomes(&twilio, &settings, &cases).await;
    assert_eq!(twilio.requests().len(), cases.len(), "one attempt each");
}

#[tokio::test]
async fn a_recipient_without_a_number_is_refused_without_a_request() {
    let twilio = Provider::start(accepted()).await;
    let settings = settings(&twilio.endpoint());
    for to in ["", "9876543210", "+", "+1234567", "+1234567890123456", "+91 9876543210", "+91987654321x"] {
        assert_eq!(outcome(mailer(&settings).send(&sms(to)).await), Outcome::Refused, "{to}");
    }
    assert_eq!(outcome(mailer(&settings).send(&email()).await), Outcome::Refused);
    assert!(twilio.requests().is_empty());
}

#[test]
fn a_bad_setting_of_twilio_is_refused_by_its_name() {
    let settings = settings("");
    for url in [
        "twilio://hunter2@api.twilio.com/path",
        "twilio://hunter2@api.twilio.com?x",
        "twilio://hunter2@api.twilio.com#x",
        "twilio://AC1:hunter2@",
        "twilio://hunter2 x",
        // Not an Account SID, and no token of Twilio.
        "twilio://hunter2@api.twilio.com",
        &format!("twilio://{ACCOUNT_SID}:hunter2 @api.twilio.com"),
    ] {
        expect_refusal(&settings, &[("SMS_URL", url), ("SMS_ACCOUNT", ""), ("SMS_TOKEN", "")], "SMS_URL");
    }
    for account in ["", "hunter2", "AC0123456789abcdef0123456789abcdeg", SERVICE_SID] {
        expect_refusal(&settings, &[("SMS_ACCOUNT", account)], "SMS_ACCOUNT");
    }
    for sender in ["", "+1234567", "1234567", "MG0123456789abcdef"] {
        expect_refusal(&settings, &[("SMS_SENDER_ID", sender)], "SMS_SENDER_ID");
    }
    // A credential has one place.
    let url = format!("twilio://{ACCOUNT_SID}:hunter2@api.twilio.com");
    expect_refusal(&settings, &[("SMS_URL", &url), ("SMS_TOKEN", "")], "SMS_ACCOUNT");
    expect_refusal(&settings, &[("SMS_URL", &url), ("SMS_ACCOUNT", "")], "SMS_TOKEN");
}
