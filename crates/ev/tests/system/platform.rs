//! Platform under test, and its users.

use crate::administrator;
use domain::Money;
use ev::demo::client::Client as DemoClient;
use ev::embedded::{Adjust, Embedded, Options};
use messaging::memory::MemoryBus;
use runtime::Env;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::{Client, FakeClock, statements};

/// Maximum wait for an effect in the background.
pub(crate) const EFFECT_TIMEOUT: Duration = Duration::from_secs(60);
pub(crate) const SECRET: &str = "sandbox-secret";
pub(crate) const ADMIN: &str = "admin@ev.local";

/// A platform, in this process or elsewhere.
pub(crate) struct TestPlatform {
    pub(crate) url: String,
    admin: String,
    /// Unique part of the users' addresses, so that tests on one stack do not collide.
    tag: String,
    next: AtomicUsize,
    /// Shared connection pool: creating a client costs far more than a request.
    http: Client,
    demo: DemoClient,
    pub(crate) in_process: Option<InProcess>,
    /// Whether no other test uses this platform.
    is_exclusive: bool,
    admin_session: tokio::sync::OnceCell<TestUser>,
    staff_session: tokio::sync::OnceCell<TestUser>,
}

/// Handles of an in-process platform.
pub(crate) struct InProcess {
    pub(crate) embedded: Embedded,
    server: actix_web::dev::ServerHandle,
    data: PathBuf,
}

/// A signed-in user.
#[derive(Clone)]
pub(crate) struct TestUser {
    pub(crate) id: String,
    pub(crate) referral_code: String,
    pub(crate) email: String,
    pub(crate) http: Client,
}

fn variable(name: &str) -> String {
    Env::from_process().required(name).unwrap_or_else(|e| panic!("{e}: run this through scripts/test")).to_owned()
}

impl TestPlatform {
    pub(crate) async fn embedded() -> Self {
        Self::in_process(None, MemoryBus::new(), None).await
    }
    /// Starts the platform in this process, with a fake clock, a bus that reorders, repeats and delays events, or
    /// dependencies that fail.
    pub(crate) async fn in_process(clock: Option<Arc<FakeClock>>, bus: MemoryBus, adjust: Option<Adjust>) -> Self {
        let tag = short_id();
        let data = std::env::temp_dir().join(format!("ev-system-{tag}"));
        let mut options = Options::new(&data, Env::default());
        options.bus = Arc::new(bus);
        options.database_options = "?synchronous=off";
        options.adjust = adjust;
        options.scheduled = clock.is_none();
        if let Some(clock) = &clock {
            options.clock = Arc::<FakeClock>::clone(clock);
        }
        statements::record_all();
        let embedded = statements::as_service(Embedded::start(options)).await.expect("the platform starts");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = embedded.site(address).unwrap().serve(listener, 2, Duration::from_secs(1)).unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        let url = format!("http://{address}");
        let in_process = InProcess { embedded, server: handle, data };
        Self { in_process: Some(in_process), tag, ..Self::process(&url) }
    }
    pub(crate) fn stack() -> Self {
        let secret = Env::from_process().get_or("STACK_SANDBOX_WEBHOOK_SECRET", SECRET).to_owned();
        let admin = Env::from_process().get_or("STACK_BOOTSTRAP_ADMIN", ADMIN).to_owned();
        Self::at(variable("STACK_URL"), variable("STACK_MESSAGES_URL"), secret, admin)
    }
    /// A platform in a separate process that no other test uses.
    pub(crate) fn process(url: &str) -> Self {
        Self { is_exclusive: true, ..Self::at(url.to_owned(), url.to_owned(), SECRET.into(), ADMIN.into()) }
    }
    fn at(url: String, messages_url: String, secret: String, admin: String) -> Self {
        Self {
            http: Client::new(&url, None),
            demo: DemoClient::new(&url, &messages_url, &secret).unwrap(),
            url,
            admin,
            tag: short_id(),
            next: AtomicUsize::new(1),
            in_process: None,
            is_exclusive: false,
            admin_session: tokio::sync::OnceCell::new(),
            staff_session: tokio::sync::OnceCell::new(),
        }
    }

