//! Every line can be computed again from its explanation alone.

use crate::fixture::*;
use domain::Money;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;
use testkit::Client;

fn rupees(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// A second evaluator, which knows the operations and nothing else.
fn evaluate(step: &Value) -> Decimal {
    let operands: Vec<Decimal> = step["operands"].as_array().unwrap().iter().map(|o| rupees(&o["value"])).collect();
    match step["operation"].as_str().unwrap() {
        "given" => operands[0],
        "percent" => (operands[0] * operands[1] / Decimal::ONE_HUNDRED)
            .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero),
        "minimum" => operands[0].min(operands[1]),
        "sum" => operands.iter().sum(),
        "difference" => operands[0] - operands[1],
        "negated" => -operands[0],
        other => panic!("{other}"),
    }
}

async fn all_explained(client: &Client) -> usize {
    let list = client.get("/wallet/transactions?limit=100").await.expect(200);
    let items = list["items"].as_array().unwrap();
    for item in items {
        let path = format!("/wallet/transactions/{}/explain", item["id"].as_str().unwrap());
        let why = client.get(&path).await.expect(200);
        let steps = why["steps"].as_array().unwrap();
        for step in steps {
            assert_eq!(evaluate(step), rupees(&step["value"]), "{why:#}");
        }
        assert_eq!(steps.last().map(|s| rupees(&s["value"])), Some(rupees(&item["amount"])), "{why:#}");
        let sum = Money::total(
            why["postings"].as_array().unwrap().iter().map(|p| p["amount"].as_str().unwrap().parse().unwrap()),
        );
        assert_eq!(sum, Ok(Money::ZERO));
        assert_eq!(&why["transaction"], item);
    }
    items.len()
}

#[tokio::test]
async fn every_kind_of_line_is_explained() {
    let s = wallet().await;
    deposit(&s, A, "1000.00").await;
    let payment = paid(1, B, A, "333.30", "16.67");
    s.deliver_now(&payment).await;
    s.deliver_now(&placed((1..=6).map(|n| pair(A, n, if n == 6 { "100.00" } else { "0.00" })).collect())).await;
    let p = payout(50, "3900.00", "0.00");
    s.deliver_now(&requested(&p)).await;
    s.deliver_now(&approved(&p)).await;
    s.deliver_now(&completed(&p)).await;
    s.deliver_now(&voided(vec![pair(A, 6, "100.00")])).await;
    s.deliver_now(&refunded(9, &payment, "wallet")).await;
    // All of it goes to what is due by now.
    s.deliver_now(&placed(vec![pair(A, 7, "0.00")])).await;
    s.deliver_now(&came_back(&p)).await;
    let fails = payout(51, "500.00", "0.00");
    s.deliver_now(&requested(&fails)).await;
    s.deliver_now(&approved(&fails)).await;
    s.deliver_now(&failed(&fails)).await;
    assert_eq!(all_explained(&s.as_user(user(A))).await, 17);
    assert_eq!(all_explained(&s.as_user(user(B))).await, 1);
    s.finish().await;
}

#[tokio::test]
async fn only_its_member_and_staff_are_told() {
    let s = wallet().await;
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    let list = s.as_user(user(A)).get("/wallet/transactions").await.expect(200);
    let path = format!("/wallet/transactions/{}/explain", list["items"][0]["id"].as_str().unwrap());
    s.as_staff().get(&path).await.expect(200);
    assert_eq!(s.as_user(user(B)).get(&path).await.problem(404), "request.not_found");
    for nothing in [id(1).to_string(), "x".into()] {
        let path = format!("/wallet/transactions/{nothing}/explain");
        assert_eq!(s.as_user(user(A)).get(&path).await.problem(404), "request.not_found");
    }
    // The company's side of the entry is no transaction of anybody.
    let company = path.replace(list["items"][0]["id"].as_str().unwrap(), &{
        let shown: uuid::Uuid = list["items"][0]["id"].as_str().unwrap().parse().unwrap();
        uuid::Uuid::from_u128(shown.as_u128() & !0xf).to_string()
    });
    assert_eq!(s.as_user(user(A)).get(&company).await.problem(404), "request.not_found");
    s.finish().await;
}
