//! Outages of mail, SMS and the cache in the middle of sign-in, payment and payout: nothing is lost, and nothing happens
//! twice.

use crate::platform::{TestUser, short_id};
use crate::time_travel::TimeTravel;
use chassis::boot::Dependencies;
use messaging::memory::MemoryBus;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use testkit::outages::{FallibleCache, FallibleMailer};

/// Longer than a circuit breaker stays open.
const BREAKER_SECS: i64 = 31;

struct Faults {
    cache: Arc<FallibleCache>,
    mailer: Arc<FallibleMailer>,
}

async fn start() -> (TimeTravel, Faults) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let adjust = move |dependencies: &mut Dependencies| {
        let cache = Arc::new(FallibleCache::new(Arc::clone(&dependencies.clock)));
        let mailer = Arc::new(FallibleMailer::new(Arc::clone(&dependencies.mailer)));
        dependencies.cache = Arc::<FallibleCache>::clone(&cache);
        dependencies.mailer = Arc::<FallibleMailer>::clone(&mailer);
        sender.send(Faults { cache, mailer }).unwrap();
    };
    let fixture = TimeTravel::start_adjusted("2026-07-01T06:00:00Z", MemoryBus::new(), Some(Box::new(adjust))).await;
    (fixture, receiver.recv().unwrap())
}

/// Signs in the administrator and a member of staff, whose sessions last for the whole test.
async fn sign_in_office(fixture: &TimeTravel) {
    let _staff = fixture.platform.staff().await;
    // An address gets another code after a minute.
    fixture.advance_secs(60);
    let _admin = fixture.admin().await;
}

/// Bodies of the messages to an address, oldest first.
fn messages(fixture: &TimeTravel, to: &str) -> Vec<String> {
    let sent = fixture.platform.in_process.as_ref().unwrap().embedded.messages.list(Some(to));
    sent.into_iter().rev().map(|message| message.body).collect()
}

async fn request_code(fixture: &TimeTravel, identifier: &str, channel: &str) {
    let body = json!({ "identifier": identifier, "channel": channel });
    fixture.platform.anonymous().post("/auth/otp", body).await.expect(202);
}

/// Signs in with the newest code that was sent to an address.
async fn verify(fixture: &TimeTravel, identifier: &str) -> TestUser {
    let listed =
        fixture.platform.anonymous().get(&format!("//dev/messages?to={}", identifier.replace('+', "%2B"))).await;
    let code = listed.body["items"][0]["code"].clone();
    let body = json!({ "identifier": identifier, "code": code, "name": "Asha Rao" });
    let session = fixture.platform.anonymous().post("/auth/otp/verify", body).await.expect(200);
    let text = |at: &str| session.pointer(at).and_then(Value::as_str).unwrap().to_owned();
    fixture.store_session(TestUser {
        id: text("/user/id"),
        referral_code: text("/user/referral_code"),
        email: identifier.to_owned(),
        http: fixture.platform.anonymous().with_token(text("/access_token")),
    })
}

/// Books, pays and is paid out; every step is acknowledged at once.
async fn buy_and_withdraw(fixture: &TimeTravel, buyer: &TestUser) {
    let booking = fixture.book(&buyer.email).await;
    fixture.pay(&buyer.email, &booking, "500.00", "online").await.expect("a completed payment");
    fixture.deposit(buyer, "1000.00").await;
    buyer.approve_kyc(&fixture.platform).await;
    fixture.platform.drain().await;
    let payout = buyer.payout(&fixture.platform, "500.00", false).await["id"].as_str().unwrap().to_owned();
    let staff = &fixture.platform.staff().await.http;
    staff.post_empty(&format!("/payouts/{payout}/approve")).await.expect(200);
    let paid = json!({ "outcome": "paid", "utr": format!("UTR{payout}") });
    staff.post(&format!("/payouts/{payout}/settle"), paid).await.expect(200);
    fixture.platform.drain().await;
    assert_eq!(buyer.payout_status(&payout).await, "completed");
}

