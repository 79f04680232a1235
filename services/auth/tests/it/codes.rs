//! The limits of one-time codes: what a stranger can do to an owner, and what a guesser can do at all.

use crate::house::{self, ADMIN, KEYS, another_code, code};
use chassis::cache::{self, Acquired, Cache, CacheDown, Limit, MemoryCache};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use testkit::{Reply, TestService};

const ASHA: &str = "asha@example.com";
const HOME: &str = "203.0.113.1";
const CAFE: &str = "198.51.100.7";

/// A service behind a gateway that says where requests come from.
async fn start_with(settings: &[(&str, &str)]) -> TestService {
    let variables: Vec<_> =
        KEYS.into_iter().chain([("TRUSTED_PROXIES", "127.0.0.1")]).chain(settings.to_vec()).collect();
    TestService::start_with(auth::service(), &variables).await
}

async fn post(service: &TestService, address: &str, path: &str, body: Value) -> Reply {
    let client = service.anonymous();
    client.send(client.request(Method::POST, path).header("X-Forwarded-For", address).json(&body)).await
}

async fn ask(service: &TestService, address: &str, identifier: &str) -> Reply {
    let channel = if identifier.contains('@') { "email" } else { "sms" };
    post(service, address, "/auth/otp", json!({ "identifier": identifier, "channel": channel })).await
}

/// Asks and reads the code: its id and its digits.
async fn asked(service: &TestService, address: &str, identifier: &str) -> (String, String) {
    let before = service.messages.list(Some(identifier)).len();
    let sent = ask(service, address, identifier).await.expect(202);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while service.messages.list(Some(identifier)).len() == before {
        assert!(std::time::Instant::now() < deadline, "no message came to {identifier}");
        tokio::task::yield_now().await;
    }
    (house::text(&sent, "request_id"), code(service, identifier).await)
}

async fn verify(service: &TestService, address: &str, identifier: &str, code: &str) -> u16 {
    let body = json!({ "identifier": identifier, "code": code });
    post(service, address, "/auth/otp/verify", body).await.status
}

async fn verify_named(service: &TestService, address: &str, identifier: &str, (id, code): (&str, &str)) -> u16 {
    let body = json!({ "identifier": identifier, "code": code, "request_id": id });
    post(service, address, "/auth/otp/verify", body).await.status
}

