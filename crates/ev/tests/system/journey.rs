//! A complete scenario, and all views of it: tax, notifications, audit, reports, explanations, tree.

use crate::platform::{TestPlatform, TestUser};
use crate::time_travel::paise;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// A refers B, C, D and E, and D refers F: B and C below A, D and E below B, F below D.
struct Scenario {
    a: TestUser,
    b: TestUser,
    e: TestUser,
    everyone: Vec<TestUser>,
    payout: String,
    document: String,
}

pub(crate) async fn every_step_of_a_scenario_can_be_looked_up(platform: &TestPlatform) {
    let scenario = run_scenario(platform).await;
    let a = &scenario.a;
    for (person, available) in [(a, "300.00"), (&scenario.b, "0.00"), (&scenario.e, "500.00")] {
        person.wait_for_balance(platform, "available", available).await;
    }
    a.wait_for_balance(platform, "total_withdrawn", "500.00").await;
    check_tax(platform, &scenario).await;
    check_notifications(platform, &scenario).await;
    check_audit(platform, &scenario).await;
    check_reports(platform, &scenario).await;
    check_explanations(&scenario).await;
    check_tree(platform, &scenario).await;
}

async fn run_scenario(platform: &TestPlatform) -> Scenario {
    let a = platform.member(None).await;
    a.join_tree(platform).await;
    let (mut everyone, mut bookings) = (vec![a.clone()], Vec::new());
    for referrer in [0, 0, 0, 0, 3] {
        let member = platform.member(Some(&everyone[referrer])).await;
        bookings.push(member.join_tree(platform).await);
        everyone.push(member);
    }
    let (b, d, e) = (everyone[1].clone(), everyone[3].clone(), everyone[4].clone());
    // Four bonuses, and the pair of B and C.
    a.wait_for_balance(platform, "available", "600.00").await;
    // The pair of D and E.
    b.wait_for_balance(platform, "available", "500.00").await;
    d.wait_for_balance(platform, "available", "25.00").await;
    b.pay(platform, &bookings[0], "4500.00").await;
    a.wait_for_balance(platform, "available", "825.00").await;
    e.cancel(&bookings[3]).await;
    a.wait_for_balance(platform, "available", "800.00").await;

    let staff = &platform.staff().await.http;
    let document = upload(&a).await;
    staff.post_empty(&format!("/compliance/documents/{document}/verify")).await.expect(200);
    a.approve_kyc(platform).await;
    let body = json!({ "amount": "500.00", "emi_autofill": false });
    platform.wait_until("the quote", 200, async || a.http.post("/payouts/quote", body.clone()).await.status).await;
    let payout = a.payout(platform, "500.00", false).await["id"].as_str().unwrap().to_owned();
    staff.post_empty(&format!("/payouts/{payout}/approve")).await.expect(200);
    let paid = json!({ "outcome": "paid", "utr": format!("UTR{payout}") });
    staff.post(&format!("/payouts/{payout}/settle"), paid).await.expect(200);
    Scenario { a, b, e, everyone, payout, document }
}

async fn upload(person: &TestUser) -> String {
    let send = |bytes: &'static [u8]| {
        let form = Form::new().text("kind", "address_proof").part("file", Part::bytes(bytes).file_name("proof.pdf"));
        person.http.send(person.http.request(Method::POST, "/compliance/documents").multipart(form))
    };
    send(b"no document at all").await.problem(422);
    let document = send(PDF).await.expect(201);
    assert_eq!((&document["content_type"], &document["size"]), (&json!("application/pdf"), &json!(PDF.len())));
    let id = document["id"].as_str().unwrap().to_owned();
    let content = person.http.get(&format!("/compliance/documents/{id}/content")).await;
    assert_eq!((content.status, content.text.as_bytes()), (200, PDF));
    id
}

