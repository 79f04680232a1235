//! Queues of outgoing messages, one per channel, and outages of one of them.

use crate::fixture;
use runtime::mail::{MailError, Mailer, Message, MessageLog};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use testkit::TestService;

const ASHA: &str = "asha@example.com";

/// Mailer double in which a channel or a recipient can be made unreachable.
#[derive(Clone, Default)]
struct FakeMailer {
    down: Arc<Mutex<BTreeSet<String>>>,
    /// Channel for which sending never returns.
    hanging_channel: Option<&'static str>,
    log: MessageLog,
}

impl FakeMailer {
    fn take_down(&self, what: &str) {
        self.down.lock().unwrap().insert(what.to_owned());
    }
    fn bring_up(&self, what: &str) {
        self.down.lock().unwrap().remove(what);
    }
    fn sent(&self) -> Vec<String> {
        let mut sent: Vec<String> = self.log.list(None).into_iter().map(|m| m.to).collect();
        sent.sort();
        sent
    }
}

#[async_trait::async_trait]
impl Mailer for FakeMailer {
    async fn send(&self, message: &Message) -> Result<runtime::mail::Sent, MailError> {
        if self.hanging_channel == Some(message.channel.as_str()) {
            std::future::pending::<()>().await;
        }
        let is_down = {
            let down = self.down.lock().unwrap();
            down.contains(&message.channel) || down.contains(&message.to)
        };
        if is_down {
            return Err(MailError::Unavailable("down".into()));
        }
        self.log.send(message).await
    }
}

async fn start(mailer: &FakeMailer) -> TestService {
    let mailer = Arc::new(mailer.clone());
    fixture::start_on(|platform| platform.mailer = mailer).await
}

async fn request_code(service: &TestService, identifier: &str) {
    let channel = if identifier.contains('@') { "email" } else { "sms" };
    let body = json!({ "identifier": identifier, "channel": channel });
    service.anonymous().post("/auth/otp", body).await.expect(202);
}

fn mobile(n: usize) -> String {
    format!("+9198765{n:05}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_mailer_delays_the_code_but_not_the_response() {
    let mailer = FakeMailer::default();
    mailer.take_down("email");
    let service = start(&mailer).await;
    for identifier in [ASHA, "late@example.com"] {
        request_code(&service, identifier).await;
    }
    service.clock.advance_secs(60);
    service.run_job("email_queue").await;
    assert!(mailer.sent().is_empty());
    mailer.bring_up("email");
    service.clock.advance_secs(60);
    service.run_job("email_queue").await;
    assert_eq!(mailer.sent(), [ASHA, "late@example.com"]);
    let code = mailer.log.list(Some(ASHA))[0].code.clone();
    let body = json!({ "identifier": ASHA, "code": code });
    service.anonymous().post("/auth/otp/verify", body).await.expect(200);
    // A sent message is not sent again, and an expired one is not sent at all.
    mailer.take_down("email");
    request_code(&service, "old@example.com").await;
    mailer.bring_up("email");
    service.clock.advance_secs(600);
    service.run_job("email_queue").await;
    assert_eq!(mailer.sent().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_sms_does_not_delay_email() {
    let mailer = FakeMailer::default();
    mailer.take_down("sms");
    let service = start(&mailer).await;
    for n in 0..20 {
        request_code(&service, &mobile(n)).await;
    }
    // Every SMS is due again before the e-mail that is requested now.
    service.clock.advance_secs(61);
    mailer.take_down("email");
    request_code(&service, ASHA).await;
    mailer.bring_up("email");
    service.clock.advance_secs(6);
    service.run_job("email_queue").await;
    assert_eq!(mailer.sent(), [ASHA]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_circuit_breaker_counts_no_attempt() {
    let mailer = FakeMailer::default();
    mailer.take_down("sms");
    let service = start(&mailer).await;
    for n in 0..20 {
        request_code(&service, &mobile(n)).await;
    }
    for _ in 0..5 {
        service.clock.advance_secs(5);
        service.run_job("sms_queue").await;
    }
    mailer.bring_up("sms");
    // The circuit breaker is half-open after 30 s, and the longest wait of an attempted message is a minute.
    service.clock.advance_secs(30);
    service.run_job("sms_queue").await;
    assert!(mailer.sent().len() >= 15, "a retry is scheduled only for attempted messages: {:?}", mailer.sent());
    service.clock.advance_secs(60);
    service.run_job("sms_queue").await;
    assert_eq!(mailer.sent().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_recipient_does_not_block_others() {
    let mailer = FakeMailer::default();
    mailer.take_down("email");
    let service = start(&mailer).await;
    for identifier in ["full@example.com", ASHA, "ravi@example.com"] {
        request_code(&service, identifier).await;
    }
    mailer.bring_up("email");
    mailer.take_down("full@example.com");
    service.clock.advance_secs(61);
    service.run_job("email_queue").await;
    assert_eq!(mailer.sent(), [ASHA, "ravi@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_gateway_blocks_only_its_own_channel() {
    let mailer = FakeMailer { hanging_channel: Some("sms"), ..FakeMailer::default() };
    let service = start(&mailer).await;
    request_code(&service, &mobile(1)).await;
    request_code(&service, ASHA).await;
    service.run_job("email_queue").await;
    assert_eq!(mailer.sent(), [ASHA]);
}
