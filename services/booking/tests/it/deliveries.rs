//! Delivery of vehicles and their return: who may, when, and what is refunded.

use crate::fixture::{Fixture, SCOOTER, text};
use domain::{EventId, UserId};
use proto_events::booking::v1::{BookingChanged, PaymentRefunded};
use proto_events::compliance::v1::DocumentUploaded;
use serde_json::{Value, json};
use testkit::Reply;

const NUMBER: &str = "MA1TA2BRXK2A12345";

/// A booking that is paid in full by two payments.
async fn completed(fixture: &Fixture) -> String {
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id").to_owned();
    fixture.pay_online(&id, "44000.00").await;
    fixture.pay_cash(&id, "1000.00").await;
    assert_eq!(fixture.booking(&id).await["status"], "completed");
    id
}

fn today(fixture: &Fixture) -> String {
    fixture.service.now().day().to_string()
}

/// Reports the upload of a document of this member, and returns its id.
async fn upload(fixture: &Fixture, user: UserId) -> String {
    upload_as(fixture, user, runtime::id::fresh()).await
}

async fn upload_as(fixture: &Fixture, user: UserId, id: EventId) -> String {
    let uploaded = DocumentUploaded {
        document_id: id.into(),
        user_id: user.into(),
        kind: "delivery_note".into(),
        uploaded_at: fixture.service.now().micros(),
        ..DocumentUploaded::default()
    };
    fixture.service.deliver_now(&uploaded).await;
    fixture.service.deliver_now(&uploaded).await;
    id.to_string()
}

async fn deliver(fixture: &Fixture, id: &str, on: &str, number: &str) -> Reply {
    let body = json!({ "delivered_on": on, "vehicle_number": number });
    fixture.staff().post(&format!("/bookings/{id}/deliver"), body).await
}

async fn accept_return(fixture: &Fixture, id: &str) -> Reply {
    fixture.staff().post(&format!("/bookings/{id}/return"), json!({ "reason": "brakes" })).await
}

async fn refunds(fixture: &Fixture) -> usize {
    fixture.service.published::<PaymentRefunded>().await.len()
}

