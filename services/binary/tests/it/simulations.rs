//! Candidate plans against the history at hand.

use crate::people::{day, join, refund, start};
use domain::{Money, Plan};
use serde_json::{Value, json};
use testkit::TestService;

/// A member with thirteen pairs in reach, one of them voided, over the turn of a month.
async fn history(s: &TestService) {
    let (a, _) = join(s, "A", None).await;
    let mut paid = Vec::new();
    for n in 0..26 {
        paid.push(join(s, &format!("M{n}"), Some(a)).await.1);
    }
    refund(s, &paid[3]).await;
    s.clock.set("2026-12-01T05:00:00Z".parse().unwrap());
    day(s, "2026-12-01").await;
    join(s, "Z", Some(a)).await;
}

fn money(value: &Value) -> Money {
    value.as_str().unwrap().parse().unwrap()
}

/// Of the standing pairs in the books.
async fn books(s: &TestService, field: &str) -> (usize, Money) {
    let list = s.as_admin().get("/binary/pairs?limit=100").await.expect(200);
    assert_eq!(list["next_cursor"], json!(null));
    let standing: Vec<_> = list["items"].as_array().unwrap().iter().filter(|p| p["status"] == "matched").collect();
    (standing.len(), Money::total(standing.iter().map(|p| money(&p[field]))).unwrap())
}

#[tokio::test]
async fn the_current_plan_comes_to_exactly_what_is_in_the_books() {
    let s = start().await;
    history(&s).await;
    let plan = s.as_admin().get("/plan").await.expect(200)["plan"].clone();
    let digest = crate::people::digest(&s).await;
    let report = s.as_admin().post("/plan/simulate", json!({ "plan": plan })).await.expect(200);
    assert_eq!(report["candidate"], report["live"]);
    assert_eq!((&report["members_better_off"], &report["members_worse_off"]), (&json!(0), &json!(0)));
    let (count, gross) = books(&s, "gross").await;
    assert!(count > 10);
    assert_eq!(report["candidate"]["total"]["pairs"], count);
    assert_eq!(money(&report["candidate"]["total"]["gross"]), gross);
    assert_eq!(money(&report["candidate"]["total"]["net"]), books(&s, "available").await.1);
    assert_eq!(report["candidate"]["months"].as_array().unwrap().len(), 2);
    assert_eq!(crate::people::digest(&s).await, digest, "a simulation changes nothing");
    s.finish().await;
}

#[tokio::test]
async fn another_plan_is_weighed_against_the_books() {
    let s = start().await;
    history(&s).await;
    let mut plan = Plan::seed();
    plan.pairs.gross = Money::from_rupees(600);
    plan.pairs.emi_rate = domain::Rate::ZERO;
    let report = s.as_admin().post("/plan/simulate", json!({ "plan": plan })).await.expect(200);
    let (count, _) = books(&s, "gross").await;
    let total = &report["candidate"]["total"];
    assert_eq!(total["pairs"], count);
    assert_eq!(money(&total["gross"]), Money::from_rupees(600).times(i64::try_from(count).unwrap()).unwrap());
    assert_eq!((&total["net"], &total["emi_deduction"]), (&total["gross"], &json!("0.00")));
    assert_eq!((&report["members_better_off"], &report["members_worse_off"]), (&report["live"]["earners"], &json!(0)));
    assert_eq!(report["candidate"]["top_earners"], 1);
    plan.pairs.limit = 0;
    let none = s.as_admin().post("/plan/simulate", json!({ "plan": plan })).await.expect(200);
    assert_eq!(
        (&none["candidate"]["total"]["pairs"], &none["candidate"]["top_earners_share"]),
        (&json!(0), &json!("0.00"))
    );
    assert_eq!(none["members_worse_off"], none["live"]["earners"]);
    let carried = none["candidate"]["carried_pairs"].as_i64().unwrap();
    assert!(carried >= i64::try_from(count).unwrap());
    assert_eq!(money(&none["candidate"]["carried_gross"]), Money::from_rupees(600).times(carried).unwrap());
    let fixed = s.as_admin().post("/plan/simulate", json!({ "preset": "fixed" })).await.expect(200);
    assert_eq!(fixed["live"], report["live"]);
    s.finish().await;
}

#[tokio::test]
async fn only_an_administrator_simulates_and_only_a_plan_that_makes_sense() {
    let s = start().await;
    assert_eq!(s.as_staff().post("/plan/simulate", json!({ "preset": "seed" })).await.status, 403);
    for body in [json!({}), json!({ "preset": "other" }), json!({ "preset": "seed", "plan": Plan::seed() })] {
        assert_eq!(s.as_admin().post("/plan/simulate", body).await.problem(422), "binary.plan_invalid");
    }
    let empty = s.as_admin().post("/plan/simulate", json!({ "preset": "fixed" })).await.expect(200);
    assert_eq!((&empty["journal_entries"], &empty["candidate"]["total"]["gross"]), (&json!(0), &json!("0.00")));
    s.finish().await;
}
