//! A whole story, and everything that can be looked up about it afterwards.

use crate::travel::paise;
use crate::world::{Person, World};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

const PDF: &[u8] = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

/// A refers B, C, D and E, and D refers F: B and C below A, D and E below B, F below D.
struct Story {
    a: Person,
    b: Person,
    e: Person,
    everybody: Vec<Person>,
    payout: String,
    document: String,
}

pub(crate) async fn all_that_happened_can_be_looked_up(world: &World) {
    let story = tell(world).await;
    let a = &story.a;
    for (person, available) in [(a, "300.00"), (&story.b, "0.00"), (&story.e, "500.00")] {
        person.wait_for(world, "available", available).await;
    }
    a.wait_for(world, "total_withdrawn", "500.00").await;
    look_at_tax(world, &story).await;
    look_at_notifications(world, &story).await;
    look_at_audit(world, &story).await;
    look_at_reports(world, &story).await;
    look_at_explanations(&story).await;
    look_at_tree(world, &story).await;
}

async fn tell(world: &World) -> Story {
    let a = world.member(None).await;
    a.join_tree(world).await;
    let (mut everybody, mut bookings) = (vec![a.clone()], Vec::new());
    for referrer in [0, 0, 0, 0, 3] {
        let member = world.member(Some(&everybody[referrer])).await;
        bookings.push(member.join_tree(world).await);
        everybody.push(member);
    }
    let (b, d, e) = (everybody[1].clone(), everybody[3].clone(), everybody[4].clone());
    // Four bonuses and the pair of B and C.
    a.wait_for(world, "available", "600.00").await;
    // The pair of D and E.
    b.wait_for(world, "available", "500.00").await;
    d.wait_for(world, "available", "25.00").await;
    b.pay(world, &bookings[0], "4500.00").await;
    a.wait_for(world, "available", "825.00").await;
    e.cancel(&bookings[3]).await;
    a.wait_for(world, "available", "800.00").await;

    let staff = &world.staff().await.http;
    let document = upload(&a).await;
    staff.act(&format!("/compliance/documents/{document}/verify")).await.expect(200);
    a.know(world).await;
    let body = json!({ "amount": "500.00", "emi_autofill": false });
    world.until("the quote", 200, async || a.http.post("/payouts/quote", body.clone()).await.status).await;
    let payout = a.payout(world, "500.00", false).await["id"].as_str().unwrap().to_owned();
    staff.act(&format!("/payouts/{payout}/approve")).await.expect(200);
    let paid = json!({ "outcome": "paid", "utr": format!("UTR{payout}") });
    staff.post(&format!("/payouts/{payout}/settle"), paid).await.expect(200);
    Story { a, b, e, everybody, payout, document }
}

async fn upload(person: &Person) -> String {
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

async fn look_at_tax(world: &World, story: &Story) {
    let a = &story.a.http;
    let total = async || a.get("/compliance/tds").await.expect(200)["total_tds"].clone();
    world.until("the TDS record", json!("25.00"), total).await;
    let tds = a.get("/compliance/tds").await.expect(200);
    let record = &tds["items"][0];
    assert_eq!((&record["payout_id"], &record["gross"]), (&json!(story.payout), &json!("500.00")));
    assert_eq!((&record["tds"], &tds["total_gross"]), (&json!("25.00"), &json!("500.00")));
    let (year, quarter) = (record["fy"].as_str().unwrap(), record["quarter"].as_str().unwrap());
    let certificate = a.get(&format!("/compliance/tds/{year}/certificate")).await;
    assert_eq!((certificate.status, certificate.header("content-type").as_str()), (200, "application/pdf"));
    assert!(certificate.text.starts_with("%PDF"));
    assert_ne!(story.b.http.get(&format!("/compliance/tds/{year}/certificate")).await.status, 200);
    let statement = world.staff().await.http.get(&format!("/compliance/tds/{year}/{quarter}/statement")).await;
    assert_eq!(statement.status, 200);
    assert!(statement.text.contains("500.00") && statement.text.contains("25.00"), "{}", statement.text);
    let document = a.get(&format!("/compliance/documents/{}", story.document)).await.expect(200);
    assert_eq!(document["status"], "verified");
    story.b.http.get(&format!("/compliance/documents/{}", story.document)).await.problem(404);
}

async fn look_at_notifications(world: &World, story: &Story) {
    let a = &story.a.http;
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
    world.until("what A hears of", wanted.clone(), titles).await;
    let unread = async || a.get("/notifications/unread-count").await.expect(200)["unread"].clone();
    assert_eq!(unread().await, json!(wanted.len()));
    let newest = a.get("/notifications?limit=1").await.expect(200)["items"][0].clone();
    let path = format!("/notifications/{}/read", newest["id"].as_str().unwrap());
    assert_eq!(newest["read_at"], Value::Null);
    story.b.http.act(&path).await.problem(404);
    for _ in 0..2 {
        assert!(a.act(&path).await.expect(200)["read_at"].is_string());
        assert_eq!(unread().await, json!(wanted.len() - 1));
    }
    let rest = a.get("/notifications?unread=true&limit=100").await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), wanted.len() - 1);
    assert!(rest["items"].as_array().unwrap().iter().all(|n| n["id"] != newest["id"]));
    a.act("/notifications/read-all").await.expect(200);
    assert_eq!(unread().await, json!(0));
}

