//! Stock of vehicles: reservations, releases, sales, the last unit, and adjustments by staff.

use crate::fixture::{Fixture, SCOOTER, text};
use crate::on_services::on_mariadb;
use futures_util::future::join_all;
use proto_events::booking::v1::PaymentReturned;
use runtime::id;
use serde_json::{Value, json};

async fn adjust(fixture: &Fixture, change: i64) -> testkit::Reply {
    let path = format!("/vehicles/{SCOOTER}/stock-adjustments");
    fixture.staff().post(&path, json!({ "change": change, "reason": "delivery of the factory" })).await
}

/// Units on hand and reserved; null where they are not counted.
async fn stock(fixture: &Fixture) -> Value {
    let list = fixture.staff().get("/vehicles/all?limit=100").await.expect(200);
    let vehicle = list["items"].as_array().expect("items").iter().find(|v| v["id"] == SCOOTER).expect("it").clone();
    let stock = &vehicle["stock"];
    if stock.is_null() {
        return Value::Null;
    }
    let number = |field: &str| stock[field].as_i64().expect("a number");
    assert_eq!(number("available"), number("on_hand") - number("reserved"), "{vehicle}");
    json!([stock["on_hand"], stock["reserved"]])
}

/// What the catalogue shows: whether it is in stock, and how many are left.
async fn offer(fixture: &Fixture) -> Value {
    let vehicle = fixture.service.anonymous().get(&format!("/vehicles/{SCOOTER}")).await.expect(200);
    assert!(vehicle.get("stock").is_none(), "the numbers are for staff");
    json!([vehicle["in_stock"], vehicle["left"]])
}

async fn try_book(fixture: &Fixture) -> testkit::Reply {
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" });
    fixture.service.as_user(id::fresh()).post("/bookings", body).await
}

#[tokio::test]
async fn a_unit_is_reserved_released_and_sold() {
    let fixture = Fixture::start().await;
    let uncounted = fixture.book("500.00").await;
    assert_eq!((stock(&fixture).await, offer(&fixture).await), (Value::Null, json!([true, null])));
    let adjusted = adjust(&fixture, 7).await.expect(201);
    assert_eq!((&adjusted["change"], &adjusted["on_hand"]), (&json!(7), &json!(7)));
    assert_eq!((stock(&fixture).await, offer(&fixture).await), (json!([7, 0]), json!([true, null])));
    let cancel = async |booking: &Value| {
        fixture.fresh_client().post_empty(&format!("/bookings/{}/cancel", text(booking, "id"))).await.expect(200)
    };
    cancel(&uncounted).await;
    assert_eq!(stock(&fixture).await, json!([7, 0]), "it was made before its vehicle was counted");
    let [sold, cancelled, expiring] =
        [fixture.book("500.00").await, fixture.book("500.00").await, fixture.book("500.00").await];
    assert_eq!((stock(&fixture).await, offer(&fixture).await), (json!([7, 3]), json!([true, 4])));
    fixture.pay_cash(text(&sold, "id"), "44999.00").await;
    assert_eq!(stock(&fixture).await, json!([7, 3]));
    let last = fixture.pay_cash(text(&sold, "id"), "1.00").await;
    assert_eq!(stock(&fixture).await, json!([6, 2]), "sold");
    fixture.service.as_admin().post_empty(&format!("/payments/{}/refund", text(&last, "id"))).await.expect(200);
    assert_eq!(stock(&fixture).await, json!([7, 3]), "not paid in full any more");
    cancel(&cancelled).await;
    cancel(&cancelled).await;
    assert_eq!(stock(&fixture).await, json!([7, 2]));
    fixture.service.clock.advance_secs(25 * 3_600);
    fixture.service.run_job("expire").await;
    assert_eq!(fixture.booking(text(&expiring, "id")).await["status"], "expired");
    assert_eq!((stock(&fixture).await, offer(&fixture).await), (json!([7, 1]), json!([true, null])));
    fixture.service.finish().await;
}

/// Fifty parallel bookings of the last unit; one is made.
async fn race_for_the_last_unit(fixture: &Fixture) {
    adjust(fixture, 1).await.expect(201);
    let answers = join_all((0..50).map(|_| try_book(fixture))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 49));
    for answer in refused {
        assert_eq!(answer.problem(409), "booking.sold_out");
    }
    assert_eq!((stock(fixture).await, offer(fixture).await), (json!([1, 1]), json!([false, 0])));
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" });
    assert_eq!(fixture.client.post("/bookings/quote", body).await.problem(409), "booking.sold_out");
}

