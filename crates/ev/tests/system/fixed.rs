//! The `fixed` preset from its publication: ₹1,000 for a referred member's first ₹5,000, ₹2,000 for each pair after the
//! first, at most ten pairs a day.

use crate::platform::TestUser;
use crate::time_travel::{TimeTravel, at, paise};
use messaging::memory::MemoryBus;
use serde_json::{Value, json};

/// Ten in the morning in India.
const BEGINS: &str = "2026-11-11T04:30:00Z";

/// Publishes the plan with the minimum notice; the clock then stands one minute before it takes effect.
async fn published() -> TimeTravel {
    let travel = TimeTravel::start("2026-11-10T04:29:59.9Z", MemoryBus::new()).await;
    let admin = travel.admin().await.http;
    let too_soon = json!({ "effective_from": "2026-11-11T04:29:59.9Z", "preset": "fixed" });
    assert_eq!(admin.post("/plan/versions", too_soon).await.problem(422), "binary.plan_notice_too_short");
    let version = travel.publish(BEGINS, json!({ "preset": "fixed" })).await;
    assert_eq!((&version["version"], &version["plan"]["pairs"]["limit_per"]), (&json!(2), &json!("day")));
    travel.advance_to("2026-11-11T04:29:00Z").await;
    assert_eq!(travel.admin().await.http.get("/plan").await.expect(200)["version"], json!(1));
    travel
}

/// Wallet transactions of these types, oldest first.
async fn amounts(travel: &TimeTravel, of: &TestUser, kinds: &[&str]) -> Vec<(String, String)> {
    travel.platform.drain().await;
    let lines = travel.session(&of.email).await.lines().await;
    lines.into_iter().filter(|(kind, _)| kinds.contains(&kind.as_str())).map(|(k, a)| (k, a.to_string())).collect()
}

fn bonuses(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(kind, amount)| ((*kind).to_owned(), (*amount).to_owned())).collect()
}

async fn forfeits(travel: &TimeTravel, of: &TestUser) -> Vec<(String, String)> {
    let list = travel.list_all(&format!("/wallet/forfeits?user_id={}", of.id)).await;
    let text = |f: &Value, field: &str| f[field].as_str().unwrap().to_owned();
    list.iter().map(|f| (text(f, "kind"), text(f, "reason"))).collect()
}

