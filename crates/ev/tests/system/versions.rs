//! A version of the plan in every service that decides by it: what happens before, at and after the moment it takes effect.

use crate::travel::{Travel, paise};
use crate::world::{Person, kyc_body};
use chassis::events::HandleError;
use chassis::events::memory::MemoryBus;
use chassis::events::parked::{self, Which};
use diesel_async::SimpleAsyncConnection;
use domain::plan::Referral;
use domain::{Money, Plan, Rate};
use serde_json::{Value, json};

const BEGINS: &str = "2026-11-11T04:30:00Z";

/// Every amount differs from the seed's.
fn other_plan() -> Plan {
    let mut plan = Plan::seed();
    plan.name = "other".into();
    plan.active_buyer_from = Money::from_rupees(400);
    plan.booking.minimum_amount = Money::from_rupees(400);
    plan.referral = Referral::PercentOfFirstBooking { rate: Rate::percent(10) };
    plan.pairs.gross = Money::from_rupees(700);
    plan.payout.minimum = Money::from_rupees(300);
    plan
}

/// What everybody decides about the same deeds, one version after the other.
struct Decided {
    minimum_booking: i64,
    bonus: i64,
    pair: i64,
    active_from_500: bool,
    smallest_payout: i64,
    version: u64,
}

const SEED: Decided =
    Decided { minimum_booking: 500, bonus: 25, pair: 500, active_from_500: false, smallest_payout: 100, version: 1 };
const OTHER: Decided =
    Decided { minimum_booking: 400, bonus: 50, pair: 700, active_from_500: true, smallest_payout: 300, version: 2 };

async fn decides(travel: &Travel, wanted: &Decided, what: &str) {
    let (a, _) = travel.join(None, None).await;
    // booking: the least amount, and one paisa less.
    let least = Money::from_rupees(wanted.minimum_booking);
    let less = least.sub(Money::from_paise(1)).unwrap();
    let vehicle = travel.world.vehicle().await;
    let buyer = travel.member(Some(&a), Some("left")).await;
    let refused = json!({ "vehicle_id": vehicle, "booking_amount": less });
    buyer.http.post("/bookings", refused).await.problem(422);
    buyer.book_with(&travel.world, json!({ "vehicle_id": vehicle, "booking_amount": least })).await;

    // booking and wallet: the bonus; binary and wallet: the pair; auth: the Active Buyer.
    let b = travel.join(Some(&a), Some("left")).await.0;
    let c = travel.join(Some(&a), Some("right")).await.0;
    travel.world.drain().await;
    let user = travel.again(&c.email).await.http.get("/users/me").await.expect(200);
    assert_eq!(user["is_active_buyer"], json!(wanted.active_from_500), "{what}: {user}");
    let http = travel.again(&a.email).await.http;
    let lines = http.get("/wallet/transactions?limit=100").await.expect(200)["items"].as_array().unwrap().clone();
    let mut amounts: Vec<i64> = lines.iter().map(|l| paise(l, "amount")).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [wanted.bonus * 100, wanted.bonus * 100, wanted.pair * 100], "{what}: {lines:?}");
    explained_by(&travel.again(&a.email).await, wanted, what).await;
    let pair = http.get("/binary/pairs").await.expect(200)["items"][0].clone();
    assert_eq!((&pair["plan_version"], paise(&pair, "gross")), (&json!(wanted.version), wanted.pair * 100), "{what}");
    assert_eq!((&pair["left_user_id"], &pair["right_user_id"]), (&json!(b.id), &json!(c.id)), "{what}");

    // payout: the smallest, and one paisa less.
    let kyc = http.post("/users/me/kyc", kyc_body()).await.expect(201)["id"].as_str().unwrap().to_owned();
    travel.admin().await.http.act(&format!("/kyc/{kyc}/approve")).await.expect(200);
    travel.world.drain().await;
    let least = Money::from_rupees(wanted.smallest_payout);
    let quote =
        async |amount: Money| http.post("/payouts/quote", json!({ "amount": amount, "emi_autofill": false })).await;
    let less = least.sub(Money::from_paise(1)).unwrap();
    assert_eq!(quote(less).await.problem(422), "payout.below_minimum", "{what}");
    quote(least).await.expect(200);
}

