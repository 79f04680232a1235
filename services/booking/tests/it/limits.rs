//! Isolation of failures in jobs, and limits of pending payments and orders.

use crate::fixture::{Fixture, text};
use crate::razorpay_double::{self as razorpay, Razorpay, recorded, webhook};
use booking::schema::{captures, payments};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::PaymentId;
use serde_json::json;
use std::collections::BTreeSet;

/// Makes a payment unreadable, so that every change of its booking fails.
async fn corrupt_payment(fixture: &Fixture, payment: &str) {
    let id: PaymentId = payment.parse().expect("an id");
    let c = &mut *fixture.service.ctx().db().write().await.expect("a connection");
    diesel::update(payments::table.find(id)).set(payments::method.eq("barter")).execute(c).await.expect("updated");
}

#[tokio::test]
async fn a_booking_that_cannot_expire_does_not_stop_the_others() {
    let fixture = Fixture::start().await;
    let mut bookings = Vec::new();
    for _ in 0..3 {
        let booked = fixture.book("500.00").await;
        let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
        bookings.push((booked, payment));
    }
    corrupt_payment(&fixture, text(&bookings[0].1, "id")).await;
    fixture.service.clock.advance_secs(24 * 3_600 + 1);
    for _ in 0..2 {
        fixture.service.run_job("expire").await;
    }
    for (booked, _) in &bookings[1..] {
        assert_eq!(fixture.booking(text(booked, "id")).await["status"], "expired");
    }
    assert_eq!(fixture.booking(text(&bookings[0].0, "id")).await["status"], "pre_booked");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_booking_whose_instalments_cannot_be_updated_does_not_stop_the_others() {
    let fixture = Fixture::start().await;
    let mut bookings = Vec::new();
    for _ in 0..3 {
        let body = json!({ "vehicle_id": crate::fixture::SCOOTER, "booking_amount": "500.00", "emi_months": 3 });
        let booked = fixture.book_with(body).await;
        let payment = fixture.pay_online(text(&booked, "id"), "500.00").await;
        bookings.push((booked, payment));
    }
    corrupt_payment(&fixture, text(&bookings[0].1, "id")).await;
    fixture.service.clock.advance_secs(40 * 86_400);
    fixture.service.run_job("calendar").await;
    for (booked, _) in &bookings[1..] {
        let shown = fixture.booking(text(booked, "id")).await;
        assert_eq!(shown["emi"]["instalments"][0]["status"], "overdue");
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_booking_can_have_twenty_online_orders_a_day() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    for _ in 0..20 {
        fixture.pay(id, "1.00", "online").await;
        fixture.service.clock.advance_secs(60);
    }
    let refused = fixture.try_pay(id, "1.00", "online").await;
    assert_eq!(refused.header("retry-after"), (24 * 3_600 - 20 * 60).to_string());
    assert_eq!(refused.problem(429), "booking.too_many_orders");
    // Other bookings and other methods are not limited by it.
    let other = fixture.book("500.00").await;
    fixture.pay(text(&other, "id"), "1.00", "online").await;
    fixture.pay(id, "1.00", "cash").await;
    fixture.service.clock.advance_secs(24 * 3_600 - 20 * 60);
    fixture.pay(id, "1.00", "online").await;
    assert_eq!(fixture.try_pay(id, "1.00", "online").await.status, 429);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_booking_can_have_twenty_pending_payments() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let first = fixture.pay(id, "1.00", "cash").await;
    for _ in 1..20 {
        fixture.pay(id, "1.00", "bank_transfer").await;
    }
    assert_eq!(fixture.try_pay(id, "1.00", "cash").await.problem(422), "booking.too_many_pending");
    fixture.pay(id, "1.00", "online").await;
    fixture.staff().post_empty(&format!("/payments/{}/fail", text(&first, "id"))).await.expect(200);
    fixture.pay(id, "1.00", "cash").await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn paging_through_captures_of_the_same_time_loses_none() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    for n in 0..5 {
        let message = recorded("payment.captured", "order_unknown", &format!("pay_{n}"), 50_000, json!([]));
        webhook(&fixture, &message, "evt").await.expect(200);
    }
    {
        let c = &mut *fixture.service.ctx().db().write().await.expect("a connection");
        let same = captures::captured_at.eq(fixture.service.now());
        diesel::update(captures::table).set(same).execute(c).await.expect("updated");
    }
    let all_pages = async |order: &str| {
        let (mut seen, mut pages, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let path = format!("/payments/captures?limit=2&order={order}&cursor={cursor}");
            let page = fixture.staff().get(&path).await.expect(200);
            pages += 1;
            seen.extend(
                page["items"].as_array().expect("items").iter().map(|c| text(c, "gateway_payment_id").to_owned()),
            );
            let Some(next) = page["next_cursor"].as_str() else { return (seen, pages) };
            next.clone_into(&mut cursor);
        }
    };
    assert_eq!(all_pages("asc").await, ((0..5).map(|n| format!("pay_{n}")).collect(), 3));
    assert_eq!(all_pages("desc").await, ((0..5).rev().map(|n| format!("pay_{n}")).collect(), 3));
    fixture.staff().get("/payments/captures?cursor=AAAAAAAAAAA").await.problem(422);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_order_check_without_an_answer_does_not_stop_the_others() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    for _ in 0..2 {
        let booked = fixture.book("500.00").await;
        fixture.pay(text(&booked, "id"), "500.00", "online").await;
    }
    let before = razorpay.calls().len();
    fixture.service.clock.advance_secs(600);
    for _ in 0..2 {
        razorpay.queue_answer(500, json!({}));
    }
    let job = fixture.service.started.jobs.iter().find(|j| j.name == "orders").expect("a job");
    runtime::jobs::run_once(job, fixture.service.ctx()).await.expect_err("one check gets no answer");
    let asked: BTreeSet<String> = razorpay.calls()[before..].iter().map(|c| c.path.clone()).collect();
    assert_eq!(asked.len(), 2, "{asked:?}");
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_order_whose_answer_is_lost_is_created_once() {
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    let booked = fixture.book("500.00").await;
    razorpay.lose_next_answer();
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    assert_eq!(payment["checkout"]["order_id"], "order_Abc1");
    let made = razorpay.calls().iter().filter(|c| c.path == "/v1/orders" && c.query.is_empty()).count();
    assert_eq!(made, 1);
    fixture.service.finish().await;
}
