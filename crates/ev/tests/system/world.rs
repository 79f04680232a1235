//! A platform to test, and people on it.

use crate::administrator;
use chassis::Env;
use chassis::clock::FakeClock;
use chassis::events::memory::MemoryBus;
use domain::Money;
use ev::demo::client::Client as Story;
use ev::embedded::{Embedded, Options};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::{Client, statements};

/// How long background effects may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const SECRET: &str = "sandbox-secret";
pub(crate) const ADMIN: &str = "admin@ev.local";

pub(crate) struct World {
    pub(crate) url: String,
    admin: String,
    /// Keeps people of tests on the same stack apart.
    tag: String,
    next: AtomicUsize,
    /// One pool of connections for everybody: making a client costs far more than a request.
    http: Client,
    story: Story,
    pub(crate) inside: Option<Inside>,
    /// Whether nobody else uses this platform.
    alone: bool,
    admin_session: tokio::sync::OnceCell<Person>,
    staff_session: tokio::sync::OnceCell<Person>,
}

/// What only an in-process platform has.
pub(crate) struct Inside {
    pub(crate) platform: Embedded,
    server: actix_web::dev::ServerHandle,
    data: PathBuf,
}

/// Somebody signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) code: String,
    pub(crate) email: String,
    pub(crate) http: Client,
}

fn variable(name: &str) -> String {
    Env::from_process().required(name).unwrap_or_else(|e| panic!("{e}: run this through scripts/test")).to_owned()
}

impl World {
    pub(crate) async fn embedded() -> Self {
        Self::inside(None, MemoryBus::new()).await
    }
    /// With a clock that stands still, or a bus that reorders, repeats and delays.
    pub(crate) async fn inside(clock: Option<Arc<FakeClock>>, bus: MemoryBus) -> Self {
        let tag = short_id();
        let data = std::env::temp_dir().join(format!("ev-system-{tag}"));
        let mut options = Options::new(&data, Env::default());
        options.bus = Arc::new(bus);
        options.database_options = "?synchronous=off";
        options.scheduled = clock.is_none();
        if let Some(clock) = &clock {
            options.clock = Arc::<FakeClock>::clone(clock);
        }
        statements::listen();
        let platform = statements::by_service(Embedded::start(options)).await.expect("the platform starts");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = platform.site(address).unwrap().serve(listener, 2, Duration::from_secs(1)).unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        let url = format!("http://{address}");
        let inside = Inside { platform, server: handle, data };
        Self { inside: Some(inside), tag, ..Self::process(&url) }
    }
    pub(crate) fn stack() -> Self {
        let secret = Env::from_process().or("STACK_SANDBOX_WEBHOOK_SECRET", SECRET).to_owned();
        let admin = Env::from_process().or("STACK_BOOTSTRAP_ADMIN", ADMIN).to_owned();
        Self::at(variable("STACK_URL"), variable("STACK_MESSAGES_URL"), secret, admin)
    }
    /// The embedded platform in a process of its own, which no other test uses.
    pub(crate) fn process(url: &str) -> Self {
        Self { alone: true, ..Self::at(url.to_owned(), url.to_owned(), SECRET.into(), ADMIN.into()) }
    }
    fn at(url: String, messages_url: String, secret: String, admin: String) -> Self {
        Self {
            http: Client::new(&url, None),
            story: Story::new(&url, &messages_url, &secret).unwrap(),
            url,
            admin,
            tag: short_id(),
            next: AtomicUsize::new(1),
            inside: None,
            alone: false,
            admin_session: tokio::sync::OnceCell::new(),
            staff_session: tokio::sync::OnceCell::new(),
        }
    }

