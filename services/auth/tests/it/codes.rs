//! Rate limits of one-time codes, and requests and attempts from other addresses than the owner's.

use crate::fixture::{self, ADMIN, KEYS, newest_code, wrong_code};
use futures_util::future::join_all;
use reqwest::Method;
use runtime::cache::{self, Acquired, Cache, CacheDown, MemoryCache, RateLimit, Subscription};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use testkit::{Reply, TestService};

const ASHA: &str = "asha@example.com";
const OWNER_ADDRESS: &str = "203.0.113.1";
const OTHER_ADDRESS: &str = "198.51.100.7";

/// Starts a service that trusts `X-Forwarded-For`.
async fn start_with(settings: &[(&str, &str)]) -> TestService {
    let variables: Vec<_> =
        KEYS.into_iter().chain([("TRUSTED_PROXIES", "127.0.0.1")]).chain(settings.to_vec()).collect();
    TestService::start_with(auth::service(), &variables).await
}

async fn post(service: &TestService, address: &str, path: &str, body: Value) -> Reply {
    let client = service.anonymous();
    client.send(client.request(Method::POST, path).header("X-Forwarded-For", address).json(&body)).await
}

async fn send_code(service: &TestService, address: &str, identifier: &str) -> Reply {
    let channel = if identifier.contains('@') { "email" } else { "sms" };
    post(service, address, "/auth/otp", json!({ "identifier": identifier, "channel": channel })).await
}

/// Requests a code and reads it: its id and its digits.
async fn request_code(service: &TestService, address: &str, identifier: &str) -> (String, String) {
    let before = service.messages.list(Some(identifier)).len();
    let sent = send_code(service, address, identifier).await.expect(202);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while service.messages.list(Some(identifier)).len() == before {
        assert!(std::time::Instant::now() < deadline, "no message to {identifier}");
        tokio::task::yield_now().await;
    }
    (fixture::text(&sent, "request_id"), newest_code(service, identifier).await)
}

async fn verify(service: &TestService, address: &str, identifier: &str, code: &str) -> u16 {
    let body = json!({ "identifier": identifier, "code": code });
    post(service, address, "/auth/otp/verify", body).await.status
}

async fn verify_with_id(service: &TestService, address: &str, identifier: &str, (id, code): (&str, &str)) -> u16 {
    let body = json!({ "identifier": identifier, "code": code, "request_id": id });
    post(service, address, "/auth/otp/verify", body).await.status
}

