//! Recorded operations of the members, and comparison of the platform with the reference model, member by member.
//!
//! The model takes the order of operations from the tree's journal (any order of independent payments is valid), and
//! the facts from the test itself: referrers, preferred legs and payments.

use crate::oracle::{ExpectedNode, ExpectedPair, Oracle};
use crate::platform::{TestPlatform, TestUser};
use crate::time_travel::paise;
use domain::Timestamp;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::HashMap;

/// Pseudo-random generator (SplitMix64): a seed gives the same choices in every run.
pub(crate) struct SeededRng(pub(crate) u64);
impl SeededRng {
    pub(crate) fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(below.max(1)).unwrap()).unwrap()
    }
}

/// A member and all recorded operations.
pub(crate) struct RecordedMember {
    pub(crate) person: TestUser,
    pub(crate) referrer: Option<usize>,
    /// Leg requested at registration; 0 is left.
    pub(crate) prefers: Option<usize>,
    /// Placement by an administrator: parent and side.
    pub(crate) manual_placement: Option<(String, usize)>,
    pub(crate) bookings: Vec<RecordedBooking>,
    /// Completed payments, in order.
    pub(crate) payments: Vec<RecordedPayment>,
    /// Deposits by an administrator, in paise.
    pub(crate) deposits: Vec<i64>,
}

pub(crate) struct RecordedBooking {
    pub(crate) id: String,
    pub(crate) open: bool,
}

pub(crate) struct RecordedPayment {
    pub(crate) id: String,
    pub(crate) paise: i64,
    pub(crate) method: &'static str,
    /// Index of the member's booking.
    pub(crate) booking: usize,
    pub(crate) refunded: bool,
}

impl RecordedMember {
    pub(crate) fn new(person: TestUser, referrer: Option<usize>, prefers: Option<usize>) -> Self {
        let (bookings, payments, deposits) = (Vec::new(), Vec::new(), Vec::new());
        Self { person, referrer, prefers, manual_placement: None, bookings, payments, deposits }
    }
    /// Records a cancellation with a refund of every payment.
    pub(crate) fn record_cancellation(&mut self, booking: usize) {
        self.bookings[booking].open = false;
        self.payments.iter_mut().filter(|p| p.booking == booking).for_each(|p| p.refunded = true);
    }
    fn sum(&self, wanted: impl Fn(&&RecordedPayment) -> bool) -> i64 {
        self.payments.iter().filter(wanted).map(|p| p.paise).sum()
    }
    /// Referral bonuses of the payments: 5 %, rounded half up, of new money on the first booking; and whether each was
    /// reversed.
    fn bonuses(&self) -> impl Iterator<Item = (i64, bool)> + '_ {
        let first = self.payments.first().map(|p| p.booking);
        let earns = move |p: &&RecordedPayment| Some(p.booking) == first && p.method != "wallet";
        self.payments.iter().filter(earns).map(|p| ((p.paise * 5 + 50) / 100, p.refunded))
    }
}

