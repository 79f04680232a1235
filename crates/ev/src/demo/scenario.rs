//! Steps of the demonstration.

use super::client::{Client, ClientError, Session, text};
use super::{distributors, showroom};
use crate::output::print;
use serde_json::{Value, json};

/// Booking amount of every member, in rupees.
const BOOKING_AMOUNT: &str = "500.00";

/// Runs the scenario with `members` members, who all join with the first member's referral code. Returns the first
/// member's e-mail address. Errors when a request fails or an effect does not occur in time.
pub async fn run(
    url: &str,
    messages_url: &str,
    members: usize,
    secret: &str,
    admin: &str,
) -> Result<String, ClientError> {
    let client = Client::new(url, messages_url, secret)?;
    let run_id = client.get("/vehicles?limit=1").await.map(|_| runtime::id::fresh::<domain::UserId>().to_string())?;
    let tag = run_id.get(run_id.len().saturating_sub(8)..).unwrap_or("demo").to_owned();
    print("\nDemonstration over HTTP\n");
    let admin = client.sign_in(admin, "Administrator", None).await?;
    let staff = create_staff(&client, &admin, &tag).await?;
    let vehicle = cheapest_vehicle(&client).await?;

    let first_email = format!("asha.{tag}@example.in");
    let first = client.sign_in(&first_email, "Asha", None).await?;
    print(&format!("  Asha joins; her referral code is {}", first.referral_code));
    let booking = first.book(&vehicle, BOOKING_AMOUNT, Some(60)).await?;
    first.pay_online(&booking, BOOKING_AMOUNT).await?;
    wait_for_placement(&first).await?;
    print("  Asha books with ₹500.00 and 60 months of EMI, and is placed in the tree");

    let mut joined: Vec<Session> = Vec::new();
    for n in 1..members.max(2) {
        let email = format!("member{n}.{tag}@example.in");
        let member = client.sign_in(&email, &format!("Member {n}"), Some(&first.referral_code)).await?;
        let booking = member.book(&vehicle, BOOKING_AMOUNT, None).await?;
        member.pay_online(&booking, BOOKING_AMOUNT).await?;
        wait_for_placement(&member).await?;
        if n == 1 {
            member.pay_online(&booking, "4500.00").await?;
            print("  Member 1 joins with Asha's code, pays ₹500.00 and ₹4,500.00, and is an Active Buyer");
            // An application wants a sign-in that is at most five minutes old.
            distributors::run(&client, &admin, &staff, (&first, &member)).await?;
        }
        joined.push(member);
    }
    print(&format!("  {} members joined with Asha's code, booked and paid", joined.len()));
    wait_for_earnings(&first, joined.len()).await?;
    print_tree(&first).await?;
    pay_out(&first, &staff).await?;
    print_earnings(&first, &joined).await?;
    print_instalments(&first, &booking).await?;
    showroom::run(&client, &admin, &staff, &tag).await?;
    Ok(first_email)
}

/// Prints what is left to pay of the first member's booking, and which instalment comes next.
async fn print_instalments(first: &Session, booking: &str) -> Result<(), ClientError> {
    let payoff = first.get(&format!("/bookings/{booking}/payoff")).await?;
    let field = |pointer: &str| payoff.pointer(pointer).and_then(Value::as_str).unwrap_or("?");
    print(&format!(
        "\n  Asha has ₹{} left to pay; the next instalment, ₹{}, is due on {}",
        field("/remaining"),
        field("/instalments/0/unpaid"),
        field("/instalments/0/due_on")
    ));
    Ok(())
}

/// Creates a staff member: users cannot approve their own requests.
async fn create_staff(client: &Client, admin: &Session, tag: &str) -> Result<Session, ClientError> {
    let email = format!("staff.{tag}@example.in");
    admin.post("/users", json!({ "email": email, "name": "Staff", "role": "staff" })).await?;
    let staff = client.sign_in(&email, "Staff", None).await?;
    print("  The administrator signs in with a mailed code and creates a staff member");
    Ok(staff)
}

async fn cheapest_vehicle(client: &Client) -> Result<String, ClientError> {
    let vehicles = client.get("/vehicles?limit=100").await?;
    let price = |v: &Value| v.get("price").and_then(Value::as_str).and_then(|p| p.parse::<domain::Money>().ok());
    vehicles
        .pointer("/items")
        .and_then(Value::as_array)
        .and_then(|items| items.iter().min_by_key(|v| price(v)))
        .map(|v| text(v, "/id", "GET /vehicles"))
        .unwrap_or_else(|| Err(ClientError::Missing { what: "GET /vehicles".into(), field: "items".into() }))
}

async fn wait_for_placement(member: &Session) -> Result<Value, ClientError> {
    member
        .client
        .wait_for("a placement", async || match member.get("/binary/me").await {
            Ok(node) => Ok(Some(node)),
            Err(ClientError::Refused { status, .. }) if status.as_u16() == 404 => Ok(None),
            Err(error) => Err(error),
        })
        .await
}

