//! Receipts of deliveries: what is asked for, what proves them, and what they say.

use super::double::Provider;
use super::settings::expect_refusal;
use super::{Settings, TO, TOKEN, mailer, msg91, pairs, sms, twilio};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use runtime::Env;
use runtime::mail::{AcceptedMessage, Receipt, ReceiptRefusal, ReceiptRequest, ReceiptState, Receipts};
use sha1::Sha1;

const URL: &str = "https://ev.example/api/v1/auth/sms-receipts";
const SID: &str = "SM0123456789abcdef0123456789abcdef";

fn with(settings: &Settings, more: &[(&'static str, &str)]) -> Settings {
    settings.iter().cloned().chain(pairs(more)).collect()
}

fn receipts(settings: &Settings) -> Receipts {
    Receipts::from_env(&Env::from_pairs(settings.iter().cloned())).unwrap()
}

/// The signature of Twilio: of the address and the fields, ordered by name.
fn signature(token: &str, url: &str, fields: &[(&str, &str)]) -> String {
    let mut fields = fields.to_vec();
    fields.sort_unstable();
    let text: String = fields.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(format!("{url}{text}").as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn form(fields: &[(&str, &str)]) -> String {
    let encoded: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", value.replace('+', "%2B"))).collect();
    encoded.join("&")
}

fn of_twilio(receipts: &Receipts, signature: Option<&str>, body: &str) -> Result<Vec<Receipt>, ReceiptRefusal> {
    receipts.read("twilio", &ReceiptRequest { signature, token: None, body: body.as_bytes() })
}

fn of_msg91(receipts: &Receipts, token: Option<&str>, body: &str) -> Result<Vec<Receipt>, ReceiptRefusal> {
    receipts.read("msg91", &ReceiptRequest { signature: None, token, body: body.as_bytes() })
}

#[tokio::test]
async fn twilio_is_asked_for_receipts_only_if_an_address_is_set() {
    let provider = Provider::start(twilio::accepted()).await;
    let settings = twilio::settings(&provider.endpoint());
    let accepted = mailer(&settings).send(&sms(TO)).await.unwrap();
    assert_eq!(accepted, Some(AcceptedMessage { provider: "twilio", id: SID.into() }));
    assert!(!provider.requests()[0].body.contains("StatusCallback"));
    mailer(&with(&settings, &[("SMS_RECEIPT_URL", &format!("{URL}/"))])).send(&sms(TO)).await.unwrap();
    let asked = provider.requests().pop().unwrap().form().pop().unwrap();
    assert_eq!(asked, ("StatusCallback".to_owned(), format!("{URL}/twilio")));
}

#[test]
fn a_receipt_of_twilio_is_proved_by_its_signature() {
    let settings = with(&twilio::settings("https://api.twilio.com"), &[("SMS_RECEIPT_URL", URL)]);
    let receipts = receipts(&settings);
    let url = format!("{URL}/twilio");
    for (status, code, expected) in [
        ("delivered", None, Some((ReceiptState::Delivered, None))),
        ("sent", None, Some((ReceiptState::Sent, None))),
        ("undelivered", Some("30003"), Some((ReceiptState::Failed, Some("30003")))),
        ("failed", Some("30008"), Some((ReceiptState::Failed, Some("30008")))),
        ("queued", None, None),
        ("sending", None, None),
        ("nonsense", None, None),
    ] {
        let mut fields = vec![("MessageSid", SID), ("MessageStatus", status), ("To", TO), ("ApiVersion", "2010-04-01")];
        fields.extend(code.map(|code| ("ErrorCode", code)));
        let expected: Vec<Receipt> = expected
            .into_iter()
            .map(|(state, code)| Receipt {
                provider: "twilio",
                message_id: SID.into(),
                state,
                error_code: code.map(str::to_owned),
            })
            .collect();
        let signed = signature(TOKEN, &url, &fields);
        assert_eq!(of_twilio(&receipts, Some(&signed), &form(&fields)), Ok(expected), "{status}");
        let others = [
            signature("another", &url, &fields),
            signature(TOKEN, URL, &fields),
            signature(TOKEN, &url, &fields[1..]),
            String::new(),
            "not base64!".into(),
        ];
        for other in others {
            assert_eq!(of_twilio(&receipts, Some(&other), &form(&fields)), Err(ReceiptRefusal::Unsigned));
        }
        assert_eq!(of_twilio(&receipts, None, &form(&fields)), Err(ReceiptRefusal::Unsigned));
    }
}

#[test]
fn a_receipt_of_msg91_is_proved_by_a_token_and_has_one_of_two_forms() {
    let more = [("SMS_RECEIPT_URL", URL), ("SMS_RECEIPT_TOKEN", "receipt-token")];
    let receipts = receipts(&with(&msg91::settings("https://control.msg91.com"), &more));
    let token = Some("receipt-token");
    let one = |state: ReceiptState, code: Option<&str>| {
        vec![Receipt { provider: "msg91", message_id: "346a130".into(), state, error_code: code.map(str::to_owned) }]
    };
    let version_2 = |status: &str| {
        let json = format!(
            r#"[{{"senderId":"EVPLAT","requestId":"346a130","report":[{{"date":"2026-05-22","number":"{TO}","status":"{status}","desc":"X"}}],"userId":"1"}}]"#
        );
        format!("data={}", json.replace('+', "%2B").replace('&', "%26"))
    };
    let version_3 = |status: &str| {
        format!(r#"{{"date":"2026-05-22","number":"9198","requestId":"346a130","status":{status},"desc":"X"}}"#)
    };
    for (status, expected) in [
        ("1", one(ReceiptState::Delivered, None)),
        ("2", one(ReceiptState::Failed, Some("2"))),
        ("25", one(ReceiptState::Failed, Some("25"))),
        ("77", vec![]),
    ] {
        assert_eq!(of_msg91(&receipts, token, &version_2(status)), Ok(expected.clone()), "{status}");
        assert_eq!(of_msg91(&receipts, token, &version_3(status)), Ok(expected.clone()), "{status}");
        assert_eq!(of_msg91(&receipts, token, &version_3(&format!("\"{status}\""))), Ok(expected), "{status}");
    }
    for body in ["", "{", "data=", "data=[]", "[]", "{}", r#"{"requestId":"","status":"1"}"#] {
        assert_eq!(of_msg91(&receipts, token, body), Ok(vec![]), "{body}");
    }
    for wrong in [None, Some(""), Some("receipt-toke"), Some(TOKEN)] {
        assert_eq!(of_msg91(&receipts, wrong, &version_2("1")), Err(ReceiptRefusal::Unsigned));
    }
    assert_eq!(of_twilio(&receipts, Some("x"), ""), Err(ReceiptRefusal::Unexpected));
}

#[test]
fn without_an_address_or_a_provider_no_receipts_are_expected() {
    for settings in [pairs(&[]), twilio::settings("https://api.twilio.com"), pairs(&[("SMS_RECEIPT_URL", URL)])] {
        let receipts = receipts(&settings);
        assert_eq!(of_twilio(&receipts, Some("x"), ""), Err(ReceiptRefusal::Unexpected));
        assert_eq!(of_msg91(&receipts, Some("x"), ""), Err(ReceiptRefusal::Unexpected));
        let sns = receipts.read("sns", &ReceiptRequest { signature: None, token: None, body: b"" });
        assert_eq!(sns, Err(ReceiptRefusal::Unexpected));
    }
    let twilio = twilio::settings("https://api.twilio.com");
    for url in ["ev.example", "ftp://ev.example/x", "https://ev.example/x?y=1", "https://a@ev.example/x"] {
        expect_refusal(&twilio, &[("SMS_RECEIPT_URL", url)], "SMS_RECEIPT_URL");
    }
    let env = Env::from_pairs(with(&msg91::settings("https://control.msg91.com"), &[("SMS_RECEIPT_URL", URL)]));
    assert_eq!(Receipts::from_env(&env).unwrap_err().variable, "SMS_RECEIPT_TOKEN");
}