/// Every line of a wallet was decided by this version, and can be computed from it.
async fn explained_by(of: &Person, wanted: &Decided, what: &str) {
    let lines = of.http.get("/wallet/transactions?limit=100").await.expect(200);
    for line in lines["items"].as_array().unwrap() {
        let path = format!("/wallet/transactions/{}/explain", line["id"].as_str().unwrap());
        let why = of.http.get(&path).await.expect(200);
        assert_eq!(why["entry"]["plan_version"], json!(wanted.version), "{what}: {why}");
        assert_eq!(why["steps"].as_array().unwrap().last().unwrap()["value"], line["amount"], "{what}: {why}");
    }
}

/// Over a bus that reorders, repeats and delays.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_service_decides_by_the_version_in_force_when_it_happened() {
    let travel = Travel::start("2026-11-10T04:00:00Z", MemoryBus::disturbed(20_261_111)).await;
    decides(&travel, &SEED, "before it was published").await;
    let plan: Value = serde_json::to_value(other_plan()).unwrap();
    travel.publish(BEGINS, json!({ "plan": plan })).await;
    decides(&travel, &SEED, "published, and not in force").await;
    travel.to("2026-11-11T04:29:20Z").await;
    decides(&travel, &SEED, "the last seconds before").await;
    travel.to(BEGINS).await;
    decides(&travel, &OTHER, "from the moment on").await;
    travel.to("2027-05-01T04:30:00Z").await;
    decides(&travel, &OTHER, "long after").await;
    travel.finish().await;
}

/// The wallet cannot keep a version until all has been decided by it, and only then is handed it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_version_decided_waits_in_the_wallet_until_it_hears_of_it() {
    let travel = Travel::start("2026-11-10T04:00:00Z", MemoryBus::disturbed(20_261_110)).await;
    let world = &travel.world;
    let (a, _) = travel.join(None, None).await;
    let wallet = &world.inside.as_ref().unwrap().platform.started.iter().find(|s| s.name == "wallet").unwrap().ctx;
    let run = async |statement: &str| wallet.db().write().await.unwrap().batch_execute(statement).await.unwrap();
    run("CREATE TRIGGER not_yet BEFORE INSERT ON plan_versions BEGIN SELECT RAISE(ABORT, 'not yet'); END").await;
    let plan: Value = serde_json::to_value(other_plan()).unwrap();
    travel.publish(BEGINS, json!({ "plan": plan })).await;
    travel.to("2026-11-11T04:29:20Z").await;
    // What happened before is posted; what happened since waits, and so does its reversal.
    let before = travel.join(Some(&a), Some("left")).await.0;
    travel.to(BEGINS).await;
    let payer = travel.member(Some(&a), Some("right")).await;
    let booking = travel.book(&payer.email).await;
    let payment = travel.pay(&payer.email, &booking, "600.00", "online").await.unwrap();
    let kept = travel.pay(&payer.email, &booking, "500.00", "cash").await.unwrap();
    travel.refund(&payment).await;
    let amounts = async || {
        let mut lines = travel.again(&a.email).await.lines().await;
        lines.sort();
        lines.into_iter().map(|(kind, amount)| (kind, amount.to_string())).collect::<Vec<_>>()
    };
    let line = |kind: &str, amount: &str| (kind.to_owned(), amount.to_owned());
    assert_eq!(amounts().await, [line("REFERRAL_BONUS", "25.00")]);

    run("DROP TRIGGER not_yet").await;
    let asked = wallet.tx(async |c| Ok::<_, HandleError>(parked::replay(c, Which::All, travel.now()).await?)).await;
    assert_eq!(asked.unwrap(), 1, "the version alone could not be kept");
    let all = [
        line("BINARY_PAIR", "700.00"),
        line("REFERRAL_BONUS", "25.00"),
        line("REFERRAL_BONUS", "50.00"),
        line("REFERRAL_BONUS", "60.00"),
        line("REVERSAL", "-60.00"),
    ];
    world.until("what was decided", all.to_vec(), amounts).await;
    let http = travel.again(&a.email).await.http;
    for (cause, version) in [(&payment, 2), (&kept, 2)] {
        let lines = http.get("/wallet/transactions?type=REFERRAL_BONUS").await.expect(200);
        let line = lines["items"].as_array().unwrap().iter().find(|l| l["reference"]["id"] == json!(cause)).unwrap();
        let why = http.get(&format!("/wallet/transactions/{}/explain", line["id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&why["entry"]["plan_version"], &why["plan"]["name"]), (&json!(version), &json!("other")), "{why}");
    }
    let pair = http.get("/binary/pairs").await.expect(200)["items"][0].clone();
    assert_eq!((&pair["left_user_id"], &pair["plan_version"]), (&json!(before.id), &json!(2)));
    travel.finish().await;
}
