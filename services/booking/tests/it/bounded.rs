//! Work that is bounded: one row that cannot be worked on holds up no other, and nobody makes others wait.

use crate::razorpay_double::{self as razorpay, Razorpay, recorded, webhook};
use crate::world::{World, text};
use booking::schema::{captures, payments};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::PaymentId;
use serde_json::json;
use std::collections::BTreeSet;

/// Makes a payment unreadable, and with it everything that is done to its booking.
async fn damage(world: &World, payment: &str) {
    let id: PaymentId = payment.parse().expect("an id");
    let c = &mut *world.service.ctx().db().write().await.expect("a connection");
    diesel::update(payments::table.find(id)).set(payments::method.eq("barter")).execute(c).await.expect("updated");
}

#[tokio::test]
async fn a_booking_that_cannot_expire_holds_up_no_other() {
    let world = World::start().await;
    let mut bookings = Vec::new();
    for _ in 0..3 {
        let booked = world.book("500.00").await;
        let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
        bookings.push((booked, payment));
    }
    damage(&world, text(&bookings[0].1, "id")).await;
    world.service.clock.advance_secs(24 * 3_600 + 1);
    for _ in 0..2 {
        world.service.run_job("expire").await;
    }
    for (booked, _) in &bookings[1..] {
        assert_eq!(world.booking(text(booked, "id")).await["status"], "expired");
    }
    assert_eq!(world.booking(text(&bookings[0].0, "id")).await["status"], "pre_booked");
    world.service.finish().await;
}

#[tokio::test]
async fn a_booking_whose_instalments_cannot_be_refreshed_holds_up_no_other() {
    let world = World::start().await;
    let mut bookings = Vec::new();
    for _ in 0..3 {
        let body = json!({ "vehicle_id": crate::world::SCOOTER, "booking_amount": "500.00", "emi_months": 3 });
        let booked = world.book_with(body).await;
        let payment = world.pay_online(text(&booked, "id"), "500.00").await;
        bookings.push((booked, payment));
    }
    damage(&world, text(&bookings[0].1, "id")).await;
    world.service.clock.advance_secs(40 * 86_400);
    world.service.run_job("calendar").await;
    for (booked, _) in &bookings[1..] {
        let shown = world.booking(text(booked, "id")).await;
        assert_eq!(shown["emi"]["instalments"][0]["status"], "overdue");
    }
    world.service.finish().await;
}

#[tokio::test]
async fn a_booking_takes_twenty_online_orders_a_day() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    for _ in 0..20 {
        world.pay(id, "1.00", "online").await;
        world.service.clock.advance_secs(60);
    }
    let refused = world.try_pay(id, "1.00", "online").await;
    assert_eq!(refused.header("retry-after"), (24 * 3_600 - 20 * 60).to_string());
    assert_eq!(refused.problem(429), "booking.too_many_orders");
    // Another booking is not concerned, nor is another way to pay.
    let other = world.book("500.00").await;
    world.pay(text(&other, "id"), "1.00", "online").await;
    world.pay(id, "1.00", "cash").await;
    world.service.clock.advance_secs(24 * 3_600 - 20 * 60);
    world.pay(id, "1.00", "online").await;
    assert_eq!(world.try_pay(id, "1.00", "online").await.status, 429);
    world.service.finish().await;
}

#[tokio::test]
async fn twenty_payments_of_a_booking_wait_for_staff_at_once() {
    let world = World::start().await;
    let booked = world.book("500.00").await;
    let id = text(&booked, "id");
    let first = world.pay(id, "1.00", "cash").await;
    for _ in 1..20 {
        world.pay(id, "1.00", "bank_transfer").await;
    }
    assert_eq!(world.try_pay(id, "1.00", "cash").await.problem(422), "booking.too_many_pending");
    world.pay(id, "1.00", "online").await;
    world.staff().act(&format!("/payments/{}/fail", text(&first, "id"))).await.expect(200);
    world.pay(id, "1.00", "cash").await;
    world.service.finish().await;
}

#[tokio::test]
async fn a_page_break_among_captures_of_one_instant_loses_none() {
    let razorpay = Razorpay::default();
    let world = razorpay::world(&razorpay).await;
    for n in 0..5 {
        let message = recorded("payment.captured", "order_of_nobody", &format!("pay_{n}"), 50_000, json!([]));
        webhook(&world, &message, "evt").await.expect(200);
    }
    {
        let c = &mut *world.service.ctx().db().write().await.expect("a connection");
        let same = captures::captured_at.eq(world.service.now());
        diesel::update(captures::table).set(same).execute(c).await.expect("updated");
    }
    let (mut seen, mut pages, mut cursor) = (BTreeSet::new(), 0, String::new());
    loop {
        let page = world.staff().get(&format!("/payments/captures?limit=2{cursor}")).await.expect(200);
        pages += 1;
        seen.extend(page["items"].as_array().expect("items").iter().map(|c| text(c, "gateway_payment_id").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((seen.len(), pages), (5, 3));
    world.staff().get("/payments/captures?cursor=AAAAAAAAAAA").await.problem(422);
    world.service.finish().await;
}

#[tokio::test]
async fn an_order_that_gets_no_answer_holds_up_no_other() {
    let razorpay = Razorpay::default();
    let world = razorpay::world(&razorpay).await;
    for _ in 0..2 {
        let booked = world.book("500.00").await;
        world.pay(text(&booked, "id"), "500.00", "online").await;
    }
    let before = razorpay.calls().len();
    world.service.clock.advance_secs(600);
    for _ in 0..2 {
        razorpay.next(500, json!({}));
    }
    let job = world.service.started.jobs.iter().find(|j| j.name == "orders").expect("a job");
    chassis::jobs::run_once(job, world.service.ctx()).await.expect_err("one is not answered");
    let asked: BTreeSet<String> = razorpay.calls()[before..].iter().map(|c| c.path.clone()).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    world.service.finish().await;
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_made_once() {
    let razorpay = Razorpay::default();
    let world = razorpay::world(&razorpay).await;
    let booked = world.book("500.00").await;
    razorpay.lose_answer();
    let payment = world.pay(text(&booked, "id"), "500.00", "online").await;
    assert_eq!(payment["checkout"]["order_id"], "order_Abc1");
    let made = razorpay.calls().iter().filter(|c| c.path == "/v1/orders" && c.query.is_empty()).count();
    assert_eq!(made, 1);
    world.service.finish().await;
}
