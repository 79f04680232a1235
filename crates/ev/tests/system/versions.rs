//! Plan versions in every service that applies them: before, at and after the time of effect.

use crate::platform::{TestUser, kyc_body};
use crate::time_travel::{TimeTravel, paise};
use diesel_async::SimpleAsyncConnection;
use domain::plan::ReferralTerms;
use domain::{Money, Plan, Rate};
use messaging::HandleError;
use messaging::parked::{self, ReplaySelection};
use serde_json::{Value, json};
use testkit::fault_injection;

const BEGINS: &str = "2026-11-11T04:30:00Z";

/// A plan whose amounts differ from the seed plan.
fn other_plan() -> Plan {
    let mut plan = Plan::seed();
    plan.name = "other".into();
    plan.active_buyer_from = Money::from_rupees(400);
    plan.booking.minimum_amount = Money::from_rupees(400);
    plan.referral = ReferralTerms::PercentOfFirstBooking { rate: Rate::percent(10) };
    plan.pairs.gross = Money::from_rupees(700);
    plan.payout.minimum = Money::from_rupees(300);
    plan
}

/// Expected results of the same operations under one plan version.
struct Expectation {
    minimum_booking: i64,
    bonus: i64,
    pair: i64,
    active_from_500: bool,
    smallest_payout: i64,
    version: u64,
}

const SEED: Expectation = Expectation {
    minimum_booking: 500,
    bonus: 25,
    pair: 500,
    active_from_500: false,
    smallest_payout: 100,
    version: 1,
};
const OTHER: Expectation =
    Expectation { minimum_booking: 400, bonus: 50, pair: 700, active_from_500: true, smallest_payout: 300, version: 2 };

async fn check_services(travel: &TimeTravel, wanted: &Expectation, what: &str) {
    let (a, _) = travel.join(None, None).await;
    // booking: the minimum amount, and one paisa less.
    let minimum = Money::from_rupees(wanted.minimum_booking);
    let below = minimum.sub(Money::from_paise(1)).unwrap();
    let vehicle = travel.platform.vehicle().await;
    let buyer = travel.member(Some(&a), Some("left")).await;
    let refused = json!({ "vehicle_id": vehicle, "booking_amount": below });
    buyer.http.post("/bookings", refused).await.problem(422);
    buyer.book_with(&travel.platform, json!({ "vehicle_id": vehicle, "booking_amount": minimum })).await;

    // booking and wallet: the bonus. binary and wallet: the pair. auth: Active Buyer status.
    let b = travel.join(Some(&a), Some("left")).await.0;
    let c = travel.join(Some(&a), Some("right")).await.0;
    travel.platform.drain().await;
    let user = travel.session(&c.email).await.http.get("/users/me").await.expect(200);
    assert_eq!(user["is_active_buyer"], json!(wanted.active_from_500), "{what}: {user}");
    let http = travel.session(&a.email).await.http;
    let lines = http.get("/wallet/transactions?limit=100").await.expect(200)["items"].as_array().unwrap().clone();
    let mut amounts: Vec<i64> = lines.iter().map(|l| paise(l, "amount")).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [wanted.bonus * 100, wanted.bonus * 100, wanted.pair * 100], "{what}: {lines:?}");
    explained_by(&travel.session(&a.email).await, wanted, what).await;
    let pair = http.get("/binary/pairs").await.expect(200)["items"][0].clone();
    assert_eq!((&pair["plan_version"], paise(&pair, "gross")), (&json!(wanted.version), wanted.pair * 100), "{what}");
    assert_eq!((&pair["left_user_id"], &pair["right_user_id"]), (&json!(b.id), &json!(c.id)), "{what}");

    // reports: the threshold of an Active Buyer.
    let threshold = if wanted.active_from_500 { "400.00" } else { "5000.00" };
    assert_eq!(http.get("/reports/me").await.expect(200)["active_buyer_from"], threshold, "{what}");

    // payout: the minimum amount, and one paisa less.
    let kyc = http.post("/users/me/kyc", kyc_body()).await.expect(201)["id"].as_str().unwrap().to_owned();
    travel.admin().await.http.post_empty(&format!("/kyc/{kyc}/approve")).await.expect(200);
    travel.platform.drain().await;
    let minimum = Money::from_rupees(wanted.smallest_payout);
    let quote =
        async |amount: Money| http.post("/payouts/quote", json!({ "amount": amount, "emi_autofill": false })).await;
    let below = minimum.sub(Money::from_paise(1)).unwrap();
    assert_eq!(quote(below).await.problem(422), "payout.below_minimum", "{what}");
    quote(minimum).await.expect(200);
}

/// Checks that this version explains every wallet transaction.
async fn explained_by(of: &TestUser, wanted: &Expectation, what: &str) {
    let lines = of.http.get("/wallet/transactions?limit=100").await.expect(200);
    for line in lines["items"].as_array().unwrap() {
        let path = format!("/wallet/transactions/{}/explain", line["id"].as_str().unwrap());
        let explanation = of.http.get(&path).await.expect(200);
        assert_eq!(explanation["entry"]["plan_version"], json!(wanted.version), "{what}: {explanation}");
        assert_eq!(
            explanation["steps"].as_array().unwrap().last().unwrap()["value"],
            line["amount"],
            "{what}: {explanation}"
        );
    }
}

