//! Tests of web push against a push service that decrypts as a browser does.

use super::{bonus_paid, registered};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::UserId;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use p256::elliptic_curve::sec1::ToEncodedPoint;
use parking_lot::Mutex;
use runtime::id;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use testkit::TestService;
use web_push_native::{Auth, decrypt};

/// The private key of the service.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// A received request: path, headers and body.
struct Received {
    path: String,
    authorization: String,
    encoding: String,
    ttl: String,
    body: Vec<u8>,
}

#[derive(Clone)]
struct PushService {
    received: Arc<Mutex<Vec<Received>>>,
    status: Arc<AtomicU16>,
    origin: String,
}

async fn receive(push: web::Data<PushService>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    push.received.lock().push(Received {
        path: request.path().to_owned(),
        authorization: header("authorization"),
        encoding: header("content-encoding"),
        ttl: header("ttl"),
        body: body.to_vec(),
    });
    let status = AtomicU16::load(&push.status, Ordering::SeqCst);
    HttpResponse::build(actix_web::http::StatusCode::from_u16(status).expect("a status")).finish()
}

impl PushService {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let push = Self { received: Arc::default(), status: Arc::new(AtomicU16::new(201)), origin };
        let data = web::Data::new(push.clone());
        let app = move || App::new().app_data(data.clone()).default_service(web::to(receive));
        tokio::spawn(HttpServer::new(app).workers(1).listen(listener).expect("a server").run());
        push
    }
    fn answer(&self, status: u16) {
        AtomicU16::store(&self.status, status, Ordering::SeqCst);
    }
    fn count(&self) -> usize {
        self.received.lock().len()
    }
}

/// A browser with a subscription.
struct Browser {
    secret: p256::SecretKey,
    auth: [u8; 16],
    endpoint: String,
}

impl Browser {
    fn new(push: &PushService, name: &str) -> Self {
        let secret = p256::SecretKey::from_slice(&id::random_bytes::<32>()).expect("a key");
        Self { secret, auth: id::random_bytes(), endpoint: format!("{}/push/{name}", push.origin) }
    }
    fn subscription(&self) -> Value {
        let point = self.secret.public_key().to_encoded_point(false);
        let keys =
            json!({ "p256dh": URL_SAFE_NO_PAD.encode(point.as_bytes()), "auth": URL_SAFE_NO_PAD.encode(self.auth) });
        json!({ "endpoint": self.endpoint, "keys": keys })
    }
    fn read(&self, received: &Received) -> Value {
        let plain = decrypt(received.body.clone(), &self.secret, &Auth::from(self.auth)).expect("a readable message");
        serde_json::from_slice(&plain).expect("JSON")
    }
}

async fn start() -> TestService {
    let settings =
        [("WEB_PUSH_PRIVATE_KEY", KEY), ("WEB_PUSH_HOSTS", "127.0.0.1"), ("PUBLIC_URL", "https://ev.example")];
    TestService::start_with(notification::service(), &settings).await
}

const SUBSCRIPTIONS: &str = "/notifications/push/subscriptions";

