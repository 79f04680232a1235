//! Captures whose messages come at the same time, and reserves: processed together, with the same outcome as one by one.

use crate::on_services::on_mariadb;
use crate::world::{SCOOTER, SECRET, World, text};
use booking::schema::{emi_reserves, members, webhook_events};
use db::{BackendKind, DbError, LockExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, PaymentId, ReserveId, UserId};
use futures_util::future::join_all;
use proto_events::booking::v1::{BookingChanged, EmiApplied, PaymentCompleted, PaymentReturned};
use proto_events::wallet::v1::EmiReserved;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use testkit::statements::{Statements, writing};
use testkit::{Client, TestService};

/// A member of their own with a booking and an online order.
struct Buyer {
    client: Client,
    booking: String,
    payment: Value,
}

async fn order(client: &Client, booking: &str, amount: &str) -> Value {
    let body = json!({ "amount": amount, "method": "online" });
    client.post(&format!("/bookings/{booking}/payments"), body).await.expect(201)
}

async fn buyer(world: &World, amount: &str, emi_months: Option<u32>) -> Buyer {
    let client = world.service.as_referred(chassis::id::fresh::<UserId>(), world.referrer);
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": emi_months });
    let booking = text(&client.post("/bookings", body).await.expect(201), "id").to_owned();
    let payment = order(&client, &booking, amount).await;
    Buyer { client, booking, payment }
}

async fn owner(buyer: &Buyer) -> UserId {
    let booking = buyer.client.get(&format!("/bookings/{}", buyer.booking)).await.expect(200);
    text(&booking, "user_id").parse().expect("an id")
}

fn order_of(payment: &Value) -> String {
    text(&payment["checkout"], "order_id").to_owned()
}

/// What a payment came to, without its ids.
async fn outcome(world: &World, buyer: &Buyer) -> Value {
    let id: PaymentId = text(&buyer.payment, "id").parse().expect("an id");
    let payment = buyer.client.get(&format!("/payments/{id}")).await.expect(200);
    let booking = buyer.client.get(&format!("/bookings/{}", buyer.booking)).await.expect(200);
    let completed: Vec<PaymentCompleted> = world.completed().await;
    let completed = completed.iter().filter(|e| e.payment_id == Vec::<u8>::from(id));
    let facts = completed.map(|e| {
        let standing = e.standing.expect("a standing");
        json!([
            e.amount_paise,
            e.on_first_booking,
            e.referral_bonus_paise,
            e.plan_version,
            standing.net_paid_after_paise,
            standing.active_buyer_before,
            standing.active_buyer_after,
            standing.version
        ])
    });
    json!({
        "payment": payment["status"], "paid": booking["total_paid"], "booking": booking["status"],
        "version": booking["version"], "instalments": booking["emi"]["instalments"][0]["status"],
        "completed": facts.collect::<Vec<_>>(),
    })
}

