//! Goods and services tax in receipts: off by default, by the rates of the day, and stored with the number.

use crate::fixture::{Fixture, SCOOTER, text};
use crate::on_services::on_mariadb_with;
use booking::schema::receipt_taxes;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use domain::Money;
use serde_json::{Value, json};

const SETTINGS: [(&str, &str); 3] = [
    ("GST_GSTIN", "27AAPFU0939F1ZV"),
    ("GST_HSN", "871160"),
    ("GST_RATES", "2026-04-01 871160 5, 2026-12-01 871160 18, 2026-04-01 870380 12"),
];

async fn book_in(fixture: &Fixture, state: Option<&str>) -> String {
    let mut body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00" });
    if let Some(state) = state {
        body["delivery_state"] = json!(state);
    }
    text(&fixture.book_with(body).await, "id").to_owned()
}

/// The state of tax that a quote of a booking has.
async fn taxed_in(fixture: &Fixture, state: Option<&str>) -> Value {
    let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "delivery_state": state });
    fixture.fresh_client().post("/bookings/quote", body).await.expect(200)["taxed_in"].clone()
}

/// Pays in cash and returns the tax of the numbered receipt.
async fn paid_tax(fixture: &Fixture, booking: &str, amount: &str) -> Value {
    let payment = fixture.pay_cash(booking, amount).await;
    assert_eq!(payment["tax"], Value::Null);
    fixture.service.run_job("receipts").await;
    let shown = fixture.payment(text(&payment, "id")).await;
    let list = fixture.fresh_client().get("/payments?limit=1").await.expect(200);
    assert_eq!(list["items"][0]["tax"], shown["tax"], "the list has it too");
    if let Some(tax) = shown["tax"].as_object() {
        let parts = ["taxable_value", "cgst", "sgst", "igst"].map(|f| tax[f].as_str().expect(f).parse::<Money>());
        assert_eq!(Money::total(parts.map(|p| p.expect("an amount"))).map(|m| m.to_string()), Ok(amount.to_owned()));
    }
    shown["tax"].clone()
}

#[tokio::test]
async fn receipts_have_no_tax_by_default() {
    let fixture = Fixture::start().await;
    let id = book_in(&fixture, Some("29")).await;
    assert_eq!(paid_tax(&fixture, &id, "500.00").await, Value::Null);
    assert_eq!(taxed_in(&fixture, None).await, Value::Null);
    fixture.service.finish().await;
}

async fn tax_is_by_place_and_day_and_stays(fixture: &Fixture) {
    assert_eq!((taxed_in(fixture, None).await, taxed_in(fixture, Some("29")).await), (json!("27"), json!("29")));
    let (home, away) = (book_in(fixture, None).await, book_in(fixture, Some("29")).await);
    let tax = paid_tax(fixture, &home, "500.00").await;
    let expected = json!({
        "gstin": "27AAPFU0939F1ZV", "hsn": "871160", "rate": "5", "place_of_supply": "27",
        "taxable_value": "476.20", "cgst": "11.90", "sgst": "11.90", "igst": "0.00",
    });
    assert_eq!(tax, expected);
    let tax = paid_tax(fixture, &away, "500.00").await;
    let parts = ["place_of_supply", "taxable_value", "cgst", "sgst", "igst"].map(|f| text(&tax, f).to_owned());
    assert_eq!(parts, ["29", "476.19", "0.00", "0.00", "23.81"]);
    // The rate of the day of the payment; a later change of the product changes no receipt.
    fixture.service.clock.set("2026-11-30T18:30:00Z".parse().expect("a time"));
    assert_eq!(paid_tax(fixture, &home, "118.00").await["rate"], "18");
    let change = json!({ "hsn": "870380" });
    fixture.service.as_admin().patch(&format!("/vehicles/{SCOOTER}"), change).await.expect(200);
    let tax = paid_tax(fixture, &home, "112.00").await;
    assert_eq!((text(&tax, "hsn"), text(&tax, "taxable_value"), text(&tax, "cgst")), ("870380", "100.00", "6.00"));
    fixture.service.run_job("receipts").await;
    let list = fixture.staff().get("/payments?order=asc&limit=100").await.expect(200);
    let rates: Vec<&str> = list["items"].as_array().expect("items").iter().map(|p| text(&p["tax"], "rate")).collect();
    assert_eq!(rates, ["5", "5", "18", "12"]);
    let c = &mut *fixture.service.ctx().db().read().await.expect("a connection");
    let rows: i64 = receipt_taxes::table.count().get_result(c).await.expect("a count");
    assert_eq!(rows, 4);
}

