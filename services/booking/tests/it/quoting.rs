//! Quotes of bookings, and the methods of payment with their instructions.

use crate::fixture::{Fixture, SCOOTER, text};
use crate::razorpay_double::{self as razorpay, Razorpay};
use proto_events::booking::v1::BookingChanged;
use serde_json::{Value, json};

#[tokio::test]
async fn a_quote_has_the_amounts_and_dates_of_a_booking_confirmed_today_and_writes_nothing() {
    let fixture = Fixture::start().await;
    fixture.service.clock.set("2026-11-30T18:29:00Z".parse().expect("a time"));
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "5000.00", "emi_months": 3 });
    let quote = fixture.fresh_client().post("/bookings/quote", body.clone()).await.expect(200);
    assert_eq!(
        quote,
        json!({
            "price": "45000.00", "booking_amount": "5000.00", "principal": "40000.00",
            "months_min": 3, "months_max": 60, "taxed_in": null,
            "instalments": [
                { "n": 1, "due_on": "2026-12-30", "amount": "13333.00" },
                { "n": 2, "due_on": "2027-01-30", "amount": "13333.00" },
                { "n": 3, "due_on": "2027-02-28", "amount": "13334.00" },
            ],
        })
    );
    assert_eq!(fixture.fresh_client().get("/bookings").await.expect(200)["items"], json!([]));
    assert!(fixture.service.published::<BookingChanged>().await.is_empty());
    // A minute later it is December in India.
    fixture.service.clock.advance_secs(60);
    let later = fixture.fresh_client().post("/bookings/quote", body.clone()).await.expect(200);
    assert_eq!(later["instalments"][0]["due_on"], "2027-01-01");
    let booked = fixture.book_with(body).await;
    fixture.pay_online(text(&booked, "id"), "5000.00").await;
    let instalments = fixture.booking(text(&booked, "id")).await["emi"]["instalments"].clone();
    let (quoted, made) = (later["instalments"].as_array().expect("rows"), instalments.as_array().expect("rows"));
    assert_eq!(quoted.len(), made.len());
    for (quoted, made) in quoted.iter().zip(made) {
        assert_eq!(
            (&quoted["n"], &quoted["due_on"], &quoted["amount"]),
            (&made["n"], &made["due_on"], &made["amount"])
        );
    }
    let without = json!({ "vehicle_id": SCOOTER, "booking_amount": "45000.00" });
    let quote = fixture.fresh_client().post("/bookings/quote", without).await.expect(200);
    assert_eq!((&quote["principal"], &quote["instalments"]), (&json!("0.00"), &json!([])));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_quote_is_refused_as_the_booking_is() {
    let fixture = Fixture::start().await;
    let admin = fixture.service.as_admin();
    let vehicle = json!({ "model": "Megh", "variant": "Gold", "price": "600.00", "is_active": false });
    let inactive = admin.post("/vehicles", vehicle).await.expect(201);
    let body = |vehicle: &Value, amount: &str, months: Option<u32>| {
        let mut body = json!({ "vehicle_id": vehicle, "booking_amount": amount });
        body["emi_months"] = json!(months);
        body
    };
    let scooter = json!(SCOOTER);
    for (body, status) in [
        (body(&scooter, "499.99", None), 422),
        (body(&scooter, "500.00", None), 200),
        (body(&scooter, "45000.00", None), 200),
        (body(&scooter, "45000.01", None), 422),
        (body(&scooter, "500.00", Some(2)), 422),
        (body(&scooter, "500.00", Some(60)), 200),
        (body(&scooter, "500.00", Some(61)), 422),
        (body(&scooter, "44997.01", Some(3)), 422),
        (body(&scooter, "44997.00", Some(3)), 200),
        (body(&inactive["id"], "500.00", None), 422),
        (body(&json!(runtime::id::fresh::<uuid::Uuid>()), "500.00", None), 422),
        (json!({ "vehicle_id": SCOOTER, "booking_amount": 500 }), 400),
        (json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "price": "1.00" }), 422),
    ] {
        let quoted = fixture.client.post("/bookings/quote", body.clone()).await;
        let booked = fixture.client.post("/bookings", body.clone()).await;
        assert_eq!(quoted.status, status, "{body}");
        if status == 200 {
            booked.expect(201);
        } else {
            assert_eq!(quoted.problem(status), booked.problem(status), "{body}");
        }
    }
    fixture.service.anonymous().post("/bookings/quote", json!({})).await.problem(401);
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_emi_quote_is_the_schedule_that_the_booking_would_get_and_writes_nothing() {
    let fixture = Fixture::start().await;
    fixture.service.clock.set("2026-11-30T18:29:00Z".parse().expect("a time"));
    let booked = fixture.book("500.00").await;
    let id = text(&booked, "id");
    let path = format!("/bookings/{id}/emi");
    let quote = async |months: u32| fixture.fresh_client().get(&format!("{path}/quote?months={months}")).await;
    let quoted = quote(3).await.expect(200);
    assert_eq!(
        quoted,
        json!({
            "price": "45000.00", "booking_amount": "500.00", "principal": "44500.00",
            "months_min": 3, "months_max": 60, "taxed_in": null,
            "instalments": [
                { "n": 1, "due_on": "2026-12-30", "amount": "14833.00" },
                { "n": 2, "due_on": "2027-01-30", "amount": "14833.00" },
                { "n": 3, "due_on": "2027-02-28", "amount": "14834.00" },
            ],
        })
    );
    // Confirmed on this day; quoted and chosen a month later.
    fixture.pay_online(id, "5000.00").await;
    fixture.service.clock.set("2026-12-31T06:00:00Z".parse().expect("a time"));
    let quoted = quote(4).await.expect(200);
    assert_eq!((&quoted["principal"], &quoted["instalments"][0]["due_on"]), (&json!("40000.00"), &json!("2026-12-30")));
    assert_eq!(fixture.fresh_client().get(&path).await.expect(200), json!([]));
    let made = fixture.fresh_client().post(&path, json!({ "months": 4 })).await.expect(200);
    let part = |row: &Value| json!({ "n": row["n"], "due_on": row["due_on"], "amount": row["amount"] });
    let made: Vec<Value> = made.as_array().expect("rows").iter().map(part).collect();
    assert_eq!(quoted["instalments"], json!(made));
    fixture.service.finish().await;
}

