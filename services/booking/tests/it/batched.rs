//! Batches of captures and of reserves: the same outcome as when they are processed one by one.

use crate::fixture::{Fixture, SCOOTER, SECRET, text};
use crate::on_services::on_mariadb;
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
use testkit::statements::{Statements, writes_to};
use testkit::{Client, TestService};

/// A member with a booking and an online order.
struct Buyer {
    client: Client,
    booking: String,
    payment: Value,
}

async fn order(client: &Client, booking: &str, amount: &str) -> Value {
    let body = json!({ "amount": amount, "method": "online" });
    client.post(&format!("/bookings/{booking}/payments"), body).await.expect(201)
}

async fn buyer(fixture: &Fixture, amount: &str, emi_months: Option<u32>) -> Buyer {
    let client = fixture.service.as_referred(runtime::id::fresh::<UserId>(), fixture.referrer);
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

/// The result of a payment, without ids.
async fn outcome(fixture: &Fixture, buyer: &Buyer) -> Value {
    let id: PaymentId = text(&buyer.payment, "id").parse().expect("an id");
    let payment = buyer.client.get(&format!("/payments/{id}")).await.expect(200);
    let booking = buyer.client.get(&format!("/bookings/{}", buyer.booking)).await.expect(200);
    let completed: Vec<PaymentCompleted> = fixture.completed_payments().await;
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

/// Sends every kind of capture, all at the same time when `at_once`; returns the results.
async fn scenario(fixture: &Fixture, at_once: bool) -> Vec<Value> {
    let mut buyers = Vec::new();
    for n in 0..14 {
        let amount = if n % 2 == 0 { "500.00" } else { "5000.00" };
        buyers.push(buyer(fixture, amount, (n % 7 == 0).then_some(3)).await);
    }
    let mut messages: Vec<(String, String, &str)> = Vec::new();
    for (n, Buyer { payment, .. }) in buyers.iter().enumerate() {
        let amount = if n % 2 == 0 { "500.00" } else { "5000.00" };
        messages.push((order_of(payment), format!("pay_{n}"), amount));
    }
    // Three duplicates, an amount that is too small, an unknown order, a superseded order.
    messages.extend([messages[3].clone(), messages[3].clone(), messages[4].clone()]);
    let differing = buyer(fixture, "5000.00", None).await;
    messages.push((order_of(&differing.payment), "pay_differs".into(), "4999.00"));
    messages.push(("order_unknown".into(), "pay_unknown".into(), "500.00"));
    let superseded = buyer(fixture, "500.00", None).await;
    let newer = order(&superseded.client, &superseded.booking, "500.00").await;
    messages.push((order_of(&superseded.payment), "pay_old".into(), "500.00"));
    messages.push((order_of(&newer), "pay_new".into(), "500.00"));
    let send = |(order, id, amount): &(String, String, &'static str)| {
        let (order, id, amount) = (order.clone(), id.clone(), *amount);
        async move { fixture.webhook("payment.captured", &order, &id, amount).await }
    };
    if at_once {
        let answers = join_all(messages.iter().map(send)).await;
        assert!(answers.iter().all(|a| a.status == 200), "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    } else {
        for message in &messages {
            send(message).await.expect(200);
        }
    }
    let mut outcomes = Vec::new();
    for buyer in buyers.iter().chain([&differing, &superseded]) {
        outcomes.push(outcome(fixture, buyer).await);
    }
    let returned: BTreeSet<(String, i64)> =
        fixture.service.published::<PaymentReturned>().await.into_iter().map(|r| (r.cause, r.amount_paise)).collect();
    outcomes.push(json!(returned));
    let captures = fixture.staff().get("/payments/captures?limit=100").await.expect(200);
    let captures: BTreeMap<String, Value> = captures["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|c| (text(c, "gateway_payment_id").to_owned(), json!([c["outcome"], c["amount"]])))
        .collect();
    outcomes.push(json!(captures));
    outcomes
}

async fn assert_each_version_is_published_once(fixture: &Fixture) {
    let changed = fixture.service.published::<BookingChanged>().await;
    let versions: BTreeSet<_> = changed.iter().map(|b| (b.booking_id.clone(), b.version)).collect();
    assert_eq!(versions.len(), changed.len(), "a version of a booking is published once");
}

async fn compare_captures(fixture: &Fixture) {
    let one_by_one = Fixture::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    let expected = scenario(&one_by_one, false).await;
    one_by_one.service.finish().await;
    let statements = Statements::record(&fixture.service);
    let found = scenario(fixture, true).await;
    assert_eq!(found, expected);
    if fixture.service.ctx().db().kind() == BackendKind::Mysql {
        // On SQLite, a server with one thread finishes one message before it looks at the next.
        let inserts = writes_to(&statements.drain(), &["webhook_events"]).len();
        assert!(inserts < 17, "{inserts} inserts for 21 messages");
    }
    let c = &mut *fixture.service.ctx().db().read().await.expect("a connection");
    let states: Vec<(String, bool)> =
        webhook_events::table.select((webhook_events::state, webhook_events::sealed)).load(c).await.expect("rows");
    assert_eq!(states.len(), 18, "each different event once");
    assert!(states.iter().all(|(state, sealed)| state == "processed" && *sealed), "{states:?}");
    assert_each_version_is_published_once(fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_in_a_batch_have_the_same_outcome_as_one_by_one() {
    let fixture = Fixture::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    compare_captures(&fixture).await;
    fixture.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_in_a_batch_have_the_same_outcome_as_one_by_one_on_services() {
    on_mariadb(async |fixture| compare_captures(fixture).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_fails_does_not_delay_the_others_of_its_batch_on_services() {
    on_mariadb(async |fixture| one_capture_fails(fixture).await).await;
}

async fn one_capture_fails(fixture: &Fixture) {
    let mut buyers = Vec::new();
    for _ in 0..12 {
        buyers.push(buyer(fixture, "500.00", None).await);
    }
    // Any further payment overflows this member's paid total.
    let owner = owner(&buyers[5]).await;
    {
        let c = &mut *fixture.service.ctx().db().write().await.expect("a connection");
        let broken = diesel::update(members::table.find(owner)).set(members::net_paid_paise.eq(i64::MAX));
        broken.execute(c).await.expect("updated");
    }
    let send = |(n, buyer): (usize, &Buyer)| {
        let order = order_of(&buyer.payment);
        async move { fixture.webhook("payment.captured", &order, &format!("pay_{n}"), "500.00").await.status }
    };
    let statuses = join_all(buyers.iter().enumerate().map(send)).await;
    let refused: Vec<usize> = (0..12).filter(|n| statuses[*n] != 200).collect();
    assert_eq!(refused, [5], "{statuses:?}");
    assert_eq!(fixture.completed_payments().await.len(), 11);
    let pending = fixture.staff().get("/payments/webhook-events?state=pending").await.expect(200);
    assert_eq!(pending["items"].as_array().expect("items").len(), 1, "it is stored for a retry");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_whose_member_is_locked_does_not_delay_the_others_of_its_batch_on_services() {
    on_mariadb(async |fixture| {
        let mut buyers = Vec::new();
        for _ in 0..12 {
            buyers.push(buyer(fixture, "500.00", None).await);
        }
        let locked = owner(&buyers[0]).await;
        let (ready, release) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
        let holding = fixture.service.ctx().db().tx::<_, DbError, _>(async |c| {
            let row = members::table.find(locked).select(members::user_id).lock();
            let _: UserId = row.get_result(c).await?;
            ready.notify_one();
            release.notified().await;
            Ok(())
        });
        let send = |n: usize| {
            let order = order_of(&buyers[n].payment);
            async move { fixture.webhook("payment.captured", &order, &format!("pay_{n}"), "500.00").await.status }
        };
        let sending = async {
            ready.notified().await;
            let first = send(0);
            let others = async {
                let statuses = join_all((1..12).map(send)).await;
                assert_eq!(fixture.completed_payments().await.len(), 11, "while the member is locked");
                release.notify_one();
                statuses
            };
            let (first, others) = tokio::join!(first, others);
            assert_eq!(first, 200);
            assert_eq!(others, [200; 11]);
        };
        let (held, ()) = tokio::join!(holding, sending);
        held.expect("it only reads");
        assert_eq!(fixture.completed_payments().await.len(), 12);
    })
    .await;
}

fn reserved(fixture: &Fixture, owner: UserId, paise: i64) -> EmiReserved {
    EmiReserved {
        reserve_id: runtime::id::fresh::<ReserveId>().into(),
        user_id: owner.into(),
        amount_paise: paise,
        source_kind: "pair".into(),
        source_id: runtime::id::fresh::<EventId>().into(),
        reserved_at: fixture.service.now().micros(),
    }
}

/// Delivers reserves of every kind of member, all at the same time when `at_once`; returns the results.
async fn reserve_scenario(fixture: &Fixture, at_once: bool) -> Vec<Value> {
    let mut buyers = Vec::new();
    for n in 0..10 {
        let buyer = buyer(fixture, "500.00", (n % 3 == 0).then_some(12)).await;
        // The first member's booking is not confirmed, so its reserves wait.
        if n > 0 {
            let (order, id) = (order_of(&buyer.payment), format!("pay_{n}"));
            fixture.webhook("payment.captured", &order, &id, "500.00").await.expect(200);
        }
        buyers.push(buyer);
    }
    let mut owners = Vec::new();
    for buyer in &buyers {
        owners.push(owner(buyer).await);
    }
    // An unknown member, and members with several reserves.
    owners.push(runtime::id::fresh());
    let mut reserves: Vec<EmiReserved> =
        (1..).zip(&owners).map(|(n, owner)| reserved(fixture, *owner, n * 40_000)).collect();
    reserves.push(reserved(fixture, owners[0], 7_000));
    reserves.push(reserved(fixture, owners[3], 300_000));
    reserves.push(reserves[4].clone());
    let now = fixture.service.now();
    let envelopes = reserves.iter().map(|reserve| TestService::envelope(now, reserve));
    if at_once {
        fixture.service.deliver_all(envelopes.collect()).await;
    } else {
        for envelope in envelopes {
            fixture.service.deliver_envelope(envelope).await;
        }
    }
    let applied: Vec<EmiApplied> = fixture.service.published().await;
    let mut outcomes = Vec::new();
    for (buyer, owner) in buyers.iter().zip(&owners) {
        let mut booking = buyer.client.get(&format!("/bookings/{}", buyer.booking)).await.expect(200);
        remove_payment_ids(&mut booking["emi"]);
        let parts = applied.iter().filter(|a| a.user_id == Vec::<u8>::from(*owner));
        let parts: Vec<Value> = parts.map(|a| json!([a.amount_paise, a.instalment])).collect();
        outcomes.push(json!([booking["total_paid"], booking["status"], booking["emi"], parts]));
    }
    let c = &mut *fixture.service.ctx().db().read().await.expect("a connection");
    let mut left: Vec<(i64, i64, i64)> = emi_reserves::table
        .select((emi_reserves::amount_paise, emi_reserves::waiting_paise, emi_reserves::applied_paise))
        .load(c)
        .await
        .expect("rows");
    left.sort_unstable();
    outcomes.push(json!(left));
    outcomes
}

/// Removes the ids of the payments that paid the instalments.
fn remove_payment_ids(emi: &mut Value) {
    let instalments = emi["instalments"].as_array_mut().into_iter().flatten();
    for part in instalments.filter_map(|i| i["paid_by"].as_array_mut()).flatten() {
        part["payment_id"] = Value::Null;
    }
}

async fn compare_reserves(fixture: &Fixture) {
    let one_by_one = Fixture::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    let expected = reserve_scenario(&one_by_one, false).await;
    one_by_one.service.finish().await;
    let statements = Statements::record(&fixture.service);
    let found = reserve_scenario(fixture, true).await;
    assert_eq!(found, expected);
    let taken = statements.drain();
    let inserts = writes_to(&taken, &["emi_reserves"]);
    let inserts = inserts.iter().filter(|sql| sql.starts_with("INSERT")).count();
    assert!(inserts < 10, "{inserts} inserts for 13 reserves");
    assert_each_version_is_published_once(fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reserves_in_a_batch_have_the_same_outcome_as_one_by_one() {
    let fixture = Fixture::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    compare_reserves(&fixture).await;
    fixture.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reserves_in_a_batch_have_the_same_outcome_as_one_by_one_on_services() {
    on_mariadb(async |fixture| compare_reserves(fixture).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_reserve_does_not_undo_the_others_of_its_batch() {
    let fixture = Fixture::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    let mut reserves = Vec::new();
    for n in 0..12 {
        let buyer = buyer(&fixture, "500.00", None).await;
        let order = order_of(&buyer.payment);
        fixture.webhook("payment.captured", &order, &format!("pay_{n}"), "500.00").await.expect(200);
        reserves.push(reserved(&fixture, owner(&buyer).await, 10_000));
    }
    fixture.service.deliver_now(&reserves[6]).await;
    let statements = Statements::record(&fixture.service);
    let now = fixture.service.now();
    fixture.service.deliver_all(reserves.iter().map(|r| TestService::envelope(now, r)).collect()).await;
    let inserts = writes_to(&statements.drain(), &["emi_reserves"]).len();
    assert!(inserts < 6, "{inserts} inserts for 11 reserves");
    assert_eq!(fixture.service.published::<EmiApplied>().await.len(), 12);
    fixture.service.finish().await;
}