async fn list_titles(travel: &TimeTravel, of: &TestUser) -> Vec<String> {
    let list = travel.session(&of.email).await.http.get("/notifications?limit=100").await.expect(200);
    list["items"].as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_five_thousand_of_a_referred_member_earn_the_bonus_once() {
    let travel = published().await;
    let kinds = ["REFERRAL_BONUS", "REVERSAL"];
    let (a, _) = travel.join(None, None).await;
    let b = travel.member(Some(&a), None).await;
    let booking = travel.book(&b.email).await;
    // The seed plan applies until the new one takes effect: 5 %.
    travel.pay(&b.email, &booking, "500.00", "online").await.unwrap();
    assert_eq!(amounts(&travel, &a, &kinds).await, bonuses(&[("REFERRAL_BONUS", "25.00")]));

    travel.advance_to(BEGINS).await;
    assert_eq!(travel.admin().await.http.get("/plan").await.expect(200)["version"], json!(2));
    travel.pay(&b.email, &booking, "4499.99", "cash").await.unwrap();
    assert_eq!(amounts(&travel, &a, &kinds).await.len(), 1, "4,999.99 is below the threshold");
    assert_eq!(forfeits(&travel, &a).await, [("referral".into(), "nothing_by_plan".into())]);
    let crossing = travel.pay(&b.email, &booking, "0.01", "bank_transfer").await.unwrap();
    let once = [("REFERRAL_BONUS", "25.00"), ("REFERRAL_BONUS", "1000.00")];
    assert_eq!(amounts(&travel, &a, &kinds).await, bonuses(&once));
    let further = travel.pay(&b.email, &booking, "5000.00", "online").await.unwrap();
    assert_eq!(amounts(&travel, &a, &kinds).await, bonuses(&once), "later payments earn no second bonus");
    check_explanation(&travel, &a).await;

    // Exactly 5,000 keeps the bonus; a paisa less reverses it.
    travel.refund(&further).await;
    assert_eq!(amounts(&travel, &a, &kinds).await, bonuses(&once));
    travel.refund(&crossing).await;
    let back = [once[0], once[1], ("REVERSAL", "-1000.00")];
    assert_eq!(amounts(&travel, &a, &kinds).await, bonuses(&back));
    // Reaching the threshold again earns the bonus again.
    travel.pay(&b.email, &booking, "1.00", "online").await.unwrap();
    let again = [back[0], back[1], back[2], ("REFERRAL_BONUS", "1000.00")];
    assert_eq!(amounts(&travel, &a, &kinds).await, bonuses(&again));

    let mine = travel.session(&a.email).await.http.get("/reports/me").await.expect(200);
    assert_eq!((&mine["earned"], &mine["available"]), (&json!("1025.00"), &json!("1025.00")), "{mine}");
    let titles = list_titles(&travel, &a).await;
    let count = |title: &str| titles.iter().filter(|t| *t == title).count();
    assert_eq!((count("Referral bonus"), count("Earning reversed")), (3, 1), "{titles:?}");
    travel.finish().await;
}

/// A one-time bonus depends on the net payments, not on the payment that reached the threshold.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_bonus_is_reversed_when_net_payments_fall_below_five_thousand() {
    let travel = published().await;
    travel.advance_to(BEGINS).await;
    let kinds = ["REFERRAL_BONUS", "REVERSAL"];
    let (a, _) = travel.join(None, None).await;
    let b = travel.member(Some(&a), None).await;
    let booking = travel.book(&b.email).await;
    let most = travel.pay(&b.email, &booking, "4999.00", "online").await.unwrap();
    let crossing = travel.pay(&b.email, &booking, "1.00", "online").await.unwrap();
    let earned = ("REFERRAL_BONUS", "1000.00");
    assert_eq!(amounts(&travel, &a, &kinds).await, bonuses(&[earned]));
    // The payment that reached the threshold is refunded and 5,000 remain: nothing changes, and no second bonus is
    // earned.
    travel.pay(&b.email, &booking, "1.00", "online").await.unwrap();
    travel.refund(&crossing).await;
    travel.pay(&b.email, &booking, "0.50", "online").await.unwrap();
    assert_eq!(amounts(&travel, &a, &kinds).await, bonuses(&[earned]));
    // The first payment is refunded, and 1.50 remains.
    travel.refund(&most).await;
    let taken = ("REVERSAL", "-1000.00");
    assert_eq!(amounts(&travel, &a, &kinds).await, bonuses(&[earned, taken]));
    // A wallet payment reaches 5,000 and earns nothing, because it is not new money.
    travel.deposit(&b, "5000.00").await;
    travel.pay(&b.email, &booking, "4998.50", "wallet").await.unwrap();
    assert_eq!(travel.session(&b.email).await.http.get("/users/me").await.expect(200)["is_active_buyer"], json!(true));
    assert_eq!(amounts(&travel, &a, &kinds).await, bonuses(&[earned, taken]));
    let reasons = forfeits(&travel, &a).await;
    assert!(reasons.contains(&("referral".to_owned(), "not_new_money".to_owned())), "{reasons:?}");
    // A simulation of the current plan gives the actual earnings.
    let plan = travel.admin().await.http.get("/plan").await.expect(200)["plan"].clone();
    let report = travel.admin().await.http.post("/plan/simulate", json!({ "plan": plan })).await.expect(200);
    assert_eq!(report["candidate"], report["live"]);
    assert_eq!(report["live"]["total"]["referral"], json!("0.00"), "{report}");
    travel.finish().await;
}

