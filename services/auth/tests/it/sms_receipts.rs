//! Receipts of SMS: what is stored of them, in any order and at any repetition.

use crate::fixture::{KEYS, admin, member, request_code, staff, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use runtime::mail::{AcceptedMessage, MailError, Mailer, Message, Sent};
use serde_json::{Value, json};
use sha1::Sha1;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::{Client, Reply, TestService};

const TOKEN: &str = "auth-token";
const RECEIPTS: &str = "/auth/sms-receipts/twilio";
const URL: &str = "https://ev.example/api/v1/auth/sms-receipts";

/// Accepts messages as Twilio does: the first SMS has the id `SM1`.
struct Twilio {
    log: Arc<dyn Mailer>,
    sent: AtomicUsize,
}

#[async_trait::async_trait]
impl Mailer for Twilio {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        self.log.send(message).await?;
        if message.channel != "sms" {
            return Ok(None);
        }
        let number = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Some(AcceptedMessage { provider: "twilio", id: format!("SM{number}") }))
    }
}

async fn start() -> TestService {
    start_on(&[]).await
}

pub(crate) async fn start_on(more: &[(&str, &str)]) -> TestService {
    let settings = [
        ("SMS_URL", "twilio://AC0123456789abcdef0123456789abcdef@api.twilio.com"),
        ("SMS_TOKEN", TOKEN),
        ("SMS_SENDER_ID", "EVPLAT"),
        ("SMS_RECEIPT_URL", URL),
    ];
    let settings: Vec<(&str, &str)> = KEYS.into_iter().chain(settings).chain(more.iter().copied()).collect();
    TestService::start_adjusted(auth::service(), &settings, |platform| {
        let log = Arc::clone(&platform.mailer);
        platform.mailer = Arc::new(Twilio { log, sent: AtomicUsize::new(0) });
    })
    .await
}

fn signature(token: &str, body: &[(&str, &str)]) -> String {
    let mut fields = body.to_vec();
    fields.sort_unstable();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap();
    mac.update(format!("{URL}/twilio").as_bytes());
    fields.iter().for_each(|(name, value)| mac.update(format!("{name}{value}").as_bytes()));
    STANDARD.encode(mac.finalize().into_bytes())
}

async fn report_with(client: &Client, token: &str, id: &str, status: &str, code: Option<&str>) -> Reply {
    let mut fields = vec![("MessageSid", id), ("MessageStatus", status)];
    fields.extend(code.map(|code| ("ErrorCode", code)));
    let request = client.request(Method::POST, RECEIPTS).header("X-Twilio-Signature", signature(token, &fields));
    client.send(request.form(&fields)).await
}

async fn report(service: &TestService, id: &str, status: &str, code: Option<&str>) -> Reply {
    report_with(&service.anonymous(), TOKEN, id, status, code).await
}

