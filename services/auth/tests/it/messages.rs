//! The queues of messages: one for each channel, and what an outage of one means for the other.

use crate::house;
use chassis::mail::{MailError, Mailer, Message, MessageLog};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use testkit::TestService;

const ASHA: &str = "asha@example.com";

/// A mailer to which a channel, or a single recipient, can be made unreachable.
#[derive(Clone, Default)]
struct Mailbox {
    down: Arc<Mutex<BTreeSet<String>>>,
    /// Never answers for this channel.
    silent: Option<&'static str>,
    log: MessageLog,
}

impl Mailbox {
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
impl Mailer for Mailbox {
    async fn send(&self, message: &Message) -> Result<(), MailError> {
        if self.silent == Some(message.channel.as_str()) {
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

async fn start(mailbox: &Mailbox) -> TestService {
    let mailer = Arc::new(mailbox.clone());
    house::start_on(|platform| platform.mailer = mailer).await
}

async fn ask(service: &TestService, identifier: &str) {
    let channel = if identifier.contains('@') { "email" } else { "sms" };
    let body = json!({ "identifier": identifier, "channel": channel });
    service.anonymous().post("/auth/otp", body).await.expect(202);
}

fn mobile(n: usize) -> String {
    format!("+9198765{n:05}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailer_that_is_down_delays_the_code_but_not_the_answer() {
    let mailbox = Mailbox::default();
    mailbox.take_down("email");
    let service = start(&mailbox).await;
    for identifier in [ASHA, "late@example.com"] {
        ask(&service, identifier).await;
    }
    service.clock.advance_secs(60);
    service.run_job("email_queue").await;
    assert!(mailbox.sent().is_empty());
    mailbox.bring_up("email");
    service.clock.advance_secs(60);
    service.run_job("email_queue").await;
    assert_eq!(mailbox.sent(), [ASHA, "late@example.com"]);
    let code = mailbox.log.list(Some(ASHA))[0].code.clone();
    let body = json!({ "identifier": ASHA, "code": code });
    service.anonymous().post("/auth/otp/verify", body).await.expect(200);
    // What is sent is not sent again, and what has expired is not sent at all.
    mailbox.take_down("email");
    ask(&service, "old@example.com").await;
    mailbox.bring_up("email");
    service.clock.advance_secs(600);
    service.run_job("email_queue").await;
    assert_eq!(mailbox.sent().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_sms_does_not_delay_email() {
    let mailbox = Mailbox::default();
    mailbox.take_down("sms");
    let service = start(&mailbox).await;
    for n in 0..20 {
        ask(&service, &mobile(n)).await;
    }
    // Every SMS is due again, before the e-mail that is asked for now.
    service.clock.advance_secs(61);
    mailbox.take_down("email");
    ask(&service, ASHA).await;
    mailbox.bring_up("email");
    service.clock.advance_secs(6);
    service.run_job("email_queue").await;
    assert_eq!(mailbox.sent(), [ASHA]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_circuit_breaker_costs_a_message_no_attempt() {
    let mailbox = Mailbox::default();
    mailbox.take_down("sms");
    let service = start(&mailbox).await;
    for n in 0..20 {
        ask(&service, &mobile(n)).await;
    }
    for _ in 0..5 {
        service.clock.advance_secs(5);
        service.run_job("sms_queue").await;
    }
    mailbox.bring_up("sms");
    // The breaker is half-open after 30 s, and the longest wait of a message that was tried is a minute.
    service.clock.advance_secs(30);
    service.run_job("sms_queue").await;
    assert!(mailbox.sent().len() >= 15, "only what was tried is put off: {:?}", mailbox.sent());
    service.clock.advance_secs(60);
    service.run_job("sms_queue").await;
    assert_eq!(mailbox.sent().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_who_cannot_be_reached_holds_up_no_other() {
    let mailbox = Mailbox::default();
    mailbox.take_down("email");
    let service = start(&mailbox).await;
    for identifier in ["full@example.com", ASHA, "ravi@example.com"] {
        ask(&service, identifier).await;
    }
    mailbox.bring_up("email");
    mailbox.take_down("full@example.com");
    service.clock.advance_secs(61);
    service.run_job("email_queue").await;
    assert_eq!(mailbox.sent(), [ASHA, "ravi@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_never_answers_holds_up_its_own_channel_alone() {
    let mailbox = Mailbox { silent: Some("sms"), ..Mailbox::default() };
    let service = start(&mailbox).await;
    ask(&service, &mobile(1)).await;
    ask(&service, ASHA).await;
    service.run_job("email_queue").await;
    assert_eq!(mailbox.sent(), [ASHA]);
}