#[tokio::test]
async fn a_vehicle_is_delivered_once_with_its_number() {
    let fixture = Fixture::start().await;
    let id = completed(&fixture).await;
    let day = today(&fixture);
    let document = upload(&fixture, fixture.member).await;
    let body = json!({ "delivered_on": day, "vehicle_number": " ma1ta2brxk2a12345", "document_id": document });
    let path = format!("/bookings/{id}/deliver");
    let delivered = fixture.staff().post(&path, body).await.expect(200);
    let delivery = json!({ "delivered_on": day, "vehicle_number": NUMBER, "document_id": document });
    assert_eq!((&delivered["status"], &delivered["delivery"]), (&json!("delivered"), &delivery));
    let again = deliver(&fixture, &id, &day, "OTHER-1").await.expect(200);
    assert_eq!(again, delivered, "it stays as it is");
    let changed: Vec<BookingChanged> = fixture.service.published().await;
    assert_eq!(changed.iter().filter(|event| event.status == "delivered").count(), 1);
    // The same vehicle is not delivered twice, until it is returned.
    let second = completed(&fixture).await;
    assert_eq!(deliver(&fixture, &second, &day, NUMBER).await.problem(409), "booking.vehicle_number_used");
    accept_return(&fixture, &id).await.expect(200);
    deliver(&fixture, &second, &day, NUMBER).await.expect(200);
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_document_of_a_delivery_is_one_of_the_buyer_and_proves_no_other() {
    let fixture = Fixture::start().await;
    let (first, second) = (completed(&fixture).await, completed(&fixture).await);
    let deliver_with = async |id: &str, number: &str, document: &str| {
        let body = json!({ "delivered_on": today(&fixture), "vehicle_number": number, "document_id": document });
        fixture.staff().post(&format!("/bookings/{id}/deliver"), body).await
    };
    let of_another = upload(&fixture, runtime::id::fresh()).await;
    let unknown = runtime::id::fresh::<domain::EventId>().to_string();
    for document in [of_another, unknown, first.clone()] {
        assert_eq!(deliver_with(&first, NUMBER, &document).await.problem(422), "booking.delivery_document");
    }
    assert_eq!(fixture.booking(&first).await["status"], "completed");
    let document = upload(&fixture, fixture.member).await;
    deliver_with(&first, NUMBER, &document).await.expect(200);
    assert_eq!(deliver_with(&second, "OTHER-1", &document).await.problem(422), "booking.delivery_document");
    // The event of the upload arrives while the request waits for it.
    let late: EventId = runtime::id::fresh();
    let late_name = late.to_string();
    let (uploaded, delivered) =
        tokio::join!(upload_as(&fixture, fixture.member, late), deliver_with(&second, "OTHER-1", &late_name));
    assert_eq!(delivered.expect(200)["delivery"]["document_id"], json!(uploaded));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_delivery_is_refused_before_payment_by_others_and_with_a_wrong_day_or_number() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let open = text(&booked, "id");
    let day = today(&fixture);
    assert_eq!(deliver(&fixture, open, &day, NUMBER).await.problem(409), "booking.state");
    assert_eq!(accept_return(&fixture, open).await.problem(409), "booking.state");
    let id = completed(&fixture).await;
    let yesterday = fixture.service.now().plus_hours(-24).day().to_string();
    let tomorrow = fixture.service.now().plus_hours(24).day().to_string();
    for (on, number) in [(&yesterday, NUMBER), (&tomorrow, NUMBER), (&day, "AB1"), (&day, "ABCDE"), (&day, "EV_12345")]
    {
        let refused = deliver(&fixture, &id, on, number).await;
        assert_eq!(refused.problem(422), "booking.delivery_invalid", "{on} {number}");
    }
    let body = json!({ "delivered_on": day, "vehicle_number": NUMBER });
    for path in ["deliver", "return"] {
        let path = format!("/bookings/{id}/{path}");
        assert_eq!(fixture.fresh_client().post(&path, body.clone()).await.status, 403);
    }
    assert_eq!(fixture.fresh_client().get(&format!("/bookings/{id}/return")).await.status, 403);
    assert_eq!(fixture.booking(&id).await["delivery"], Value::Null);
    fixture.service.finish().await;
}

#[tokio::test]
async fn staff_deliver_and_accept_return_no_vehicle_of_their_own() {
    let fixture = Fixture::start().await;
    let staff = fixture.staff();
    let booked =
        staff.post("/bookings", json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" })).await.expect(201);
    let path = format!("/bookings/{}", text(&booked, "id"));
    let delivery = json!({ "delivered_on": today(&fixture), "vehicle_number": NUMBER });
    assert_eq!(staff.post(&format!("{path}/deliver"), delivery).await.problem(403), "booking.own");
    assert_eq!(staff.post_empty(&format!("{path}/return")).await.problem(403), "booking.own");
    assert_eq!(staff.get(&format!("{path}/return")).await.problem(403), "booking.own");
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_return_refunds_every_payment_once_as_its_preview_says() {
    for is_delivered in [false, true] {
        let fixture = Fixture::start().await;
        let id = completed(&fixture).await;
        if is_delivered {
            deliver(&fixture, &id, &today(&fixture), NUMBER).await.expect(200);
        }
        let cancelled = fixture.staff().post_empty(&format!("/bookings/{id}/cancel")).await;
        assert_eq!(cancelled.problem(409), "booking.state");
        let preview = fixture.staff().get(&format!("/bookings/{id}/return")).await.expect(200);
        assert_eq!((&preview["allowed"], &preview["total_to_wallet"]), (&json!(true), &json!("45000.00")), "{preview}");
        assert_eq!((&preview["net_paid_after"], &preview["ends_active_buyer"]), (&json!("0.00"), &json!(true)));
        let returned = accept_return(&fixture, &id).await.expect(200);
        assert_eq!((&returned["status"], &returned["total_paid"]), (&json!("returned"), &json!("0.00")));
        assert_eq!((returned["delivery"].is_null(), &returned["reason"]), (!is_delivered, &json!("brakes")));
        assert_eq!(accept_return(&fixture, &id).await.expect(200), returned, "it stays as it is");
        assert_eq!(refunds(&fixture).await, 2);
        let paid = fixture.try_pay(&id, "1.00", "cash").await;
        assert_eq!(paid.problem(409), "booking.state");
        fixture.service.finish().await;
    }
}

#[tokio::test]
async fn a_single_payment_of_a_delivered_vehicle_is_not_refunded() {
    let fixture = Fixture::start().await;
    let id = completed(&fixture).await;
    let payments = fixture.staff().get(&format!("/payments?booking_id={id}")).await.expect(200);
    deliver(&fixture, &id, &today(&fixture), NUMBER).await.expect(200);
    let admin = fixture.service.as_admin();
    for payment in payments["items"].as_array().expect("items") {
        let path = format!("/payments/{}", text(payment, "id"));
        assert_eq!(admin.post_empty(&format!("{path}/refund")).await.problem(409), "booking.state");
        let preview = admin.get(&format!("{path}/refund-preview")).await.expect(200);
        assert_eq!((&preview["allowed"], &preview["code"]), (&json!(false), &json!("booking.state")));
    }
    assert_eq!((refunds(&fixture).await, &fixture.booking(&id).await["status"]), (0, &json!("delivered")));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_reserve_is_released_when_every_live_booking_is_completed_or_delivered() {
    let fixture = Fixture::start().await;
    let id = completed(&fixture).await;
    deliver(&fixture, &id, &today(&fixture), NUMBER).await.expect(200);
    fixture.deliver_reserve(10_000).await;
    let released: Vec<proto_events::booking::v1::EmiReleased> = fixture.service.published().await;
    assert_eq!(released.iter().map(|event| event.amount_paise).sum::<i64>(), 10_000);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_return_puts_back_a_unit_that_was_not_delivered() {
    for (is_delivered, on_hand) in [(false, 3), (true, 2)] {
        let fixture = Fixture::start().await;
        let adjustment = json!({ "change": 3, "reason": "delivery of the factory" });
        fixture.staff().post(&format!("/vehicles/{SCOOTER}/stock-adjustments"), adjustment).await.expect(201);
        let id = completed(&fixture).await;
        if is_delivered {
            deliver(&fixture, &id, &today(&fixture), NUMBER).await.expect(200);
        }
        accept_return(&fixture, &id).await.expect(200);
        let list = fixture.staff().get("/vehicles/all?limit=100").await.expect(200);
        let scooter = list["items"].as_array().expect("items").iter().find(|v| v["id"] == SCOOTER).expect("it").clone();
        assert_eq!((&scooter["stock"]["on_hand"], &scooter["stock"]["reserved"]), (&json!(on_hand), &json!(0)));
        fixture.service.finish().await;
    }
}