#[tokio::test]
async fn one_of_fifty_gets_the_last_unit() {
    let fixture = Fixture::start().await;
    race_for_the_last_unit(&fixture).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn one_of_fifty_gets_the_last_unit_on_services() {
    on_mariadb(race_for_the_last_unit).await;
}

/// Bookings of three units by twelve members that are cancelled, paid and made again at the same time.
async fn churn(fixture: &Fixture) {
    adjust(fixture, 3).await.expect(201);
    let member = async || {
        let client = fixture.service.as_user(id::fresh());
        let mut booked = 0;
        for n in 0..4 {
            let made = client.post("/bookings", json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" })).await;
            if made.status != 201 {
                assert_eq!(made.problem(409), "booking.sold_out");
                continue;
            }
            let path = format!("/bookings/{}", made.body["id"].as_str().expect("an id"));
            if n == 3 {
                booked += 1;
            } else {
                client.post_empty(&format!("{path}/cancel")).await.expect(200);
            }
        }
        booked
    };
    let kept: i64 = join_all((0..12).map(|_| member())).await.into_iter().sum();
    assert_eq!(stock(fixture).await, json!([3, kept]));
    assert!(kept <= 3, "{kept}");
}

#[tokio::test]
async fn parallel_bookings_and_cancellations_never_oversell() {
    let fixture = Fixture::start().await;
    churn(&fixture).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn parallel_bookings_and_cancellations_never_oversell_on_services() {
    on_mariadb(churn).await;
}

/// An expired booking with a failed order, whose capture arrives late.
async fn late_capture(fixture: &Fixture, is_unit_left: bool) -> Value {
    adjust(fixture, 1).await.expect(201);
    let booked = fixture.book("500.00").await;
    let payment = fixture.pay(text(&booked, "id"), "500.00", "online").await;
    fixture.service.clock.advance_secs(25 * 3_600);
    fixture.service.run_job("expire").await;
    assert_eq!(stock(fixture).await, json!([1, 0]), "released");
    if !is_unit_left {
        try_book(fixture).await.expect(201);
    }
    fixture.capture(&payment, "pay_1", "500.00").await.expect(200);
    fixture.booking(text(&booked, "id")).await["status"].clone()
}

#[tokio::test]
async fn a_late_capture_revives_a_booking_only_while_a_unit_is_left() {
    for (is_unit_left, status, returned) in [(true, "confirmed", vec![]), (false, "expired", vec!["sold_out"])] {
        let fixture = Fixture::start().await;
        assert_eq!(late_capture(&fixture, is_unit_left).await, status);
        let causes: Vec<PaymentReturned> = fixture.service.published().await;
        assert_eq!(causes.iter().map(|event| event.cause.as_str()).collect::<Vec<_>>(), returned);
        assert_eq!(stock(&fixture).await, json!([1, 1]));
        fixture.service.finish().await;
    }
}

#[tokio::test]
async fn staff_adjust_the_stock_with_a_reason() {
    let fixture = Fixture::start().await;
    let path = format!("/vehicles/{SCOOTER}/stock-adjustments");
    for (change, code) in [(-1, "booking.stock_reserved"), (1_000_001, "booking.stock_invalid")] {
        let refused = adjust(&fixture, change).await;
        assert_eq!(refused.problem(if change < 0 { 409 } else { 422 }), code);
    }
    assert_eq!(stock(&fixture).await, Value::Null, "a refused adjustment begins nothing");
    for reason in ["", " ", &"x".repeat(501)] {
        let refused = fixture.staff().post(&path, json!({ "change": 1, "reason": reason })).await;
        assert_eq!(refused.problem(422), "booking.stock_invalid");
    }
    assert_eq!(fixture.client.post(&path, json!({ "change": 1, "reason": "mine" })).await.status, 403);
    let missing = format!("/vehicles/{}/stock-adjustments", id::fresh::<domain::UserId>());
    assert_eq!(fixture.staff().post(&missing, json!({ "change": 1, "reason": "r" })).await.status, 404);
    let body = json!({ "change": 3, "reason": "delivery" });
    let staff = fixture.staff();
    let first = staff.post_with_key(&path, "k1", body.clone()).await.expect(201);
    assert_eq!(staff.post_with_key(&path, "k1", body).await.expect(201), first, "once");
    fixture.book("500.00").await;
    assert_eq!(adjust(&fixture, -3).await.problem(409), "booking.stock_reserved");
    adjust(&fixture, -2).await.expect(201);
    let list = fixture.staff().get(&path).await.expect(200);
    let shown: Vec<_> = list["items"].as_array().expect("items").iter().map(|a| a["change"].clone()).collect();
    assert_eq!(shown, [-2, 3]);
    assert_eq!(list["items"][1], first);
    let queue = fixture.staff().get("/payments/queue-counts").await.expect(200)["items"][3].clone();
    assert_eq!((&queue["queue"], &queue["count"]), (&json!("vehicles.low_stock"), &json!(1)));
    let vehicle = format!("/vehicles/{SCOOTER}");
    fixture.service.as_admin().patch(&vehicle, json!({ "is_stock_counted": false })).await.expect(200);
    assert_eq!((stock(&fixture).await, offer(&fixture).await), (Value::Null, json!([true, null])));
    // The units that bookings had reserved are known when they are counted again.
    assert_eq!(adjust(&fixture, 0).await.problem(409), "booking.stock_reserved");
    adjust(&fixture, 1).await.expect(201);
    assert_eq!((stock(&fixture).await, offer(&fixture).await), (json!([1, 1]), json!([false, 0])));
    assert_eq!(try_book(&fixture).await.problem(409), "booking.sold_out");
    fixture.service.finish().await;
}