/// Runs over a bus that reorders, repeats and delays events.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_service_applies_the_plan_version_in_force_at_the_event() {
    let travel = TimeTravel::start("2026-11-10T04:00:00Z", fault_injection::memory_bus(20_261_111)).await;
    check_services(&travel, &SEED, "before publication").await;
    let plan: Value = serde_json::to_value(other_plan()).unwrap();
    travel.publish(BEGINS, json!({ "plan": plan })).await;
    check_services(&travel, &SEED, "published but not in force").await;
    travel.advance_to("2026-11-11T04:29:20Z").await;
    check_services(&travel, &SEED, "seconds before effect").await;
    travel.advance_to(BEGINS).await;
    check_services(&travel, &OTHER, "from the time of effect").await;
    travel.advance_to("2027-05-01T04:30:00Z").await;
    check_services(&travel, &OTHER, "long after").await;
    travel.finish().await;
}

/// Runs over a bus that reorders, repeats and delays events.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_service_applies_a_withdrawn_plan_version() {
    let travel = TimeTravel::start("2026-11-10T04:00:00Z", fault_injection::memory_bus(20_261_112)).await;
    let admin = travel.admin().await.http;
    let plan: Value = serde_json::to_value(other_plan()).unwrap();
    // Both events are on their way at once.
    admin.post("/plan/versions", json!({ "effective_from": BEGINS, "plan": plan })).await.expect(201);
    admin.delete("/plan/versions/2").await.expect(204);
    travel.platform.drain().await;
    travel.advance_to(BEGINS).await;
    check_services(&travel, &SEED, "withdrawn").await;
    travel.publish("2026-11-13T04:30:00Z", json!({ "plan": plan })).await;
    travel.advance_to("2026-11-13T04:30:00Z").await;
    check_services(&travel, &Expectation { version: 3, ..OTHER }, "the next version").await;
    travel.finish().await;
}

/// A trigger makes the wallet park the plan version; it is replayed after the events under that version.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_under_an_unknown_plan_version_wait_in_the_wallet() {
    let travel = TimeTravel::start("2026-11-10T04:00:00Z", fault_injection::memory_bus(20_261_110)).await;
    let platform = &travel.platform;
    let (a, _) = travel.join(None, None).await;
    let wallet =
        &platform.in_process.as_ref().unwrap().embedded.started.iter().find(|s| s.name == "wallet").unwrap().ctx;
    let run = async |statement: &str| wallet.db().write().await.unwrap().batch_execute(statement).await.unwrap();
    run("CREATE TRIGGER not_yet BEFORE INSERT ON plan_versions BEGIN SELECT RAISE(ABORT, 'not yet'); END").await;
    let plan: Value = serde_json::to_value(other_plan()).unwrap();
    travel.publish(BEGINS, json!({ "plan": plan })).await;
    travel.advance_to("2026-11-11T04:29:20Z").await;
    // Earlier events are posted; events under the new version and their reversals wait.
    let before = travel.join(Some(&a), Some("left")).await.0;
    travel.advance_to(BEGINS).await;
    let payer = travel.member(Some(&a), Some("right")).await;
    let booking = travel.book(&payer.email).await;
    let payment = travel.pay(&payer.email, &booking, "600.00", "online").await.unwrap();
    let retained = travel.pay(&payer.email, &booking, "500.00", "cash").await.unwrap();
    travel.refund(&payment).await;
    let amounts = async || {
        let mut lines = travel.session(&a.email).await.lines().await;
        lines.sort();
        lines.into_iter().map(|(kind, amount)| (kind, amount.to_string())).collect::<Vec<_>>()
    };
    let line = |kind: &str, amount: &str| (kind.to_owned(), amount.to_owned());
    assert_eq!(amounts().await, [line("REFERRAL_BONUS", "25.00")]);

    run("DROP TRIGGER not_yet").await;
    let requested = wallet
        .tx(async |c| Ok::<_, HandleError>(parked::request_replay(c, ReplaySelection::All, travel.now()).await?))
        .await;
    assert_eq!(requested.unwrap(), 1, "only the plan version was parked");
    let all = [
        line("BINARY_PAIR", "700.00"),
        line("REFERRAL_BONUS", "25.00"),
        line("REFERRAL_BONUS", "50.00"),
        line("REFERRAL_BONUS", "60.00"),
        line("REVERSAL", "-60.00"),
    ];
    platform.wait_until("the wallet transactions", all.to_vec(), amounts).await;
    let http = travel.session(&a.email).await.http;
    for (cause, version) in [(&payment, 2), (&retained, 2)] {
        let lines = http.get("/wallet/transactions?type=REFERRAL_BONUS").await.expect(200);
        let line = lines["items"].as_array().unwrap().iter().find(|l| l["reference"]["id"] == json!(cause)).unwrap();
        let explanation =
            http.get(&format!("/wallet/transactions/{}/explain", line["id"].as_str().unwrap())).await.expect(200);
        assert_eq!(
            (&explanation["entry"]["plan_version"], &explanation["plan"]["name"]),
            (&json!(version), &json!("other")),
            "{explanation}"
        );
    }
    let pair = http.get("/binary/pairs").await.expect(200)["items"][0].clone();
    assert_eq!((&pair["left_user_id"], &pair["plan_version"]), (&json!(before.id), &json!(2)));
    travel.finish().await;
}