    pub(crate) fn demo_client(&self) -> DemoClient {
        self.demo.clone()
    }
    pub(crate) fn anonymous(&self) -> Client {
        self.http.clone()
    }
    pub(crate) async fn sign_in(&self, email: &str, name: &str, referral_code: Option<&str>) -> TestUser {
        let session =
            self.demo_client().sign_in(email, name, referral_code).await.unwrap_or_else(|e| panic!("{email}: {e}"));
        let http = self.http.with_token(session.token().unwrap());
        TestUser { id: session.user_id, referral_code: session.referral_code, email: email.to_owned(), http }
    }
    /// Registers a new member.
    pub(crate) async fn member(&self, referrer: Option<&TestUser>) -> TestUser {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let email = format!("m{n}.{}@example.in", self.tag);
        self.sign_in(&email, &format!("Member {n}"), referrer.map(|r| r.referral_code.as_str())).await
    }
    /// Registers a new member with a preferred leg.
    pub(crate) async fn member_preferring(&self, referrer: Option<&TestUser>, side: Option<&str>) -> TestUser {
        let Some(side) = side else { return self.member(referrer).await };
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let email = format!("m{n}.{}@example.in", self.tag);
        self.http.post("/auth/otp", json!({ "identifier": email, "channel": "email" })).await.expect(202);
        let messages = format!("//dev/messages?to={email}");
        let code = async || self.http.get(&messages).await.body["items"][0]["code"].as_str().map(str::to_owned);
        self.wait_until("a code", true, async || code().await.is_some()).await;
        let mut body = json!({ "identifier": email, "code": code().await, "preferred_side": side });
        if let Some(referrer) = referrer {
            body["referral_code"] = json!(referrer.referral_code);
        }
        let session = self.http.post("/auth/otp/verify", body).await.expect(200);
        let text = |at: &str| session.pointer(at).and_then(Value::as_str).expect("a string").to_owned();
        let http = self.http.with_token(text("/access_token"));
        TestUser { id: text("/user/id"), referral_code: text("/user/referral_code"), email, http }
    }
    pub(crate) async fn admin(&self) -> &TestUser {
        self.admin_session
            .get_or_init(async || {
                if self.is_exclusive {
                    self.sign_in(&self.admin, "Administrator", None).await
                } else {
                    administrator::sign_in_once(self, &self.admin).await
                }
            })
            .await
    }
    pub(crate) async fn staff(&self) -> &TestUser {
        self.staff_session
            .get_or_init(async || {
                let email = format!("staff.{}@example.in", self.tag);
                let new = json!({ "email": email, "name": "Staff", "role": "staff" });
                self.admin().await.http.post("/users", new).await.expect(201);
                self.sign_in(&email, "Staff", None).await
            })
            .await
    }
    /// The most expensive vehicle; other tests add cheaper ones.
    pub(crate) async fn vehicle(&self) -> String {
        let list = self.anonymous().get("/vehicles?limit=100").await.expect(200);
        let price = |v: &&Value| v["price"].as_str().and_then(|p| p.parse::<Money>().ok());
        let most_expensive = list["items"].as_array().expect("vehicles").iter().max_by_key(price);
        most_expensive.and_then(|v| v["id"].as_str()).expect("a vehicle").to_owned()
    }

