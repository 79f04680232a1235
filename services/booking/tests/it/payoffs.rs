//! Quote of what is left to pay, and early payment of instalments.

use crate::fixture::{Fixture, SCOOTER, text};
use domain::Money;
use serde_json::{Value, json};

async fn payoff(fixture: &Fixture, id: &str) -> Value {
    fixture.fresh_client().get(&format!("/bookings/{id}/payoff")).await.expect(200)
}

fn money(value: &Value, field: &str) -> Money {
    text(value, field).parse().expect("an amount")
}

/// The unpaid parts of the quoted instalments, and asserts that they add up.
fn unpaid(quote: &Value) -> Vec<String> {
    let instalments = quote["instalments"].as_array().expect("instalments");
    let parts = instalments.iter().map(|i| money(i, "unpaid")).chain([money(quote, "unscheduled")]);
    assert_eq!(Money::total(parts), Ok(money(quote, "remaining")), "{quote}");
    instalments.iter().map(|i| text(i, "unpaid").to_owned()).collect()
}

#[tokio::test]
async fn a_quote_says_what_is_left_by_instalment_and_paying_it_completes_the_booking() {
    let fixture = Fixture::start().await;
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "emi_months": 3 });
    let booked = fixture.book_with(body).await;
    let id = text(&booked, "id");
    let quote = payoff(&fixture, id).await;
    assert_eq!(unpaid(&quote), ["14833.00", "14833.00", "14834.00"]);
    assert_eq!((text(&quote, "payable"), text(&quote, "unscheduled")), ("45000.00", "500.00"));
    // An early payment fills the oldest instalment first.
    fixture.pay_cash(id, "15833.00").await;
    let quote = payoff(&fixture, id).await;
    assert_eq!(unpaid(&quote), ["14333.00", "14834.00"]);
    assert_eq!((text(&quote, "unscheduled"), text(&quote, "overdue")), ("0.00", "0.00"));
    assert_eq!(quote["instalments"][0]["n"], 2);
    fixture.service.clock.set("2027-01-12T04:00:00Z".parse().expect("a time"));
    fixture.service.run_job("calendar").await;
    let quote = payoff(&fixture, id).await;
    assert_eq!((text(&quote, "overdue"), &quote["instalments"][0]["status"]), ("14333.00", &json!("overdue")));
    // What is pending is not payable again; a new order replaces an open one.
    let pending = fixture.pay(id, "1000.00", "cash").await;
    fixture.pay(id, "2000.00", "online").await;
    let quote = payoff(&fixture, id).await;
    let amounts = ["remaining", "pending", "payable", "payable_online"].map(|field| text(&quote, field));
    assert_eq!(amounts, ["29167.00", "1000.00", "26167.00", "28167.00"]);
    assert_eq!(fixture.try_pay(id, "26167.01", "cash").await.problem(422), "booking.above_payable");
    assert_eq!(fixture.try_pay(id, "28167.01", "online").await.problem(422), "booking.above_payable");
    let all = fixture.pay(id, "28167.00", "online").await;
    fixture.capture(&all, "pay_all", "28167.00").await.expect(200);
    let path = format!("/payments/{}/confirm", text(&pending, "id"));
    fixture.staff().post(&path, json!({ "reference": "till 2" })).await.expect(200);
    assert_eq!(fixture.booking(id).await["status"], "completed");
    let quote = payoff(&fixture, id).await;
    assert_eq!((text(&quote, "remaining"), text(&quote, "payable_online"), unpaid(&quote).len()), ("0.00", "0.00", 0));
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_quote_is_for_the_owner_and_staff_and_refused_for_a_closed_booking() {
    let fixture = Fixture::start().await;
    let booked = fixture.book("500.00").await;
    let path = format!("/bookings/{}/payoff", text(&booked, "id"));
    let quote = fixture.staff().get(&path).await.expect(200);
    assert_eq!((text(&quote, "unscheduled"), &quote["instalments"]), ("45000.00", &json!([])));
    assert_eq!(fixture.stranger().get(&path).await.status, 404);
    assert_eq!(fixture.service.anonymous().get(&path).await.status, 401);
    let missing = format!("/bookings/{}/payoff", runtime::id::fresh::<domain::BookingId>());
    assert_eq!(fixture.staff().get(&missing).await.status, 404);
    fixture.fresh_client().post_empty(&format!("/bookings/{}/cancel", text(&booked, "id"))).await.expect(200);
    assert_eq!(fixture.fresh_client().get(&path).await.problem(409), "booking.state");
    fixture.service.finish().await;
}