async fn sign_in(service: &TestService, address: &str, identifier: &str) {
    let (_, code) = asked(service, address, identifier).await;
    assert_eq!(verify(service, address, identifier, &code).await, 200);
    service.clock.advance_secs(30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_tries_and_codes_end_no_code_of_the_owner() {
    let service = start_with(&[]).await;
    let (id, code) = asked(&service, HOME, ASHA).await;
    for _ in 0..10 {
        assert_eq!(verify(&service, CAFE, ASHA, &another_code(&code)).await, 401);
    }
    service.clock.advance_secs(30);
    asked(&service, CAFE, ASHA).await;
    for _ in 0..10 {
        assert_eq!(verify(&service, CAFE, ASHA, "000000").await, 401);
    }
    // The stranger knows the id, too: the tries count for the stranger's address alone.
    for _ in 0..10 {
        assert_eq!(verify_named(&service, CAFE, ASHA, (&id, &another_code(&code))).await, 401);
    }
    assert_eq!(verify_named(&service, CAFE, ASHA, (&id, &code)).await, 401);
    assert_eq!(verify(&service, HOME, ASHA, &code).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_has_its_own_code_and_three_of_them_live() {
    let service = start_with(&[]).await;
    let mut sent = Vec::new();
    for wait in [30, 60, 120, 120] {
        sent.push(asked(&service, HOME, ASHA).await);
        service.clock.advance_secs(wait);
    }
    let named = |n: usize| (sent[n].0.as_str(), sent[n].1.as_str());
    assert_eq!(verify_named(&service, HOME, ASHA, named(0)).await, 401, "the fourth has taken the place of the first");
    if sent[1].1 != sent[3].1 {
        assert_eq!(verify(&service, HOME, ASHA, named(1).1).await, 401, "without an id the newest is meant");
    }
    // An id of somebody else's code is of no use.
    let (other, _) = asked(&service, HOME, "ravi@example.com").await;
    assert_eq!(verify_named(&service, HOME, ASHA, (&other, named(1).1)).await, 401);
    assert_eq!(verify_named(&service, CAFE, ASHA, named(1)).await, 200, "an id works from any address");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_code_brings_no_new_tries_of_the_day() {
    let service = start_with(&[]).await;
    for wait in [30, 60, 120, 120] {
        let (_, code) = asked(&service, HOME, ASHA).await;
        for _ in 0..5 {
            assert_eq!(verify(&service, HOME, ASHA, &another_code(&code)).await, 401);
        }
        assert_eq!(verify(&service, HOME, ASHA, &code).await, 401, "five wrong tries end it");
        service.clock.advance_secs(wait);
    }
    let (_, code) = asked(&service, HOME, ASHA).await;
    assert_eq!(verify(&service, HOME, ASHA, &code).await, 401, "twenty wrong tries a day are enough");
    // A different spelling is the same identifier.
    assert_eq!(verify(&service, HOME, "ASHA@EXAMPLE.COM", &code).await, 401);
    service.clock.advance_secs(24 * 3600);
    let (_, code) = asked(&service, HOME, ASHA).await;
    assert_eq!(verify(&service, HOME, ASHA, &code).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_addresses_together_cannot_use_up_the_tries_of_a_known_one() {
    let service = start_with(&[("OTP_TRIES_PER_IDENTIFIER_DAY", "12")]).await;
    sign_in(&service, HOME, ASHA).await;
    let (id, code) = asked(&service, HOME, ASHA).await;
    for n in 1..=3 {
        for _ in 0..5 {
            let wrong = another_code(&code);
            assert_eq!(verify_named(&service, &format!("192.0.2.{n}"), ASHA, (&id, &wrong)).await, 401);
        }
    }
    assert_eq!(verify_named(&service, "192.0.2.9", ASHA, (&id, &code)).await, 401, "the others' tries are used up");
    assert_eq!(verify(&service, HOME, ASHA, &code).await, 200);
    // A known address is not known for ever.
    service.clock.advance_secs(90 * 24 * 3600);
    let (id, code) = asked(&service, HOME, ASHA).await;
    for n in 1..=3 {
        for _ in 0..4 {
            verify_named(&service, &format!("192.0.2.{n}"), ASHA, (&id, &another_code(&code))).await;
        }
    }
    assert_eq!(verify(&service, HOME, ASHA, &code).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_so_many_wrong_tries_for_all_identifiers() {
    let service = start_with(&[("OTP_TRIES_PER_ADDRESS_DAY", "6")]).await;
    let network = |n: usize| format!("2001:db8:1:1::{n}");
    for n in 1..=3 {
        let identifier = format!("m{n}@example.com");
        let (_, code) = asked(&service, &network(n), &identifier).await;
        for _ in 0..2 {
            assert_eq!(verify(&service, &network(n), &identifier, &another_code(&code)).await, 401);
        }
    }
    let (id, code) = asked(&service, &network(4), ASHA).await;
    assert_eq!(verify(&service, &network(5), ASHA, &code).await, 401, "the network's tries are used up");
    assert_eq!(verify_named(&service, "2001:db8:1:2::1", ASHA, (&id, &code)).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_limited_by_hour_and_day() {
    let settings = [("OTP_RESEND_SECS", "1"), ("OTP_CODES_PER_DAY", "7"), ("OTP_CODES_PER_IDENTIFIER_DAY", "12")];
    let service = start_with(&settings).await;
    let limited = async |address: &str| {
        let reply = ask(&service, address, ASHA).await;
        let wait: u64 = reply.header("retry-after").parse().unwrap();
        assert_eq!(reply.problem(429), "auth.otp_limit");
        wait
    };
    let ask_often = async |address: &str, times: usize| {
        for _ in 0..times {
            ask(&service, address, ASHA).await.expect(202);
            service.clock.advance_secs(1);
        }
    };
    ask_often(HOME, 5).await;
    assert!((3500..=3600).contains(&limited(HOME).await), "five an hour");
    service.clock.advance_secs(3600);
    ask_often(HOME, 2).await;
    assert!(limited(HOME).await > 80_000, "seven a day");
    ask_often(CAFE, 5).await;
    assert!(limited("192.0.2.1").await > 70_000, "twelve a day for the identifier");
    ask(&service, "192.0.2.1", "ravi@example.com").await.expect(202);
    assert_eq!(service.messages.list(Some(ASHA)).len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_for_another_code_grows_until_a_sign_in() {
    let service = start_with(&[]).await;
    for (resend_after, early) in [(30, 29), (60, 59), (120, 119)] {
        let sent = ask(&service, HOME, ASHA).await.expect(202);
        assert_eq!(sent["resend_after"], resend_after);
        service.clock.advance_secs(early);
        let reply = ask(&service, HOME, ASHA).await;
        assert_eq!(reply.header("retry-after"), "1");
        assert_eq!(reply.problem(429), "auth.otp_too_soon");
        service.clock.advance_secs(1);
    }
    let (_, code) = asked(&service, HOME, ASHA).await;
    assert_eq!(verify(&service, HOME, ASHA, &code).await, 200);
    let soon = ask(&service, HOME, ASHA).await;
    assert_eq!((soon.header("retry-after").as_str(), soon.status), ("30", 429), "a used code counts, too");
    service.clock.advance_secs(30);
    assert_eq!(ask(&service, HOME, ASHA).await.expect(202)["resend_after"], 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_cannot_make_a_known_address_wait() {
    let service = start_with(&[("OTP_CODES_PER_IDENTIFIER_DAY", "2")]).await;
    sign_in(&service, HOME, ASHA).await;
    ask(&service, CAFE, ASHA).await.expect(202);
    assert_eq!(ask(&service, CAFE, ASHA).await.status, 429);
    assert_eq!(ask(&service, "192.0.2.1", ASHA).await.problem(429), "auth.otp_limit");
    let (_, code) = asked(&service, HOME, ASHA).await;
    assert_eq!(verify(&service, HOME, ASHA, &code).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_tries_at_once_five_are_compared() {
    let service = start_with(&[]).await;
    let (_, code) = asked(&service, HOME, ASHA).await;
    let wrong = another_code(&code);
    let tries = join_all((0..30).map(|_| verify(&service, HOME, ASHA, &wrong))).await;
    assert!(tries.iter().all(|status| *status == 401));
    assert_eq!(verify(&service, HOME, ASHA, &code).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn loopback_is_exempt_from_limits_by_address_where_it_is_so_set() {
    for (exempt, tries) in [("on", 200), ("off", 401)] {
        let service = start_with(&[("OTP_EXEMPT_LOOPBACK", exempt), ("OTP_TRIES_PER_DAY", "4")]).await;
        let (_, code) = asked(&service, "127.0.0.1", ASHA).await;
        for _ in 0..4 {
            assert_eq!(verify(&service, "127.0.0.1", ASHA, &another_code(&code)).await, 401);
        }
        assert_eq!(verify(&service, "127.0.0.1", ASHA, &code).await, tries, "{exempt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lives_as_long_as_it_is_set_to() {
    let service = start_with(&[("OTP_TTL_SECS", "60")]).await;
    assert_eq!(ask(&service, HOME, ASHA).await.expect(202)["expires_in"], 60);
    let digits = code(&service, ASHA).await;
    service.clock.advance_secs(60);
    assert_eq!(verify(&service, HOME, ASHA, &digits).await, 401);
    let text = service.messages.list(Some(ASHA))[0].body.clone();
    assert!(text.contains("good for 1 minutes"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_leaves_the_code_to_be_brought_again_at_once() {
    let service = start_with(&[]).await;
    let (_, code) = asked(&service, HOME, ASHA).await;
    for _ in 0..10 {
        let body = json!({ "identifier": ASHA, "code": code, "referral_code": "ABCD2345" });
        let reply = post(&service, HOME, "/auth/otp/verify", body).await;
        assert_eq!(reply.problem(422), "auth.referral_code_unknown");
    }
    assert_eq!(verify(&service, HOME, ASHA, &code).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_cache_nobody_signs_in_and_all_else_works() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = cache::connect(&format!("redis://127.0.0.1:{port}"), "t").unwrap();
    let service = house::start_on(|platform| platform.cache = dead).await;
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
    assert_eq!(house::text(&found["items"][0], "email"), ADMIN);
}

/// A cache that forgets what was deleted from it and lets everybody claim.
struct Forgetful(MemoryCache);

#[async_trait::async_trait]
impl Cache for Forgetful {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, CacheDown> {
        self.0.get(key).await
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
    async fn acquire(&self, limits: &[Limit]) -> Result<Acquired, CacheDown> {
        self.0.acquire(limits).await
    }
    async fn give_back(&self, limits: &[Limit]) -> Result<(), CacheDown> {
        self.0.give_back(limits).await
    }
    async fn append(&self, key: &str, value: &[u8], max: usize, ttl: Duration) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.0.append(key, value, max, ttl).await
    }
    async fn list(&self, key: &str) -> Result<Vec<Vec<u8>>, CacheDown> {
        self.0.list(key).await
    }
    async fn ping(&self) -> Result<(), CacheDown> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_opens_one_session_even_where_the_cache_fails_after_the_commit() {
    let service = house::start_on(|platform| {
        platform.cache = Arc::new(Forgetful(MemoryCache::with_clock(Arc::clone(&platform.clock))));
    })
    .await;
    let code = house::ask(&service, ASHA).await;
    let body = json!({ "identifier": ASHA, "code": code });
    let client = service.anonymous();
    let tries = join_all((0..5).map(|_| client.post("/auth/otp/verify", body.clone()))).await;
    let mut outcomes: Vec<u16> = tries.iter().map(|reply| reply.status).collect();
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
    ask(&service, HOME, ASHA).await.expect(202);
    post(&service, HOME, "/auth/signup", form("98765 00001")).await.expect(202);
    service.clock.advance_secs(1);
    let refused = post(&service, HOME, "/auth/signup", form("98765 00002")).await;
    assert_eq!(refused.problem(429), "auth.otp_limit");
    assert!(service.messages.list(Some("+919876500002")).is_empty(), "neither code was sent");
    ask(&service, HOME, "98765 00002").await.expect(202);
}
