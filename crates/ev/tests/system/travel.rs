//! A platform whose clock is moved, and people who sign in again when their tokens have run out.

use crate::world::{ADMIN, Person, World};
use chassis::clock::{Clock, FakeClock};
use chassis::events::memory::MemoryBus;
use domain::{Money, Timestamp};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// As long as an access token may be used, and a minute for the call.
const SIGNED_IN_SECS: i64 = 14 * 60;

pub(crate) struct Travel {
    pub(crate) world: World,
    clock: Arc<FakeClock>,
    sessions: Mutex<HashMap<String, (Timestamp, Person)>>,
}

pub(crate) fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub(crate) fn paise(of: &Value, field: &str) -> i64 {
    of[field].as_str().unwrap_or_else(|| panic!("no {field}: {of}")).parse::<Money>().unwrap().paise()
}

impl Travel {
    pub(crate) async fn start(time: &str, bus: MemoryBus) -> Self {
        let clock = Arc::new(FakeClock::at(at(time)));
        let world = World::inside(Some(Arc::clone(&clock)), bus).await;
        world.run_job("booking", "calendar").await;
        Self { world, clock, sessions: Mutex::default() }
    }
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
    /// So that two things do not happen at once.
    pub(crate) fn tick(&self) {
        self.clock.set(self.now().plus_secs(1));
    }
    /// Everything until then has taken effect; then it is later, and the days between have begun.
    pub(crate) async fn to(&self, time: &str) {
        self.world.drain().await;
        self.clock.set(at(time));
        self.world.run_job("booking", "calendar").await;
        self.world.drain().await;
    }
    pub(crate) async fn finish(self) {
        // The administrator asks for another code.
        self.clock.set(self.now().plus_secs(60));
        self.world.finish().await;
    }

    /// Somebody, signed in.
    pub(crate) async fn again(&self, email: &str) -> Person {
        let known = self.sessions.lock().unwrap().get(email).cloned();
        if let Some((since, person)) = known
            && self.now() < since.plus_secs(SIGNED_IN_SECS)
        {
            return person;
        }
        let person = self.world.sign_in(email, "Member", None).await;
        self.keep(person)
    }
    pub(crate) async fn admin(&self) -> Person {
        self.again(ADMIN).await
    }
    fn keep(&self, person: Person) -> Person {
        self.sessions.lock().unwrap().insert(person.email.clone(), (self.now(), person.clone()));
        person
    }
    pub(crate) async fn member(&self, referrer: Option<&Person>, side: Option<&str>) -> Person {
        self.keep(self.world.member_preferring(referrer, side).await)
    }

    pub(crate) async fn book(&self, email: &str) -> String {
        self.again(email).await.book(&self.world, "500.00").await
    }
    /// Pays in one way or another, and waits until it is through; none if the wallet could not.
    pub(crate) async fn pay(&self, email: &str, booking: &str, amount: &str, method: &str) -> Option<String> {
        self.tick();
        let http = self.again(email).await.http;
        let body = json!({ "amount": amount, "method": method });
        let payment = http.post(&format!("/bookings/{booking}/payments"), body).await.expect(201);
        let id = payment["id"].as_str().unwrap().to_owned();
        match method {
            "online" => {
                let order = payment["checkout"]["order_id"].as_str().unwrap();
                self.world.story().capture(order, &format!("pay_{id}"), amount).await.unwrap();
            }
            "wallet" => {}
            _ => {
                let confirmed = json!({ "reference": id });
                self.admin().await.http.post(&format!("/payments/{id}/confirm"), confirmed).await.expect(200);
            }
        }
        self.world.drain().await;
        let paid = http.get(&format!("/payments/{id}")).await.expect(200);
        (paid["status"] == json!("completed")).then_some(id)
    }
    /// Books and pays the least that gives a place.
    pub(crate) async fn join(&self, referrer: Option<&Person>, side: Option<&str>) -> (Person, String) {
        let person = self.member(referrer, side).await;
        let booking = self.book(&person.email).await;
        self.pay(&person.email, &booking, "500.00", "online").await.expect("a payment");
        (person, booking)
    }
    pub(crate) async fn refund(&self, payment: &str) {
        self.tick();
        let why = json!({ "reason": "for a test", "refund_to": "wallet" });
        self.admin().await.http.post(&format!("/payments/{payment}/refund"), why).await.expect(200);
        self.world.drain().await;
    }
    /// For what `of` pays from the wallet.
    pub(crate) async fn deposit(&self, of: &Person, amount: &str) {
        let body = json!({ "amount": amount, "reason": "for a test" });
        self.admin().await.http.post(&format!("/wallets/{}/deposits", of.id), body).await.expect(201);
        self.world.drain().await;
    }
    pub(crate) async fn publish(&self, effective_from: &str, plan: Value) -> Value {
        let mut body = json!({ "effective_from": effective_from });
        body.as_object_mut().unwrap().extend(plan.as_object().unwrap().clone());
        let version = self.admin().await.http.post("/plan/versions", body).await.expect(201);
        self.world.drain().await;
        version
    }
    /// Every item of a list, as the administrator sees it.
    pub(crate) async fn all(&self, path: &str) -> Vec<Value> {
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
