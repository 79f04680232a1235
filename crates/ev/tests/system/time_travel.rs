//! Platform with a movable clock; users sign in again when their tokens have expired.

use crate::platform::{ADMIN, TestPlatform, TestUser};
use domain::{Money, Timestamp};
use ev::embedded::Adjust;
use messaging::memory::MemoryBus;
use runtime::clock::Clock;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use testkit::FakeClock;

/// Age after which a session signs in again, in seconds: the lifetime of an access token minus a minute.
const SIGNED_IN_SECS: i64 = 14 * 60;

/// A platform in this process with a fake clock.
pub(crate) struct TimeTravel {
    pub(crate) platform: TestPlatform,
    clock: Arc<FakeClock>,
    sessions: Mutex<HashMap<String, (Timestamp, TestUser)>>,
}

pub(crate) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub(crate) fn paise(of: &Value, field: &str) -> i64 {
    of[field].as_str().unwrap_or_else(|| panic!("no {field}: {of}")).parse::<Money>().unwrap().paise()
}

impl TimeTravel {
    pub(crate) async fn start(time: &str, bus: MemoryBus) -> Self {
        Self::start_adjusted(time, bus, None).await
    }
    pub(crate) async fn start_adjusted(time: &str, bus: MemoryBus, adjust: Option<Adjust>) -> Self {
        let clock = Arc::new(FakeClock::at(at(time)));
        let platform = TestPlatform::in_process(Some(Arc::clone(&clock)), bus, adjust).await;
        platform.run_job("booking", "calendar").await;
        Self { platform, clock, sessions: Mutex::default() }
    }
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
    /// Advances the clock.
    pub(crate) fn advance_secs(&self, secs: i64) {
        self.clock.set(self.now().plus_secs(secs));
    }
    /// Advances the clock by one second, so that no two operations have the same time.
    pub(crate) fn tick(&self) {
        self.clock.set(self.now().plus_secs(1));
    }
    /// Drains all events, sets the clock, and starts the days in between.
    pub(crate) async fn advance_to(&self, time: &str) {
        self.platform.drain().await;
        self.clock.set(at(time));
        self.platform.run_job("booking", "calendar").await;
        self.platform.drain().await;
    }
    pub(crate) async fn finish(self) {
        // The administrator may request another code.
        self.clock.set(self.now().plus_secs(60));
        self.platform.finish().await;
    }

    /// The session of a user; signs in again when the token has expired.
    pub(crate) async fn session(&self, email: &str) -> TestUser {
        let known = self.sessions.lock().unwrap().get(email).cloned();
        if let Some((since, user)) = known
            && self.now() < since.plus_secs(SIGNED_IN_SECS)
        {
            return user;
        }
        let user = self.platform.sign_in(email, "Member", None).await;
        self.store_session(user)
    }
    pub(crate) async fn admin(&self) -> TestUser {
        self.session(ADMIN).await
    }
    pub(crate) fn store_session(&self, user: TestUser) -> TestUser {
        self.sessions.lock().unwrap().insert(user.email.clone(), (self.now(), user.clone()));
        user
    }
    pub(crate) async fn member(&self, referrer: Option<&TestUser>, side: Option<&str>) -> TestUser {
        self.store_session(self.platform.member_preferring(referrer, side).await)
    }

    pub(crate) async fn book(&self, email: &str) -> String {
        self.session(email).await.book(&self.platform, "500.00").await
    }
    /// Pays with the given method and drains all events. `None` where the payment was not completed.
    pub(crate) async fn pay(&self, email: &str, booking: &str, amount: &str, method: &str) -> Option<String> {
        self.tick();
        let http = self.session(email).await.http;
        let body = json!({ "amount": amount, "method": method });
        let payment = http.post(&format!("/bookings/{booking}/payments"), body).await.expect(201);
        let id = payment["id"].as_str().unwrap().to_owned();
        match method {
            "online" => {
                let order = payment["checkout"]["order_id"].as_str().unwrap();
                self.platform.demo_client().capture(order, &format!("pay_{id}"), amount).await.unwrap();
            }
            "wallet" => {}
            _ => {
                let confirmed = json!({ "reference": id });
                self.admin().await.http.post(&format!("/payments/{id}/confirm"), confirmed).await.expect(200);
            }
        }
        self.platform.drain().await;
        let paid = http.get(&format!("/payments/{id}")).await.expect(200);
        (paid["status"] == json!("completed")).then_some(id)
    }
    /// Registers a member who books and pays the minimum for a placement.
    pub(crate) async fn join(&self, referrer: Option<&TestUser>, side: Option<&str>) -> (TestUser, String) {
        let user = self.member(referrer, side).await;
        let booking = self.book(&user.email).await;
        self.pay(&user.email, &booking, "500.00", "online").await.expect("a payment");
        (user, booking)
    }
    pub(crate) async fn refund(&self, payment: &str) {
        self.tick();
        let body = json!({ "reason": "for a test", "refund_to": "wallet" });
        self.admin().await.http.post(&format!("/payments/{payment}/refund"), body).await.expect(200);
        self.platform.drain().await;
    }
    /// Deposits to the wallet of `of`.
    pub(crate) async fn deposit(&self, of: &TestUser, amount: &str) {
        let body = json!({ "amount": amount, "reason": "for a test" });
        self.admin().await.http.post(&format!("/wallets/{}/deposits", of.id), body).await.expect(201);
        self.platform.drain().await;
    }
    pub(crate) async fn publish(&self, effective_from: &str, plan: Value) -> Value {
        let mut body = json!({ "effective_from": effective_from });
        body.as_object_mut().unwrap().extend(plan.as_object().unwrap().clone());
        let version = self.admin().await.http.post("/plan/versions", body).await.expect(201);
        self.platform.drain().await;
        version
    }
    /// Every item of a list, read by the administrator.
    pub(crate) async fn list_all(&self, path: &str) -> Vec<Value> {
        let http = self.admin().await.http;
        let with = if path.contains('?') { '&' } else { '?' };
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = http.get(&format!("{path}{with}limit=100&cursor={cursor}")).await.expect(200);
            items.extend(page["items"].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return items,
            }
        }
    }
}
