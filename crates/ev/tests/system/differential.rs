//! Random networks, payments, cancellations and duplicates over a bus that reorders, repeats and delays,
//! compared member by member with the plain rules.

use crate::books::{Dice, Played, compare};
use crate::world::World;
use chassis::Env;
use chassis::clock::FakeClock;
use chassis::events::memory::MemoryBus;
use domain::Money;
use serde_json::json;
use std::sync::Arc;

/// Networks that share a platform, and so a tree, a bus and databases.
const TOGETHER: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_networks_earn_what_the_plain_rules_say() {
    let env = Env::from_process();
    let networks: u64 = env.parse_or("EV_NETWORKS", 200).unwrap();
    let first: u64 = env.parse_or("EV_SEED", 20_261_122).unwrap();
    println!("EV_SEED={first} EV_NETWORKS={networks}");
    for start in (first..first + networks).step_by(usize::try_from(TOGETHER).unwrap()) {
        grow(start..(start + TOGETHER).min(first + networks)).await;
    }
}

async fn grow(seeds: std::ops::Range<u64>) {
    let clock = Arc::new(FakeClock::at("2026-11-10T04:30:00Z".parse().unwrap()));
    let world = World::inside(Some(clock), MemoryBus::disturbed(seeds.start)).await;
    world.run_job("booking", "calendar").await;
    let world_ref = &world;
    let growing = seeds.map(|seed| async move { (seed, play(world_ref, seed).await) });
    let all: Vec<(u64, Vec<Played>)> = futures_util::future::join_all(growing).await;
    world.drain().await;
    compare(&world, &all).await;
    world.finish().await;
}

async fn play(world: &World, seed: u64) -> Vec<Played> {
    let mut dice = Dice(seed);
    let mut played: Vec<Played> = Vec::new();
    let vehicle = world.vehicle().await;
    for n in 0..4 + dice.next(5) {
        let referrer = n.checked_sub(1).map(|most| dice.next(most + 1));
        let person = world.member(referrer.map(|r| &played[r].person)).await;
        let booking = person.book_with(world, json!({ "vehicle_id": vehicle, "booking_amount": "500.00" })).await;
        let mut member = Played { person, referrer, booking, payments: Vec::new(), open: true };
        if dice.next(10) > 0 {
            pay(world, &mut dice, &mut member, &["500.00", "4500.00", "5000.00", "0.37"]).await;
        }
        played.push(member);
        let one = dice.next(played.len());
        match dice.next(6) {
            0 | 1 => pay(world, &mut dice, &mut played[one], &["100.00", "4500.00", "12.34"]).await,
            2 => cancel(&mut played[one]).await,
            _ => {}
        }
    }
    played
}

async fn pay(world: &World, dice: &mut Dice, member: &mut Played, amounts: &[&str]) {
    if !member.open {
        return;
    }
    let amount = amounts[dice.next(amounts.len())];
    let payment = member.person.order(&member.booking, amount).await;
    let id = payment["id"].as_str().unwrap().to_owned();
    let order = payment["checkout"]["order_id"].as_str().unwrap();
    for _ in 0..=dice.next(3) {
        world.story().capture(order, &format!("pay_{id}"), amount).await.unwrap();
    }
    member.payments.push((id, amount.parse::<Money>().unwrap().paise(), false));
}

async fn cancel(member: &mut Played) {
    member.person.cancel(&member.booking).await;
    member.person.cancel(&member.booking).await;
    member.open = false;
    for payment in &mut member.payments {
        payment.2 = true;
    }
}