    /// Polls until the value is `wanted`. Panics after `EFFECT_TIMEOUT`.
    pub(crate) async fn wait_until<T: PartialEq + std::fmt::Debug>(
        &self,
        what: &str,
        wanted: T,
        poll: impl AsyncFn() -> T,
    ) {
        let started = Instant::now();
        loop {
            let now = poll().await;
            if now == wanted {
                return;
            }
            assert!(started.elapsed() < EFFECT_TIMEOUT, "{what}: {now:?} instead of {wanted:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// In process only: waits until every event has taken effect in every service.
    pub(crate) async fn drain(&self) {
        let in_process = self.in_process.as_ref().expect("in process only");
        let started = Instant::now();
        let mut quiet = 0;
        while quiet < 3 {
            let mut busy = in_process.embedded.bus.pending();
            for service in &in_process.embedded.started {
                let mut c = service.ctx.db().read().await.unwrap();
                busy += usize::try_from(messaging::outbox::count_unsent(&mut c).await.unwrap()).unwrap();
            }
            quiet = if busy == 0 { quiet + 1 } else { 0 };
            assert!(started.elapsed() < EFFECT_TIMEOUT, "{busy} events are still pending");
            if busy > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    /// In process only: runs one job of one service.
    pub(crate) async fn run_job(&self, service: &str, job: &str) {
        let in_process = self.in_process.as_ref().expect("in process only");
        let service = in_process.embedded.started.iter().find(|s| s.name == service).expect("a service");
        let job = service.jobs.iter().find(|j| j.name == job).expect("a job");
        statements::as_service(runtime::jobs::run_once(job, &service.ctx)).await.unwrap();
    }

    /// Checks that the trial balance is zero, every balance equals the sum of its postings, and no event was parked.
    pub(crate) async fn verify_ledger(&self) {
        let staff = &self.staff().await.http;
        let trial = staff.get("/ledger/trial-balance").await.expect(200);
        assert_eq!(trial["difference"], "0.00", "{trial}");
        // Other tests verify the same ledger; only a few verifications run at once.
        let started = Instant::now();
        let mut verified = staff.get("/ledger/verify").await;
        while verified.status == 429 && started.elapsed() < EFFECT_TIMEOUT {
            tokio::time::sleep(Duration::from_millis(50)).await;
            verified = staff.get("/ledger/verify").await;
        }
        let verified = verified.expect(200);
        assert_eq!(verified["ok"], true, "{verified}");
        self.assert_nothing_parked().await;
    }
    /// In process only: checks that no service has parked an event.
    pub(crate) async fn assert_nothing_parked(&self) {
        let Some(in_process) = &self.in_process else { return };
        for service in &in_process.embedded.started {
            let mut c = service.ctx.db().read().await.unwrap();
            let parked = messaging::parked::list(&mut c, 10, 0).await.unwrap();
            assert!(parked.is_empty(), "{} parked {parked:?}", service.name);
        }
    }

    pub(crate) async fn finish(self) {
        if self.in_process.is_some() {
            self.drain().await;
        }
        self.verify_ledger().await;
        if let Some(in_process) = &self.in_process {
            in_process.embedded.stop().await;
            in_process.server.stop(false).await;
        }
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        for service in &self.embedded.started {
            service.abandon();
        }
        let _removed = std::fs::remove_dir_all(&self.data);
    }
}

pub(crate) fn short_id() -> String {
    let id = runtime::id::fresh::<uuid::Uuid>().simple().to_string();
    id[id.len() - 10..].to_owned()
}

impl TestUser {
    pub(crate) async fn book(&self, platform: &TestPlatform, amount: &str) -> String {
        self.book_with(platform, json!({ "booking_amount": amount })).await
    }
    pub(crate) async fn book_with(&self, platform: &TestPlatform, mut body: Value) -> String {
        if body.get("vehicle_id").is_none() {
            body["vehicle_id"] = json!(platform.vehicle().await);
        }
        self.http.post("/bookings", body).await.expect(201)["id"].as_str().expect("an id").to_owned()
    }
    pub(crate) async fn order(&self, booking: &str, amount: &str) -> Value {
        let body = json!({ "amount": amount, "method": "online" });
        self.http.post(&format!("/bookings/{booking}/payments"), body).await.expect(201)
    }
    /// Pays online, including the gateway's webhook, and returns the payment's id.
    pub(crate) async fn pay(&self, platform: &TestPlatform, booking: &str, amount: &str) -> String {
        let payment = self.order(booking, amount).await;
        let (id, order) = (payment["id"].as_str().unwrap(), payment["checkout"]["order_id"].as_str().unwrap());
        platform.demo_client().capture(order, &format!("pay_{id}"), amount).await.unwrap();
        id.to_owned()
    }
    /// Books with ₹500, pays it, and waits for the placement in the tree.
    pub(crate) async fn join_tree(&self, platform: &TestPlatform) -> String {
        let booking = self.book(platform, "500.00").await;
        self.pay(platform, &booking, "500.00").await;
        self.wait_for_place(platform).await;
        booking
    }
    pub(crate) async fn wait_for_place(&self, platform: &TestPlatform) {
        platform.wait_until("a place in the tree", 200, async || self.http.get("/binary/me").await.status).await;
    }
    pub(crate) async fn cancel(&self, booking: &str) -> Value {
        let body = json!({ "reason": "changed my mind", "refund_to": "wallet" });
        self.http.post(&format!("/bookings/{booking}/cancel"), body).await.expect(200)
    }
    pub(crate) async fn node(&self) -> Value {
        self.http.get("/binary/me").await.expect(200)
    }
    pub(crate) async fn wallet(&self) -> Value {
        self.http.get("/wallet").await.expect(200)
    }
    pub(crate) async fn balance(&self, field: &str) -> String {
        self.wallet().await[field].as_str().expect("an amount").to_owned()
    }
    pub(crate) async fn wait_for_balance(&self, platform: &TestPlatform, field: &str, amount: &str) {
        let what = format!("{field} of {}", self.email);
        platform.wait_until(&what, amount.to_owned(), async || self.balance(field).await).await;
    }
    /// Every wallet transaction, oldest first, as (type, amount).
    pub(crate) async fn lines(&self) -> Vec<(String, Money)> {
        let mut lines = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.http.get(&format!("/wallet/transactions?limit=100&cursor={cursor}")).await.expect(200);
            for line in page["items"].as_array().unwrap() {
                let amount = line["amount"].as_str().unwrap().parse().unwrap();
                lines.push((line["type"].as_str().unwrap().to_owned(), amount));
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        lines.reverse();
        lines
    }
    pub(crate) async fn amounts(&self, kind: &str) -> Vec<String> {
        self.lines().await.into_iter().filter(|(k, _)| k == kind).map(|(_, amount)| amount.to_string()).collect()
    }
    pub(crate) async fn deposit(&self, platform: &TestPlatform, amount: &str) {
        let body = json!({ "amount": amount, "reason": "for a test" });
        platform.admin().await.http.post(&format!("/wallets/{}/deposits", self.id), body).await.expect(201);
    }
    /// Submits KYC and has it approved.
    pub(crate) async fn approve_kyc(&self, platform: &TestPlatform) {
        let body = kyc_body();
        let id = self.http.post("/users/me/kyc", body).await.expect(201)["id"].as_str().unwrap().to_owned();
        platform.staff().await.http.post_empty(&format!("/kyc/{id}/approve")).await.expect(200);
    }
    pub(crate) async fn payout(&self, platform: &TestPlatform, amount: &str, emi: bool) -> Value {
        let body = json!({ "amount": amount, "emi_autofill": emi });
        let payout = self.http.post("/payouts", body).await.expect(201);
        let id = payout["id"].as_str().unwrap().to_owned();
        platform.wait_until("the wallet's hold", "pending".to_owned(), async || self.payout_status(&id).await).await;
        payout
    }
    pub(crate) async fn payout_status(&self, id: &str) -> String {
        self.http.get(&format!("/payouts/{id}")).await.expect(200)["status"].as_str().unwrap().to_owned()
    }
}

/// A valid KYC application with a unique PAN.
pub(crate) fn kyc_body() -> Value {
    let id = runtime::id::fresh::<uuid::Uuid>().as_u128();
    let letter = |shift: u32| char::from(b'A' + u8::try_from((id >> shift) % 26).unwrap());
    let pan = format!(
        "{}{}{}{}{}{:04}{}",
        letter(8),
        letter(16),
        letter(24),
        letter(32),
        letter(40),
        id % 10_000,
        letter(48)
    );
    json!({
        "pan": pan, "aadhaar_last4": "1234",
        "bank": { "account_number": format!("{:012}", id % 1_000_000_000_000), "ifsc": "HDFC0001234", "holder_name": "A Member", "bank_name": "HDFC Bank" },
        "address": { "line1": "1 MG Road", "city": "Pune", "state": "Maharashtra", "pincode": "411001", "country": "IN" },
    })
}
