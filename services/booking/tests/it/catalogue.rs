//! The vehicle catalogue, creation of bookings, and access to them.

use crate::fixture::{Fixture, SCOOTER, text};
use domain::UserId;
use runtime::id;
use serde_json::json;
use testkit::Statements;
use testkit::statements::reads_of;

#[tokio::test]
async fn a_new_platform_has_vehicles_on_sale() {
    let fixture = Fixture::start().await;
    let list = fixture.service.anonymous().get("/vehicles").await.expect(200);
    assert!(list["items"].as_array().expect("items").len() >= 4);
    assert_eq!(list["next_cursor"], serde_json::Value::Null);
    let one = fixture.service.anonymous().get(&format!("/vehicles/{SCOOTER}")).await.expect(200);
    assert_eq!(one["price"], "45000.00");
    for missing in [id::fresh::<UserId>().to_string(), "x".into()] {
        fixture.service.anonymous().get(&format!("/vehicles/{missing}")).await.problem(404);
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn staff_also_list_the_vehicles_that_are_not_on_sale() {
    let fixture = Fixture::start().await;
    let admin = fixture.service.as_admin();
    admin.patch(&format!("/vehicles/{SCOOTER}"), json!({ "is_active": false })).await.expect(200);
    let has_scooter =
        |list: &serde_json::Value| list["items"].as_array().expect("items").iter().any(|v| v["id"] == SCOOTER);
    for client in [&admin, &fixture.staff()] {
        assert!(has_scooter(&client.get("/vehicles/all").await.expect(200)));
        assert!(!has_scooter(&client.get("/vehicles").await.expect(200)));
        let page = client.get("/vehicles/all?limit=1").await.expect(200);
        let next = format!("/vehicles/all?limit=100&cursor={}", text(&page, "next_cursor"));
        assert!(has_scooter(&client.get(&next).await.expect(200)));
    }
    assert_eq!(fixture.client.get("/vehicles/all").await.problem(403), "auth.forbidden");
    assert_eq!(fixture.service.anonymous().get("/vehicles/all").await.problem(401), "auth.token_invalid");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_change_of_price_does_not_change_existing_bookings() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let admin = fixture.service.as_admin();
    let path = format!("/vehicles/{SCOOTER}");
    fixture.staff().patch(&path, json!({ "price": "1.00" })).await.problem(403);
    let changed = admin.patch(&path, json!({ "price": "50000.00" })).await.expect(200);
    assert_eq!((&changed["price"], &changed["model"]), (&json!("50000.00"), &json!("Disha")));
    assert_eq!(fixture.booking(text(&booked, "id")).await["price"], "45000.00");
    assert_eq!(fixture.book("500.00").await["price"], "50000.00");
    assert_eq!(admin.patch(&path, json!({ "price": "0.00" })).await.problem(422), "booking.vehicle_invalid");
    admin.patch(&path, json!({ "is_active": false })).await.expect(200);
    let refused = fixture.client.post("/bookings", json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" })).await;
    assert_eq!(refused.problem(422), "booking.vehicle_not_on_sale");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_vehicle_costs_at_most_ten_crore() {
    let fixture = Fixture::start().await;
    let admin = fixture.service.as_admin();
    let vehicle = |price: &str| json!({ "model": "Megh", "variant": "Gold", "price": price });
    for price in ["100000000.01", "92233720368547758.07"] {
        assert_eq!(admin.post("/vehicles", vehicle(price)).await.problem(422), "booking.vehicle_invalid", "{price}");
        let changed = admin.patch(&format!("/vehicles/{SCOOTER}"), json!({ "price": price })).await;
        assert_eq!(changed.problem(422), "booking.vehicle_invalid", "{price}");
    }
    let dear = admin.post("/vehicles", vehicle("100000000.00")).await.expect(201);
    for _ in 0..2 {
        let booked = fixture.book_with(json!({ "vehicle_id": dear["id"], "booking_amount": "100000000.00" })).await;
        fixture.pay_online(text(&booked, "id"), "100000000.00").await;
    }
    let paid: Vec<i64> =
        fixture.completed_payments().await.iter().filter_map(|p| Some(p.standing?.net_paid_after_paise)).collect();
    assert_eq!(paid, [10_000_000_000, 20_000_000_000]);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_booking_amount_is_from_five_hundred_to_the_price() {
    let fixture = Fixture::start().await;
    for (amount, code) in [
        ("499.99", "booking.booking_amount_too_small"),
        ("0.00", "booking.booking_amount_too_small"),
        ("-500.00", "booking.booking_amount_too_small"),
        ("45000.01", "booking.booking_amount_above_price"),
    ] {
        let body = json!({ "vehicle_id": SCOOTER, "booking_amount": amount });
        assert_eq!(fixture.client.post("/bookings", body).await.problem(422), code, "{amount}");
    }
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": 500 });
    fixture.client.post("/bookings", body).await.problem(400);
    let body = json!({ "vehicle_id": id::fresh::<UserId>(), "booking_amount": "500.00" });
    assert_eq!(fixture.client.post("/bookings", body).await.problem(422), "booking.vehicle_not_on_sale");
    assert_eq!(fixture.client.get("/bookings").await.expect(200)["items"], json!([]));
    fixture.book("500.00").await;
    // A price in the request is refused.
    let named = json!({ "vehicle_id": SCOOTER, "booking_amount": "45000.00", "price": "1.00" });
    assert_eq!(fixture.client.post("/bookings", named).await.problem(422), "request.unknown_field");
    let full = fixture.book_with(json!({ "vehicle_id": SCOOTER, "booking_amount": "45000.00" })).await;
    assert_eq!(full["price"], "45000.00");
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_same_key_books_once() {
    let fixture = Fixture::start().await;
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" });
    let first = fixture.client.post_with_key("/bookings", "k", body.clone()).await.expect(201);
    let again = fixture.client.post_with_key("/bookings", "k", body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), first);
    let other = json!({ "vehicle_id": SCOOTER, "booking_amount": "501.00" });
    assert_eq!(fixture.client.post_with_key("/bookings", "k", other).await.problem(422), "idempotency.key_reused");
    assert_eq!(fixture.client.get("/bookings").await.expect(200)["items"].as_array().map(Vec::len), Some(1));
    fixture.service.finish().await;
}

#[tokio::test]
async fn bookings_and_payments_of_other_members_are_not_found() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let payment = fixture.pay(id, "500.00", "online").await;
    let stranger = fixture.stranger();
    for path in
        [format!("/bookings/{id}"), format!("/bookings/{id}/emi"), format!("/payments/{}", text(&payment, "id"))]
    {
        stranger.get(&path).await.problem(404);
        fixture.service.anonymous().get(&path).await.problem(401);
        fixture.staff().get(&path).await.expect(200);
    }
    for path in ["payments", "cancel", "emi"] {
        // Access is checked before the body is parsed.
        stranger.post(&format!("/bookings/{id}/{path}"), json!("nonsense")).await.problem(404);
    }
    for path in ["confirm", "fail"] {
        let path = format!("/payments/{}/{path}", text(&payment, "id"));
        fixture.client.post(&path, json!({})).await.problem(403);
    }
    let refund = format!("/payments/{}/refund", text(&payment, "id"));
    fixture.staff().post(&refund, json!({})).await.problem(403);
    let mine = format!("?user_id={}", fixture.member);
    for list in ["/bookings", "/payments"] {
        assert_eq!(stranger.get(&format!("{list}{mine}")).await.expect(200)["items"], json!([]));
        let seen = fixture.staff().get(&format!("{list}{mine}")).await.expect(200);
        assert_eq!(seen["items"].as_array().map(Vec::len), Some(1));
    }
    assert_eq!(fixture.client.get("/bookings?status=confirmed").await.expect(200)["items"], json!([]));
    fixture.client.get("/bookings?status=x").await.problem(422);
    fixture.service.finish().await;
}

/// Reads the catalogue until an answer is not read from the database.
async fn warm(fixture: &Fixture, statements: &Statements, path: &str) {
    loop {
        statements.drain();
        fixture.service.anonymous().get(path).await.expect(200);
        if reads_of(&statements.drain(), "vehicles").is_empty() {
            return;
        }
    }
}

#[tokio::test]
async fn the_catalogue_is_read_again_after_whatever_changes_it_and_not_before() {
    let fixture = Fixture::start().await;
    let statements = Statements::record(&fixture.service);
    let (one, client) = (format!("/vehicles/{SCOOTER}"), fixture.service.anonymous());
    let admin = fixture.service.as_admin();
    let shown = async || {
        let list = client.get("/vehicles").await.expect(200);
        let in_list = list["items"].as_array().expect("items").iter().find(|v| v["id"] == SCOOTER).expect("it").clone();
        assert_eq!(in_list, client.get(&one).await.expect(200));
        (in_list["price"].clone(), in_list["left"].clone(), in_list["pictures"].as_array().expect("a list").len())
    };
    let again = async || {
        warm(&fixture, &statements, "/vehicles").await;
        warm(&fixture, &statements, &one).await;
    };
    again().await;
    assert_eq!(shown().await, (json!("45000.00"), json!(null), 0));
    admin.patch(&one, json!({ "price": "50000.00" })).await.expect(200);
    assert_eq!(shown().await.0, "50000.00");
    again().await;
    let adjustment = json!({ "change": 3, "reason": "delivery of the factory" });
    fixture.staff().post(&format!("{one}/stock-adjustments"), adjustment).await.expect(201);
    assert_eq!(shown().await.1, 3);
    again().await;
    let booked = fixture.book("500.00").await;
    assert_eq!(shown().await.1, 2);
    again().await;
    fixture.fresh_client().post(&format!("/bookings/{}/cancel", text(&booked, "id")), json!({})).await;
    assert_eq!(shown().await.1, 3);
    again().await;
    // A refused change, and one of another table.
    admin.patch(&one, json!({ "price": "0.00" })).await.problem(422);
    statements.drain();
    shown().await;
    assert!(reads_of(&statements.drain(), "vehicles").is_empty());
    // A page that is not the first, and an unknown vehicle, are not stored.
    let page = client.get("/vehicles?limit=1").await.expect(200);
    for path in [
        format!("/vehicles?limit=1&cursor={}", text(&page, "next_cursor")),
        format!("/vehicles/{}", id::fresh::<UserId>()),
    ] {
        for _ in 0..2 {
            statements.drain();
            client.get(&path).await;
            assert_eq!(reads_of(&statements.drain(), "vehicles").len(), 1, "{path}");
        }
    }
    fixture.service.finish().await;
}

#[tokio::test]
async fn without_the_cache_every_read_is_one_of_the_database() {
    let fixture = Fixture::start_with(&[("READ_CACHE", "off")]).await;
    let statements = Statements::record(&fixture.service);
    for _ in 0..3 {
        fixture.service.anonymous().get("/vehicles").await.expect(200);
    }
    assert_eq!(reads_of(&statements.drain(), "vehicles").len(), 3);
    fixture.service.finish().await;
}