#[tokio::test]
async fn an_emi_quote_is_refused_as_the_schedule_is() {
    let fixture = Fixture::start().await;
    let (open, paid, closed) =
        (fixture.book("500.00").await, fixture.book("44997.01").await, fixture.book("500.00").await);
    fixture.client.post_empty(&format!("/bookings/{}/cancel", text(&closed, "id"))).await.expect(200);
    for (booking, months, status) in [
        (&open, json!(2), 422),
        (&open, json!(61), 422),
        (&paid, json!(3), 422),
        (&closed, json!(3), 409),
        (&open, json!(3), 200),
        (&open, json!(3), 409),
    ] {
        let path = format!("/bookings/{}/emi", text(booking, "id"));
        let quoted = fixture.client.get(&format!("{path}/quote?months={months}")).await;
        let made = fixture.client.post(&path, json!({ "months": months })).await;
        assert_eq!((quoted.status, made.status), (status, status), "{path} {months}");
        if status != 200 {
            assert_eq!(quoted.problem(status), made.problem(status), "{path} {months}");
        }
    }
    let path = format!("/bookings/{}/emi/quote", text(&open, "id"));
    for bad in ["", "?months=many", "?months=-1"] {
        fixture.client.get(&format!("{path}{bad}")).await.problem(422);
    }
    let path = format!("{path}?months=3");
    fixture.service.anonymous().get(&path).await.problem(401);
    assert_eq!(fixture.stranger().get(&path).await.problem(404), "request.not_found");
    assert_eq!(fixture.staff().get(&path).await.problem(409), "booking.emi_exists");
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_methods_are_those_in_which_a_payment_can_be_started() {
    let methods = async |fixture: &Fixture| fixture.fresh_client().get("/payments/methods").await.expect(200);
    let offline = json!([
        { "method": "bank_transfer", "gateway": null, "label": "Bank transfer" },
        { "method": "cash", "gateway": null, "label": "Cash" },
        { "method": "wallet", "gateway": null, "label": "Wallet" },
    ]);
    let with_online = |label: &str, gateway: &str| {
        let mut items = offline.as_array().expect("items").clone();
        items.insert(0, json!({ "method": "online", "gateway": gateway, "label": label }));
        json!({ "items": items })
    };
    let fixture = Fixture::start().await;
    assert_eq!(methods(&fixture).await, with_online("Online payment (test)", "sandbox"));
    fixture.service.anonymous().get("/payments/methods").await.problem(401);
    fixture.service.finish().await;
    let razorpay = Razorpay::default();
    let fixture = razorpay::fixture(&razorpay).await;
    assert_eq!(methods(&fixture).await, with_online("Online payment (Razorpay)", "razorpay"));
    fixture.service.finish().await;
}

#[tokio::test]
async fn the_instructions_are_those_of_the_settings() {
    let fixture = Fixture::start().await;
    let none = json!({ "bank_transfer": null, "cash": null });
    assert_eq!(fixture.client.get("/payments/instructions").await.expect(200), none);
    fixture.service.anonymous().get("/payments/instructions").await.problem(401);
    fixture.service.finish().await;
    let bank = [
        ("PAYMENT_BANK_ACCOUNT_NAME", "Example Motors"),
        ("PAYMENT_BANK_ACCOUNT_NUMBER", "123456789012"),
        ("PAYMENT_BANK_IFSC", "hdfc0001234"),
    ];
    let account = json!({ "account_name": "Example Motors", "account_number": "123456789012", "ifsc": "HDFC0001234" });
    let fixture = Fixture::start_with(&bank).await;
    let shown = fixture.client.get("/payments/instructions").await.expect(200);
    assert_eq!(shown, json!({ "bank_transfer": account, "cash": null }));
    fixture.service.finish().await;
    let more = [("PAYMENT_BANK_UPI", "motors@bank"), ("PAYMENT_CASH_ADDRESS", "1 Mill Road, Pune")];
    let fixture = Fixture::start_with(&[&bank[..], &more].concat()).await;
    let shown = fixture.client.get("/payments/instructions").await.expect(200);
    assert_eq!(shown["bank_transfer"]["upi"], "motors@bank");
    assert_eq!(shown["cash"], json!({ "address": "1 Mill Road, Pune" }));
    fixture.service.finish().await;
}