#[test]
fn the_browser_of_these_tests_reads_the_example_of_rfc_8291() {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let message = bytes(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWA\
         mS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
    );
    let secret = p256::SecretKey::from_slice(&bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")).expect("a key");
    let auth: [u8; 16] = bytes("BTBZMqHH6r4Tts7J_aSIgg").try_into().expect("16 bytes");
    let plain = decrypt(message, &secret, &Auth::from(auth)).expect("a readable message");
    assert_eq!(plain, b"When I grow up, I want to be a watermelon");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_browser_of_a_member_gets_an_encrypted_and_signed_message_once() {
    let (service, push) = (start().await, PushService::start());
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    let (phone, laptop) = (Browser::new(&push, "phone"), Browser::new(&push, "laptop"));
    let me = service.as_user(user);
    for browser in [&phone, &laptop, &phone] {
        me.put(SUBSCRIPTIONS, browser.subscription()).await.expect(200);
    }
    assert_eq!(me.get(SUBSCRIPTIONS).await.expect(200)["items"].as_array().unwrap().len(), 2);
    let bonus = bonus_paid(user, now, 1);
    for _ in 0..2 {
        service.deliver_now(&bonus).await;
        service.run_job("push").await;
    }
    let key = me.get("/notifications/push/key").await.expect(200)["key"].as_str().unwrap().to_owned();
    let received = std::mem::take(&mut *push.received.lock());
    assert_eq!(received.len(), 2);
    for browser in [&phone, &laptop] {
        let path = browser.endpoint.trim_start_matches(&push.origin);
        let message = received.iter().find(|message| message.path == path).expect("a message");
        let shown = browser.read(message);
        assert_eq!(
            (&shown["title"], &shown["body"]),
            (&json!("Referral bonus"), &json!("₹25.00 for a payment of a member you referred."))
        );
        assert!(shown["path"].as_str().unwrap().starts_with("/wallet/"), "{shown}");
        assert_eq!((message.encoding.as_str(), message.ttl.as_str()), ("aes128gcm", "86400"));
        // The signature is for this push service alone, by the key that the browser knows.
        let (token, signed_by) = message.authorization.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(signed_by, key);
        let point = URL_SAFE_NO_PAD.decode(signed_by).unwrap();
        let (x, y) = point[1..].split_at(32);
        let verifier = DecodingKey::from_ec_components(&URL_SAFE_NO_PAD.encode(x), &URL_SAFE_NO_PAD.encode(y)).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[&push.origin]);
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Value>(token, &verifier, &validation).unwrap().claims;
        assert_eq!(claims["sub"], "https://ev.example");
        let lifetime = claims["exp"].as_i64().unwrap() - now.utc().timestamp();
        assert!((1..=86_400).contains(&lifetime), "{lifetime}");
    }
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_is_gone_is_forgotten_and_a_busy_push_service_is_asked_again() {
    let (service, push) = (start().await, PushService::start());
    let (user, now): (UserId, _) = (id::fresh(), service.now());
    let me = service.as_user(user);
    me.put(SUBSCRIPTIONS, Browser::new(&push, "phone").subscription()).await.expect(200);
    push.answer(503);
    service.deliver_now(&bonus_paid(user, now, 1)).await;
    service.run_job("push").await;
    service.run_job("push").await;
    assert_eq!(push.count(), 1, "the retry waits");
    push.answer(201);
    service.clock.advance_secs(30);
    service.run_job("push").await;
    assert_eq!(push.count(), 2);
    push.answer(410);
    service.deliver_now(&bonus_paid(user, now, 2)).await;
    service.run_job("push").await;
    assert_eq!(me.get(SUBSCRIPTIONS).await.expect(200)["items"], json!([]));
    service.deliver_now(&bonus_paid(user, now, 3)).await;
    service.run_job("push").await;
    assert_eq!(push.count(), 3);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_its_members_own_and_points_to_a_known_push_service() {
    let (service, push) = (start().await, PushService::start());
    let (mine, other): (UserId, UserId) = (id::fresh(), id::fresh());
    let (me, them) = (service.as_user(mine), service.as_user(other));
    let good = Browser::new(&push, "shared").subscription();
    for (field, bad) in [
        ("/endpoint", json!("http://localhost/push")),
        ("/endpoint", json!("https://127.0.0.2/push")),
        ("/endpoint", json!("https://user@127.0.0.1/push")),
        ("/endpoint", json!("file:///etc/passwd")),
        ("/endpoint", json!(format!("https://127.0.0.1/{}", "x".repeat(1_000)))),
        ("/keys/p256dh", json!("AAAA")),
        ("/keys/p256dh", json!(URL_SAFE_NO_PAD.encode([4_u8; 65]))),
        ("/keys/auth", json!("")),
    ] {
        let mut subscription = good.clone();
        *subscription.pointer_mut(field).unwrap() = bad;
        let refused = me.put(SUBSCRIPTIONS, subscription.clone()).await;
        assert_eq!(refused.problem(422), "notification.bad_subscription", "{subscription}");
    }
    let id = me.put(SUBSCRIPTIONS, good.clone()).await.expect(200)["id"].as_str().unwrap().to_owned();
    assert_eq!(them.delete(&format!("{SUBSCRIPTIONS}/{id}")).await.problem(404), "request.not_found");
    service.deliver_now(&bonus_paid(mine, service.now(), 1)).await;
    // On a shared computer the browser becomes the other member's: what was queued for the first one is not shown.
    them.put(SUBSCRIPTIONS, good).await.expect(200);
    service.run_job("push").await;
    assert_eq!((push.count(), me.get(SUBSCRIPTIONS).await.expect(200)["items"].clone()), (0, json!([])));
    assert_eq!(them.delete(&format!("{SUBSCRIPTIONS}/{id}")).await.status, 204);
    assert_eq!(them.delete(&format!("{SUBSCRIPTIONS}/{id}")).await.status, 404);
    for n in 0..12 {
        me.put(SUBSCRIPTIONS, Browser::new(&push, &n.to_string()).subscription()).await.expect(200);
    }
    assert_eq!(me.get(SUBSCRIPTIONS).await.expect(200)["items"].as_array().unwrap().len(), 10);
    service.deliver_now(&registered(mine, service.now())).await;
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_there_is_no_web_push() {
    let service = TestService::start(notification::service()).await;
    let me = service.as_user(id::fresh());
    assert_eq!(me.get("/notifications/push/key").await.expect(200), json!({ "key": null }));
    let subscription = Browser::new(&PushService::start(), "phone").subscription();
    assert_eq!(me.put(SUBSCRIPTIONS, subscription).await.problem(409), "notification.push_unavailable");
    service.finish().await;
}
