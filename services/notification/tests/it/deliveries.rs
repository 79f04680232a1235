//! Tests of deliveries by e-mail and SMS: once for a fact, in the member's language and time, retried, and given up.

use super::{bonus_paid, payout, registered};
use domain::{Timestamp, UserId};
use parking_lot::Mutex;
use proto_events::auth::v1::{SessionStarted, User, UserRegistered, UserUpdated};
use proto_events::payout::v1::{Payout, PayoutFailed, PayoutRequested};
use runtime::id;
use runtime::mail::{MailError, Mailer, Message, Sent};
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::TestService;

/// Makes the error of an attempt.
type Failure = fn() -> MailError;

/// Mailer that accepts every message, but reports some as failed.
#[derive(Clone, Default)]
pub(super) struct FaultyMailer {
    /// Every attempt.
    pub(super) attempts: Arc<Mutex<Vec<Message>>>,
    failure: Arc<Mutex<Option<Failure>>>,
}

#[async_trait::async_trait]
impl Mailer for FaultyMailer {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        self.attempts.lock().push(message.clone());
        self.failure.lock().map_or(Ok(None), |failure| Err(failure()))
    }
}

impl FaultyMailer {
    fn fail_with(&self, failure: Option<fn() -> MailError>) {
        *self.failure.lock() = failure;
    }
    /// Channel and key of each attempt.
    fn keys(&self) -> Vec<String> {
        let attempts = self.attempts.lock();
        attempts.iter().map(|message| format!("{} {}", message.channel, message.idempotency_key())).collect()
    }
}

async fn start(mailer: &FaultyMailer) -> TestService {
    let mailer = Arc::new(mailer.clone());
    TestService::start_adjusted(notification::service(), &[], |platform| platform.mailer = mailer).await
}

fn registered_with(user: UserId, at: Timestamp, version: u64, email: &str, mobile: &str, locale: &str) -> User {
    let UserRegistered { user } = registered(user, at);
    let user = user.expect("a user");
    User { version, email: email.into(), mobile: mobile.into(), locale: locale.into(), ..user }
}

async fn listed(service: &TestService, query: &str) -> Vec<Value> {
    let list = service.as_staff().get(&format!("/notifications/deliveries{query}")).await.expect(200);
    list["items"].as_array().expect("a list").clone()
}