    pub(crate) fn story(&self) -> Story {
        self.story.clone()
    }
    pub(crate) fn anonymous(&self) -> Client {
        self.http.clone()
    }
    pub(crate) async fn sign_in(&self, email: &str, name: &str, referral_code: Option<&str>) -> Person {
        let session = self.story().sign_in(email, name, referral_code).await.unwrap_or_else(|e| panic!("{email}: {e}"));
        let http = self.http.with_token(session.token().unwrap());
        Person { id: session.user_id, code: session.referral_code, email: email.to_owned(), http }
    }
    /// A new member, referred by somebody or by nobody.
    pub(crate) async fn member(&self, referrer: Option<&Person>) -> Person {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let email = format!("m{n}.{}@example.in", self.tag);
        self.sign_in(&email, &format!("Member {n}"), referrer.map(|r| r.code.as_str())).await
    }
    /// A new member who asks for a leg while registering.
    pub(crate) async fn member_preferring(&self, referrer: Option<&Person>, side: Option<&str>) -> Person {
        let Some(side) = side else { return self.member(referrer).await };
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        let email = format!("m{n}.{}@example.in", self.tag);
        self.http.post("/auth/otp", json!({ "identifier": email, "channel": "email" })).await.expect(202);
        let messages = format!("//dev/messages?to={email}");
        let code = async || self.http.get(&messages).await.body["items"][0]["code"].as_str().map(str::to_owned);
        self.until("a code", true, async || code().await.is_some()).await;
        let mut body = json!({ "identifier": email, "code": code().await, "preferred_side": side });
        if let Some(referrer) = referrer {
            body["referral_code"] = json!(referrer.code);
        }
        let session = self.http.post("/auth/otp/verify", body).await.expect(200);
        let text = |at: &str| session.pointer(at).and_then(Value::as_str).expect("a string").to_owned();
        let http = self.http.with_token(text("/access_token"));
        Person { id: text("/user/id"), code: text("/user/referral_code"), email, http }
    }
    pub(crate) async fn admin(&self) -> &Person {
        self.admin_session
            .get_or_init(async || {
                if self.alone {
                    self.sign_in(&self.admin, "Administrator", None).await
                } else {
                    administrator::sign_in_once(self, &self.admin).await
                }
            })
            .await
    }
    pub(crate) async fn staff(&self) -> &Person {
        self.staff_session
            .get_or_init(async || {
                let email = format!("staff.{}@example.in", self.tag);
                let new = json!({ "email": email, "name": "Staff", "role": "staff" });
                self.admin().await.http.post("/users", new).await.expect(201);
                self.sign_in(&email, "Staff", None).await
            })
            .await
    }
    /// The dearest there is: other tests add cheaper ones.
    pub(crate) async fn vehicle(&self) -> String {
        let list = self.anonymous().get("/vehicles?limit=100").await.expect(200);
        let price = |v: &&Value| v["price"].as_str().and_then(|p| p.parse::<Money>().ok());
        let dearest = list["items"].as_array().expect("vehicles").iter().max_by_key(price);
        dearest.and_then(|v| v["id"].as_str()).expect("a vehicle").to_owned()
    }