async fn look_at_audit(world: &World, story: &Story) {
    let (admin, staff) = (&world.admin().await.http, world.staff().await);
    let of_a = async || {
        let list = admin.get(&format!("/audit?subject={}&actor={}&limit=100", story.a.id, staff.id)).await.expect(200);
        let items = list["items"].as_array().unwrap().clone();
        assert!(items.iter().all(|i| i["actor_id"] == json!(staff.id) && i["role"] == "staff"), "{list}");
        assert!(items.iter().all(|i| i["subject_user_id"] == json!(story.a.id)), "{list}");
        let text = |i: &Value, field: &str| i[field].as_str().unwrap().to_owned();
        items.iter().map(|i| (text(i, "action"), text(i, "subject_id"))).collect::<BTreeMap<_, _>>()
    };
    let actions = ["auth.kyc.approve", "compliance.document_verify", "payout.approve", "payout.settle"];
    world
        .until("the trail", actions.map(str::to_owned).into(), async || of_a().await.into_keys().collect::<Vec<_>>())
        .await;
    let trail: BTreeMap<String, String> = of_a().await;
    assert_eq!(trail["payout.approve"], story.payout);
    assert_eq!(trail["payout.settle"], story.payout);
    assert_eq!(trail["compliance.document_verify"], story.document);
}

async fn look_at_reports(world: &World, story: &Story) {
    let of_a = json!({
        "bookings": 1, "live_bookings": 1, "total_paid": "500.00", "is_active_buyer": false, "referrals": 4,
        "active_referrals": 1, "is_placed": true, "pairs_total": 1, "earned": "800.00", "available": "300.00",
        "held": "0.00", "emi_reserve": "0.00", "reserve": "0.00", "clawback_due": "0.00", "withdrawn": "500.00",
        "payouts_pending": 0,
    });
    let of_b = json!({ "total_paid": "5000.00", "is_active_buyer": true, "pairs_total": 0, "earned": "0.00" });
    let of_e = json!({ "bookings": 1, "live_bookings": 0, "total_paid": "0.00", "available": "500.00" });
    for (person, expected) in [(&story.a, of_a), (&story.b, of_b), (&story.e, of_e)] {
        let found = async || {
            let mut found = person.http.get("/reports/me").await.expect(200);
            found.as_object_mut().unwrap().retain(|field, _| expected.get(field).is_some());
            found
        };
        world.until(&format!("what the reports say to {}", person.email), expected.clone(), found).await;
    }
    if world.inside.is_none() {
        // Others are in the sums of a stack.
        return;
    }
    world.drain().await;
    let whole = world.staff().await.http.get("/reports/dashboard").await.expect(200);
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

/// The last step of every derivation is the amount.
async fn look_at_explanations(story: &Story) {
    let mut explained = 0;
    for person in &story.everybody {
        let list = person.http.get("/wallet/transactions?limit=100").await.expect(200);
        assert_eq!(list["next_cursor"], Value::Null);
        for line in list["items"].as_array().unwrap() {
            let path = format!("/wallet/transactions/{}/explain", line["id"].as_str().unwrap());
            let why = person.http.get(&path).await.expect(200);
            let steps = why["steps"].as_array().unwrap();
            assert_eq!(steps.last().map(|s| &s["value"]), Some(&line["amount"]), "{line}: {why}");
            assert_eq!(why["transaction"]["id"], line["id"]);
            assert!(!why["entry"]["id"].is_null() && !why["postings"].as_array().unwrap().is_empty(), "{why}");
            let (before, after) = (paise(line, "balance_before"), paise(line, "balance_after"));
            assert_eq!(after - before, paise(line, "amount"), "{line}");
            explained += 1;
        }
    }
    // A: five bonuses, a pair, a reversal, a payout; B: a pair and its reversal; D: a bonus; E: a refund.
    assert_eq!(explained, 8 + 2 + 1 + 1);
}

/// Two levels at a time, going on where an answer says that there is more.
async fn look_at_tree(world: &World, story: &Story) {
    let mut found = BTreeMap::new();
    // The company's own tree where nobody else is in it, else A's.
    let (http, top) = match world.inside {
        Some(_) => (&world.staff().await.http, None),
        None => (&story.a.http, Some(story.a.id.clone())),
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
                    assert_eq!(below, 2, "only the last level leaves anything out: {answer}");
                    roots.push_back(id.clone());
                }
                if below > 0 || id.as_deref() == Some(story.a.id.as_str()) {
                    *found.entry(id).or_insert(0) += 1;
                }
            }
            level = next;
        }
        assert!(level.is_empty(), "more than two levels: {answer}");
    }
    for person in &story.everybody {
        assert_eq!(found.get(&Some(person.id.clone())), Some(&1), "{}", person.email);
    }
    if world.inside.is_some() {
        assert_eq!(found.len(), story.everybody.len());
    }
}