/// Checks that the last bonus is explained by its plan version.
async fn check_explanation(travel: &TimeTravel, a: &TestUser) {
    let http = travel.session(&a.email).await.http;
    let list = http.get("/wallet/transactions?type=REFERRAL_BONUS&limit=1").await.expect(200);
    let path = format!("/wallet/transactions/{}/explain", list["items"][0]["id"].as_str().unwrap());
    let explanation = http.get(&path).await.expect(200);
    assert_eq!(
        (&explanation["entry"]["plan_version"], &explanation["plan"]["name"]),
        (&json!(2), &json!("fixed")),
        "{explanation}"
    );
    assert_eq!(explanation["steps"].as_array().unwrap().last().unwrap()["value"], json!("1000.00"), "{explanation}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_first_pair_pays_nothing_and_the_eleventh_of_a_day_waits_for_midnight_in_india() {
    let travel = published().await;
    let (a, _) = travel.join(None, None).await;
    travel.advance_to(BEGINS).await;
    let mut below = Vec::new();
    for n in 0..2 {
        below.push(travel.join(Some(&a), Some(["left", "right"][n % 2])).await.0);
    }
    let pair_lines = ["BINARY_PAIR", "EMI_DEDUCTION"];
    assert_eq!(amounts(&travel, &a, &pair_lines).await, [], "the first pair pays nothing");
    let unpaid: Vec<_> = forfeits(&travel, &a).await.into_iter().filter(|(kind, _)| kind == "pair").collect();
    assert_eq!(unpaid, [("pair".to_owned(), "unpaid_pair".to_owned())]);
    let newest =
        async || travel.session(&a.email).await.http.get("/binary/pairs").await.expect(200)["items"][0].clone();
    let first = newest().await;
    assert_eq!((&first["number"], &first["status"], &first["gross"]), (&json!(1), &json!("matched"), &json!("0.00")));
    assert_eq!((&first["slot"], &first["plan_version"]), (&json!(1), &json!(2)), "{first}");

    for n in 2..4 {
        below.push(travel.join(Some(&a), Some(["left", "right"][n % 2])).await.0);
    }
    let of_pairs = |count: usize| bonuses(&vec![("BINARY_PAIR", "2000.00"); count]);
    assert_eq!(amounts(&travel, &a, &pair_lines).await, of_pairs(1));
    travel.advance_to("2026-11-11T18:00:00Z").await;
    for n in 4..22 {
        if n == 18 || n == 20 {
            // Nine pairs, then ten, the daily limit.
            assert_eq!(amounts(&travel, &a, &pair_lines).await, of_pairs(n / 2 - 1));
        }
        below.push(travel.join(Some(&a), Some(["left", "right"][n % 2])).await.0);
    }
    assert_eq!(amounts(&travel, &a, &pair_lines).await, of_pairs(9), "the eleventh pair waits");
    let node = travel.session(&a.email).await.node().await;
    assert_eq!((&node["pairs_total"], &node["pairs_carried"]), (&json!(10), &json!(1)), "{node}");
    assert_eq!((&newest().await["number"], &newest().await["slot"]), (&json!(10), &json!(10)));

    // One second before midnight in India, then midnight.
    travel.advance_to("2026-11-11T18:29:59Z").await;
    assert_eq!(amounts(&travel, &a, &pair_lines).await, of_pairs(9));
    travel.advance_to("2026-11-11T18:30:00Z").await;
    assert_eq!(amounts(&travel, &a, &pair_lines).await, of_pairs(10));
    let eleventh = newest().await;
    assert_eq!(
        (&eleventh["number"], &eleventh["slot"], &eleventh["gross"]),
        (&json!(11), &json!(1), &json!("2000.00"))
    );
    assert_eq!(at(eleventh["matched_at"].as_str().unwrap()), at("2026-11-11T18:30:00Z"));
    check_reports(&travel, &a).await;
    travel.finish().await;
}

async fn check_reports(travel: &TimeTravel, a: &TestUser) {
    let http = travel.session(&a.email).await.http;
    let mine = http.get("/reports/me").await.expect(200);
    assert_eq!((&mine["pairs_total"], &mine["earned"]), (&json!(11), &json!("20000.00")), "{mine}");
    let earnings = http.get("/binary/earnings").await.expect(200)["items"][0].clone();
    assert_eq!((&earnings["pairs"], &earnings["gross"]), (&json!(11), &json!("20000.00")), "{earnings}");
    // The first pair of each earner is unpaid, so the cost is less than 2,000 for each pair.
    let admin = travel.admin().await.http;
    let report = admin.get("/reports/binary?from=2026-11-11&to=2026-11-12").await.expect(200);
    let all = travel.list_all("/binary/pairs").await;
    let rows = report["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{report}");
    for row in rows {
        let of_day = |p: &&Value| json!(at(p["matched_at"].as_str().unwrap()).day()) == row["period"];
        let gross: i64 = all.iter().filter(of_day).map(|p| paise(p, "gross")).sum();
        assert_eq!((&row["pairs_matched"], paise(row, "gross")), (&json!(all.iter().filter(of_day).count()), gross));
    }

    let pairs = http.get("/wallet/transactions?type=BINARY_PAIR&limit=100").await.expect(200);
    for line in pairs["items"].as_array().unwrap() {
        let path = format!("/wallet/transactions/{}/explain", line["id"].as_str().unwrap());
        let explanation = http.get(&path).await.expect(200);
        assert_eq!(
            (&explanation["entry"]["plan_version"], &explanation["plan"]["name"]),
            (&json!(2), &json!("fixed")),
            "{explanation}"
        );
        assert_eq!(
            explanation["steps"].as_array().unwrap().last().unwrap()["value"],
            json!("2000.00"),
            "{explanation}"
        );
    }
    let statement = http.get("/wallet/statement?month=2026-11&format=csv").await;
    assert_eq!(statement.status, 200);
    assert_eq!(statement.text.matches("BINARY_PAIR").count(), 10, "{}", statement.text);
    assert!(statement.text.contains("20000.00"), "{}", statement.text);
    let titles = list_titles(travel, a).await;
    let count = |title: &str| titles.iter().filter(|t| *t == title).count();
    // The eleventh pair has a notification of the match and one of the posting.
    assert_eq!((count("Pair matched"), count("Pairs matched")), (10, 1), "{titles:?}");
}