#[tokio::test]
async fn tax_is_by_place_and_day_and_stays_on_sqlite() {
    let fixture = Fixture::start_with(&SETTINGS).await;
    tax_is_by_place_and_day_and_stays(&fixture).await;
    fixture.service.finish().await;
}

#[tokio::test]
async fn tax_is_by_place_and_day_and_stays_on_services() {
    on_mariadb_with(&SETTINGS, tax_is_by_place_and_day_and_stays).await;
}

#[tokio::test]
async fn the_tax_is_printed_and_kept_by_a_refund() {
    let fixture = Fixture::start_with(&SETTINGS).await;
    let id = book_in(&fixture, None).await;
    let payment = fixture.pay_cash(&id, "1050.00").await;
    let path = format!("/payments/{}", text(&payment, "id"));
    // Who reads the receipt before the job gets the same.
    assert_eq!(fixture.fresh_client().get(&format!("{path}/receipt")).await.status, 200);
    let stated = "(SELECT snapshot FROM issued_documents WHERE kind = 'receipt')";
    let c = &mut *fixture.service.ctx().db().read().await.expect("a connection");
    let snapshot: String = diesel::select(sql::<Text>(stated)).get_result(c).await.expect("a snapshot");
    for printed in ["27AAPFU0939F1ZV", "871160", "CGST", "SGST/UTGST"] {
        assert!(snapshot.contains(printed), "{printed}: {snapshot}");
    }
    let before = fixture.fresh_client().get(&path).await.expect(200)["tax"].clone();
    assert_eq!(
        (&before["taxable_value"], &before["cgst"], &before["sgst"]),
        (&json!("1000.00"), &json!("25.00"), &json!("25.00"))
    );
    fixture.service.as_admin().post_empty(&format!("{path}/refund")).await.expect(200);
    assert_eq!(fixture.fresh_client().get(&path).await.expect(200)["tax"], before);
    fixture.service.finish().await;
}

#[tokio::test]
async fn a_product_without_a_rate_and_a_bad_code_are_not_guessed() {
    let fixture = Fixture::start_with(&SETTINGS).await;
    let path = format!("/vehicles/{SCOOTER}");
    let admin = fixture.service.as_admin();
    for bad in ["87", "abcdef", "87116000x"] {
        assert_eq!(admin.patch(&path, json!({ "hsn": bad })).await.problem(422), "booking.vehicle_invalid", "{bad}");
    }
    for bad in ["00", "39", "MH", ""] {
        let body = json!({ "vehicle_id": SCOOTER, "booking_amount": "500.00", "delivery_state": bad });
        assert_eq!(fixture.fresh_client().post("/bookings", body).await.status, 422, "{bad}");
    }
    assert_eq!(admin.patch(&path, json!({ "hsn": "8704" })).await.expect(200)["hsn"], "8704");
    let id = book_in(&fixture, None).await;
    assert_eq!(paid_tax(&fixture, &id, "500.00").await, Value::Null);
    assert_eq!(admin.patch(&path, json!({ "hsn": "" })).await.expect(200)["hsn"], Value::Null);
    assert_eq!(paid_tax(&fixture, &id, "500.00").await["hsn"], "871160");
    fixture.service.finish().await;
}