async fn check_tax(platform: &TestPlatform, scenario: &Scenario) {
    let a = &scenario.a.http;
    let total = async || a.get("/compliance/tds").await.expect(200)["total_tds"].clone();
    platform.wait_until("the TDS record", json!("25.00"), total).await;
    let tds = a.get("/compliance/tds").await.expect(200);
    let record = &tds["items"][0];
    assert_eq!((&record["payout_id"], &record["gross"]), (&json!(scenario.payout), &json!("500.00")));
    assert_eq!((&record["tds"], &tds["total_gross"]), (&json!("25.00"), &json!("500.00")));
    let (year, quarter) = (record["fy"].as_str().unwrap(), record["quarter"].as_str().unwrap());
    let certificate = a.get(&format!("/compliance/tds/{year}/certificate")).await;
    assert_eq!((certificate.status, certificate.header("content-type").as_str()), (200, "application/pdf"));
    assert!(certificate.text.starts_with("%PDF"));
    assert_ne!(scenario.b.http.get(&format!("/compliance/tds/{year}/certificate")).await.status, 200);
    let statement = platform.staff().await.http.get(&format!("/compliance/tds/{year}/{quarter}/statement")).await;
    assert_eq!(statement.status, 200);
    assert!(statement.text.contains("500.00") && statement.text.contains("25.00"), "{}", statement.text);
    let document = a.get(&format!("/compliance/documents/{}", scenario.document)).await.expect(200);
    assert_eq!(document["status"], "verified");
    scenario.b.http.get(&format!("/compliance/documents/{}", scenario.document)).await.problem(404);
}

async fn check_notifications(platform: &TestPlatform, scenario: &Scenario) {
    let a = &scenario.a.http;
    let mut wanted: Vec<String> = [
        "Welcome",
        "You are placed",
        "Booking confirmed",
        "Payment received",
        "Pair matched",
        "Earning reversed",
        "Document verified",
        "KYC approved",
        "Payout requested",
        "Payout approved",
        "Payout completed",
        "TDS certificate",
    ]
    .map(str::to_owned)
    .into();
    wanted.extend(["Referral bonus"; 5].map(str::to_owned));
    wanted.sort();
    let titles = async || {
        let list = a.get("/notifications?limit=100").await.expect(200);
        let title = |n: &Value| n["title"].as_str().unwrap().to_owned();
        let mut titles: Vec<String> = list["items"].as_array().unwrap().iter().map(title).collect();
        titles.sort();
        titles
    };
    platform.wait_until("notifications of A", wanted.clone(), titles).await;
    let unread = async || a.get("/notifications/unread-count").await.expect(200)["unread"].clone();
    assert_eq!(unread().await, json!(wanted.len()));
    let newest = a.get("/notifications?limit=1").await.expect(200)["items"][0].clone();
    let path = format!("/notifications/{}/read", newest["id"].as_str().unwrap());
    assert_eq!(newest["read_at"], Value::Null);
    scenario.b.http.post_empty(&path).await.problem(404);
    for _ in 0..2 {
        assert!(a.post_empty(&path).await.expect(200)["read_at"].is_string());
        assert_eq!(unread().await, json!(wanted.len() - 1));
    }
    let rest = a.get("/notifications?unread=true&limit=100").await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), wanted.len() - 1);
    assert!(rest["items"].as_array().unwrap().iter().all(|n| n["id"] != newest["id"]));
    a.post_empty("/notifications/read-all").await.expect(200);
    assert_eq!(unread().await, json!(0));
}

async fn check_audit(platform: &TestPlatform, scenario: &Scenario) {
    let (admin, staff) = (&platform.admin().await.http, platform.staff().await);
    let of_a = async || {
        let list =
            admin.get(&format!("/audit?subject={}&actor={}&limit=100", scenario.a.id, staff.id)).await.expect(200);
        let items = list["items"].as_array().unwrap().clone();
        assert!(items.iter().all(|i| i["actor_id"] == json!(staff.id) && i["role"] == "staff"), "{list}");
        assert!(items.iter().all(|i| i["subject_user_id"] == json!(scenario.a.id)), "{list}");
        let text = |i: &Value, field: &str| i[field].as_str().unwrap().to_owned();
        items.iter().map(|i| (text(i, "action"), text(i, "subject_id"))).collect::<BTreeMap<_, _>>()
    };
    let actions = ["auth.kyc.approve", "compliance.document_verify", "payout.approve", "payout.settle"];
    platform
        .wait_until("the audit trail", actions.map(str::to_owned).into(), async || {
            of_a().await.into_keys().collect::<Vec<_>>()
        })
        .await;
    let trail: BTreeMap<String, String> = of_a().await;
    assert_eq!(trail["payout.approve"], scenario.payout);
    assert_eq!(trail["payout.settle"], scenario.payout);
    assert_eq!(trail["compliance.document_verify"], scenario.document);
}