async fn send_all(service: &TestService) {
    for job in ["email", "sms", "push"] {
        service.run_job(job).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fact_is_sent_once_on_each_channel_however_often_its_event_comes() {
    let service = TestService::start(notification::service()).await;
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    service.deliver_now(&registered(user, now)).await;
    let asked = PayoutRequested { payout: Some(payout(user, now)) };
    for _ in 0..3 {
        service.deliver_now(&asked).await;
        send_all(&service).await;
    }
    let sent: Vec<(String, String)> =
        service.messages.list(None).into_iter().map(|message| (message.channel, message.to)).collect();
    let email = ("email".to_owned(), "asha@example.com".to_owned());
    assert_eq!(sent, [("sms".to_owned(), "+919876543210".to_owned()), email.clone(), email]);
    let newest = service.messages.list(Some("asha@example.com")).swap_remove(0);
    assert_eq!(newest.subject, "Payout requested");
    assert!(newest.body.contains("Your payout of ₹1,000.00 is requested."), "{}", newest.body);
    assert!(newest.html.expect("HTML").contains("Your payout of ₹1,000.00 is requested."));
    assert_eq!(listed(&service, "?state=sent").await.len(), 3);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_the_language_and_address_that_the_member_has_when_it_is_sent() {
    let service = TestService::start(notification::service()).await;
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    // The fact comes before the member is known: it waits.
    let failed = Payout { reason: "<b>बंद</b>".into(), ..payout(user, now) };
    service.deliver_now(&PayoutFailed { payout: Some(failed) }).await;
    send_all(&service).await;
    assert!(service.messages.list(None).is_empty());
    let member = |version, email, locale| registered_with(user, now, version, email, "", locale);
    service.deliver_now(&UserUpdated { user: Some(member(3, "new@example.com", "hi")) }).await;
    // An older state that arrives later changes nothing.
    service.deliver_now(&UserRegistered { user: Some(member(1, "old@example.com", "en")) }).await;
    service.clock.advance_secs(60);
    send_all(&service).await;
    let messages = service.messages.list(Some("new@example.com"));
    let failed = messages.iter().find(|message| message.subject == "निकासी विफल").expect("the message in Hindi");
    assert!(failed.body.contains("कारण: <b>बंद</b>"), "{}", failed.body);
    let html = failed.html.as_ref().expect("HTML");
    assert!(html.contains("कारण: &#60;b&#62;बंद") && !html.contains("<b>"), "{html}");
    assert!(service.messages.list(Some("old@example.com")).is_empty());
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_from_a_new_device_is_announced_even_if_everything_is_muted_and_quiet() {
    let service = TestService::start(notification::service()).await;
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    service.deliver_now(&registered(user, now)).await;
    let me = service.as_user(user);
    let all_day = json!({ "quiet_hours": { "from": "00:00", "until": "23:59" }, "digest_at": "23:00" });
    me.put("/notifications/preferences/times", all_day).await.expect(200);
    send_all(&service).await;
    for new_device in [false, true] {
        let started = SessionStarted {
            session_id: id::fresh::<UserId>().into(),
            user_id: user.into(),
            device_label: "Chrome on Android".into(),
            address_prefix: "203.0.113.0/24".into(),
            new_device,
            started_at: now.micros(),
        };
        service.deliver_now(&started).await;
        service.deliver_now(&started).await;
    }
    // Muteable, so it waits.
    service.deliver_now(&bonus_paid(user, now, 1)).await;
    send_all(&service).await;
    let bodies: Vec<String> = service.messages.list(Some("+919876543210")).into_iter().map(|sms| sms.body).collect();
    let expected = "A sign-in to your account with Chrome on Android from 203.0.113.0/24 at 10-11-2026 10:00 IST. If it \
                    was \
                    not you, end the session in your profile and contact us.";
    assert_eq!(bodies, [expected]);
    let emails = service.messages.list(Some("asha@example.com"));
    let subjects: Vec<&str> = emails.iter().map(|email| email.subject.as_str()).collect();
    assert_eq!(subjects, ["Sign-in from a new device", "Welcome"]);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_retried_with_the_same_key_and_given_up_after_a_day() {
    let mailer = FaultyMailer::default();
    let service = start(&mailer).await;
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    mailer.fail_with(Some(|| MailError::Unavailable("no answer".into())));
    let member = registered_with(user, now, 1, "asha@example.com", "", "en");
    service.deliver_now(&UserRegistered { user: Some(member) }).await;
    for _ in 0..40 {
        send_all(&service).await;
        service.clock.advance_secs(3_600);
    }
    let keys = mailer.keys();
    assert!((20..40).contains(&keys.len()), "{} attempts", keys.len());
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let dead = listed(&service, "?state=dead").await;
    assert_eq!(
        (dead.len(), &dead[0]["last_error"], &dead[0]["next_attempt_at"]),
        (1, &json!("no answer"), &json!(null))
    );
    // Staff send it again: a new message with a new key.
    mailer.fail_with(None);
    let path = format!("/notifications/deliveries/{}/retry", dead[0]["id"].as_str().expect("an id"));
    assert_eq!(service.as_user(user).post_empty(&path).await.status, 403);
    service.as_staff().post_empty(&path).await.expect(200);
    assert_eq!(service.as_staff().post_empty(&path).await.problem(409), "notification.delivery_not_failed");
    send_all(&service).await;
    send_all(&service).await;
    let later = mailer.keys();
    assert_eq!(later.len(), keys.len() + 1);
    assert_ne!(later.last(), keys.first());
    let acted = service.published::<proto_events::platform::v1::StaffActed>().await;
    assert_eq!(acted.iter().map(|acted| acted.action.as_str()).collect::<Vec<_>>(), ["notification.retry"]);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_bounces_and_the_others_are_sent() {
    let mailer = FaultyMailer::default();
    let service = start(&mailer).await;
    let now = service.now();
    mailer.fail_with(Some(|| MailError::Refused("550 no such user".into())));
    let gone = registered_with(id::fresh(), now, 1, "gone@example.com", "", "en");
    service.deliver_now(&UserRegistered { user: Some(gone) }).await;
    send_all(&service).await;
    mailer.fail_with(None);
    let here = registered_with(id::fresh(), now, 1, "here@example.com", "", "en");
    service.deliver_now(&UserRegistered { user: Some(here) }).await;
    service.clock.advance_secs(3_600);
    send_all(&service).await;
    let states: Vec<_> = listed(&service, "?order=asc").await.iter().map(|row| row["state"].clone()).collect();
    assert_eq!(states, ["bounced", "sent"]);
    assert_eq!(listed(&service, "?state=bounced").await[0]["last_error"], "550 no such user");
    let counts = service.as_staff().get("/notifications/queue-counts").await.expect(200);
    assert_eq!((&counts["items"][0]["count"], &counts["items"][1]["count"]), (&json!(1), &json!(0)));
    assert_eq!(service.as_user(id::fresh()).get("/notifications/deliveries").await.status, 403);
    service.finish().await;
}

/// A process that dies between an attempt and its record leaves the claim, which ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_after_an_attempt_leaves_a_delivery_that_is_sent_again_with_the_same_key() {
    use diesel_async::SimpleAsyncConnection;
    let mailer = FaultyMailer::default();
    let service = start(&mailer).await;
    let now = service.now();
    let member = registered_with(id::fresh(), now, 1, "asha@example.com", "", "en");
    service.deliver_now(&UserRegistered { user: Some(member) }).await;
    send_all(&service).await;
    // As if the record of the outcome had not been committed.
    let undone = "UPDATE deliveries SET state = 'queued', finished_at = NULL";
    service.ctx().db().write().await.expect("a connection").batch_execute(undone).await.expect("an update");
    send_all(&service).await;
    assert_eq!(mailer.keys().len(), 1, "the claim lasts");
    service.clock.advance_secs(121);
    send_all(&service).await;
    let keys = mailer.keys();
    assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_is_one_message_of_what_was_not_read_meanwhile() {
    let service = TestService::start(notification::service()).await;
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    let me = service.as_user(user);
    let digest = json!({ "quiet_hours": null, "digest_at": "18:00" });
    me.put("/notifications/preferences/times", digest).await.expect(200);
    let earnings = json!({ "kinds": { "earning": { "email": true } } });
    me.put("/notifications/preferences", earnings).await.expect(200);
    service.deliver_now(&registered(user, now)).await;
    for version in 1..=3 {
        service.deliver_now(&bonus_paid(user, now, version)).await;
    }
    let list = me.get("/notifications").await.expect(200);
    me.post_empty(&format!("/notifications/{}/read", list["items"][0]["id"].as_str().unwrap())).await.expect(200);
    send_all(&service).await;
    assert!(service.messages.list(Some("asha@example.com")).is_empty(), "it waits for the evening");
    service.clock.set("2026-11-10T12:30:00Z".parse().unwrap());
    send_all(&service).await;
    send_all(&service).await;
    let sent = service.messages.list(Some("asha@example.com"));
    assert_eq!(
        sent.iter().map(|email| email.subject.as_str()).collect::<Vec<_>>(),
        ["Your 3 notifications of the day"]
    );
    assert_eq!(sent[0].body.matches("Referral bonus").count(), 2);
    let skipped = listed(&service, "?state=skipped").await;
    assert_eq!((skipped.len(), &skipped[0]["held_for"]), (1, &json!("digest")));
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_hours_delay_a_message_until_their_end() {
    let service = TestService::start(notification::service()).await;
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    let me = service.as_user(user);
    let morning = json!({ "quiet_hours": { "from": "09:00", "until": "11:00" }, "digest_at": null });
    me.put("/notifications/preferences/times", morning).await.expect(200);
    service.deliver_now(&registered(user, now)).await;
    send_all(&service).await;
    assert!(service.messages.list(None).is_empty());
    service.clock.set("2026-11-10T05:30:00Z".parse().unwrap());
    send_all(&service).await;
    assert_eq!(service.messages.list(None).len(), 1);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn read_notifications_are_deleted_after_a_time_and_their_events_do_not_bring_them_back() {
    let settings = [("NOTIFICATION_KEEP_READ_DAYS", "2"), ("NOTIFICATION_KEEP_DELIVERIES_DAYS", "7")];
    let service = TestService::start_with(notification::service(), &settings).await;
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    let (welcome, bonus) = (registered(user, now), bonus_paid(user, now, 1));
    service.deliver_now(&welcome).await;
    send_all(&service).await;
    service.as_user(user).post_empty("/notifications/read-all").await.expect(200);
    service.deliver_now(&bonus).await;
    let count =
        async || service.as_user(user).get("/notifications").await.expect(200)["items"].as_array().unwrap().len();
    service.clock.advance_secs(2 * 86_400 - 60);
    service.run_job("forget").await;
    assert_eq!(count().await, 2);
    service.clock.advance_secs(120);
    service.run_job("forget").await;
    service.deliver_now(&welcome).await;
    assert_eq!(count().await, 1, "only the unread one remains");
    assert_eq!(listed(&service, "").await.len(), 1);
    service.clock.advance_secs(6 * 86_400);
    service.run_job("forget").await;
    assert_eq!(listed(&service, "").await.len(), 0);
    service.deliver_now(&welcome).await;
    send_all(&service).await;
    assert_eq!(service.messages.list(None).len(), 1, "an old fact is not sent again");
    service.finish().await;
}
