//! Differential test: random networks, payments, cancellations and duplicates over a bus that reorders, repeats and
//! delays events, compared with the reference model member by member.

use crate::comparison::{RecordedBooking, RecordedMember, RecordedPayment, SeededRng, compare};
use crate::platform::TestPlatform;
use domain::Money;
use futures_util::future::join_all;
use runtime::Env;
use serde_json::{Value, json};
use std::cell::Cell;
use std::sync::Arc;
use testkit::{FakeClock, fault_injection};

/// Number of networks on one platform.
const NETWORKS_PER_PLATFORM: u64 = 8;
/// Number of small networks for each large one.
const SMALL_PER_LARGE: u64 = 40;
const SIDES: [&str; 2] = ["left", "right"];

fn seeds() -> (u64, u64) {
    let env = Env::from_process();
    let (first, networks) = (env.parse_or("EV_SEED", 20_261_122).unwrap(), env.parse_or("EV_NETWORKS", 200).unwrap());
    eprintln!("EV_SEED={first} EV_NETWORKS={networks}");
    (first, networks)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_networks_match_the_reference_model() {
    let (first, networks) = seeds();
    for start in (first..first + networks).step_by(usize::try_from(NETWORKS_PER_PLATFORM).unwrap()) {
        grow(start..(start + NETWORKS_PER_PLATFORM).min(first + networks)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn large_networks_match_the_reference_model_across_a_month_change() {
    let (first, networks) = seeds();
    for seed in first..first + networks.div_ceil(SMALL_PER_LARGE) {
        grow_large(seed).await;
    }
}

async fn grow(seeds: std::ops::Range<u64>) {
    let clock = Arc::new(FakeClock::at("2026-11-10T04:30:00Z".parse().unwrap()));
    let platform = TestPlatform::in_process(Some(clock), fault_injection::memory_bus(seeds.start), None).await;
    platform.run_job("booking", "calendar").await;
    let platform_ref = &platform;
    let growing = seeds.map(|seed| async move { (seed, Network::new(platform_ref, seed).await.grow().await) });
    let all: Vec<(u64, Vec<RecordedMember>)> = join_all(growing).await;
    platform.drain().await;
    compare(&platform, &all).await;
    platform.finish().await;
}

/// Grows a network below one earner with more pairs than the monthly limit, across a month change.
async fn grow_large(seed: u64) {
    // Ten minutes before midnight in India, so that access tokens are still valid in the next month.
    let clock = Arc::new(FakeClock::at("2026-11-30T18:20:00Z".parse().unwrap()));
    let platform = TestPlatform::in_process(Some(Arc::clone(&clock)), fault_injection::memory_bus(seed), None).await;
    platform.run_job("booking", "calendar").await;
    let mut network = Network::new(&platform, seed).await;
    // The earner never is an Active Buyer, is one from the beginning, or becomes one later.
    let active_at = [usize::MAX, 1, 12 + network.rng.next(12)][network.rng.next(3)];
    for n in 0..26 + network.rng.next(4) {
        network.join_below_the_first(n, n == active_at).await;
    }
    platform.drain().await;
    clock.set("2026-11-30T18:30:00Z".parse().unwrap());
    platform.run_job("booking", "calendar").await;
    platform.drain().await;
    for n in 26..32 {
        network.join_below_the_first(n, false).await;
    }
    platform.drain().await;
    let all = [(seed, network.members)];
    let oracle = compare(&platform, &all).await;
    let carried = oracle.pairs.iter().any(|p| p.number > 10 && p.month == "2026-12");
    assert!(carried, "seed {seed}: no pair was carried to the next month");
    platform.finish().await;
}

/// A random referral network.
struct Network<'a> {
    platform: &'a TestPlatform,
    vehicle: String,
    rng: SeededRng,
    members: Vec<RecordedMember>,
}

impl<'a> Network<'a> {
    async fn new(platform: &'a TestPlatform, seed: u64) -> Self {
        Self { platform, vehicle: platform.vehicle().await, rng: SeededRng(seed), members: Vec::new() }
    }

    async fn grow(mut self) -> Vec<RecordedMember> {
        for n in 0..4 + self.rng.next(5) {
            let referrer = n.checked_sub(1).map(|most| self.rng.next(most + 1));
            let prefers = [None, None, None, Some(0), Some(1)][self.rng.next(5)];
            self.join(referrer, prefers).await;
            if self.rng.next(8) == 0 {
                self.place_manually(n).await;
            }
            if self.rng.next(10) > 0 {
                self.pay(n, &["500.00", "4500.00", "5000.00", "0.37"]).await;
            }
            self.random_operation().await;
        }
        self.members
    }

    /// Performs a random operation of an existing member.
    async fn random_operation(&mut self) {
        let one = self.rng.next(self.members.len());
        match self.rng.next(9) {
            0 | 1 => self.pay(one, &["100.00", "4500.00", "12.34"]).await,
            2 | 3 => self.cancel(one).await,
            4 if !self.members[one].payments.is_empty() => {
                self.book(one).await;
                self.pay(one, &["500.00", "5000.00"]).await;
            }
            5 => self.pay_by_wallet(one).await,
            _ => {}
        }
    }

    async fn join_below_the_first(&mut self, n: usize, first_becomes_active: bool) {
        let first = (n > 0).then_some(0);
        self.join(first, first.map(|_| n % 2)).await;
        self.pay(n, &["500.00"]).await;
        if first_becomes_active {
            self.pay(0, &["4500.00"]).await;
        }
        if n > 0 && self.rng.next(9) == 0 {
            let one = 1 + self.rng.next(n);
            self.cancel(one).await;
        }
    }

    async fn join(&mut self, referrer: Option<usize>, prefers: Option<usize>) {
        let referring_user = referrer.map(|r| &self.members[r].person);
        let person = self.platform.member_preferring(referring_user, prefers.map(|side| SIDES[side])).await;
        self.members.push(RecordedMember::new(person, referrer, prefers));
        self.book(self.members.len() - 1).await;
    }

    async fn book(&mut self, one: usize) {
        let body = json!({ "vehicle_id": self.vehicle, "booking_amount": "500.00" });
        let id = self.members[one].person.book_with(self.platform, body).await;
        self.members[one].bookings.push(RecordedBooking { id, open: true });
    }

    /// Places the new member under an existing one, if the slot is free.
    async fn place_manually(&mut self, new: usize) {
        let (parent, side) = (self.rng.next(new + 1), self.rng.next(2));
        if parent == new || self.members[parent].payments.is_empty() {
            return;
        }
        let id = self.members[parent].person.id.clone();
        self.members[parent].person.wait_for_place(self.platform).await;
        let body = json!({ "user_id": self.members[new].person.id, "parent_user_id": id, "side": SIDES[side] });
        let admin = &self.platform.admin().await.http;
        let answer = Cell::new(0);
        // 422 until the tree has received the member's registration.
        let decided = async || {
            answer.set(admin.post("/binary/placements", body.clone()).await.status);
            answer.get() == 201 || answer.get() == 409
        };
        self.platform.wait_until("a manual placement", true, decided).await;
        if answer.get() == 201 {
            self.members[new].manual_placement = Some((id, side));
        }
    }

    /// Pays new money on the newest booking, with a random method.
    async fn pay(&mut self, one: usize, amounts: &[&str]) {
        let amount = amounts[self.rng.next(amounts.len())];
        let method = ["online", "online", "online", "cash", "bank_transfer"][self.rng.next(5)];
        let repeats = self.rng.next(3);
        let Some(payment) = self.order(one, amount, method).await else { return };
        let id = payment["id"].as_str().unwrap();
        if method == "online" {
            let order = payment["checkout"]["order_id"].as_str().unwrap();
            for _ in 0..=repeats {
                self.platform.demo_client().capture(order, &format!("pay_{id}"), amount).await.unwrap();
            }
        } else {
            let staff = &self.platform.staff().await.http;
            let path = format!("/payments/{id}/confirm");
            for _ in 0..=repeats {
                staff.post(&path, json!({ "reference": id })).await.expect(200);
            }
        }
        self.record_payment(one, id, amount, method);
    }

    async fn pay_by_wallet(&mut self, one: usize) {
        if self.members[one].bookings.last().is_none_or(|b| !b.open) {
            return;
        }
        self.members[one].person.deposit(self.platform, "300.00").await;
        self.members[one].deposits.push(30_000);
        let Some(payment) = self.order(one, "250.00", "wallet").await else { return };
        let id = payment["id"].as_str().unwrap();
        let (http, path) = (self.members[one].person.http.clone(), format!("/payments/{id}"));
        let status = async || http.get(&path).await.expect(200)["status"].clone();
        self.platform.wait_until("the wallet's decision", true, async || status().await != json!("pending")).await;
        // The deposit may have been used for a due clawback.
        if status().await == json!("completed") {
            self.record_payment(one, id, "250.00", "wallet");
        }
    }

    async fn order(&self, one: usize, amount: &str, method: &str) -> Option<Value> {
        let member = &self.members[one];
        let booking = member.bookings.last().filter(|b| b.open)?;
        let body = json!({ "amount": amount, "method": method });
        Some(member.person.http.post(&format!("/bookings/{}/payments", booking.id), body).await.expect(201))
    }

    fn record_payment(&mut self, one: usize, id: &str, amount: &str, method: &'static str) {
        let member = &mut self.members[one];
        let (paise, booking) = (amount.parse::<Money>().unwrap().paise(), member.bookings.len() - 1);
        member.payments.push(RecordedPayment { id: id.to_owned(), paise, method, booking, refunded: false });
    }

    async fn cancel(&mut self, one: usize) {
        let member = &mut self.members[one];
        let booking = self.rng.next(member.bookings.len());
        for _ in 0..2 {
            member.person.cancel(&member.bookings[booking].id).await;
        }
        member.record_cancellation(booking);
    }
}