/// Waits until every bonus and pair of the first member is posted to the wallet.
async fn wait_for_earnings(first: &Session, referred: usize) -> Result<(), ClientError> {
    let pairs = wait_for_placement(first).await?.get("pairs_total").and_then(Value::as_u64).unwrap_or(0);
    first
        .client
        .wait_for("the first member's earnings", async || {
            let list = first.get("/wallet/transactions?limit=100").await?;
            let of = |kind: &str| items(&list).filter(|t| t.get("type").and_then(Value::as_str) == Some(kind)).count();
            let all = of("REFERRAL_BONUS") > referred && u64::try_from(of("BINARY_PAIR")).unwrap_or(0) >= pairs;
            Ok(all.then_some(()))
        })
        .await
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.pointer("/items").and_then(Value::as_array).into_iter().flatten()
}

async fn print_tree(first: &Session) -> Result<(), ClientError> {
    let tree = first.get("/binary/tree?depth=3").await?;
    print("\n  Asha's tree, three levels deep:");
    let mut stack = vec![(&tree, 0_usize, "")];
    while let Some((node, depth, side)) = stack.pop() {
        if !node.is_object() {
            continue;
        }
        let name = node.get("name").and_then(Value::as_str).unwrap_or("?");
        let count = |side: &str| node.get(side).and_then(Value::as_u64).unwrap_or(0);
        print(&format!(
            "  {}{side}{name}  ({} left, {} right)",
            "    ".repeat(depth + 1),
            count("left_count"),
            count("right_count")
        ));
        stack.push((node.get("right").unwrap_or(&Value::Null), depth + 1, "R "));
        stack.push((node.get("left").unwrap_or(&Value::Null), depth + 1, "L "));
    }
    Ok(())
}

async fn pay_out(first: &Session, staff: &Session) -> Result<(), ClientError> {
    let pan: String = {
        let digits: String = first.user_id.bytes().rev().filter(u8::is_ascii_digit).map(char::from).take(4).collect();
        format!("ABCDE{digits:0>4}F")
    };
    let kyc = json!({
        "pan": pan, "aadhaar_last4": "1234",
        "bank": { "account_number": "123456789012", "ifsc": "HDFC0001234", "holder_name": "Asha", "bank_name": "HDFC Bank" },
        "address": { "line1": "1 MG Road", "city": "Pune", "state": "Maharashtra", "pincode": "411001", "country": "IN" },
    });
    let submitted = first.post("/users/me/kyc", kyc).await?;
    let kyc_id = text(&submitted, "/id", "POST /users/me/kyc")?;
    staff.post(&format!("/kyc/{kyc_id}/approve"), json!({})).await?;
    print("\n  Asha submits her KYC; staff approve it");

    let available = text(&first.get("/wallet").await?, "/available", "GET /wallet")?;
    let request = json!({ "amount": available, "emi_autofill": true });
    let quote = first.post("/payouts/quote", request.clone()).await?;
    let payout = first.post("/payouts", request).await?;
    let id = text(&payout, "/id", "POST /payouts")?;
    first
        .client
        .wait_for("the wallet's hold", async || {
            let now = first.get(&format!("/payouts/{id}")).await?;
            Ok((now.get("status").and_then(Value::as_str) == Some("pending")).then_some(()))
        })
        .await?;
    staff.post(&format!("/payouts/{id}/approve"), json!({})).await?;
    staff.post(&format!("/payouts/{id}/settle"), json!({ "outcome": "paid", "utr": format!("UTR{id}") })).await?;
    let quoted = |field: &str| quote.get(field).and_then(Value::as_str).unwrap_or("?").to_owned();
    print(&format!(
        "  Asha requests a payout of ₹{available}: TDS ₹{}, EMI ₹{}, bank transfer ₹{}; staff approve and settle it",
        quoted("tds"),
        quoted("emi"),
        quoted("net")
    ));
    first
        .client
        .wait_for("the settlement of the payout", async || {
            let wallet = first.get("/wallet").await?;
            // The EMI part stays in the reserve until booking has applied it to an instalment.
            let is_zero = |field: &str| wallet.get(field).and_then(Value::as_str) == Some("0.00");
            let is_settled = is_zero("held") && is_zero("emi_reserve") && !is_zero("total_withdrawn");
            Ok(is_settled.then_some(()))
        })
        .await
}

/// Prints every wallet transaction with its reason.
async fn print_earnings(first: &Session, joined: &[Session]) -> Result<(), ClientError> {
    print("\n  Who earned what, and why\n");
    print(&format!("  {:<12} {:>12}  {:<18} {}", "member", "amount", "type", "why"));
    for (n, member) in std::iter::once(first).chain(joined).enumerate() {
        let name = if n == 0 { "Asha".to_owned() } else { format!("Member {n}") };
        let list = member.get("/wallet/transactions?limit=100").await?;
        let mut lines: Vec<&Value> = items(&list).collect();
        lines.reverse();
        for line in lines {
            let field = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or("?");
            print(&format!("  {name:<12} {:>12}  {:<18} {}", field("amount"), field("type"), field("description")));
        }
    }
    let wallet = first.get("/wallet").await?;
    let field = |name: &str| wallet.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    print(&format!(
        "\n  Asha's wallet: available ₹{}, EMI reserve ₹{}, earned ₹{}, paid out ₹{}",
        field("available"),
        field("emi_reserve"),
        field("total_earned"),
        field("total_withdrawn")
    ));
    Ok(())
}
