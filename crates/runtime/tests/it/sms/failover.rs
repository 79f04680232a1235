//! Fail-over from one provider to another, and their circuit breakers.

use super::double::{Answer, Provider};
use super::settings::{expect_refusal, refused};
use super::{ACCOUNT_SID, Outcome, SERVICE_SID, Settings, TO, TOKEN};
use super::{email, mailer, msg91, outcome, pairs, sms, sns, twilio};
use runtime::breaker::{CircuitBreakers, FAILURE_LIMIT, OPEN_DURATION};
use runtime::mail::{ChannelMailer, Mailer, MessageLog};
use std::sync::Arc;
use testkit::FakeClock;

fn msg91_error(code: &str) -> Answer {
    Answer::Text(200, format!(r#"{{"type":"error","message":"no","code":"{code}"}}"#))
}
fn twilio_error(status: u16, code: u32) -> Answer {
    Answer::Text(status, format!(r#"{{"code":{code},"message":"no","status":{status}}}"#))
}

/// MSG91, and Twilio for its outages.
struct Pair {
    first: Provider,
    second: Provider,
    mailer: Arc<dyn Mailer>,
    clock: Arc<FakeClock>,
    breakers: CircuitBreakers,
}

fn settings(first: &str, second: &str) -> Settings {
    pairs(&[
        ("SMS_URL", "msg91://TEMPLATE1/TEMPLATE2"),
        ("SMS_TOKEN", TOKEN),
        ("SMS_SENDER_ID", "EVPLAT"),
        ("SMS_ENDPOINT", first),
        ("SMS_FALLBACK_URL", "twilio://api.twilio.com"),
        ("SMS_FALLBACK_ACCOUNT", ACCOUNT_SID),
        ("SMS_FALLBACK_TOKEN", TOKEN),
        ("SMS_FALLBACK_SENDER_ID", SERVICE_SID),
        ("SMS_FALLBACK_ENDPOINT", second),
        ("SMS_TIMEOUT_MS", "100"),
    ])
}

async fn pair() -> Pair {
    let (first, second) = (Provider::start(msg91::accepted()).await, Provider::start(twilio::accepted()).await);
    let mailer = mailer(&settings(&first.endpoint(), &second.endpoint()));
    let clock = Arc::new(FakeClock::at("2026-11-10T00:00:00Z".parse().unwrap()));
    let breakers = CircuitBreakers::new("test", clock.clone());
    Pair { first, second, mailer, clock, breakers }
}

impl Pair {
    async fn send(&self) -> Outcome {
        outcome(self.mailer.send_with_breakers(&sms(TO), &self.breakers).await)
    }
    /// Requests so far, at the first and at the second.
    fn counts(&self) -> (usize, usize) {
        (self.first.requests().len(), self.second.requests().len())
    }
    fn are_closed(&self) -> (bool, bool) {
        (self.breakers.get("sms").is_closed(), self.breakers.get("sms_fallback").is_closed())
    }
}

#[tokio::test]
async fn a_message_goes_to_the_second_only_while_the_first_is_unavailable() {
    for (answer, expected, asked) in [
        (msg91::accepted(), Outcome::Sent, 0),
        // Sent less than ten seconds ago.
        (msg91_error("311"), Outcome::Sent, 0),
        // The message itself.
        (msg91_error("202"), Outcome::Refused, 0),
        // An outage, our account, our rate.
        (Answer::text(503, ""), Outcome::Sent, 1),
        (msg91_error("207"), Outcome::Sent, 1),
        (msg91_error("301"), Outcome::Sent, 1),
        (Answer::text(429, ""), Outcome::Sent, 1),
        // An unknown outcome.
        (Answer::Never, Outcome::Sent, 1),
        (Answer::Cut(200), Outcome::Sent, 1),
        (Answer::text(200, "<html>"), Outcome::Sent, 1),
    ] {
        let pair = pair().await;
        pair.first.set(answer.clone());
        assert_eq!(outcome(pair.mailer.send(&sms(TO)).await), expected, "{answer:?}");
        assert_eq!(pair.counts(), (1, asked), "{answer:?}");
        assert_eq!(pair.send().await, expected, "{answer:?}");
        assert_eq!(pair.counts(), (2, 2 * asked), "{answer:?}");
    }
}

#[tokio::test]
async fn a_first_provider_that_cannot_be_reached_is_replaced() {
    let second = Provider::start(twilio::accepted()).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mailer = mailer(&settings(&format!("http://{closed}"), &second.endpoint()));
    assert_eq!(outcome(mailer.send(&sms(TO)).await), Outcome::Sent);
    let request = &second.requests()[0];
    assert_eq!(request.form()[0].1, TO);
    assert_eq!(request.form()[1], ("MessagingServiceSid".to_owned(), SERVICE_SID.to_owned()));
}

#[tokio::test]
async fn a_message_that_neither_sends_is_retried_also_when_the_second_refuses_it() {
    for answer in [Answer::text(503, ""), twilio_error(401, 20003), twilio_error(400, 21610), Answer::Never] {
        let pair = pair().await;
        pair.first.set(Answer::text(503, ""));
        pair.second.set(answer.clone());
        let sent = pair.mailer.send_with_breakers(&sms(TO), &pair.breakers).await;
        let text = sent.as_ref().unwrap_err().to_string();
        assert!(text.contains("msg91: 503") && text.contains("twilio: "), "{text}");
        assert_eq!(outcome(sent), Outcome::Unavailable, "{answer:?}");
        assert_eq!(pair.counts(), (1, 1));
    }
}

#[tokio::test]
async fn an_open_breaker_of_the_first_sends_by_the_second_at_once() {
    let pair = pair().await;
    pair.first.set(Answer::text(500, ""));
    let limit = usize::try_from(FAILURE_LIMIT).unwrap();
    for _ in 0..limit {
        assert_eq!(pair.send().await, Outcome::Sent);
    }
    assert_eq!(pair.are_closed(), (false, true));
    for _ in 0..3 {
        assert_eq!(pair.send().await, Outcome::Sent);
    }
    assert_eq!(pair.counts(), (limit, limit + 3), "the first is left alone");
    pair.clock.advance_secs(i64::try_from(OPEN_DURATION.as_secs()).unwrap());
    pair.first.set(msg91::accepted());
    assert_eq!(pair.send().await, Outcome::Sent);
    assert_eq!(pair.counts(), (limit + 1, limit + 3), "and tried again");
    assert_eq!(pair.are_closed(), (true, true));
}

#[tokio::test]
async fn an_open_breaker_of_the_second_leaves_the_first_its_turn() {
    let pair = pair().await;
    pair.first.set(Answer::text(500, ""));
    pair.second.set(twilio_error(401, 20003));
    let limit = usize::try_from(FAILURE_LIMIT).unwrap();
    for _ in 0..limit {
        assert_eq!(pair.send().await, Outcome::Unavailable);
    }
    assert_eq!(pair.are_closed(), (false, false));
    assert_eq!(pair.send().await, Outcome::CircuitOpen, "no attempt was made");
    assert_eq!(pair.counts(), (limit, limit));
    // One attempt at the first, and none at the second, whose breaker is open again: the message was attempted.
    pair.clock.advance_secs(30);
    assert_eq!(pair.send().await, Outcome::Unavailable);
    pair.clock.advance_secs(29);
    pair.first.set(msg91::accepted());
    assert_eq!(pair.send().await, Outcome::CircuitOpen);
    pair.clock.advance_secs(1);
    assert_eq!(pair.send().await, Outcome::Sent);
    assert_eq!(pair.are_closed(), (true, false));
}

#[tokio::test]
async fn a_refused_message_while_the_first_is_left_alone_does_not_stop_a_queue() {
    let pair = pair().await;
    pair.first.set(Answer::text(500, ""));
    for _ in 0..FAILURE_LIMIT {
        pair.send().await;
    }
    pair.second.set(twilio_error(400, 21614));
    assert_eq!(pair.send().await, Outcome::Unavailable);
    assert_eq!(pair.are_closed(), (false, true), "a refusal is no outage");
}

#[tokio::test]
async fn the_breakers_of_both_providers_are_used_behind_the_mailer_of_both_channels() {
    let pair = pair().await;
    let channels = ChannelMailer { mail: Arc::new(MessageLog::new()), sms: Some(pair.mailer.clone()) };
    pair.first.set(Answer::text(500, ""));
    for _ in 0..FAILURE_LIMIT {
        channels.send_with_breakers(&sms(TO), &pair.breakers).await.unwrap();
    }
    channels.send_with_breakers(&email(), &pair.breakers).await.unwrap();
    let names: Vec<_> = pair.breakers.all().iter().map(|b| (b.name(), b.is_closed())).collect();
    assert_eq!(names, [("mail", true), ("sms", false), ("sms_fallback", true)]);
}

#[tokio::test]
async fn any_provider_may_be_the_first_or_the_second_also_the_same_one() {
    let (first, second) = (Provider::start(Answer::text(503, "")).await, Provider::start(twilio::accepted()).await);
    let mut gateways = settings("", &second.endpoint());
    gateways.retain(|(name, _)| *name != "SMS_ENDPOINT");
    gateways[0].1 = format!("{}/sms", first.endpoint());
    assert_eq!(outcome(mailer(&gateways).send(&sms(TO)).await), Outcome::Sent);
    assert_eq!(first.requests()[0].line, "POST /sms HTTP/1.1");
    let accounts = pairs(&[
        ("SMS_URL", "https://unused.example"),
        ("SMS_TOKEN", "one"),
        ("SMS_FALLBACK_URL", "https://unused.example"),
        ("SMS_FALLBACK_TOKEN", "two"),
    ]);
    mailer(&accounts);
}

#[test]
fn a_second_provider_needs_a_first_and_its_own_settings() {
    let both = settings("", "");
    let first = msg91::settings("");
    mailer(&both);
    assert_eq!(refused(&both, &[("SMS_URL", "")]).variable, "SMS_URL");
    for variable in ["SMS_FALLBACK_URL", "SMS_FALLBACK_ACCOUNT", "SMS_FALLBACK_TOKEN"] {
        assert_eq!(refused(&both, &[(variable, "")]).variable, variable);
    }
    expect_refusal(&both, &[("SMS_FALLBACK_URL", "hunter2")], "SMS_FALLBACK_URL");
    expect_refusal(&both, &[("SMS_FALLBACK_URL", "ftp://hunter2")], "SMS_FALLBACK_URL");
    expect_refusal(&both, &[("SMS_FALLBACK_SENDER_ID", "hunter2 hunter2")], "SMS_FALLBACK_SENDER_ID");
    expect_refusal(&both, &[("SMS_FALLBACK_ENDPOINT", "hunter2")], "SMS_FALLBACK_ENDPOINT");
    for variable in ["SMS_FALLBACK_ACCOUNT", "SMS_FALLBACK_TOKEN", "SMS_FALLBACK_SENDER_ID", "SMS_FALLBACK_ENDPOINT"] {
        assert_eq!(refused(&first, &[(variable, "x")]).variable, "SMS_FALLBACK_URL", "{variable}");
    }
    let gateway = [("SMS_FALLBACK_URL", "https://sms.example/send"), ("SMS_FALLBACK_TOKEN", "")];
    assert_eq!(refused(&both, &gateway).variable, "SMS_FALLBACK_TOKEN");
    // The sender of the first is that of the second, and an error names the variable that it is from.
    let second = [("SMS_FALLBACK_URL", "sns://ap-south-1"), ("SMS_FALLBACK_ACCOUNT", sns::KEY_ID)];
    let changes = [second[0], second[1], ("SMS_FALLBACK_SENDER_ID", ""), ("SMS_SENDER_ID", "EV PLAT")];
    assert_eq!(refused(&both, &changes).variable, "SMS_SENDER_ID");
}
