//! The catalogue with options, pictures and stock, and a member who pays a vehicle in full and gets it.

use super::client::{Client, ClientError, Session, text};
use crate::output::print;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

const WHITE: &[u8] = include_bytes!("white.png");
const BLUE: &[u8] = include_bytes!("blue.png");
/// Units of the vehicle whose stock is counted.
const UNITS: u32 = 40;
const BATTERY: &str = "2.5 kWh";

/// Runs the steps; a platform that has the pictures already keeps them. Errors when a request fails or an effect does not
/// occur in time.
pub(super) async fn run(client: &Client, admin: &Session, staff: &Session, tag: &str) -> Result<(), ClientError> {
    let vehicle = prepare_catalogue(client, admin, staff).await?;
    let ravi = client.sign_in(&format!("ravi.{tag}@example.in"), "Ravi", None).await?;
    let booking = ravi.book(&vehicle, "500.00", None).await?;
    ravi.pay_online(&booking, "500.00").await?;
    let left = text(&ravi.get(&format!("/bookings/{booking}/payoff")).await?, "/payable_online", "GET …/payoff")?;
    ravi.pay_online(&booking, &left).await?;
    print(&format!("\n  Ravi books a blue one, pays ₹500.00 and then all that is left, ₹{left}"));
    deliver(&ravi, staff, &booking, tag).await
}

/// Gives the cheapest vehicle its options and a picture, and adds the same one in blue, whose units are counted. Returns
/// the id of the blue one.
async fn prepare_catalogue(client: &Client, admin: &Session, staff: &Session) -> Result<String, ClientError> {
    let list = client.get("/vehicles?limit=100").await?;
    let field = |vehicle: &Value, name: &str| text(vehicle, &format!("/{name}"), "GET /vehicles");
    let vehicles = list.pointer("/items").and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(blue) = vehicles.iter().find(|v| v.get("colour").and_then(Value::as_str) == Some("Sky Blue")) {
        return field(blue, "id");
    }
    let price = |v: &Value| v.get("price").and_then(Value::as_str).and_then(|p| p.parse::<domain::Money>().ok());
    let missing = || ClientError::Missing { what: "GET /vehicles".into(), field: "items".into() };
    let white = vehicles.iter().min_by_key(|v| price(v)).ok_or_else(missing)?;
    let white_id = field(white, "id")?;
    let options = json!({ "colour": "Pearl White", "battery": BATTERY });
    admin.client.patch(&format!("/vehicles/{white_id}"), options).await?;
    staff.client.upload(&format!("/vehicles/{white_id}/pictures"), WHITE).await?;
    let blue = json!({
        "model": field(white, "model")?, "variant": field(white, "variant")?, "price": field(white, "price")?,
        "colour": "Sky Blue", "battery": BATTERY,
    });
    let blue_id = field(&admin.post("/vehicles", blue).await?, "id")?;
    staff.client.upload(&format!("/vehicles/{blue_id}/pictures"), BLUE).await?;
    let stock = json!({ "change": UNITS, "reason": "delivery of the factory" });
    staff.post(&format!("/vehicles/{blue_id}/stock-adjustments"), stock).await?;
    print(&format!("\n  Staff add pictures, and {UNITS} units of a blue one to the stock"));
    Ok(blue_id)
}

/// Delivers the vehicle of a paid booking, with its number and a proof, and prints the numbers of the receipts.
async fn deliver(member: &Session, staff: &Session, booking: &str, tag: &str) -> Result<(), ClientError> {
    let path = format!("/bookings/{booking}");
    let status = async || {
        let now = member.get(&path).await?;
        Ok((now.get("status").and_then(Value::as_str) == Some("completed")).then_some(()))
    };
    member.client.wait_for("the completion of the booking", status).await?;
    let form = Form::new()
        .text("kind", "delivery_note")
        .text("user_id", member.user_id.clone())
        .part("file", Part::bytes(BLUE).file_name("delivery.png"));
    let document = staff.client.upload_form("/compliance/documents", form).await?;
    let number = format!("EVDEMO{}", tag.to_uppercase());
    let delivery = json!({
        "delivered_on": text(&document, "/uploaded_at", "POST /compliance/documents")?
            .parse::<domain::Timestamp>().map(|at| at.day().to_string()).unwrap_or_default(),
        "vehicle_number": number,
        "document_id": text(&document, "/id", "POST /compliance/documents")?,
    });
    staff.post(&format!("{path}/deliver"), delivery).await?;
    let numbered = async || {
        let list = member.get(&format!("/payments?booking_id={booking}")).await?;
        let payments = list.pointer("/items").and_then(Value::as_array).cloned().unwrap_or_default();
        let number = |p: &Value| p.get("receipt_number").and_then(Value::as_str).map(str::to_owned);
        Ok(payments.iter().map(number).collect::<Option<Vec<String>>>())
    };
    let mut receipts = member.client.wait_for("the numbers of the receipts", numbered).await?;
    receipts.sort();
    print(&format!("  Staff deliver it as {number}; Ravi's receipts are {}", receipts.join(" and ")));
    Ok(())
}