async fn deliveries(staff: &Client, query: &str) -> Vec<Value> {
    staff.get(&format!("/auth/sms-deliveries?{query}")).await.expect(200)["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_what_became_of_an_sms() {
    let service = start().await;
    let (admin, _) = admin(&service).await;
    let (clerk, _) = staff(&service, &admin, "clerk@example.com").await;
    request_code(&service, "9876543210").await;
    let [sent] = &deliveries(&clerk, "").await[..] else { panic!("one SMS") };
    assert_eq!((text(sent, "message_id"), text(sent, "recipient")), ("SM1".into(), "+919876543210".into()));
    assert_eq!((text(sent, "state"), &sent["has_code"]), ("accepted".into(), &json!(true)));
    assert_eq!(sent["reported_at"], Value::Null);
    assert_eq!(report(&service, "SM1", "sent", None).await.status, 204);
    assert_eq!(report(&service, "SM1", "undelivered", Some("30003")).await.status, 204);
    let failed = deliveries(&clerk, "state=failed&recipient=098765-43210").await.remove(0);
    assert_eq!((text(&failed, "error_code"), failed["reported_at"].is_string()), ("30003".into(), true));
    // Late and repeated receipts change nothing.
    for status in ["sent", "queued", "undelivered", "nonsense"] {
        assert_eq!(report(&service, "SM1", status, None).await.status, 204);
    }
    assert_eq!(deliveries(&clerk, "").await, [failed]);
    assert_eq!(deliveries(&clerk, "state=delivered").await, Vec::<Value>::new());
    assert_eq!(deliveries(&clerk, "recipient=9876543211").await, Vec::<Value>::new());
    assert_eq!(clerk.get("/auth/sms-deliveries?recipient=x").await.status, 422);
    let (me, _) = member(&service, "asha@example.com").await;
    assert_eq!(me.get("/auth/sms-deliveries").await.status, 403);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_may_arrive_before_the_answer_of_the_provider() {
    let service = start().await;
    let (admin, _) = admin(&service).await;
    assert_eq!(report(&service, "SM1", "delivered", None).await.status, 204);
    assert_eq!(deliveries(&admin, "").await, Vec::<Value>::new(), "nothing is known of what was sent");
    request_code(&service, "9876543210").await;
    let delivered = deliveries(&admin, "").await.remove(0);
    assert_eq!(
        (text(&delivered, "state"), text(&delivered, "recipient")),
        ("delivered".into(), "+919876543210".into())
    );
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_without_a_valid_signature_is_refused_and_stores_nothing() {
    let service = start().await;
    let (admin, _) = admin(&service).await;
    request_code(&service, "9876543210").await;
    let forged = report_with(&service.anonymous(), "another", "SM1", "delivered", None).await;
    assert_eq!(forged.problem(401), "auth.receipt_signature");
    let body = [("MessageSid", "SM1"), ("MessageStatus", "delivered")];
    let anonymous = service.anonymous();
    let unsigned = anonymous.send(anonymous.request(Method::POST, RECEIPTS).form(&body)).await;
    assert_eq!(unsigned.status, 401);
    for provider in ["msg91", "sns", "unknown"] {
        let path = format!("/auth/sms-receipts/{provider}?token=x");
        assert_eq!(anonymous.send(anonymous.request(Method::POST, &path).form(&body)).await.status, 404);
    }
    assert_eq!(text(&deliveries(&admin, "").await[0], "state"), "accepted");
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_deliveries_have_each_once() {
    let service = start().await;
    let (admin, _) = admin(&service).await;
    for n in 0..5 {
        request_code(&service, &format!("987654321{n}")).await;
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/auth/sms-deliveries?limit=2&cursor={cursor}")).await.expect(200);
        found.extend(page["items"].as_array().unwrap().iter().map(|item| text(item, "message_id")));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(found, ["SM5", "SM4", "SM3", "SM2", "SM1"]);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_an_sms_is_forgotten_after_ninety_days() {
    let service = start().await;
    request_code(&service, "9876543210").await;
    for (days, expected) in [(90, 1), (1, 0)] {
        service.clock.advance_secs(days * 86_400 - 60);
        service.run_job("forget").await;
        service.clock.advance_secs(60);
        let (admin, _) = admin(&service).await;
        assert_eq!(deliveries(&admin, "").await.len(), expected);
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_receipts_leave_the_last_state() {
    let service = start().await;
    parallel_receipts(&service).await;
    service.finish().await;
}

pub(crate) async fn parallel_receipts(service: &TestService) {
    let (admin, _) = admin(service).await;
    let statuses = ["sent", "delivered", "undelivered", "sent", "delivered", "failed", "sent", "delivered"];
    let replies = join_all(statuses.map(|status| report(service, "SM1", status, Some("30003")))).await;
    assert!(replies.iter().all(|reply| reply.status == 204), "{replies:?}");
    request_code(service, "9876543210").await;
    let delivered = deliveries(&admin, "").await.remove(0);
    assert_eq!((text(&delivered, "state"), &delivered["error_code"]), ("delivered".into(), &Value::Null));
}
