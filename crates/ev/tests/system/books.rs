//! What members did, and the comparison of the platform's books with the plain rules, member by member.
//!
//! The oracle takes its order from the tree's own journal (any order of independent payments is valid) and
//! its facts from what the test itself did.

use crate::oracle::{Expected, Oracle};
use crate::world::{Person, World};
use domain::{Money, Timestamp};
use serde_json::{Value, json};
use std::collections::HashMap;

/// A small generator, so that a seed means the same for ever.
pub(crate) struct Dice(pub(crate) u64);
impl Dice {
    pub(crate) fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(below.max(1)).unwrap()).unwrap()
    }
}

pub(crate) struct Played {
    pub(crate) person: Person,
    pub(crate) referrer: Option<usize>,
    pub(crate) booking: String,
    /// Completed payments: id, paise, refunded.
    pub(crate) payments: Vec<(String, i64, bool)>,
    pub(crate) open: bool,
}

pub(crate) async fn journal(world: &World) -> Vec<Value> {
    let staff = &world.staff().await.http;
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let page = staff.get(&format!("/binary/log?limit=1000&after={after}")).await.expect(200);
        entries.extend(page["items"].as_array().unwrap().clone());
        match page["next_after"].as_i64() {
            Some(next) => after = next,
            None => return entries,
        }
    }
}

fn replay(oracle: &mut Oracle, entry: &Value) {
    let text = |field: &str| entry[field].as_str();
    let month = text("at").unwrap().parse::<Timestamp>().unwrap().month().to_string();
    let amount = || text("amount").unwrap().parse::<Money>().unwrap().paise();
    match text("kind").unwrap() {
        "placed" => oracle.placed(text("user_id").unwrap(), text("sponsor_id"), amount(), &month),
        "paid" => oracle.paid(text("user_id").unwrap(), amount(), &month),
        "refunded" => oracle.refunded(text("user_id").unwrap(), amount(), &month),
        "day_started" => oracle.day_started(&month),
        other => panic!("the test does nothing that makes a `{other}`"),
    }
}

pub(crate) async fn compare(world: &World, all: &[(u64, Vec<Played>)]) {
    let mut oracle = Oracle::new();
    let entries = journal(world).await;
    entries.iter().for_each(|entry| replay(&mut oracle, entry));
    let members: HashMap<&str, &Played> =
        all.iter().flat_map(|(_, played)| played.iter().map(|p| (p.person.id.as_str(), p))).collect();
    for entry in &entries {
        // The sponsor is the nearest placed member up the referral chain; here everybody refers from within.
        if entry["kind"] == "placed" {
            let member = members[entry["user_id"].as_str().unwrap()];
            assert!(member.referrer.is_some() || entry["sponsor_id"].is_null(), "{entry}");
        }
    }
    for (seed, played) in all {
        for (n, member) in played.iter().enumerate() {
            let what = format!("seed {seed}, member {n} ({})", member.person.id);
            compare_place(&oracle, member, &what).await;
            compare_money(&oracle, played, n, &what).await;
        }
    }
}

async fn compare_place(oracle: &Oracle, member: &Played, what: &str) {
    let node = member.person.http.get("/binary/me").await;
    let Some(expected) = oracle.expected(&member.person.id) else {
        assert_eq!(node.status, 404, "{what}");
        assert!(member.payments.is_empty(), "{what}: paid, and not placed");
        return;
    };
    let node = node.expect(200);
    let found = Expected {
        parent: node["parent_id"].as_str().map(str::to_owned),
        left_count: node["left_count"].as_u64().unwrap(),
        right_count: node["right_count"].as_u64().unwrap(),
        pairs: node["pairs_total"].as_u64().unwrap(),
        net_paid: member.payments.iter().filter(|(_, _, refunded)| !refunded).map(|(_, paise, _)| paise).sum(),
    };
    assert_eq!(found, expected, "{what}");
    let me = member.person.http.get("/users/me").await.expect(200);
    assert_eq!(me["is_active_buyer"], json!(expected.net_paid >= 500_000), "{what}");
}

async fn compare_money(oracle: &Oracle, played: &[Played], n: usize, what: &str) {
    let member = &played[n];
    let bonuses: i64 = played
        .iter()
        .filter(|p| p.referrer == Some(n))
        .flat_map(|p| &p.payments)
        .filter(|(_, _, refunded)| !refunded)
        // Five per cent, half up.
        .map(|(_, paise, _)| (paise * 5 + 50) / 100)
        .sum();
    let refunds: i64 = member.payments.iter().filter(|(_, _, refunded)| *refunded).map(|(_, paise, _)| paise).sum();
    let (pairs, emi) = oracle.pair_money(&member.person.id);
    let wallet = member.person.wallet().await;
    let paise = |field: &str| wallet[field].as_str().unwrap().parse::<Money>().unwrap().paise();
    // What could not be taken back is owed; the two together are what the rules say.
    let found = paise("available") - paise("clawback_due");
    assert_eq!(found, bonuses + refunds + pairs, "{what}: {wallet}\n{:?}", member.person.lines().await);
    assert!(paise("available") >= 0, "{what}");
    let applied: i64 = member.person.http.get("/payments?limit=100").await.expect(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["method"] == "emi_deduction" && p["status"] == "completed")
        .map(|p| p["amount"].as_str().unwrap().parse::<Money>().unwrap().paise())
        .sum();
    assert_eq!(paise("emi_reserve") + applied, emi, "{what}: {wallet}");
}