async fn sign_in(service: &TestService, address: &str, identifier: &str) {
    let (_, code) = request_code(service, address, identifier).await;
    assert_eq!(verify(service, address, identifier, &code).await, 200);
    service.clock.advance_secs(30);
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_and_codes_from_another_address_do_not_invalidate_the_owners_code() {
    let service = start_with(&[]).await;
    let (id, code) = request_code(&service, OWNER_ADDRESS, ASHA).await;
    for _ in 0..10 {
        assert_eq!(verify(&service, OTHER_ADDRESS, ASHA, &wrong_code(&code)).await, 401);
    }
    service.clock.advance_secs(30);
    request_code(&service, OTHER_ADDRESS, ASHA).await;
    for _ in 0..10 {
        assert_eq!(verify(&service, OTHER_ADDRESS, ASHA, "000000").await, 401);
    }
    // The other address knows the id, too: the attempts count only against that address.
    for _ in 0..10 {
        assert_eq!(verify_with_id(&service, OTHER_ADDRESS, ASHA, (&id, &wrong_code(&code))).await, 401);
    }
    assert_eq!(verify_with_id(&service, OTHER_ADDRESS, ASHA, (&id, &code)).await, 401);
    assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &code).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_issues_its_own_code_and_three_are_usable() {
    let service = start_with(&[]).await;
    let mut sent = Vec::new();
    for wait in [30, 60, 120, 120] {
        sent.push(request_code(&service, OWNER_ADDRESS, ASHA).await);
        service.clock.advance_secs(wait);
    }
    let named = |n: usize| (sent[n].0.as_str(), sent[n].1.as_str());
    assert_eq!(
        verify_with_id(&service, OWNER_ADDRESS, ASHA, named(0)).await,
        401,
        "the fourth code replaces the first"
    );
    if sent[1].1 != sent[3].1 {
        assert_eq!(
            verify(&service, OWNER_ADDRESS, ASHA, named(1).1).await,
            401,
            "without an id the newest code is compared"
        );
    }
    // The id of a code of another identifier is refused.
    let (other, _) = request_code(&service, OWNER_ADDRESS, "ravi@example.com").await;
    assert_eq!(verify_with_id(&service, OWNER_ADDRESS, ASHA, (&other, named(1).1)).await, 401);
    assert_eq!(verify_with_id(&service, OTHER_ADDRESS, ASHA, named(1)).await, 200, "an id works from any address");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_code_does_not_reset_the_daily_attempts() {
    let service = start_with(&[]).await;
    for wait in [30, 60, 120, 120] {
        let (_, code) = request_code(&service, OWNER_ADDRESS, ASHA).await;
        for _ in 0..5 {
            assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &wrong_code(&code)).await, 401);
        }
        assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &code).await, 401, "five wrong attempts invalidate a code");
        service.clock.advance_secs(wait);
    }
    let (_, code) = request_code(&service, OWNER_ADDRESS, ASHA).await;
    assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &code).await, 401, "at most twenty wrong attempts a day");
    // A different spelling counts as the same identifier.
    assert_eq!(verify(&service, OWNER_ADDRESS, "ASHA@EXAMPLE.COM", &code).await, 401);
    service.clock.advance_secs(24 * 3600);
    let (_, code) = request_code(&service, OWNER_ADDRESS, ASHA).await;
    assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &code).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_addresses_together_cannot_exhaust_the_attempts_of_a_known_one() {
    let service = start_with(&[("OTP_TRIES_PER_IDENTIFIER_DAY", "12")]).await;
    sign_in(&service, OWNER_ADDRESS, ASHA).await;
    let (id, code) = request_code(&service, OWNER_ADDRESS, ASHA).await;
    for n in 1..=3 {
        for _ in 0..5 {
            let wrong = wrong_code(&code);
            assert_eq!(verify_with_id(&service, &format!("192.0.2.{n}"), ASHA, (&id, &wrong)).await, 401);
        }
    }
    assert_eq!(
        verify_with_id(&service, "192.0.2.9", ASHA, (&id, &code)).await,
        401,
        "the attempts of unknown addresses are exhausted"
    );
    assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &code).await, 200);
    // An address stays known for a limited time.
    service.clock.advance_secs(90 * 24 * 3600);
    let (id, code) = request_code(&service, OWNER_ADDRESS, ASHA).await;
    for n in 1..=3 {
        for _ in 0..4 {
            verify_with_id(&service, &format!("192.0.2.{n}"), ASHA, (&id, &wrong_code(&code))).await;
        }
    }
    assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &code).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_a_limit_of_wrong_attempts_for_all_identifiers() {
    let service = start_with(&[("OTP_TRIES_PER_ADDRESS_DAY", "6")]).await;
    let network = |n: usize| format!("2001:db8:1:1::{n}");
    for n in 1..=3 {
        let identifier = format!("m{n}@example.com");
        let (_, code) = request_code(&service, &network(n), &identifier).await;
        for _ in 0..2 {
            assert_eq!(verify(&service, &network(n), &identifier, &wrong_code(&code)).await, 401);
        }
    }
    let (id, code) = request_code(&service, &network(4), ASHA).await;
    assert_eq!(verify(&service, &network(5), ASHA, &code).await, 401, "the attempts of the network are exhausted");
    assert_eq!(verify_with_id(&service, "2001:db8:1:2::1", ASHA, (&id, &code)).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_limited_by_hour_and_day() {
    let settings = [("OTP_RESEND_SECS", "1"), ("OTP_CODES_PER_DAY", "7"), ("OTP_CODES_PER_IDENTIFIER_DAY", "12")];
    let service = start_with(&settings).await;
    let limited = async |address: &str| {
        let reply = send_code(&service, address, ASHA).await;
        let wait: u64 = reply.header("retry-after").parse().unwrap();
        assert_eq!(reply.problem(429), "auth.otp_limit");
        wait
    };
    let send_codes = async |address: &str, times: usize| {
        for _ in 0..times {
            send_code(&service, address, ASHA).await.expect(202);
            service.clock.advance_secs(1);
        }
    };
    send_codes(OWNER_ADDRESS, 5).await;
    assert!((3500..=3600).contains(&limited(OWNER_ADDRESS).await), "five codes an hour");
    service.clock.advance_secs(3600);
    send_codes(OWNER_ADDRESS, 2).await;
    assert!(limited(OWNER_ADDRESS).await > 80_000, "seven codes a day");
    send_codes(OTHER_ADDRESS, 5).await;
    assert!(limited("192.0.2.1").await > 70_000, "twelve codes a day for the identifier");
    send_code(&service, "192.0.2.1", "ravi@example.com").await.expect(202);
    assert_eq!(service.messages.list(Some(ASHA)).len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_for_another_code_grows_until_a_sign_in() {
    let service = start_with(&[]).await;
    for (resend_after, early) in [(30, 29), (60, 59), (120, 119)] {
        let sent = send_code(&service, OWNER_ADDRESS, ASHA).await.expect(202);
        assert_eq!(sent["resend_after"], resend_after);
        service.clock.advance_secs(early);
        let reply = send_code(&service, OWNER_ADDRESS, ASHA).await;
        assert_eq!(reply.header("retry-after"), "1");
        assert_eq!(reply.problem(429), "auth.otp_too_soon");
        service.clock.advance_secs(1);
    }
    let (_, code) = request_code(&service, OWNER_ADDRESS, ASHA).await;
    assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &code).await, 200);
    let soon = send_code(&service, OWNER_ADDRESS, ASHA).await;
    assert_eq!((soon.header("retry-after").as_str(), soon.status), ("30", 429), "a used code counts, too");
    service.clock.advance_secs(30);
    assert_eq!(send_code(&service, OWNER_ADDRESS, ASHA).await.expect(202)["resend_after"], 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_addresses_do_not_delay_a_known_one() {
    let service = start_with(&[("OTP_CODES_PER_IDENTIFIER_DAY", "2")]).await;
    sign_in(&service, OWNER_ADDRESS, ASHA).await;
    send_code(&service, OTHER_ADDRESS, ASHA).await.expect(202);
    assert_eq!(send_code(&service, OTHER_ADDRESS, ASHA).await.status, 429);
    assert_eq!(send_code(&service, "192.0.2.1", ASHA).await.problem(429), "auth.otp_limit");
    let (_, code) = request_code(&service, OWNER_ADDRESS, ASHA).await;
    assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &code).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_concurrent_attempts_five_are_compared() {
    let service = start_with(&[]).await;
    let (_, code) = request_code(&service, OWNER_ADDRESS, ASHA).await;
    let wrong = wrong_code(&code);
    let statuses = join_all((0..30).map(|_| verify(&service, OWNER_ADDRESS, ASHA, &wrong))).await;
    assert!(statuses.iter().all(|status| *status == 401));
    assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &code).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_is_exempt_from_limits_by_address_when_configured() {
    for (exempt, expected) in [("on", 200), ("off", 401)] {
        let service = start_with(&[("OTP_EXEMPT_LOOPBACK", exempt), ("OTP_TRIES_PER_DAY", "4")]).await;
        let (_, code) = request_code(&service, "127.0.0.1", ASHA).await;
        for _ in 0..4 {
            assert_eq!(verify(&service, "127.0.0.1", ASHA, &wrong_code(&code)).await, 401);
        }
        assert_eq!(verify(&service, "127.0.0.1", ASHA, &code).await, expected, "{exempt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_expires_after_the_configured_time() {
    let service = start_with(&[("OTP_TTL_SECS", "60")]).await;
    assert_eq!(send_code(&service, OWNER_ADDRESS, ASHA).await.expect(202)["expires_in"], 60);
    let digits = newest_code(&service, ASHA).await;
    service.clock.advance_secs(60);
    assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &digits).await, 401);
    let text = service.messages.list(Some(ASHA))[0].body.clone();
    assert!(text.contains("good for 1 minute."), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_can_be_submitted_again_after_a_refused_request() {
    let service = start_with(&[]).await;
    let (_, code) = request_code(&service, OWNER_ADDRESS, ASHA).await;
    for _ in 0..10 {
        let body = json!({ "identifier": ASHA, "code": code, "referral_code": "ABCD2345" });
        let reply = post(&service, OWNER_ADDRESS, "/auth/otp/verify", body).await;
        assert_eq!(reply.problem(422), "auth.referral_code_unknown");
    }
    assert_eq!(verify(&service, OWNER_ADDRESS, ASHA, &code).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_cache_sign_in_is_unavailable_and_all_else_works() {
    // A port on which nothing listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let unreachable = cache::connect(&format!("redis://127.0.0.1:{port}"), "t", None).unwrap();
    let service = fixture::start_on(|platform| platform.cache = unreachable).await;
    let sign_up = json!({
        "first_name": "Ravi", "last_name": "Kumar", "email": ASHA, "mobile": "98765 00001", "date_of_birth": "1990-05-17",
    });
    for (path, body) in [
        ("/auth/otp", json!({ "identifier": ASHA, "channel": "email" })),
        ("/auth/otp/verify", json!({ "identifier": ASHA, "code": "123456" })),
        ("/auth/signup", sign_up),
    ] {
        let reply = service.anonymous().post(path, body).await;
        assert!(!reply.header("retry-after").is_empty(), "{path}");
        assert_eq!(reply.problem(503), "request.dependency_unavailable", "{path}");
    }
    assert!(service.messages.list(None).is_empty());
    let found = service.as_staff().get("/users").await.expect(200);
    assert_eq!(fixture::text(&found["items"][0], "email"), ADMIN);
}

/// Cache double that fails to delete and grants every claim.
struct FailingCache(MemoryCache);

#[async_trait::async_trait]
impl Cache for FailingCache {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown> {
        self.0.get(key).await
    }
    async fn get_all(&self, keys: &[&str]) -> Result<Vec<Option<Vec<u8>>>, CacheDown> {
        self.0.get_all(keys).await
    }
    async fn set(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), CacheDown> {
        self.0.set(key, value, ttl).await
    }
    async fn set_if_absent(&self, _: &str, _: &[u8], _: Duration) -> Result<bool, CacheDown> {
        Ok(true)
    }
    async fn delete(&self, _: &str) -> Result<(), CacheDown> {
        Err(CacheDown("gone".into()))
    }
    async fn delete_if(&self, _: &str, _: &[u8]) -> Result<bool, CacheDown> {
        Err(CacheDown("gone".into()))
    }
    async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, CacheDown> {
        self.0.increment(key, ttl).await
    }
    async fn count(&self, key: &str) -> Result<u64, CacheDown> {
        self.0.count(key).await
    }
    async fn acquire(&self, limits: &[RateLimit]) -> Result<Acquired, CacheDown> {
        self.0.acquire(limits).await
    }
    async fn release(&self, limits: &[RateLimit]) -> Result<(), CacheDown> {
        self.0.release(limits).await
    }
    async fn append(&self, key: &str, value: &[u8], max: usize, ttl: Duration) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.0.append(key, value, max, ttl).await
    }
    async fn list(&self, key: &str) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.0.list(key).await
    }
    async fn publish(&self, channel: &str, message: &[u8]) -> Result<(), CacheDown> {
        self.0.publish(channel, message).await
    }
    async fn subscribe(&self, channel: &str) -> Result<Box<dyn Subscription>, CacheDown> {
        self.0.subscribe(channel).await
    }
    async fn ping(&self) -> Result<(), CacheDown> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_opens_one_session_even_when_the_cache_fails_after_the_commit() {
    let service = fixture::start_on(|platform| {
        platform.cache = Arc::new(FailingCache(MemoryCache::with_clock(Arc::clone(&platform.clock))));
    })
    .await;
    let code = fixture::request_code(&service, ASHA).await;
    let body = json!({ "identifier": ASHA, "code": code });
    let client = service.anonymous();
    let replies = join_all((0..5).map(|_| client.post("/auth/otp/verify", body.clone()))).await;
    let mut outcomes: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, [200, 401, 401, 401, 401]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_shares_the_limits_of_its_addresses() {
    let service = start_with(&[("OTP_CODES_PER_DAY", "2"), ("OTP_RESEND_SECS", "1")]).await;
    let form = |mobile: &str| {
        json!({
            "first_name": "Ravi", "last_name": "Kumar", "email": ASHA, "mobile": mobile, "date_of_birth": "1990-05-17",
        })
    };
    send_code(&service, OWNER_ADDRESS, ASHA).await.expect(202);
    post(&service, OWNER_ADDRESS, "/auth/signup", form("98765 00001")).await.expect(202);
    service.clock.advance_secs(1);
    let refused = post(&service, OWNER_ADDRESS, "/auth/signup", form("98765 00002")).await;
    assert_eq!(refused.problem(429), "auth.otp_limit");
    assert!(service.messages.list(Some("+919876500002")).is_empty(), "neither code was sent");
    send_code(&service, OWNER_ADDRESS, "98765 00002").await.expect(202);
}
