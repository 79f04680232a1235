//! Worked examples of the business rules.

use crate::platform::{TestPlatform, TestUser};
use serde_json::{Value, json};

pub(crate) async fn a_referrer_earns_from_new_money_on_the_first_booking(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let b = platform.member(Some(&a)).await;
    assert_eq!(b.http.get("/binary/me").await.problem(404), "binary.not_placed");
    let booking = b.book(platform, "500.00").await;
    b.pay(platform, &booking, "500.00").await;
    a.wait_for_balance(platform, "available", "25.00").await;
    b.wait_for_place(platform).await;
    assert!(!is_active_buyer(&b).await);

    b.pay(platform, &booking, "4500.00").await;
    a.wait_for_balance(platform, "available", "250.00").await;
    platform.wait_until("an Active Buyer", true, async || is_active_buyer(&b).await).await;

    b.deposit(platform, "2000.00").await;
    b.wait_for_balance(platform, "available", "2000.00").await;
    let body = json!({ "amount": "2000.00", "method": "wallet" });
    let payment = b.http.post(&format!("/bookings/{booking}/payments"), body).await.expect(201);
    let path = format!("/payments/{}", payment["id"].as_str().unwrap());
    let status = async || b.http.get(&path).await.expect(200)["status"].clone();
    platform.wait_until("the wallet's payment", json!("completed"), status).await;
    b.wait_for_balance(platform, "available", "0.00").await;
    assert_eq!(a.amounts("REFERRAL_BONUS").await, ["25.00", "225.00"]);
    assert_eq!(b.amounts("BOOKING_PAYMENT").await, ["-2000.00"]);
    let referrals = a.http.get("/users/me/referrals").await.expect(200);
    assert_eq!(referrals["items"][0]["user_id"], json!(b.id));
}

async fn is_active_buyer(person: &TestUser) -> bool {
    person.http.get("/users/me").await.expect(200)["is_active_buyer"] == json!(true)
}

fn counts(node: &Value) -> (u64, u64) {
    (node["left_count"].as_u64().unwrap(), node["right_count"].as_u64().unwrap())
}

fn place(node: &Value) -> (String, String) {
    (node["parent_id"].as_str().unwrap_or("").to_owned(), node["side"].as_str().unwrap().to_owned())
}

pub(crate) async fn members_fill_the_tree_level_by_level(platform: &TestPlatform) {
    let a = platform.member(None).await;
    a.join_tree(platform).await;
    let mut placed = Vec::new();
    for _ in 0..4 {
        let member = platform.member(Some(&a)).await;
        member.join_tree(platform).await;
        placed.push(member);
    }
    let [b, c, d, e] = placed.try_into().ok().expect("four");
    assert_eq!(place(&b.node().await), (a.id.clone(), "left".into()));
    assert_eq!(place(&c.node().await), (a.id.clone(), "right".into()));
    assert_eq!(place(&d.node().await), (b.id.clone(), "left".into()));
    assert_eq!(place(&e.node().await), (b.id.clone(), "right".into()));
    let (node_a, node_b) = (a.node().await, b.node().await);
    assert_eq!((counts(&node_a), node_a["pairs_total"].as_u64()), ((3, 1), Some(1)));
    assert_eq!((counts(&node_b), node_b["pairs_total"].as_u64()), ((1, 1), Some(1)));
    assert_eq!(d.node().await["sponsor_id"], json!(a.id));
    let pairs = a.http.get("/binary/pairs").await.expect(200);
    let pair = &pairs["items"][0];
    assert_eq!((&pair["left_user_id"], &pair["right_user_id"]), (&json!(b.id), &json!(c.id)));
    assert_eq!((&pair["number"], &pair["gross"], &pair["status"]), (&json!(1), &json!("500.00"), &json!("matched")));
    a.wait_for_balance(platform, "total_earned", "600.00").await;
    b.wait_for_balance(platform, "available", "500.00").await;
    let tree = a.http.get("/binary/tree?depth=2").await.expect(200);
    assert_eq!(tree["left"]["left"]["user_id"], json!(d.id));
    assert_eq!(tree["left"]["right"]["user_id"], json!(e.id));
    if platform.in_process.is_some() {
        // No other member is in this tree, so A is the root's left child.
        assert_eq!(place(&a.node().await), (String::new(), "left".into()));
        let root = platform.staff().await.http.get("/binary/tree?depth=1").await.expect(200);
        assert_eq!((counts(&root), &root["user_id"]), ((5, 0), &Value::Null));
    }
}

