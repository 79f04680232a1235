//! Lines of a payout, its bank reference, and the tax of a year against a model.

use crate::bank::answer;
use crate::fixture::{Fixture, Member, fixture, fixture_with, payout_body};
use diesel_async::SimpleAsyncConnection;
use domain::Money;
use serde_json::{Value, json};
use testkit::Client;

async fn lines(client: &Client, id: &str) -> Value {
    client.get(&format!("/payouts/{id}/lines")).await.expect(200)
}

fn money(value: &Value) -> Money {
    value.as_str().unwrap().parse().unwrap()
}

/// The lines as `kind[/reversed] amount`, after a check that they add up.
fn texts(shown: &Value) -> Vec<String> {
    let lines = shown["lines"].as_array().unwrap();
    assert_eq!(Money::total(lines.iter().map(|line| money(&line["amount"]))), Ok(Money::ZERO), "{shown}");
    let text = |line: &Value| {
        let of = line["reverses"].as_str().map(|of| format!("/{of}")).unwrap_or_default();
        format!("{}{of} {}", line["kind"].as_str().unwrap(), line["amount"].as_str().unwrap())
    };
    lines.iter().map(text).collect()
}

/// Seconds after the start of the service at which each line took effect.
fn times(shown: &Value, start: domain::Timestamp) -> Vec<Option<i64>> {
    let lines = shown["lines"].as_array().unwrap().iter();
    let seconds = |line: &Value| {
        let at: Option<domain::Timestamp> = line["at"].as_str().map(|at| at.parse().unwrap());
        at.map(|at| at.since(start).num_seconds())
    };
    lines.map(seconds).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lines_say_what_was_taken_where_it_went_and_what_came_back() {
    let f = fixture().await;
    let member = f.member("20000.00").await;
    let staff = f.as_staff();
    f.booking(member.id, &[("2026-12-10", "2345.00", "0.00")]).await;
    let start = f.now();
    let at = |n: i64| f.clock.set(start.plus_secs(n));
    let id = f.pending(&member, json!({ "amount": "10000.00", "emi_autofill": true })).await;
    let whole = ["payout 10000.00", "tds -500.00", "emi_auto_fill -2345.00", "bank -7155.00"];
    let shown = lines(&member.client, &id).await;
    assert_eq!((texts(&shown), &shown["is_estimate"]), (whole.map(str::to_owned).to_vec(), &json!(true)));
    assert_eq!(times(&shown, start), [Some(0), None, None, None]);
    assert_eq!(shown["lines"][1]["tax"], json!(null));

    at(10);
    staff.post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
    let shown = lines(&member.client, &id).await;
    assert_eq!((texts(&shown), &shown["is_estimate"]), (whole.map(str::to_owned).to_vec(), &json!(false)));
    let tax = &shown["lines"][1]["tax"];
    let expected = json!({
        "rule": "seed-1", "section": "194H", "financial_year": "2026-27", "quarter": "Q3", "rate": "5",
        "has_pan": true, "threshold": "0.00", "on": "excess", "cap": "10000.00", "gross": "10000.00",
        "paid_before": "0.00", "returned_at": null
    });
    assert_eq!(tax, &expected);

    at(20);
    let paid = json!({ "outcome": "paid", "utr": "UTR-1" });
    staff.post(&format!("/payouts/{id}/settle"), paid).await.expect(200);
    let shown = lines(&member.client, &id).await;
    assert_eq!(times(&shown, start), [Some(0), Some(10), Some(10), Some(20)]);
    assert_eq!((&shown["lines"][3]["reference"], &shown["lines"][0]["reference"]), (&json!("UTR-1"), &json!(null)));

    at(30);
    staff.post(&format!("/payouts/{id}/return"), json!({ "reason": "closed" })).await.expect(200);
    let shown = lines(&staff, &id).await;
    let reversed = ["reversal/tds 500.00", "reversal/bank 7155.00", "reversal/payout -7655.00"];
    assert_eq!(texts(&shown), [&whole[..], &reversed].concat());
    assert_eq!(times(&shown, start)[4..], [Some(30), Some(30), Some(30)]);
    assert!(!shown["lines"][1]["tax"]["returned_at"].is_null());
    assert_eq!(f.unknown_member().client.get(&format!("/payouts/{id}/lines")).await.status, 404);
    f.anonymous().get(&format!("/payouts/{id}/lines")).await.problem(401);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_that_came_to_nothing_shows_that_all_of_it_came_back() {
    let f = fixture().await;
    let member = f.member("20000.00").await;
    let staff = f.as_staff();
    let failed = f.approved(&member, payout_body("1000.00")).await;
    staff.post(&format!("/payouts/{failed}/settle"), json!({ "outcome": "failed", "reason": "" })).await.expect(200);
    assert_eq!(
        texts(&lines(&member.client, &failed).await),
        ["payout 1000.00", "tds -50.00", "reversal/tds 50.00", "reversal/payout -1000.00"]
    );
    let cancelled = f.pending(&member, payout_body("1000.00")).await;
    member.client.post_empty(&format!("/payouts/{cancelled}/cancel")).await.expect(200);
    let shown = lines(&member.client, &cancelled).await;
    assert_eq!(texts(&shown), ["payout 1000.00", "reversal/payout -1000.00"]);
    assert_eq!(shown["is_estimate"], false);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_from_before_the_steps_were_recorded_answers_from_what_is_stored() {
    let f = fixture().await;
    let member = f.member("20000.00").await;
    let start = f.now();
    let id = f.pending(&member, payout_body("1000.00")).await;
    f.clock.set(start.plus_secs(5));
    f.as_staff().post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
    // The migration recorded the request and the state of that time.
    f.ctx().db().write().await.unwrap().batch_execute("DELETE FROM payout_steps WHERE version > 1").await.unwrap();
    let shown = lines(&member.client, &id).await;
    assert_eq!(texts(&shown), ["payout 1000.00", "tds -50.00", "bank -950.00"]);
    assert_eq!(times(&shown, start), [Some(0), Some(5), None]);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_reference_belongs_to_one_payout() {
    a_reference_is_used_once(&fixture().await).await;
}

pub(crate) async fn a_reference_is_used_once(f: &Fixture) {
    let member = f.member("20000.00").await;
    let staff = f.as_staff();
    let first = f.approved(&member, payout_body("1000.00")).await;
    let second = f.approved(&member, payout_body("1000.00")).await;
    let third = f.approved(&member, payout_body("1000.00")).await;
    let paid = |utr: &str| json!({ "outcome": "paid", "utr": utr });
    for _ in 0..2 {
        staff.post(&format!("/payouts/{first}/settle"), paid("hdfc-1")).await.expect(200);
    }
    for same in ["hdfc-1", "HDFC-1"] {
        let refused = staff.post(&format!("/payouts/{second}/settle"), paid(same)).await;
        assert_eq!(refused.problem(409), "payout.utr_known", "{same}");
    }
    assert_eq!(f.status(&second).await, "approved");
    // A returned payout keeps its reference.
    staff.post(&format!("/payouts/{first}/return"), json!({ "reason": "closed" })).await.expect(200);
    assert_eq!(staff.post(&format!("/payouts/{second}/settle"), paid("hdfc-1")).await.status, 409);

    let batch = staff.post_empty("/payout-batches").await.expect(201);
    let batch = batch["id"].as_str().unwrap();
    let header = "payout_id,outcome,utr,reason";
    // In one file, two payouts name one reference.
    let twice = format!("{header}\n{second},paid,hdfc-2,\n{third},paid,HDFC-2,\n");
    let preview = staff.request(reqwest::Method::POST, &format!("/payout-batches/{batch}/answer/preview"));
    let preview = staff.send(preview.header("content-type", "text/csv").body(twice.clone())).await.expect(200);
    assert_eq!((&preview["will_settle"], &preview["errors"]), (&json!(1), &json!(1)));
    assert_eq!(preview["lines"][1]["problem"]["code"], "payout.utr_known");
    assert_eq!(answer(&staff, batch, &twice).await.problem(409), "payout.utr_known");
    assert_eq!((f.status(&second).await, f.status(&third).await), ("processing".into(), "processing".into()));
    let good = format!("{header}\n{second},paid,hdfc-2,\n{third},paid,hdfc-3,\n");
    assert_eq!(answer(&staff, batch, &good).await.expect(200)["settled"], 2);
    assert_eq!(answer(&staff, batch, &good).await.expect(200)["unchanged"], 2);
}

/// A model of the tax of one PAN: what the year's total is, and the tax of each next payout.
struct TaxModel {
    on_whole: bool,
    paid: i64,
}

impl TaxModel {
    /// Tax in paise of the next payout, in paise; half up.
    fn next(&mut self, gross: i64) -> i64 {
        self.paid += gross;
        let above = (self.paid - 2_000_000).clamp(0, gross);
        let taxed = if self.on_whole && above > 0 { gross } else { above };
        (taxed * 2 + 50) / 100
    }
}

async fn a_year_of_payouts_follows_the_model(f: &Fixture, member: &Member, on_whole: bool, seed: u64) {
    let staff = f.as_staff();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut model = TaxModel { on_whole, paid: 0 };
    let mut open: Vec<(String, i64)> = Vec::new();
    for step in 0..24 {
        let is_end = !open.is_empty() && random.u32(0..3) == 0;
        if is_end {
            let (id, gross) = open.swap_remove(random.usize(0..open.len()));
            if random.bool() {
                let failed = json!({ "outcome": "failed", "reason": "closed" });
                staff.post(&format!("/payouts/{id}/settle"), failed).await.expect(200);
            } else {
                let paid = json!({ "outcome": "paid", "utr": format!("U{seed}-{step}") });
                staff.post(&format!("/payouts/{id}/settle"), paid).await.expect(200);
                staff.post(&format!("/payouts/{id}/return"), json!({ "reason": "closed" })).await.expect(200);
            }
            model.paid -= gross;
        } else {
            let gross = random.i64(10_000..600_000);
            let id = f.approved(member, payout_body(&Money::from_paise(gross).to_string())).await;
            let shown = staff.get(&format!("/payouts/{id}")).await.expect(200);
            assert_eq!(money(&shown["tds"]).paise(), model.next(gross), "seed {seed}, step {step}");
            open.push((id, gross));
        }
    }
    // All that is not open was released, so the accumulator has the open payouts alone.
    let before = model.paid;
    let next = f.approved(member, payout_body("100.00")).await;
    let shown = lines(&staff, &next).await;
    let tds = shown["lines"].as_array().unwrap().iter().find(|line| line["kind"] == "tds");
    if let Some(tds) = tds {
        assert_eq!(money(&tds["tax"]["paid_before"]).paise(), before);
    }
    assert_eq!(open.iter().map(|(_, gross)| gross).sum::<i64>(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_and_reversed_payouts_give_their_part_of_the_year_back_under_both_rules() {
    let f = fixture_with(&[("TAX_PRESET", "it_act_2025")]).await;
    let member = f.member("9999999.00").await;
    a_year_of_payouts_follows_the_model(&f, &member, true, 1).await;
    let rule = json!({
        "id": "excess", "section": "393(1)", "rate": "2", "threshold": "20000.00", "on": "excess", "no_pan_rate": "20",
        "effective_from": "2027-04-01"
    });
    let added = f.as_admin().post("/tax-rules", rule).await.expect(201);
    assert_eq!(added["on"], "excess");
    // A new year has a total of its own.
    f.clock.set("2027-04-02T06:00:00Z".parse().unwrap());
    let member = Member { id: member.id, client: f.as_user(member.id) };
    a_year_of_payouts_follows_the_model(&f, &member, false, 2).await;
    let listed = f.as_staff().get("/tax-rules").await.expect(200);
    let on: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|rule| &rule["on"]).collect();
    assert_eq!(on, ["excess", "whole"]);
    f.service.finish().await;
}
