//! What members did, and the comparison of the platform's books with the plain rules, member by member.
//!
//! The oracle takes its order from the tree's own journal (any order of independent payments is valid) and
//! its facts from what the test itself did: who referred whom, who asked for which leg, who paid what and how.

use crate::oracle::{Expected, Oracle, Shown};
use crate::travel::paise;
use crate::world::{Person, World};
use domain::Timestamp;
use futures_util::future::join_all;
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

/// A member and all that was done by and to them.
pub(crate) struct Played {
    pub(crate) person: Person,
    pub(crate) referrer: Option<usize>,
    /// The leg asked for at registration: 0 is the left.
    pub(crate) prefers: Option<usize>,
    /// Placed by an administrator: under whom, on which side.
    pub(crate) by_hand: Option<(String, usize)>,
    pub(crate) bookings: Vec<Booked>,
    /// Completed ones, in order.
    pub(crate) payments: Vec<Paid>,
    /// Given by an administrator, in paise.
    pub(crate) deposits: Vec<i64>,
}

pub(crate) struct Booked {
    pub(crate) id: String,
    pub(crate) open: bool,
}

pub(crate) struct Paid {
    pub(crate) id: String,
    pub(crate) paise: i64,
    pub(crate) method: &'static str,
    /// Which of the member's bookings.
    pub(crate) booking: usize,
    pub(crate) refunded: bool,
}

impl Played {
    pub(crate) fn new(person: Person, referrer: Option<usize>, prefers: Option<usize>) -> Self {
        let (bookings, payments, deposits) = (Vec::new(), Vec::new(), Vec::new());
        Self { person, referrer, prefers, by_hand: None, bookings, payments, deposits }
    }
    /// The booking is cancelled, and every payment on it refunded.
    pub(crate) fn called_off(&mut self, booking: usize) {
        self.bookings[booking].open = false;
        self.payments.iter_mut().filter(|p| p.booking == booking).for_each(|p| p.refunded = true);
    }
    fn sum(&self, wanted: impl Fn(&&Paid) -> bool) -> i64 {
        self.payments.iter().filter(wanted).map(|p| p.paise).sum()
    }
    /// What the referrer was credited: five per cent, half up, of new money on the first booking; and whether it was
    /// taken back.
    fn bonuses(&self) -> impl Iterator<Item = (i64, bool)> + '_ {
        let first = self.payments.first().map(|p| p.booking);
        let earns = move |p: &&Paid| Some(p.booking) == first && p.method != "wallet";
        self.payments.iter().filter(earns).map(|p| ((p.paise * 5 + 50) / 100, p.refunded))
    }
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

/// Tells the oracle what the entry says happened next; what exactly happened, the test knows itself.
fn replay(oracle: &mut Oracle, entry: &Value, members: &HashMap<&str, &Played>) {
    let month = entry["at"].as_str().unwrap().parse::<Timestamp>().unwrap().month().to_string();
    let user = || entry["user_id"].as_str().unwrap();
    match entry["kind"].as_str().unwrap() {
        "placed" => oracle.placed(user(), members[user()].prefers, paise(entry, "amount"), &month),
        "placed_manually" => {
            let (parent, side) = members[user()].by_hand.as_ref().expect("a placement of the test's own");
            oracle.placed_by_hand(user(), parent, *side);
        }
        "paid" => oracle.paid(user(), paise(entry, "amount"), &month),
        "refunded" => oracle.refunded(user(), paise(entry, "amount"), &month),
        "day_started" => oracle.day_started(&month),
        // The platform opens a month in steps, the oracle at once.
        "period_opened" => {}
        other => panic!("the test does nothing that makes a `{other}`"),
    }
}

