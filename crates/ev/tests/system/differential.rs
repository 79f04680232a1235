//! Random networks, payments, cancellations and duplicates over a bus that reorders, repeats and delays,
//! compared member by member with the plain rules.

use crate::books::{Booked, Dice, Paid, Played, compare};
use crate::world::World;
use chassis::Env;
use chassis::clock::FakeClock;
use chassis::events::memory::MemoryBus;
use domain::Money;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::cell::Cell;
use std::sync::Arc;

/// Networks that share a platform, and so a tree, a bus and databases.
const TOGETHER: u64 = 8;
/// One large network for so many small ones.
const LARGE: u64 = 40;
const SIDES: [&str; 2] = ["left", "right"];

fn seeds() -> (u64, u64) {
    let env = Env::from_process();
    let (first, networks) = (env.parse_or("EV_SEED", 20_261_122).unwrap(), env.parse_or("EV_NETWORKS", 200).unwrap());
    eprintln!("EV_SEED={first} EV_NETWORKS={networks}");
    (first, networks)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_networks_earn_what_the_plain_rules_say() {
    let (first, networks) = seeds();
    for start in (first..first + networks).step_by(usize::try_from(TOGETHER).unwrap()) {
        grow(start..(start + TOGETHER).min(first + networks)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn large_networks_earn_what_the_plain_rules_say_across_the_turn_of_a_month() {
    let (first, networks) = seeds();
    for seed in first..first + networks.div_ceil(LARGE) {
        grow_large(seed).await;
    }
}

async fn grow(seeds: std::ops::Range<u64>) {
    let clock = Arc::new(FakeClock::at("2026-11-10T04:30:00Z".parse().unwrap()));
    let world = World::inside(Some(clock), MemoryBus::disturbed(seeds.start)).await;
    world.run_job("booking", "calendar").await;
    let world_ref = &world;
    let growing = seeds.map(|seed| async move { (seed, Network::new(world_ref, seed).await.grow().await) });
    let all: Vec<(u64, Vec<Played>)> = join_all(growing).await;
    world.drain().await;
    compare(&world, &all).await;
    world.finish().await;
}

/// Everybody below one earner, who has more pairs than a month takes; then the month turns, and it goes on.
async fn grow_large(seed: u64) {
    // Ten minutes before midnight in India, so that everybody is still signed in when the month turns.
    let clock = Arc::new(FakeClock::at("2026-11-30T18:20:00Z".parse().unwrap()));
    let world = World::inside(Some(Arc::clone(&clock)), MemoryBus::disturbed(seed)).await;
    world.run_job("booking", "calendar").await;
    let mut network = Network::new(&world, seed).await;
    // Never an Active Buyer, from the beginning, or from some pair on.
    let active_at = [usize::MAX, 1, 12 + network.dice.next(12)][network.dice.next(3)];
    for n in 0..26 + network.dice.next(4) {
        network.join_below_the_first(n, n == active_at).await;
    }
    world.drain().await;
    clock.set("2026-11-30T18:30:00Z".parse().unwrap());
    world.run_job("booking", "calendar").await;
    world.drain().await;
    for n in 26..32 {
        network.join_below_the_first(n, false).await;
    }
    world.drain().await;
    let all = [(seed, network.played)];
    let oracle = compare(&world, &all).await;
    let carried = oracle.pairs.iter().any(|p| p.number > 10 && p.month == "2026-12");
    assert!(carried, "seed {seed}: a month was enough for all pairs");
    world.finish().await;
}

/// One referral network, grown by chance.
struct Network<'a> {
    world: &'a World,
    vehicle: String,
    dice: Dice,
    played: Vec<Played>,
}

impl<'a> Network<'a> {
    async fn new(world: &'a World, seed: u64) -> Self {
        Self { world, vehicle: world.vehicle().await, dice: Dice(seed), played: Vec::new() }
    }

    async fn grow(mut self) -> Vec<Played> {
        for n in 0..4 + self.dice.next(5) {
            let referrer = n.checked_sub(1).map(|most| self.dice.next(most + 1));
            let prefers = [None, None, None, Some(0), Some(1)][self.dice.next(5)];
            self.join(referrer, prefers).await;
            if self.dice.next(8) == 0 {
                self.place_by_hand(n).await;
            }
            if self.dice.next(10) > 0 {
                self.pay(n, &["500.00", "4500.00", "5000.00", "0.37"]).await;
            }
            self.something_else().await;
        }
        self.played
    }

    /// What happens to somebody who is there already.
    async fn something_else(&mut self) {
        let one = self.dice.next(self.played.len());
        match self.dice.next(9) {
            0 | 1 => self.pay(one, &["100.00", "4500.00", "12.34"]).await,
            2 | 3 => self.cancel(one).await,
            4 if !self.played[one].payments.is_empty() => {
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
        if n > 0 && self.dice.next(9) == 0 {
            let one = 1 + self.dice.next(n);
            self.cancel(one).await;
        }
    }

    async fn join(&mut self, referrer: Option<usize>, prefers: Option<usize>) {
        let code_of = referrer.map(|r| &self.played[r].person);
        let person = self.world.member_preferring(code_of, prefers.map(|side| SIDES[side])).await;
        self.played.push(Played::new(person, referrer, prefers));
        self.book(self.played.len() - 1).await;
    }

    async fn book(&mut self, one: usize) {
        let body = json!({ "vehicle_id": self.vehicle, "booking_amount": "500.00" });
        let id = self.played[one].person.book_with(self.world, body).await;
        self.played[one].bookings.push(Booked { id, open: true });
    }

    /// Somebody who is there already becomes the parent, if their slot is free.
    async fn place_by_hand(&mut self, new: usize) {
        let (parent, side) = (self.dice.next(new + 1), self.dice.next(2));
        if parent == new || self.played[parent].payments.is_empty() {
            return;
        }
        let id = self.played[parent].person.id.clone();
        self.played[parent].person.wait_for_place(self.world).await;
        let body = json!({ "user_id": self.played[new].person.id, "parent_user_id": id, "side": SIDES[side] });
        let admin = &self.world.admin().await.http;
        let answer = Cell::new(0);
        // 422 while the tree has not heard of the member.
        let decided = async || {
            answer.set(admin.post("/binary/placements", body.clone()).await.status);
            answer.get() == 201 || answer.get() == 409
        };
        self.world.until("a placement by hand", true, decided).await;
        if answer.get() == 201 {
            self.played[new].by_hand = Some((id, side));
        }
    }

    /// New money on the newest booking, in one way or another.
    async fn pay(&mut self, one: usize, amounts: &[&str]) {
        let amount = amounts[self.dice.next(amounts.len())];
        let method = ["online", "online", "online", "cash", "bank_transfer"][self.dice.next(5)];
        let repeats = self.dice.next(3);
        let Some(payment) = self.order(one, amount, method).await else { return };
        let id = payment["id"].as_str().unwrap();
        if method == "online" {
            let order = payment["checkout"]["order_id"].as_str().unwrap();
            for _ in 0..=repeats {
                self.world.story().capture(order, &format!("pay_{id}"), amount).await.unwrap();
            }
        } else {
            let staff = &self.world.staff().await.http;
            let path = format!("/payments/{id}/confirm");
            for _ in 0..=repeats {
                staff.post(&path, json!({ "reference": id })).await.expect(200);
            }
        }
        self.note(one, id, amount, method);
    }

    async fn pay_by_wallet(&mut self, one: usize) {
        if self.played[one].bookings.last().is_none_or(|b| !b.open) {
            return;
        }
        self.played[one].person.deposit(self.world, "300.00").await;
        self.played[one].deposits.push(30_000);
        let Some(payment) = self.order(one, "250.00", "wallet").await else { return };
        let id = payment["id"].as_str().unwrap();
        let (http, path) = (self.played[one].person.http.clone(), format!("/payments/{id}"));
        let status = async || http.get(&path).await.expect(200)["status"].clone();
        self.world.until("the wallet's answer", true, async || status().await != json!("pending")).await;
        // The deposit may have gone into what an earlier reversal asked for.
        if status().await == json!("completed") {
            self.note(one, id, "250.00", "wallet");
        }
    }

    async fn order(&self, one: usize, amount: &str, method: &str) -> Option<Value> {
        let member = &self.played[one];
        let booking = member.bookings.last().filter(|b| b.open)?;
        let body = json!({ "amount": amount, "method": method });
        Some(member.person.http.post(&format!("/bookings/{}/payments", booking.id), body).await.expect(201))
    }

    fn note(&mut self, one: usize, id: &str, amount: &str, method: &'static str) {
        let member = &mut self.played[one];
        let (paise, booking) = (amount.parse::<Money>().unwrap().paise(), member.bookings.len() - 1);
        member.payments.push(Paid { id: id.to_owned(), paise, method, booking, refunded: false });
    }

    async fn cancel(&mut self, one: usize) {
        let member = &mut self.played[one];
        let booking = self.dice.next(member.bookings.len());
        for _ in 0..2 {
            member.person.cancel(&member.bookings[booking].id).await;
        }
        member.called_off(booking);
    }
}
