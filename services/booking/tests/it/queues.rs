//! Counts of what waits for staff, and the filters of staff in the lists of payments and bookings.

use crate::fixture::{Fixture, sign, text};
use booking::schema::{captures, payments};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn ids(list: &Value) -> Vec<String> {
    list["items"].as_array().expect("items").iter().map(|item| text(item, "id").to_owned()).collect()
}

async fn payments_of(fixture: &Fixture, query: &str) -> Vec<String> {
    ids(&fixture.staff().get(&format!("/payments?{query}")).await.expect(200))
}

#[tokio::test]
async fn the_queues_count_what_waits_for_staff() {
    let fixture = Fixture::start().await;
    let counts = async || fixture.staff().get("/payments/queue-counts").await.expect(200);
    let empty = |queue: &str| json!({ "queue": queue, "count": 0, "is_capped": false, "oldest_at": null });
    let queues = ["payments.to_confirm", "captures.unknown_order", "webhooks.unread", "vehicles.low_stock"];
    assert_eq!(counts().await, json!({ "items": queues.map(empty) }));
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let first = fixture.pay(id, "1.00", "cash").await;
    for method in ["bank_transfer", "wallet", "online"] {
        fixture.pay(id, "1.00", method).await;
    }
    fixture.pay_cash(id, "1.00").await;
    fixture.webhook("payment.captured", "order_unknown", "pay_1", "5.00").await.expect(200);
    fixture.raw_webhook("{", Some(&sign("{"))).await.expect(200);
    let found = counts().await;
    let shown: Vec<_> = found["items"].as_array().expect("items").iter().map(|q| q["count"].clone()).collect();
    assert_eq!(shown, [2, 1, 1, 0]);
    assert_eq!(found["items"][0]["oldest_at"], first["created_at"]);
    let capture = fixture.staff().get("/payments/captures").await.expect(200)["items"][0].clone();
    assert_eq!(found["items"][1]["oldest_at"], capture["captured_at"]);
    fixture.staff().post_empty(&format!("/payments/{}/fail", text(&first, "id"))).await.expect(200);
    assert_eq!(counts().await["items"][0]["count"], 1);
    fixture.client.get("/payments/queue-counts").await.problem(403);
    fixture.service.anonymous().get("/payments/queue-counts").await.problem(401);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_queue_of_more_than_a_thousand_is_capped() {
    let fixture = Fixture::start().await;
    let now = fixture.service.now();
    for (count, is_capped) in [(1_000, false), (1_001, true)] {
        {
            let c = &mut *fixture.service.ctx().db().write().await.expect("a connection");
            let stored: i64 = captures::table.count().get_result(c).await.expect("a count");
            for n in stored..count {
                let row = (
                    captures::gateway.eq("sandbox"),
                    captures::gateway_payment_id.eq(format!("pay_{n}")),
                    captures::order_id.eq("order_unknown"),
                    captures::amount_paise.eq(1_i64),
                    captures::outcome.eq("unknown_order"),
                    captures::captured_at.eq(now.plus_secs(n)),
                );
                diesel::insert_into(captures::table).values(row).execute(c).await.expect("inserted");
            }
        }
        let found = fixture.staff().get("/payments/queue-counts").await.expect(200)["items"][1].clone();
        assert_eq!((&found["count"], &found["is_capped"]), (&json!(1_000), &json!(is_capped)));
        assert_eq!(found["oldest_at"], json!(now));
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn staff_filter_payments_by_methods_status_and_time() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let mut made = Vec::new();
    for (at, method) in [
        ("2026-11-29T18:29:59.999999Z", "cash"),
        ("2026-11-29T18:30:00Z", "bank_transfer"),
        ("2026-11-30T18:29:59Z", "online"),
        ("2026-11-30T18:29:59.5Z", "wallet"),
        ("2026-11-30T18:30:00Z", "cash"),
    ] {
        let payment = text(&fixture.pay(id, "1.00", method).await, "id").to_owned();
        let c = &mut *fixture.service.ctx().db().write().await.expect("a connection");
        let key: domain::PaymentId = payment.parse().expect("an id");
        let at: domain::Timestamp = at.parse().expect("a time");
        let update = diesel::update(payments::table.find(key)).set(payments::created_at.eq(at));
        update.execute(c).await.expect("updated");
        made.push(payment);
    }
    let newest_first = |picked: &[usize]| picked.iter().rev().map(|n| made[*n].clone()).collect::<Vec<_>>();
    for (query, picked) in [
        ("method=cash", &[0, 4][..]),
        ("method=cash,bank_transfer", &[0, 1, 4]),
        ("method=cash%2Cbank_transfer&status=pending", &[0, 1, 4]),
        ("method=cash,bank_transfer&status=completed", &[]),
        ("method=emi_deduction", &[]),
        ("from=2026-11-30&to=2026-11-30", &[1, 2, 3]),
        ("from=2026-12-01", &[4]),
        ("to=2026-11-29", &[0]),
        ("from=2026-11-30T18:29:59.5Z&to=2026-11-30T18:30:00Z", &[3, 4]),
        ("from=2026-11-30&status=pending&method=online", &[2]),
        ("from=2030-01-01", &[]),
    ] {
        assert_eq!(payments_of(&fixture, query).await, newest_first(picked), "{query}");
    }
    let of_member = format!("method=cash&user_id={}&booking_id={id}", fixture.member);
    assert_eq!(payments_of(&fixture, &of_member).await, newest_first(&[0, 4]));
    let of_other = format!("method=cash&user_id={}", runtime::id::fresh::<uuid::Uuid>());
    assert_eq!(payments_of(&fixture, &of_other).await, Vec::<String>::new());
    assert_eq!(ids(&fixture.stranger().get("/payments?method=cash").await.expect(200)), Vec::<String>::new());
    for bad in ["method=barter", "method=cash,", "method=cash,,online", "status=x"] {
        assert_eq!(fixture.staff().get(&format!("/payments?{bad}")).await.problem(422), "request.bad_query", "{bad}");
    }
    for bad in ["from=yesterday", "from=2026-12-01&to=2026-11-30", "to=2026-02-30"] {
        assert_eq!(fixture.staff().get(&format!("/payments?{bad}")).await.problem(422), "booking.bad_filter", "{bad}");
    }
    fixture.service.finish().await;
}

/// Ids of all payments that staff get by following `next_cursor`.
async fn all_pages(fixture: &Fixture, query: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = fixture.staff().get(&format!("/payments?{query}&cursor={cursor}")).await.expect(200);
        seen.extend(ids(&page));
        let Some(next) = page["next_cursor"].as_str() else { return seen };
        next.clone_into(&mut cursor);
    }
}

#[tokio::test]
async fn paging_through_payments_of_the_same_time_loses_none() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let mut made = BTreeSet::new();
    for _ in 0..4 {
        made.insert(text(&fixture.pay(text(&booked, "id"), "1.00", "cash").await, "id").to_owned());
    }
    {
        let c = &mut *fixture.service.ctx().db().write().await.expect("a connection");
        let same = payments::created_at.eq(fixture.service.now());
        diesel::update(payments::table).set(same).execute(c).await.expect("updated");
    }
    for limit in [1, 3, 4, 500] {
        let newest_first = all_pages(&fixture, &format!("method=cash&limit={limit}")).await;
        assert_eq!((newest_first.len(), &newest_first.iter().cloned().collect()), (4, &made), "{limit}");
        let oldest_first = all_pages(&fixture, &format!("method=cash&limit={limit}&order=asc")).await;
        assert!(oldest_first.iter().eq(newest_first.iter().rev()), "{limit}: {oldest_first:?}");
    }
    let by_id = fixture.staff().get("/payments?limit=1").await.expect(200);
    let other_list = format!("/payments?method=cash&cursor={}", text(&by_id, "next_cursor"));
    assert_eq!(fixture.staff().get(&other_list).await.problem(422), "request.bad_cursor");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_booking_is_found_by_its_exact_number() {
    let fixture = Fixture::start().await;
    let (booked, _) = (fixture.book("500.00").await, fixture.book("500.00").await);
    let number = text(&booked, "number");
    let found = fixture.staff().get(&format!("/bookings?number={number}")).await.expect(200);
    assert_eq!(ids(&found), [text(&booked, "id")]);
    let part: String = number.chars().skip(1).collect();
    for other in [part, number.to_lowercase(), "x".into()] {
        assert_eq!(ids(&fixture.staff().get(&format!("/bookings?number={other}")).await.expect(200)), [""; 0]);
    }
    assert_eq!(ids(&fixture.client.get(&format!("/bookings?number={number}")).await.expect(200)).len(), 1);
    assert_eq!(ids(&fixture.stranger().get(&format!("/bookings?number={number}")).await.expect(200)), [""; 0]);
    fixture.service.finish().await;
}