/// The journal holds exactly the payments and refunds that were made.
fn compare_journal(entries: &[Value], members: &HashMap<&str, &Played>) {
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

pub(crate) async fn compare(world: &World, all: &[(u64, Vec<Played>)]) -> Oracle {
    let mut oracle = Oracle::new();
    for (_, played) in all {
        for member in played {
            let referrer = member.referrer.map(|r| played[r].person.id.as_str());
            oracle.referred(&member.person.id, referrer);
        }
    }
    let members: HashMap<&str, &Played> =
        all.iter().flat_map(|(_, played)| played.iter().map(|p| (p.person.id.as_str(), p))).collect();
    let entries = journal(world).await;
    compare_journal(&entries, &members);
    entries.iter().for_each(|entry| replay(&mut oracle, entry, &members));
    let networks = all.iter().map(|(seed, played)| {
        let oracle = &oracle;
        async move {
            for (n, member) in played.iter().enumerate() {
                let what = format!("seed {seed}, member {n} ({})", member.person.id);
                compare_place(oracle, member, &what).await;
                compare_pairs(oracle, &member.person, &what).await;
                compare_money(oracle, played, n, &what).await;
            }
        }
    });
    join_all(networks).await;
    oracle
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

async fn compare_pairs(oracle: &Oracle, person: &Person, what: &str) {
    let list = person.http.get("/binary/pairs?limit=100").await.expect(200);
    assert_eq!(list["next_cursor"], Value::Null, "{what}: more pairs than this test looks at");
    let show = |pair: &Value| {
        let text = |field: &str| pair[field].as_str().unwrap().to_owned();
        Shown {
            number: usize::try_from(pair["number"].as_u64().unwrap()).unwrap(),
            left: text("left_user_id"),
            right: text("right_user_id"),
            month: text("month"),
            status: text("status"),
            gross: paise(pair, "gross"),
            emi: paise(pair, "emi_deduction"),
        }
    };
    let mut found: Vec<Shown> = list["items"].as_array().unwrap().iter().map(show).collect();
    found.sort();
    assert_eq!(found, oracle.shown(&person.id), "{what}");
}

async fn compare_money(oracle: &Oracle, played: &[Played], n: usize, what: &str) {
    let member = &played[n];
    let bonuses: Vec<(i64, bool)> = played.iter().filter(|p| p.referrer == Some(n)).flat_map(Played::bonuses).collect();
    let pairs = oracle.shown(&member.person.id);
    let wallet = member.person.wallet().await;
    let lines: Vec<(String, i64)> = member.person.lines().await.into_iter().map(|(k, m)| (k, m.paise())).collect();
    let what = format!("{what}: {wallet}\n{lines:?}");

    // Everything but what was taken back is credited or spent once, whatever the order.
    let mut wanted: Vec<(String, i64)> = Vec::new();
    let mut expect = |kind: &str, paise: i64| wanted.push((kind.to_owned(), paise));
    bonuses.iter().for_each(|(paise, _)| expect("REFERRAL_BONUS", *paise));
    pairs.iter().for_each(|p| expect("BINARY_PAIR", p.gross));
    pairs.iter().filter(|p| p.emi > 0).for_each(|p| expect("EMI_DEDUCTION", -p.emi));
    member.deposits.iter().for_each(|paise| expect("DEPOSIT", *paise));
    member.payments.iter().filter(|p| p.method == "wallet").for_each(|p| expect("BOOKING_PAYMENT", -p.paise));
    member.payments.iter().filter(|p| p.refunded).for_each(|p| expect("REFUND", p.paise));
    let (mut found, taken): (Vec<_>, Vec<_>) =
        lines.iter().cloned().partition(|(kind, _)| kind != "REVERSAL" && kind != "CLAWBACK");
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted, "{what}");

    // What could not be taken back at once is owed, and recovered from later earnings.
    let reversed: i64 = bonuses.iter().filter(|(_, back)| *back).map(|(paise, _)| paise).sum::<i64>()
        + pairs.iter().filter(|p| p.status == "voided").map(|p| p.gross).sum::<i64>();
    let sum = |lines: &[(String, i64)]| lines.iter().map(|(_, paise)| paise).sum::<i64>();
    let (available, due) = (paise(&wallet, "available"), paise(&wallet, "clawback_due"));
    assert_eq!((available, due), (sum(&wanted) + sum(&taken), reversed + sum(&taken)), "{what}");
    // Only what is never held against a due can stand beside one.
    let given = member.deposits.iter().sum::<i64>() + member.sum(|p| p.refunded);
    assert!(available >= 0 && due >= 0 && (due == 0 || available <= given), "{what}");
    let earned = sum(&wanted) - reversed;
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
