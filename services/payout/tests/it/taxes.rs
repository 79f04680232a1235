//! Tax rules and tax deduction by PAN and financial year.

use crate::fixture::{fixture, fixture_with, parts, payout_body};
use proto_events::payout::v1::PayoutApproved;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn approvals_add_to_the_accumulator_of_a_pan_and_failures_subtract() {
    let f = fixture_with(&[("TAX_PRESET", "it_act_2025")]).await;
    let member = f.member("100000.00").await;
    let staff = f.as_staff();
    let first = f.approved(&member, payout_body("15000.00")).await;
    let second = f.approved(&member, payout_body("15000.00")).await;
    let shown = staff.get(&format!("/payouts/{second}")).await.expect(200);
    // It passes the threshold of 20,000: 2 % of the whole payout.
    assert_eq!(parts(&shown), ["15000.00", "300.00", "0.00", "14700.00"]);
    let quote = member.client.post("/payouts/quote", payout_body("1000.00")).await.expect(200);
    assert_eq!(quote["tds"], "20.00");
    let failed = json!({"outcome": "failed", "reason": "closed"});
    staff.post(&format!("/payouts/{first}/settle"), failed.clone()).await.expect(200);
    staff.post(&format!("/payouts/{first}/settle"), failed).await.expect(200);
    // 15,000 remain in the accumulator, so 5,000 more are free of tax. The tax of approved payouts does not change.
    for (amount, tds) in [("5000.00", "0.00"), ("5000.01", "100.00")] {
        let quote = member.client.post("/payouts/quote", payout_body(amount)).await.expect(200);
        assert_eq!(quote["tds"], tds, "{amount}");
    }
    staff.post(&format!("/payouts/{second}/settle"), json!({"outcome": "paid", "utr": "U2"})).await.expect(200);
    staff.post(&format!("/payouts/{second}/return"), json!({"reason": "closed"})).await.expect(200);
    let quote = member.client.post("/payouts/quote", payout_body("20000.00")).await.expect(200);
    assert_eq!(quote["tds"], "0.00");
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_approvals_of_one_pan_share_its_accumulator() {
    let f = fixture_with(&[("TAX_PRESET", "it_act_2025")]).await;
    let member = f.member("100000.00").await;
    let (a, b) = (f.pending(&member, payout_body("20000.00")).await, f.pending(&member, payout_body("20000.00")).await);
    let staff = f.as_staff();
    let (path_a, path_b) = (format!("/payouts/{a}/approve"), format!("/payouts/{b}/approve"));
    let (a, b) = tokio::join!(staff.post_empty(&path_a), staff.post_empty(&path_b));
    let (a, b) = (a.expect(200), b.expect(200));
    let mut tds = [a["tds"].as_str().unwrap(), b["tds"].as_str().unwrap()];
    tds.sort_unstable();
    assert_eq!(tds, ["0.00", "400.00"]);
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_financial_year_is_that_of_the_approval_in_indian_time() {
    let f = fixture().await;
    let member = f.member("100000.00").await;
    for (time, year, quarter) in [("2027-03-31T18:29:00Z", "2026-27", "Q4"), ("2027-03-31T18:30:00Z", "2027-28", "Q1")]
    {
        f.clock.set("2027-03-31T18:00:00Z".parse().unwrap());
        let member = crate::fixture::Member { id: member.id, client: f.as_user(member.id) };
        let id = f.pending(&member, payout_body("1000.00")).await;
        f.clock.set(time.parse().unwrap());
        f.as_staff().post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
        let approved = f.published::<PayoutApproved>().await;
        let tax = approved.last().unwrap().tax.as_ref().unwrap();
        assert_eq!((tax.financial_year.as_str(), tax.quarter.as_str(), tax.paid_before_paise), (year, quarter, 0));
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_outside_0_to_100_is_refused() {
    let f = fixture().await;
    for (rate, no_pan_rate, field, status, code) in [
        ("100.5", "20", "rate", 422, "payout.tax_rule_invalid"),
        ("5", "-20", "no_pan_rate", 422, "payout.tax_rule_invalid"),
        ("5", "2_0", "no_pan_rate", 400, "request.wrong_type"),
    ] {
        let rule = json!({
            "id": "new", "section": "194H", "rate": rate, "threshold": "0.00", "no_pan_rate": no_pan_rate,
            "effective_from": "2026-11-11"
        });
        let reply = f.as_admin().post("/tax-rules", rule).await;
        assert_eq!(reply.body["errors"][0]["field"], field);
        assert_eq!(reply.problem(status), code, "{rate} {no_pan_rate}");
    }
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_rule_applies_from_its_day_and_ends_the_one_before() {
    let f = fixture().await;
    let member = f.member("100000.00").await;
    let admin = f.as_admin();
    let rule = |id: &str, from: &str| {
        json!({
            "id": id, "section": "393(1)", "rate": "2", "threshold": "0.00", "no_pan_rate": "20", "effective_from": from
        })
    };
    // The clock stands at 10 November 2026.
    let today = admin.post("/tax-rules", rule("new", "2026-11-10")).await;
    assert_eq!(today.problem(422), "payout.tax_rule_not_in_future");
    admin.post("/tax-rules", rule("new", "2026-11-11")).await.expect(201);
    assert_eq!(admin.post("/tax-rules", rule("new", "2026-11-12")).await.problem(409), "payout.tax_rule_known");
    let earlier = admin.post("/tax-rules", rule("newer", "2026-11-11")).await;
    assert_eq!(earlier.problem(422), "payout.tax_rule_not_in_future");
    assert_eq!(admin.post("/tax-rules", rule("Bad id", "2026-11-12")).await.problem(422), "payout.tax_rule_invalid");
    let listed = f.as_staff().get("/tax-rules").await.expect(200);
    assert_eq!(listed["items"][0]["id"], "new");
    assert_eq!(listed["items"][1]["effective_to"], "2026-11-11");
    let first = f.as_staff().get("/tax-rules?limit=1").await.expect(200);
    assert_eq!((first["items"].as_array().unwrap().len(), &first["items"][0]["id"]), (1, &json!("new")));
    let path = format!("/tax-rules?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    let last = f.as_staff().get(&path).await.expect(200);
    assert_eq!((&last["items"][0], &last["next_cursor"]), (&listed["items"][1], &json!(null)));
    let path = format!("/tax-rules?order=asc&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(f.as_staff().get(&path).await.expect(200)["items"], json!([]), "the cursor is at the last rule");
    let oldest_first = f.as_staff().get("/tax-rules?order=asc").await.expect(200);
    assert_eq!(oldest_first["items"], json!([listed["items"][1], listed["items"][0]]));
    for bad in ["limit=0", "order=new", "cursor=%21"] {
        assert_eq!(f.as_staff().get(&format!("/tax-rules?{bad}")).await.status, 422, "{bad}");
    }
    let id = f.pending(&member, payout_body("1000.00")).await;
    f.clock.set("2026-11-10T18:30:00Z".parse().unwrap());
    // Requested under the old rule, approved under the new one.
    let approved = f.as_staff().post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
    assert_eq!((&approved["tds"], &approved["tds_rule"]), (&json!("20.00"), &json!("new")));
    f.service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_preset_stops_the_boot() {
    let env = runtime::Env::from_pairs([("TAX_PRESET", "it_act_2026")]).with("PII_KEYS", "");
    let sealer = pii::Sealer::generate();
    let env = sealer.to_env().iter().fold(env, |env, (k, v)| env.with(k, v.clone()));
    let error = payout::config::Config::from_env(&env).expect_err("no such preset");
    assert_eq!(error.variable, "TAX_PRESET");
}
