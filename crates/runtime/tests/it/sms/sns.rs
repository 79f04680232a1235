//! SNS: signed requests and error codes.

use super::double::{Answer, Provider};
use super::settings::expect_refusal;
use super::sigv4::authorization;
use super::{Outcome, Settings, TO, TOKEN};
use super::{email, expect_outcomes, mailer, notice, outcome, pairs, sms};

pub(crate) const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
/// The company, the text of codes, and that of notices.
const DLT: [(&str, &str); 3] = [
    ("SMS_DLT_ENTITY_ID", "1101456789012345678"),
    ("SMS_DLT_TEMPLATE_ID", "1107123456789012345"),
    ("SMS_DLT_NOTICE_TEMPLATE_ID", "1107543210987654321"),
];

pub(crate) fn settings(endpoint: &str) -> Settings {
    pairs(&[
        ("SMS_URL", "sns://ap-south-1"),
        ("SMS_ACCOUNT", KEY_ID),
        ("SMS_TOKEN", TOKEN),
        ("SMS_SENDER_ID", "EVPLAT"),
        ("SMS_ENDPOINT", endpoint),
    ])
}

pub(crate) fn accepted() -> Answer {
    Answer::text(
        200,
        r#"<PublishResponse xmlns="https://sns.amazonaws.com/doc/2010-03-31/">
            <PublishResult><MessageId>94f20ce6-13c5-43a0-9a9e-ca52d816e90b</MessageId></PublishResult>
            <ResponseMetadata><RequestId>f187a3c1-376f-11df-8963-01868b7c937a</RequestId></ResponseMetadata>
        </PublishResponse>"#,
    )
}

fn error(code: &str, text: &str) -> String {
    format!(
        r#"<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>
        <Code>{code}</Code><Message>{text}</Message></Error><RequestId>r</RequestId></ErrorResponse>"#
    )
}

#[tokio::test]
async fn a_message_is_a_signed_form() {
    let sns = Provider::start(accepted()).await;
    let mut settings = settings(&sns.endpoint());
    settings.extend(pairs(&DLT));
    for (message, text, template) in
        [(sms(TO), "Your code is 123456 & more.", DLT[1].1), (notice(), "Your number was changed.", DLT[2].1)]
    {
        mailer(&settings).send(&message).await.unwrap();
        let request = sns.requests().pop().unwrap();
        assert_eq!(request.line, "POST / HTTP/1.1");
        assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
        assert_eq!(request.header("host"), sns.address.to_string());
        let mut expected = vec![
            ("Action".to_owned(), "Publish"),
            ("Version".to_owned(), "2010-03-31"),
            ("PhoneNumber".to_owned(), TO),
            ("Message".to_owned(), text),
        ];
        for (number, name, value) in [
            (1, "AWS.SNS.SMS.SMSType", "Transactional"),
            (2, "AWS.SNS.SMS.SenderID", "EVPLAT"),
            (3, "AWS.MM.SMS.EntityId", DLT[0].1),
            (4, "AWS.MM.SMS.TemplateId", template),
        ] {
            expected.push((format!("MessageAttributes.entry.{number}.Name"), name));
            expected.push((format!("MessageAttributes.entry.{number}.Value.DataType"), "String"));
            expected.push((format!("MessageAttributes.entry.{number}.Value.StringValue"), value));
        }
        let expected: Vec<_> = expected.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        assert_eq!(request.form(), expected);
        assert_eq!(request.header("authorization"), authorization(&request, KEY_ID, TOKEN, "ap-south-1"));
        assert_ne!(request.header("authorization"), authorization(&request, KEY_ID, "another", "ap-south-1"));
    }
}

#[tokio::test]
async fn without_a_sender_and_dlt_ids_only_the_type_is_an_attribute() {
    let sns = Provider::start(accepted()).await;
    let settings = pairs(&[
        ("SMS_URL", "sns://eu-west-1"),
        ("SMS_ACCOUNT", KEY_ID),
        ("SMS_TOKEN", TOKEN),
        ("SMS_ENDPOINT", &sns.endpoint()),
    ]);
    mailer(&settings).send(&sms(TO)).await.unwrap();
    let request = &sns.requests()[0];
    let names: Vec<_> = request.form().into_iter().filter(|(name, _)| name.ends_with(".Name")).collect();
    assert_eq!(names, [("MessageAttributes.entry.1.Name".to_owned(), "AWS.SNS.SMS.SMSType".to_owned())]);
    assert_eq!(request.header("authorization"), authorization(request, KEY_ID, TOKEN, "eu-west-1"));
}

#[tokio::test]
async fn the_error_code_says_whether_the_message_or_the_account_is_at_fault() {
    let sns = Provider::start(accepted()).await;
    let settings = settings(&sns.endpoint());
    let number = format!("Invalid parameter: PhoneNumber Reason: {TO} is not valid to publish to");
    let mut cases = vec![
        (400, error("InvalidParameter", &number), Outcome::Refused),
        (400, error("InvalidParameterValue", &number), Outcome::Refused),
        (400, error("InvalidParameter", "Invalid parameter: Message too long"), Outcome::Refused),
        (400, error("InvalidParameter", "Invalid parameter: Empty message"), Outcome::Refused),
        (400, error("OptedOut", &number), Outcome::Refused),
        // An attribute is a setting.
        (400, error("InvalidParameter", "Invalid parameter: AWS.SNS.SMS.SenderID"), Outcome::Unavailable),
        (400, error("ValidationError", &number), Outcome::Unavailable),
    ];
    for (status, code) in [
        (403, "AuthorizationError"),
        (403, "InvalidClientTokenId"),
        (403, "SignatureDoesNotMatch"),
        (403, "OptInRequired"),
        (400, "RequestExpired"),
        (400, "Throttling"),
        (429, "Throttled"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
        (400, "UnknownToUs"),
    ] {
        cases.push((status, error(code, &format!("{number} {TOKEN}")), Outcome::Unavailable));
    }
    for (status, text) in [(200, ""), (200, "<html>"), (200, "<MessageId>1"), (400, "{}"), (502, "<html>")] {
        cases.push((status, text.to_owned(), Outcome::Unavailable));
    }
    expect_outcomes(&sns, &settings, &cases).await;
    assert_eq!(sns.requests().len(), cases.len(), "one attempt each");
    for message in [sms("9876543210"), email()] {
        assert_eq!(outcome(mailer(&settings).send(&message).await), Outcome::Refused);
    }
    assert_eq!(sns.requests().len(), cases.len(), "and none for what is no SMS");
}

#[test]
fn a_bad_setting_of_sns_is_refused_by_its_name() {
    let mut settings = settings("");
    for url in [
        "sns:",
        "sns://",
        "sns://AP-SOUTH-1",
        "sns://ap_south",
        "sns://hunter2:80",
        "sns://ap-south-1/",
        "sns://x/hunter2@ap-south-1",
        "sns://AKIA:hunter2@ap-south-1",
    ] {
        expect_refusal(&settings, &[("SMS_URL", url)], "SMS_URL");
    }
    for account in ["", "hunter2", "AKIA hunter2 hunter2"] {
        expect_refusal(&settings, &[("SMS_ACCOUNT", account)], "SMS_ACCOUNT");
    }
    settings.extend(pairs(&DLT));
    for (variable, _) in DLT {
        for id in ["", "11014567890123456x", "1101-4567", &"1".repeat(51)] {
            expect_refusal(&settings, &[(variable, id)], variable);
        }
    }
}