pub(crate) async fn a_refund_reverses_its_earnings_and_the_partner_is_matched_again(platform: &TestPlatform) {
    let a = platform.member(None).await;
    a.join_tree(platform).await;
    let b = platform.member(Some(&a)).await;
    b.join_tree(platform).await;
    let c = platform.member(Some(&a)).await;
    let booking = c.join_tree(platform).await;
    a.wait_for_balance(platform, "available", "550.00").await;

    c.cancel(&booking).await;
    c.wait_for_balance(platform, "available", "500.00").await;
    a.wait_for_balance(platform, "available", "25.00").await;
    platform.wait_until("the right leg", (1, 0), async || counts(&a.node().await)).await;
    assert_eq!(a.node().await["pairs_total"], json!(0));
    // A second cancellation changes nothing.
    c.cancel(&booking).await;

    let mut joined = Vec::new();
    for _ in 0..3 {
        let member = platform.member(Some(&a)).await;
        member.join_tree(platform).await;
        joined.push(member);
    }
    let [d, e, f] = joined.try_into().ok().expect("three");
    assert_eq!(place(&d.node().await), (b.id.clone(), "left".into()));
    assert_eq!(place(&e.node().await), (b.id.clone(), "right".into()));
    assert_eq!(place(&f.node().await), (c.id.clone(), "left".into()));
    platform.wait_until("pair 2", json!(1), async || a.node().await["pairs_total"].clone()).await;
    let pairs = a.http.get("/binary/pairs").await.expect(200);
    let pair = &pairs["items"][0];
    assert_eq!(
        (&pair["number"], &pair["left_user_id"], &pair["right_user_id"]),
        (&json!(2), &json!(b.id), &json!(f.id))
    );
    assert_eq!(pairs["items"][1]["status"], json!("voided"));
    a.wait_for_balance(platform, "available", "600.00").await;
    assert_eq!(a.amounts("REVERSAL").await.len(), 2);
}

/// Adds members under `a` until `a` has `pairs` pairs.
async fn grow_to_pairs(platform: &TestPlatform, a: &TestUser, pairs: u64) {
    let mut now = 0;
    while now < pairs {
        let member = platform.member(Some(a)).await;
        member.join_tree(platform).await;
        now = a.node().await["pairs_total"].as_u64().unwrap();
    }
    assert_eq!(now, pairs);
}

pub(crate) async fn ten_pairs_a_month_are_paid_and_the_sixth_is_the_first_with_an_emi_deduction(
    platform: &TestPlatform,
) {
    let a = platform.member(None).await;
    let booking = a.join_tree(platform).await;
    // Placed, without payments and without a booking that an EMI could be applied to.
    a.cancel(&booking).await;
    a.wait_for_balance(platform, "available", "500.00").await;
    grow_to_pairs(platform, &a, 5).await;
    platform.wait_until("five pairs", 5, async || a.amounts("BINARY_PAIR").await.len()).await;
    assert_eq!(a.amounts("EMI_DEDUCTION").await, Vec::<String>::new());
    grow_to_pairs(platform, &a, 6).await;
    a.wait_for_balance(platform, "emi_reserve", "100.00").await;
    assert_eq!(a.amounts("BINARY_PAIR").await, ["500.00"; 6]);
    assert_eq!(a.amounts("EMI_DEDUCTION").await, ["-100.00"]);
    grow_to_pairs(platform, &a, 10).await;
    a.wait_for_balance(platform, "emi_reserve", "500.00").await;
    assert_eq!(a.amounts("BINARY_PAIR").await, ["500.00"; 10]);
    assert_eq!(a.amounts("EMI_DEDUCTION").await, ["-100.00"; 5]);
    // The eleventh pair waits for the next month.
    for _ in 0..2 {
        platform.member(Some(&a)).await.join_tree(platform).await;
    }
    let node = a.node().await;
    assert_eq!((&node["pairs_total"], &node["pairs_this_month"]), (&json!(10), &json!(10)), "{node}");
    assert!(node["pairs_carried"].as_u64().unwrap() > 0, "{node}");
}