/// Every kind of capture; `at_once` says whether the messages come together.
async fn scenario(world: &World, at_once: bool) -> Vec<Value> {
    let mut buyers = Vec::new();
    for n in 0..14 {
        let amount = if n % 2 == 0 { "500.00" } else { "5000.00" };
        buyers.push(buyer(world, amount, (n % 7 == 0).then_some(3)).await);
    }
    let mut messages: Vec<(String, String, &str)> = Vec::new();
    for (n, Buyer { payment, .. }) in buyers.iter().enumerate() {
        let amount = if n % 2 == 0 { "500.00" } else { "5000.00" };
        messages.push((order_of(payment), format!("pay_{n}"), amount));
    }
    // The same message three times more, an amount that is too small, an order that nobody knows, a superseded order.
    messages.extend([messages[3].clone(), messages[3].clone(), messages[4].clone()]);
    let differing = buyer(world, "5000.00", None).await;
    messages.push((order_of(&differing.payment), "pay_differs".into(), "4999.00"));
    messages.push(("order_nobody".into(), "pay_nobody".into(), "500.00"));
    let superseded = buyer(world, "500.00", None).await;
    let newer = order(&superseded.client, &superseded.booking, "500.00").await;
    messages.push((order_of(&superseded.payment), "pay_old".into(), "500.00"));
    messages.push((order_of(&newer), "pay_new".into(), "500.00"));
    let tell = |(order, id, amount): &(String, String, &'static str)| {
        let (order, id, amount) = (order.clone(), id.clone(), *amount);
        async move { world.webhook("payment.captured", &order, &id, amount).await }
    };
    if at_once {
        let answers = join_all(messages.iter().map(tell)).await;
        assert!(answers.iter().all(|a| a.status == 200), "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    } else {
        for message in &messages {
            tell(message).await.expect(200);
        }
    }
    let mut outcomes = Vec::new();
    for buyer in buyers.iter().chain([&differing, &superseded]) {
        outcomes.push(outcome(world, buyer).await);
    }
    let returned: BTreeSet<(String, i64)> =
        world.service.published::<PaymentReturned>().await.into_iter().map(|r| (r.cause, r.amount_paise)).collect();
    outcomes.push(json!(returned));
    let captures = world.staff().get("/payments/captures?limit=100").await.expect(200);
    let captures: BTreeMap<String, Value> = captures["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|c| (text(c, "gateway_payment_id").to_owned(), json!([c["outcome"], c["amount"]])))
        .collect();
    outcomes.push(json!(captures));
    outcomes
}

async fn each_version_is_told_once(world: &World) {
    let changed = world.service.published::<BookingChanged>().await;
    let versions: BTreeSet<_> = changed.iter().map(|b| (b.booking_id.clone(), b.version)).collect();
    assert_eq!(versions.len(), changed.len(), "a version of a booking is told once");
}

async fn together(world: &World) {
    let one_by_one = World::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    let expected = scenario(&one_by_one, false).await;
    one_by_one.service.finish().await;
    let statements = Statements::of(&world.service);
    let found = scenario(world, true).await;
    assert_eq!(found, expected);
    if world.service.ctx().db().kind() == BackendKind::Mysql {
        // On SQLite, a server with one thread finishes one message before it looks at the next.
        let inserts = writing(&statements.taken(), &["webhook_events"]).len();
        assert!(inserts < 17, "{inserts} inserts for 21 messages");
    }
    let c = &mut *world.service.ctx().db().read().await.expect("a connection");
    let states: Vec<(String, bool)> =
        webhook_events::table.select((webhook_events::state, webhook_events::sealed)).load(c).await.expect("rows");
    assert_eq!(states.len(), 18, "each different message once");
    assert!(states.iter().all(|(state, sealed)| state == "processed" && *sealed), "{states:?}");
    each_version_is_told_once(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_at_once_come_to_what_they_come_to_one_by_one() {
    let world = World::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    together(&world).await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_at_once_come_to_what_they_come_to_one_by_one_on_services() {
    on_mariadb(async |world| together(world).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_cannot_be_processed_holds_up_none_of_those_that_come_with_it_on_services() {
    on_mariadb(async |world| one_cannot_be_processed(world).await).await;
}

async fn one_cannot_be_processed(world: &World) {
    let mut buyers = Vec::new();
    for _ in 0..12 {
        buyers.push(buyer(world, "500.00", None).await);
    }
    // What this member has paid is more than can be added to.
    let owner = owner(&buyers[5]).await;
    {
        let c = &mut *world.service.ctx().db().write().await.expect("a connection");
        let broken = diesel::update(members::table.find(owner)).set(members::net_paid_paise.eq(i64::MAX));
        broken.execute(c).await.expect("updated");
    }
    let tell = |(n, buyer): (usize, &Buyer)| {
        let order = order_of(&buyer.payment);
        async move { world.webhook("payment.captured", &order, &format!("pay_{n}"), "500.00").await.status }
    };
    let statuses = join_all(buyers.iter().enumerate().map(tell)).await;
    let refused: Vec<usize> = (0..12).filter(|n| statuses[*n] != 200).collect();
    assert_eq!(refused, [5], "{statuses:?}");
    assert_eq!(world.completed().await.len(), 11);
    let pending = world.staff().get("/payments/webhook-events?state=pending").await.expect(200);
    assert_eq!(pending["items"].as_array().expect("items").len(), 1, "it is stored, to be tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_member_is_at_work_elsewhere_holds_up_none_of_those_that_come_with_it_on_services() {
    on_mariadb(async |world| {
        let mut buyers = Vec::new();
        for _ in 0..12 {
            buyers.push(buyer(world, "500.00", None).await);
        }
        let locked = owner(&buyers[0]).await;
        let (ready, release) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
        let holding = world.service.ctx().db().tx::<_, DbError, _>(async |c| {
            let row = members::table.find(locked).select(members::user_id).lock();
            let _: UserId = row.get_result(c).await?;
            ready.notify_one();
            release.notified().await;
            Ok(())
        });
        let tell = |n: usize| {
            let order = order_of(&buyers[n].payment);
            async move { world.webhook("payment.captured", &order, &format!("pay_{n}"), "500.00").await.status }
        };
        let telling = async {
            ready.notified().await;
            let first = tell(0);
            let others = async {
                let statuses = join_all((1..12).map(tell)).await;
                assert_eq!(world.completed().await.len(), 11, "while the member is locked");
                release.notify_one();
                statuses
            };
            let (first, others) = tokio::join!(first, others);
            assert_eq!(first, 200);
            assert_eq!(others, [200; 11]);
        };
        let (held, ()) = tokio::join!(holding, telling);
        held.expect("it only reads");
        assert_eq!(world.completed().await.len(), 12);
    })
    .await;
}

fn reserved(world: &World, owner: UserId, paise: i64) -> EmiReserved {
    EmiReserved {
        reserve_id: chassis::id::fresh::<ReserveId>().into(),
        user_id: owner.into(),
        amount_paise: paise,
        source_kind: "pair".into(),
        source_id: chassis::id::fresh::<EventId>().into(),
        reserved_at: world.service.now().micros(),
    }
}

/// Reserves of every kind of member; `at_once` says whether they come together.
async fn reserve_scenario(world: &World, at_once: bool) -> Vec<Value> {
    let mut buyers = Vec::new();
    for n in 0..10 {
        let buyer = buyer(world, "500.00", (n % 3 == 0).then_some(12)).await;
        // The first member's booking is not confirmed: what comes for it waits.
        if n > 0 {
            let (order, id) = (order_of(&buyer.payment), format!("pay_{n}"));
            world.webhook("payment.captured", &order, &id, "500.00").await.expect(200);
        }
        buyers.push(buyer);
    }
    let mut owners = Vec::new();
    for buyer in &buyers {
        owners.push(owner(buyer).await);
    }
    // Somebody of whom nothing is known, and members with several reserves.
    owners.push(chassis::id::fresh());
    let mut reserves: Vec<EmiReserved> =
        (1..).zip(&owners).map(|(n, owner)| reserved(world, *owner, n * 40_000)).collect();
    reserves.push(reserved(world, owners[0], 7_000));
    reserves.push(reserved(world, owners[3], 300_000));
    reserves.push(reserves[4].clone());
    let now = world.service.now();
    let envelopes = reserves.iter().map(|reserve| TestService::envelope(now, reserve));
    if at_once {
        world.service.deliver_all(envelopes.collect()).await;
    } else {
        for envelope in envelopes {
            world.service.deliver_envelope(envelope).await;
        }
    }
    let applied: Vec<EmiApplied> = world.service.published().await;
    let mut outcomes = Vec::new();
    for (buyer, owner) in buyers.iter().zip(&owners) {
        let booking = buyer.client.get(&format!("/bookings/{}", buyer.booking)).await.expect(200);
        let parts = applied.iter().filter(|a| a.user_id == Vec::<u8>::from(*owner));
        let parts: Vec<Value> = parts.map(|a| json!([a.amount_paise, a.instalment])).collect();
        outcomes.push(json!([booking["total_paid"], booking["status"], booking["emi"], parts]));
    }
    let c = &mut *world.service.ctx().db().read().await.expect("a connection");
    let mut left: Vec<(i64, i64, i64)> = emi_reserves::table
        .select((emi_reserves::amount_paise, emi_reserves::waiting_paise, emi_reserves::applied_paise))
        .load(c)
        .await
        .expect("rows");
    left.sort_unstable();
    outcomes.push(json!(left));
    outcomes
}

async fn reserves_together(world: &World) {
    let one_by_one = World::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    let expected = reserve_scenario(&one_by_one, false).await;
    one_by_one.service.finish().await;
    let statements = Statements::of(&world.service);
    let found = reserve_scenario(world, true).await;
    assert_eq!(found, expected);
    let taken = statements.taken();
    let inserts = writing(&taken, &["emi_reserves"]);
    let inserts = inserts.iter().filter(|sql| sql.starts_with("INSERT")).count();
    assert!(inserts < 10, "{inserts} inserts for 13 reserves");
    each_version_is_told_once(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reserves_at_once_come_to_what_they_come_to_one_by_one() {
    let world = World::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    reserves_together(&world).await;
    world.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reserves_at_once_come_to_what_they_come_to_one_by_one_on_services() {
    on_mariadb(async |world| reserves_together(world).await).await;
}