pub(crate) async fn journal(platform: &TestPlatform) -> Vec<Value> {
    let staff = &platform.staff().await.http;
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

/// Applies a journal entry to the model, with the details that the test recorded.
fn replay(oracle: &mut Oracle, entry: &Value, members: &HashMap<&str, &RecordedMember>) {
    let month = entry["at"].as_str().unwrap().parse::<Timestamp>().unwrap().month().to_string();
    let user = || entry["user_id"].as_str().unwrap();
    match entry["kind"].as_str().unwrap() {
        "placed" => oracle.placed(user(), members[user()].prefers, paise(entry, "amount"), &month),
        "placed_manually" => {
            let (parent, side) = members[user()].manual_placement.as_ref().expect("a placement of this test");
            oracle.place_manually(user(), parent, *side);
        }
        "paid" => oracle.paid(user(), paise(entry, "amount"), &month),
        "refunded" => oracle.refunded(user(), paise(entry, "amount"), &month),
        "day_started" => oracle.day_started(&month),
        // The platform opens a period in steps, the model in one step.
        "period_opened" => {}
        other => panic!("unexpected journal entry `{other}`"),
    }
}

/// Checks that the journal has exactly the recorded payments and refunds.
fn compare_journal(entries: &[Value], members: &HashMap<&str, &RecordedMember>) {
    let entry = |e: &Value| (e["user_id"].as_str().unwrap().to_owned(), paise(e, "amount"));
    let of =
        |kinds: &[&str]| entries.iter().filter(|e| kinds.contains(&e["kind"].as_str().unwrap())).collect::<Vec<_>>();
    let mut payments: Vec<_> =
        of(&["placed", "paid"]).into_iter().map(|e| (entry(e), e["cause_id"].as_str().unwrap().to_owned())).collect();
    let mut refunds: Vec<_> = of(&["refunded"]).into_iter().map(entry).collect();
    let (mut paid, mut refunded) = (Vec::new(), Vec::new());
    for (user, member) in members {
        for p in &member.payments {
            paid.push((((*user).to_owned(), p.paise), p.id.clone()));
            refunded.extend(p.refunded.then(|| ((*user).to_owned(), p.paise)));
        }
    }
    payments.sort();
    paid.sort();
    assert_eq!(payments, paid, "the tree's payments");
    refunds.sort();
    refunded.sort();
    assert_eq!(refunds, refunded, "the tree's refunds");
}

pub(crate) async fn compare(platform: &TestPlatform, all: &[(u64, Vec<RecordedMember>)]) -> Oracle {
    let mut oracle = Oracle::new();
    for (_, members) in all {
        for member in members {
            let referrer = member.referrer.map(|r| members[r].person.id.as_str());
            oracle.set_referrer(&member.person.id, referrer);
        }
    }
    let members: HashMap<&str, &RecordedMember> =
        all.iter().flat_map(|(_, members)| members.iter().map(|p| (p.person.id.as_str(), p))).collect();
    platform.assert_nothing_parked().await;
    let entries = journal(platform).await;
    compare_journal(&entries, &members);
    entries.iter().for_each(|entry| replay(&mut oracle, entry, &members));
    let networks = all.iter().map(|(seed, members)| {
        let oracle = &oracle;
        async move {
            for (n, member) in members.iter().enumerate() {
                let what = format!("seed {seed}, member {n} ({})", member.person.id);
                compare_node(oracle, member, &what).await;
                compare_pairs(oracle, &member.person, &what).await;
                compare_money(oracle, members, n, &what).await;
            }
        }
    });
    join_all(networks).await;
    oracle
}

async fn compare_node(oracle: &Oracle, member: &RecordedMember, what: &str) {
    let node = member.person.http.get("/binary/me").await;
    let Some(expected) = oracle.expected_node(&member.person.id) else {
        assert_eq!(node.status, 404, "{what}");
        assert!(member.payments.is_empty(), "{what}: paid but not placed");
        return;
    };
    let node = node.expect(200);
    let found = ExpectedNode {
        parent: node["parent_id"].as_str().map(str::to_owned),
        side: node["side"].as_str().unwrap().to_owned(),
        sponsor: node["sponsor_id"].as_str().map(str::to_owned),
        left_count: node["left_count"].as_u64().unwrap(),
        right_count: node["right_count"].as_u64().unwrap(),
        pairs: node["pairs_total"].as_u64().unwrap(),
        net_paid: member.sum(|p| !p.refunded),
    };
    assert_eq!(found, expected, "{what}");
    let me = member.person.http.get("/users/me").await.expect(200);
    assert_eq!(me["is_active_buyer"], json!(expected.net_paid >= 500_000), "{what}");
}

async fn compare_pairs(oracle: &Oracle, person: &TestUser, what: &str) {
    let list = person.http.get("/binary/pairs?limit=100").await.expect(200);
    assert_eq!(list["next_cursor"], Value::Null, "{what}: more pairs than one page");
    let parse = |pair: &Value| {
        let text = |field: &str| pair[field].as_str().unwrap().to_owned();
        ExpectedPair {
            number: usize::try_from(pair["number"].as_u64().unwrap()).unwrap(),
            left: text("left_user_id"),
            right: text("right_user_id"),
            month: text("month"),
            status: text("status"),
            gross: paise(pair, "gross"),
            emi: paise(pair, "emi_deduction"),
        }
    };
    let mut found: Vec<ExpectedPair> = list["items"].as_array().unwrap().iter().map(parse).collect();
    found.sort();
    assert_eq!(found, oracle.expected_pairs(&person.id), "{what}");
}

async fn compare_money(oracle: &Oracle, members: &[RecordedMember], n: usize, what: &str) {
    let member = &members[n];
    let bonuses: Vec<(i64, bool)> =
        members.iter().filter(|p| p.referrer == Some(n)).flat_map(RecordedMember::bonuses).collect();
    let pairs = oracle.expected_pairs(&member.person.id);
    let wallet = member.person.wallet().await;
    let lines: Vec<(String, i64)> = member.person.lines().await.into_iter().map(|(k, m)| (k, m.paise())).collect();
    let what = format!("{what}: {wallet}\n{lines:?}");

    // Everything except reversals is credited or debited once, in any order.
    let mut expected: Vec<(String, i64)> = Vec::new();
    let mut expect = |kind: &str, paise: i64| expected.push((kind.to_owned(), paise));
    bonuses.iter().for_each(|(paise, _)| expect("REFERRAL_BONUS", *paise));
    pairs.iter().for_each(|p| expect("BINARY_PAIR", p.gross));
    pairs.iter().filter(|p| p.emi > 0).for_each(|p| expect("EMI_DEDUCTION", -p.emi));
    member.deposits.iter().for_each(|paise| expect("DEPOSIT", *paise));
    member.payments.iter().filter(|p| p.method == "wallet").for_each(|p| expect("BOOKING_PAYMENT", -p.paise));
    member.payments.iter().filter(|p| p.refunded).for_each(|p| expect("REFUND", p.paise));
    let (mut found, reversals): (Vec<_>, Vec<_>) =
        lines.iter().cloned().partition(|(kind, _)| kind != "REVERSAL" && kind != "CLAWBACK");
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{what}");

    // A reversal that exceeds the balance becomes a due, which later earnings pay.
    let reversed: i64 = bonuses.iter().filter(|(_, is_reversed)| *is_reversed).map(|(paise, _)| paise).sum::<i64>()
        + pairs.iter().filter(|p| p.status == "voided").map(|p| p.gross).sum::<i64>();
    let sum = |lines: &[(String, i64)]| lines.iter().map(|(_, paise)| paise).sum::<i64>();
    let (available, due) = (paise(&wallet, "available"), paise(&wallet, "clawback_due"));
    assert_eq!((available, due), (sum(&expected) + sum(&reversals), reversed + sum(&reversals)), "{what}");
    // Deposits and refunds are not used for a due, so only they can be available beside one.
    let given = member.deposits.iter().sum::<i64>() + member.sum(|p| p.refunded);
    assert!(available >= 0 && due >= 0 && (due == 0 || available <= given), "{what}");
    let earned = sum(&expected) - reversed;
    if given == 0 {
        assert_eq!((available, due), (earned.max(0), (-earned).max(0)), "{what}");
    }
    let applied: i64 = member.person.http.get("/payments?limit=100").await.expect(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["method"] == "emi_deduction" && p["status"] == "completed")
        .map(|p| paise(p, "amount"))
        .sum();
    let emi: i64 = pairs.iter().map(|p| p.emi).sum();
    assert_eq!(paise(&wallet, "emi_reserve") + applied, emi, "{what}");
}