    /// Asks until the answer is the wanted one.
    pub(crate) async fn until<T: PartialEq + std::fmt::Debug>(&self, what: &str, wanted: T, ask: impl AsyncFn() -> T) {
        let started = Instant::now();
        loop {
            let now = ask().await;
            if now == wanted {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{what}: {now:?} instead of {wanted:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// In process: waits until every event has taken effect everywhere.
    pub(crate) async fn drain(&self) {
        let inside = self.inside.as_ref().expect("in process only");
        let started = Instant::now();
        let mut quiet = 0;
        while quiet < 3 {
            let mut busy = inside.platform.bus.pending();
            for service in &inside.platform.started {
                let mut c = service.ctx.db().read().await.unwrap();
                busy += usize::try_from(chassis::events::relay::unsent(&mut c).await.unwrap()).unwrap();
            }
            quiet = if busy == 0 { quiet + 1 } else { 0 };
            assert!(started.elapsed() < PATIENCE, "{busy} events are still on their way");
            if busy > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
    /// In process: runs one job of one service, now.
    pub(crate) async fn run_job(&self, service: &str, job: &str) {
        let inside = self.inside.as_ref().expect("in process only");
        let service = inside.platform.started.iter().find(|s| s.name == service).expect("a service");
        let job = service.jobs.iter().find(|j| j.name == job).expect("a job");
        statements::by_service(chassis::jobs::run_once(job, &service.ctx)).await.unwrap();
    }

    /// The books are whole: the trial balance is zero, every cached balance equals the fold of its postings,
    /// and no event was parked.
    pub(crate) async fn check_books(&self) {
        let staff = &self.staff().await.http;
        let trial = staff.get("/ledger/trial-balance").await.expect(200);
        assert_eq!(trial["difference"], "0.00", "{trial}");
        // One verification at a time: other tests check the same books.
        let started = Instant::now();
        let mut verified = staff.get("/ledger/verify").await;
        while verified.status == 429 && started.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(50)).await;
            verified = staff.get("/ledger/verify").await;
        }
        let verified = verified.expect(200);
        assert_eq!(verified["ok"], true, "{verified}");
        if let Some(inside) = &self.inside {
            for service in &inside.platform.started {
                let mut c = service.ctx.db().read().await.unwrap();
                let parked = chassis::events::parked::list(&mut c, 10, 0).await.unwrap();
                assert!(parked.is_empty(), "{} parked {parked:?}", service.name);
            }
        }
    }

    pub(crate) async fn finish(self) {
        if self.inside.is_some() {
            self.drain().await;
        }
        self.check_books().await;
        if let Some(inside) = &self.inside {
            inside.platform.stop().await;
            inside.server.stop(false).await;
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        for service in &self.platform.started {
            service.abandon();
        }
        let _gone = std::fs::remove_dir_all(&self.data);
    }
}

pub(crate) fn short_id() -> String {
    let id = chassis::id::fresh::<uuid::Uuid>().simple().to_string();
    id[id.len() - 10..].to_owned()
}

impl Person {
    pub(crate) async fn book(&self, world: &World, amount: &str) -> String {
        self.book_with(world, json!({ "booking_amount": amount })).await
    }
    pub(crate) async fn book_with(&self, world: &World, mut body: Value) -> String {
        if body.get("vehicle_id").is_none() {
            body["vehicle_id"] = json!(world.vehicle().await);
        }
        self.http.post("/bookings", body).await.expect(201)["id"].as_str().expect("an id").to_owned()
    }
    pub(crate) async fn order(&self, booking: &str, amount: &str) -> Value {
        let body = json!({ "amount": amount, "method": "online" });
        self.http.post(&format!("/bookings/{booking}/payments"), body).await.expect(201)
    }
    /// Pays online, gateway included; answers the payment's id.
    pub(crate) async fn pay(&self, world: &World, booking: &str, amount: &str) -> String {
        let payment = self.order(booking, amount).await;
        let (id, order) = (payment["id"].as_str().unwrap(), payment["checkout"]["order_id"].as_str().unwrap());
        world.story().capture(order, &format!("pay_{id}"), amount).await.unwrap();
        id.to_owned()
    }
    /// Books with ₹500, pays it, and waits for the place in the tree.
    pub(crate) async fn join_tree(&self, world: &World) -> String {
        let booking = self.book(world, "500.00").await;
        self.pay(world, &booking, "500.00").await;
        self.wait_for_place(world).await;
        booking
    }
    pub(crate) async fn wait_for_place(&self, world: &World) {
        world.until("a place in the tree", 200, async || self.http.get("/binary/me").await.status).await;
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
    pub(crate) async fn wait_for(&self, world: &World, field: &str, amount: &str) {
        let what = format!("{field} of {}", self.email);
        world.until(&what, amount.to_owned(), async || self.balance(field).await).await;
    }
    /// Every line of the wallet, oldest first, as (type, amount).
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
    pub(crate) async fn deposit(&self, world: &World, amount: &str) {
        let body = json!({ "amount": amount, "reason": "for a test" });
        world.admin().await.http.post(&format!("/wallets/{}/deposits", self.id), body).await.expect(201);
    }
    /// KYC, submitted and approved.
    pub(crate) async fn know(&self, world: &World) {
        let body = kyc_body();
        let id = self.http.post("/users/me/kyc", body).await.expect(201)["id"].as_str().unwrap().to_owned();
        world.staff().await.http.act(&format!("/kyc/{id}/approve")).await.expect(200);
    }
    pub(crate) async fn payout(&self, world: &World, amount: &str, emi: bool) -> Value {
        let body = json!({ "amount": amount, "emi_autofill": emi });
        let payout = self.http.post("/payouts", body).await.expect(201);
        let id = payout["id"].as_str().unwrap().to_owned();
        world.until("the wallet's hold", "pending".to_owned(), async || self.payout_status(&id).await).await;
        payout
    }
    pub(crate) async fn payout_status(&self, id: &str) -> String {
        self.http.get(&format!("/payouts/{id}")).await.expect(200)["status"].as_str().unwrap().to_owned()
    }
}

/// A valid application with a PAN of its own.
pub(crate) fn kyc_body() -> Value {
    let id = chassis::id::fresh::<uuid::Uuid>().as_u128();
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
