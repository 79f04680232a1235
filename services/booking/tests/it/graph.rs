//! Booking's subgraph: statements of a list, and the owners of bookings.

use crate::fixture::{Fixture, SECRET, text};
use domain::Role;
use runtime::id;
use serde_json::{Value, json};
use testkit::statements::reads_of;
use testkit::{Client, Statements};

async fn ask(client: &Client, query: &str) -> Value {
    client.post("//graphql/subgraph", json!({ "query": query })).await.expect(200)
}

#[actix_web::test]
async fn a_list_of_bookings_with_payments_costs_one_query_a_table() {
    let fixture = Fixture::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    for _ in 0..4 {
        let booked = fixture.book("500.00").await;
        fixture.pay_cash(text(&booked, "id"), "500.00").await;
        fixture.pay(text(&booked, "id"), "100.00", "cash").await;
    }
    let statements = Statements::record(&fixture.service);
    let query = "{ bookings(limit: 10) { items { id number payments { amount refund { id } tax { hsn } } } } }";
    let answer = ask(&fixture.fresh_client(), query).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    let items = answer["data"]["bookings"]["items"].as_array().expect("items");
    assert_eq!(items.len(), 4);
    assert!(items.iter().all(|item| item["payments"].as_array().is_some_and(|payments| payments.len() == 2)));
    let executed = statements.drain();
    for table in ["bookings", "payments", "refunds", "receipt_taxes"] {
        assert_eq!(reads_of(&executed, table).len(), 1, "{table}: {executed:#?}");
    }
    fixture.service.finish().await;
}

#[actix_web::test]
async fn another_members_booking_is_not_found_and_their_list_is_not_given() {
    let fixture = Fixture::start_with(&[("SANDBOX_WEBHOOK_SECRET", SECRET)]).await;
    let booked = fixture.book("500.00").await;
    let query = format!("{{ booking(id: \"{}\") {{ number payments {{ id }} }} }}", text(&booked, "id"));
    let stranger = fixture.service.as_role(id::fresh(), Role::User);
    let refused = ask(&stranger, &query).await;
    assert_eq!(refused["data"]["booking"], Value::Null);
    assert_eq!(refused["errors"][0]["extensions"]["code"], "request.not_found");
    let own = ask(&fixture.fresh_client(), &query).await;
    assert_eq!(own["data"]["booking"]["number"], booked["number"], "{own}");
    let of_user = format!("{{ bookings(user_id: \"{}\") {{ items {{ id }} }} }}", text(&booked, "user_id"));
    assert_eq!(ask(&stranger, &of_user).await["data"]["bookings"]["items"], json!([]));
    let staff = ask(&fixture.service.as_staff(), &of_user).await;
    assert_eq!(staff["data"]["bookings"]["items"].as_array().map(Vec::len), Some(1), "{staff}");
    let refunds = ask(&stranger, "{ refunds { items { id } } }").await;
    assert_eq!(refunds["errors"][0]["extensions"]["code"], "auth.forbidden");
    let without_token = fixture.service.anonymous().post("//graphql/subgraph", json!({ "query": query })).await;
    assert_eq!(without_token.problem(401), "auth.token_invalid");
    fixture.service.finish().await;
}