async fn check_reports(platform: &TestPlatform, scenario: &Scenario) {
    let of_a = json!({
        "bookings": 1, "live_bookings": 1, "total_paid": "500.00", "is_active_buyer": false, "referrals": 4,
        "active_referrals": 1, "is_placed": true, "pairs_total": 1, "earned": "800.00", "available": "300.00",
        "held": "0.00", "emi_reserve": "0.00", "reserve": "0.00", "clawback_due": "0.00", "withdrawn": "500.00",
        "payouts_pending": 0,
    });
    let of_b = json!({ "total_paid": "5000.00", "is_active_buyer": true, "pairs_total": 0, "earned": "0.00" });
    let of_e = json!({ "bookings": 1, "live_bookings": 0, "total_paid": "0.00", "available": "500.00" });
    for (person, expected) in [(&scenario.a, of_a), (&scenario.b, of_b), (&scenario.e, of_e)] {
        let found = async || {
            let mut found = person.http.get("/reports/me").await.expect(200);
            found.as_object_mut().unwrap().retain(|field, _| expected.get(field).is_some());
            found
        };
        platform.wait_until(&format!("the report of {}", person.email), expected.clone(), found).await;
    }
    if platform.in_process.is_none() {
        // On a stack the sums include other tests.
        return;
    }
    platform.drain().await;
    let whole = platform.staff().await.http.get("/reports/dashboard").await.expect(200);
    let expected = json!({
        "/users": 6, "/active_buyers": 1, "/bookings/confirmed": 5, "/bookings/cancelled": 1, "/bookings/pre_booked": 0,
        "/revenue": "7000.00", "/commission_paid": "825.00", "/payouts/paid": { "count": 1, "amount": "500.00" },
        "/payouts/pending": { "count": 0, "amount": "0.00" }, "/tds": "25.00", "/wallet_liability": "825.00",
        "/clawback_due": "0.00",
    });
    for (pointer, value) in expected.as_object().unwrap() {
        assert_eq!(whole.pointer(pointer), Some(value), "{pointer}: {whole}");
    }
}

/// Checks that the last step of every explanation is the amount.
async fn check_explanations(scenario: &Scenario) {
    let mut explained = 0;
    for person in &scenario.everyone {
        let list = person.http.get("/wallet/transactions?limit=100").await.expect(200);
        assert_eq!(list["next_cursor"], Value::Null);
        for line in list["items"].as_array().unwrap() {
            let path = format!("/wallet/transactions/{}/explain", line["id"].as_str().unwrap());
            let explanation = person.http.get(&path).await.expect(200);
            let steps = explanation["steps"].as_array().unwrap();
            assert_eq!(steps.last().map(|s| &s["value"]), Some(&line["amount"]), "{line}: {explanation}");
            assert_eq!(explanation["transaction"]["id"], line["id"]);
            assert!(
                !explanation["entry"]["id"].is_null() && !explanation["postings"].as_array().unwrap().is_empty(),
                "{explanation}"
            );
            let (before, after) = (paise(line, "balance_before"), paise(line, "balance_after"));
            assert_eq!(after - before, paise(line, "amount"), "{line}");
            explained += 1;
        }
    }
    // A: five bonuses, a pair, a reversal, a payout; B: a pair and its reversal; D: a bonus; E: a refund.
    assert_eq!(explained, 8 + 2 + 1 + 1);
}

/// Reads the tree two levels at a time, continuing where a response has more.
async fn check_tree(platform: &TestPlatform, scenario: &Scenario) {
    let mut found = BTreeMap::new();
    // The company's tree where no other member is in it, otherwise A's.
    let (http, top) = match platform.in_process {
        Some(_) => (&platform.staff().await.http, None),
        None => (&scenario.a.http, Some(scenario.a.id.clone())),
    };
    let mut roots = VecDeque::from([top]);
    while let Some(root) = roots.pop_front() {
        let of = root.as_ref().map(|r| format!("&root={r}")).unwrap_or_default();
        let answer = http.get(&format!("/binary/tree?depth=2{of}")).await.expect(200);
        let mut level = vec![&answer];
        for below in 0..=2 {
            let mut next = Vec::new();
            for node in level {
                let children = [&node["left"], &node["right"]].into_iter().filter(|c| c.is_object());
                next.extend(children);
                let id = node["user_id"].as_str().map(str::to_owned);
                if node["has_more"] == json!(true) {
                    assert_eq!(below, 2, "only the last level may be incomplete: {answer}");
                    roots.push_back(id.clone());
                }
                if below > 0 || id.as_deref() == Some(scenario.a.id.as_str()) {
                    *found.entry(id).or_insert(0) += 1;
                }
            }
            level = next;
        }
        assert!(level.is_empty(), "more than two levels: {answer}");
    }
    for person in &scenario.everyone {
        assert_eq!(found.get(&Some(person.id.clone())), Some(&1), "{}", person.email);
    }
    if platform.in_process.is_some() {
        assert_eq!(found.len(), scenario.everyone.len());
    }
}