pub(crate) async fn a_payout_is_taxed_and_settled(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let early = a.http.post("/payouts/quote", json!({ "amount": "100.00", "emi_autofill": false })).await;
    assert_eq!(early.problem(422), "payout.kyc_not_approved");
    a.approve_kyc(platform).await;
    a.deposit(platform, "320999.90").await;
    a.wait_for_balance(platform, "available", "320999.90").await;
    for (amount, tds, net) in
        [("10000.00", "500.00", "9500.00"), ("300000.00", "10000.00", "290000.00"), ("999.90", "50.00", "949.90")]
    {
        let body = json!({ "amount": amount, "emi_autofill": false });
        let quote = a.http.post("/payouts/quote", body).await.expect(200);
        assert_eq!((&quote["tds"], &quote["net"], &quote["emi"]), (&json!(tds), &json!(net), &json!("0.00")));
    }
    let payout = a.payout(platform, "10000.00", false).await;
    let id = payout["id"].as_str().unwrap();
    a.wait_for_balance(platform, "held", "10000.00").await;
    assert_eq!(a.balance("balance").await, "320999.90");
    let staff = &platform.staff().await.http;
    staff.post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
    a.wait_for_balance(platform, "held", "0.00").await;
    let paid = json!({ "outcome": "paid", "utr": "UTR0001" });
    let settled = staff.post(&format!("/payouts/{id}/settle"), paid.clone()).await.expect(200);
    assert_eq!((&settled["status"], &settled["net"]), (&json!("completed"), &json!("9500.00")));
    staff.post(&format!("/payouts/{id}/settle"), paid).await.expect(200);
    let failed = json!({ "outcome": "failed", "reason": "no such account" });
    assert_eq!(staff.post(&format!("/payouts/{id}/settle"), failed).await.status, 409);
    a.wait_for_balance(platform, "total_withdrawn", "10000.00").await;
    assert_eq!(a.balance("available").await, "310999.90");
    let tds = async || a.http.get("/compliance/tds").await.expect(200)["total_tds"].clone();
    platform.wait_until("the TDS record", json!("500.00"), tds).await;
    let large = a.payout(platform, "300000.00", false).await;
    let path = format!("/payouts/{}/approve", large["id"].as_str().unwrap());
    let first = staff.post_empty(&path).await.expect(200);
    assert_eq!(first["status"], json!("pending"));
    staff.post_empty(&path).await.expect(200);
    assert_eq!(platform.admin().await.http.post_empty(&path).await.expect(200)["status"], json!("approved"));
}

