//! Outages that look the same at every provider.

use super::double::{Answer, Provider};
use super::{Outcome, Settings, TO, TOKEN, mailer, outcome, pairs, providers, sms};
use std::time::{Duration, Instant};

#[tokio::test]
async fn no_complete_answer_is_an_outage() {
    let provider = Provider::start(Answer::Never).await;
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (here, nowhere) = (providers(&provider.endpoint()), providers(&format!("http://{refused}")));
    let answers = [Answer::Never, Answer::Cut(200), Answer::Cut(201), Answer::Cut(400)];
    let expected_requests = here.len() * answers.len();
    for (mut settings, unreachable) in here.into_iter().zip(nowhere) {
        settings.push(("SMS_TIMEOUT_MS", "100".to_owned()));
        for answer in &answers {
            provider.set(answer.clone());
            assert_eq!(timed_outcome(&settings).await, Outcome::Unavailable, "{answer:?} {}", settings[0].1);
        }
        assert_eq!(timed_outcome(&unreachable).await, Outcome::Unavailable, "{}", unreachable[0].1);
    }
    assert_eq!(provider.requests().len(), expected_requests, "one attempt each");
    provider.set(Answer::Never);
    let gateway = pairs(&[("SMS_URL", &provider.endpoint()), ("SMS_TOKEN", TOKEN), ("SMS_TIMEOUT_MS", "100")]);
    assert_eq!(timed_outcome(&gateway).await, Outcome::Unavailable);
}

/// The outcome, which must come before the time limit that applies without `SMS_TIMEOUT_MS`.
async fn timed_outcome(settings: &Settings) -> Outcome {
    let mailer = mailer(settings);
    let started = Instant::now();
    let outcome = outcome(mailer.send(&sms(TO)).await);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    outcome
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_secret() {
    let elsewhere = Provider::start(Answer::text(200, "")).await;
    let provider = Provider::start(Answer::Redirect(elsewhere.endpoint())).await;
    let providers = providers(&provider.endpoint());
    for settings in &providers {
        assert_eq!(outcome(mailer(settings).send(&sms(TO)).await), Outcome::Unavailable, "{}", settings[0].1);
    }
    assert_eq!((provider.requests().len(), elsewhere.requests().len()), (providers.len(), 0));
}

#[tokio::test]
async fn each_status_without_a_readable_body_is_an_outage() {
    let provider = Provider::start(Answer::Never).await;
    for settings in providers(&provider.endpoint()) {
        for status in [204, 301, 400, 401, 403, 404, 422, 429, 500, 502, 503, 504] {
            let text = if status == 204 { "" } else { "<html>not ours</html>" };
            provider.set(Answer::text(status, text));
            let sent = mailer(&settings).send(&sms(TO)).await;
            assert_eq!(outcome(sent), Outcome::Unavailable, "{status} {}", settings[0].1);
        }
    }
}