async fn messages_wait_for_their_channel(channel: &'static str, buyer: &str, newcomer: &str, expected: [&str; 2]) {
    let (fixture, faults) = start().await;
    sign_in_office(&fixture).await;
    request_code(&fixture, buyer, channel).await;
    let asha = verify(&fixture, buyer).await;
    fixture.platform.drain().await;
    let queues = [("auth", format!("{channel}_queue")), ("notification", channel.to_owned())];
    let run_queues = async || {
        for (service, job) in &queues {
            fixture.platform.run_job(service, job).await;
        }
    };
    run_queues().await;
    let before = messages(&fixture, buyer).len();

    faults.mailer.set_down(channel, true);
    request_code(&fixture, newcomer, channel).await;
    buy_and_withdraw(&fixture, &asha).await;
    for _ in 0..3 {
        run_queues().await;
        fixture.advance_secs(BREAKER_SECS);
    }
    assert_eq!((messages(&fixture, buyer).len(), messages(&fixture, newcomer).len()), (before, 0));

    faults.mailer.set_down(channel, false);
    for _ in 0..6 {
        fixture.advance_secs(60);
        run_queues().await;
    }
    assert_eq!(messages(&fixture, newcomer).len(), 1);
    assert_ne!(verify(&fixture, newcomer).await.id, asha.id, "the code that waited is good");
    let received = messages(&fixture, buyer).split_off(before);
    for text in expected {
        assert_eq!(received.iter().filter(|body| body.contains(text)).count(), 1, "{text} in {received:?}");
    }
    let distinct: BTreeSet<&String> = received.iter().collect();
    assert_eq!(distinct.len(), received.len(), "each once: {received:?}");
    fixture.advance_secs(240);
    run_queues().await;
    assert_eq!(messages(&fixture, buyer).len(), before + received.len());
    fixture.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn codes_and_notices_wait_for_the_mail_server() {
    let (buyer, newcomer) = (format!("b{}@example.in", short_id()), format!("n{}@example.in", short_id()));
    let expected = ["We received ₹500.00 for your booking", "Your payout of ₹500.00 is requested"];
    messages_wait_for_their_channel("email", &buyer, &newcomer, expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn codes_and_notices_wait_for_the_sms_gateway() {
    let expected = ["Your payout of ₹500.00 is requested", "₹475.00 is on its way"];
    messages_wait_for_their_channel("sms", "+919876500001", "+919876500002", expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn money_moves_and_sessions_end_while_the_cache_is_down() {
    let (fixture, faults) = start().await;
    let (asha, _) = fixture.join(None, None).await;
    let ravi = fixture.member(Some(&asha), None).await;
    sign_in_office(&fixture).await;
    let booking = fixture.book(&ravi.email).await;

    faults.cache.set_down(true);
    let anonymous = fixture.platform.anonymous();
    let code = json!({ "identifier": "newcomer@example.in", "channel": "email" });
    let refused = anonymous.post("/auth/otp", code.clone()).await;
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(refused.problem(503), "request.dependency_unavailable");
    fixture.pay(&ravi.email, &booking, "500.00", "online").await.expect("a completed payment");
    assert_eq!(asha.balance("available").await, "25.00");
    assert_eq!(ravi.node().await["parent_id"], json!(asha.id));
    buy_and_withdraw(&fixture, &asha).await;
    ravi.http.post_empty("/auth/logout").await.expect(204);
    fixture.platform.drain().await;
    assert_eq!(ravi.http.get("/wallet").await.status, 401, "the session has ended in every service");

    faults.cache.set_down(false);
    fixture.advance_secs(BREAKER_SECS);
    assert_eq!(ravi.http.get("/wallet").await.status, 401);
    assert!(messages(&fixture, "newcomer@example.in").is_empty());
    anonymous.post("/auth/otp", code).await.expect(202);
    verify(&fixture, "newcomer@example.in").await;
    let payments = fixture.list_all(&format!("/payments?user_id={}", ravi.id)).await;
    assert_eq!(payments.len(), 1, "{payments:?}");
    fixture.finish().await;
}