pub(crate) async fn a_payout_can_fill_an_instalment(platform: &TestPlatform) {
    let a = platform.member(None).await;
    let booking = a.book_with(platform, json!({ "booking_amount": "500.00", "emi_months": 12 })).await;
    a.pay(platform, &booking, "500.00").await;
    a.wait_for_place(platform).await;
    a.approve_kyc(platform).await;
    a.deposit(platform, "100000.00").await;
    a.wait_for_balance(platform, "available", "100000.00").await;
    let schedule = a.http.get(&format!("/bookings/{booking}/emi")).await.expect(200);
    let first = schedule.as_array().map_or(&schedule["items"][0], |list| &list[0])["amount"].clone();
    let quote = a.http.post("/payouts/quote", json!({ "amount": "50000.00", "emi_autofill": true })).await.expect(200);
    assert_eq!((&quote["tds"], &quote["emi"]), (&json!("2500.00"), &first));
    let payout = a.payout(platform, "49999.00", true).await;
    let id = payout["id"].as_str().unwrap();
    let staff = &platform.staff().await.http;
    staff.post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
    staff.post(&format!("/payouts/{id}/settle"), json!({ "outcome": "paid", "utr": "UTR0002" })).await.expect(200);
    let paid = async || {
        let schedule = a.http.get(&format!("/bookings/{booking}/emi")).await.expect(200);
        schedule.as_array().map_or(&schedule["items"][0], |list| &list[0])["status"].clone()
    };
    platform.wait_until("the first instalment", json!("paid"), paid).await;
    a.wait_for_balance(platform, "emi_reserve", "0.00").await;
}

pub(crate) async fn ten_thousand_with_an_instalment_of_2345_pays_out_7155(platform: &TestPlatform) {
    let a = platform.member(None).await;
    // The remaining price is twelve times 2,345.00.
    let vehicle = json!({ "model": "Twelve", "variant": a.id, "price": "28640.00" });
    let vehicle = platform.admin().await.http.post("/vehicles", vehicle).await.expect(201)["id"].clone();
    let body = json!({ "vehicle_id": vehicle, "booking_amount": "500.00", "emi_months": 12 });
    let booking = a.book_with(platform, body).await;
    a.pay(platform, &booking, "500.00").await;
    a.approve_kyc(platform).await;
    a.deposit(platform, "10000.00").await;
    a.wait_for_balance(platform, "available", "10000.00").await;
    let instalment = async |n: usize| {
        let schedule = a.http.get(&format!("/bookings/{booking}/emi")).await.expect(200);
        schedule.as_array().map_or(&schedule["items"][n], |list| &list[n]).clone()
    };
    assert_eq!(instalment(0).await["amount"], "2345.00");
    assert_eq!(instalment(11).await["amount"], "2345.00");

    let parts = |v: &Value| ["requested", "tds", "emi", "net"].map(|f| v[f].as_str().unwrap().to_owned());
    let expected = ["10000.00", "500.00", "2345.00", "7155.00"].map(str::to_owned);
    let input = json!({ "amount": "10000.00", "emi_autofill": true });
    // The quote includes the instalment after payout has received the booking.
    let quoted = async || parts(&a.http.post("/payouts/quote", input.clone()).await.expect(200));
    platform.wait_until("the quote", expected.clone(), quoted).await;
    let payout = a.payout(platform, "10000.00", true).await;
    let path = format!("/payouts/{}", payout["id"].as_str().unwrap());
    let staff = &platform.staff().await.http;
    staff.post_empty(&format!("{path}/approve")).await.expect(200);
    let paid = json!({ "outcome": "paid", "utr": "UTR2345" });
    let settled = staff.post(&format!("{path}/settle"), paid).await.expect(200);
    assert_eq!((parts(&settled), &settled["status"]), (expected, &json!("completed")));

    platform.wait_until("the instalment", json!("paid"), async || instalment(0).await["status"].clone()).await;
    assert_eq!(instalment(1).await["paid"], "0.00");
    a.wait_for_balance(platform, "emi_reserve", "0.00").await;
    a.wait_for_balance(platform, "total_withdrawn", "10000.00").await;
    assert_eq!(a.balance("balance").await, "0.00");
    let after = a.http.get(&format!("/bookings/{booking}")).await.expect(200);
    assert_eq!(after["total_paid"], "2845.00");
    // The EMI payment does not count for Active Buyer status; only 500.00 were paid by the member.
    assert!(!is_active_buyer(&a).await);
    let tds = async || a.http.get("/compliance/tds").await.expect(200)["total_tds"].clone();
    platform.wait_until("the TDS record", json!("500.00"), tds).await;
}
