//! Simulation of plans compared with the ledger, to the paisa.

use crate::comparison::SeededRng;
use crate::platform::TestUser;
use crate::time_travel::{TimeTravel, at, paise};
use domain::plan::{OverLimit, ReferralTerms};
use domain::{Money, Plan, Rate, Timestamp};
use runtime::Env;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::fault_injection;

const METHODS: [&str; 5] = ["online", "online", "cash", "bank_transfer", "wallet"];

/// A random network below one member with more pairs than the monthly limit.
struct History<'a> {
    travel: &'a TimeTravel,
    rng: SeededRng,
    users: Vec<TestUser>,
    /// Newest booking of each user, if open.
    bookings: Vec<Option<String>>,
}

impl History<'_> {
    async fn join_below_the_first(&mut self, members: usize) {
        for n in 0..members {
            let side = ["left", "right"][n % 2];
            let (user, booking) = self.travel.join(self.users.first(), Some(side)).await;
            self.users.push(user);
            self.bookings.push(Some(booking));
        }
    }

    async fn run_steps(&mut self, steps: usize) {
        for _ in 0..steps {
            // The first member keeps the booking, so that deductions can be applied.
            let one = 1 + self.rng.next(self.users.len() - 1);
            match self.rng.next(8) {
                0 | 1 => {
                    let referrer = self.users[self.rng.next(self.users.len())].clone();
                    let (user, booking) = self.travel.join(Some(&referrer), None).await;
                    self.users.push(user);
                    self.bookings.push(Some(booking));
                }
                2 | 3 => self.cancel(one).await,
                4 => self.refund_one(one).await,
                _ => self.pay(one).await,
            }
        }
        self.travel.platform.drain().await;
    }

    async fn pay(&mut self, one: usize) {
        let email = self.users[one].email.clone();
        let booking = match self.bookings[one].clone() {
            Some(booking) => booking,
            None => self.travel.book(&email).await,
        };
        let method = METHODS[self.rng.next(METHODS.len())];
        if method == "wallet" {
            self.travel.deposit(&self.users[one], "600.00").await;
        }
        let amount = ["500.00", "4500.00", "5000.00", "512.34"][self.rng.next(4)];
        let amount = if method == "wallet" { "500.00" } else { amount };
        self.travel.pay(&email, &booking, amount, method).await;
        self.bookings[one] = Some(booking);
    }

    async fn cancel(&mut self, one: usize) {
        if let Some(booking) = self.bookings[one].take() {
            self.travel.tick();
            self.travel.session(&self.users[one].email).await.cancel(&booking).await;
            self.travel.platform.drain().await;
        }
    }

    /// Refunds one payment; the booking stays open.
    async fn refund_one(&mut self, one: usize) {
        let of = self.travel.session(&self.users[one].email).await;
        let list = of.http.get("/payments?limit=100").await.expect(200);
        let completed: Vec<&Value> =
            list["items"].as_array().unwrap().iter().filter(|p| p["status"] == json!("completed")).collect();
        if let Some(payment) = completed.get(self.rng.next(completed.len())) {
            self.travel.refund(payment["id"].as_str().unwrap()).await;
        }
    }
}

fn month_of(value: &Value) -> String {
    value.as_str().unwrap().parse::<Timestamp>().unwrap().month().to_string()
}

/// Sums of pairs, bonuses and deductions.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sum {
    bonuses: u64,
    referral: i64,
    pairs: u64,
    gross: i64,
    emi: i64,
    reserve: i64,
    net: i64,
}

impl Sum {
    fn from_json(of: &Value) -> Self {
        Self {
            bonuses: of["bonuses"].as_u64().unwrap(),
            referral: paise(of, "referral"),
            pairs: of["pairs"].as_u64().unwrap(),
            gross: paise(of, "gross"),
            emi: paise(of, "emi_deduction"),
            reserve: paise(of, "reserve_deduction"),
            net: paise(of, "net"),
        }
    }
    fn pair(&mut self, pair: &Value) {
        self.pairs += 1;
        self.gross += paise(pair, "gross");
        self.emi += paise(pair, "emi_deduction");
        self.reserve += paise(pair, "reserve_deduction");
        self.net += paise(pair, "available");
    }
    fn bonus(&mut self, amount: i64) {
        self.bonuses += 1;
        self.referral += amount;
        self.net += amount;
    }
}

/// Sum of a member's transactions of these types.
fn lines(all: &[Value], kinds: &[&str]) -> i64 {
    all.iter().filter(|l| kinds.contains(&l["type"].as_str().unwrap())).map(|l| paise(l, "amount")).sum()
}

async fn expenses(http: &testkit::Client, until: Timestamp) -> (i64, i64) {
    let trial = http.get(&format!("/ledger/trial-balance?as_of={until}")).await.expect(200);
    let debit = |name: &str| {
        let accounts = trial["accounts"].as_array().unwrap();
        let account = accounts.iter().find(|a| a["account"] == json!(name)).expect("an account");
        paise(account, "debit") - paise(account, "credit")
    };
    (debit("company:referral_expense"), debit("company:pair_expense"))
}

/// Compares a member's wallet with the earnings that are still valid, and its deductions with those of all pairs.
fn check_lines(user: &TestUser, all: &[Value], wallet: &Value, valid: i64, pairs: &[Value]) {
    let mine = |p: &&Value| p["earner_id"] == json!(user.id) && p["slot"] != Value::Null;
    // A reversal debits the available balance and leaves the rest as a due, which later earnings pay. So credits
    // minus reversals minus the due equal the valid earnings.
    let credited = lines(all, &["REFERRAL_BONUS", "BINARY_PAIR", "REVERSAL", "CLAWBACK"]);
    assert_eq!(credited - paise(wallet, "clawback_due"), valid, "{}: {wallet}", user.email);
    // Deductions of a voided pair stay in the member's reserves.
    let emi_deducted: i64 = pairs.iter().filter(mine).map(|p| paise(p, "emi_deduction")).sum();
    assert_eq!(-lines(all, &["EMI_DEDUCTION"]), emi_deducted, "{}", user.email);
    let reserved: i64 = pairs.iter().filter(mine).map(|p| paise(p, "reserve_deduction")).sum();
    assert_eq!(-lines(all, &["RESERVE_DEDUCTION"]), reserved, "{}", user.email);
}

/// Compares the totals, months and earners of the report with those of the pairs and wallets; returns its months.
fn check_report(
    live: &Value,
    total: &Sum,
    mut months: BTreeMap<String, Sum>,
    net_of: BTreeMap<String, i64>,
) -> BTreeMap<String, Sum> {
    assert_eq!(Sum::from_json(&live["total"]), *total, "{live}");
    let reported: BTreeMap<String, Sum> = live["months"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["month"].as_str().unwrap().to_owned(), Sum::from_json(m)))
        .collect();
    months.retain(|_, sum| *sum != Sum::default());
    assert_eq!(reported, months);
    let earners: Vec<i64> = net_of.into_values().filter(|net| *net > 0).collect();
    assert_eq!(live["earners"].as_u64().unwrap(), u64::try_from(earners.len()).unwrap());
    assert_eq!(
        (live["top_earners"].as_u64(), paise(live, "top_earners_net")),
        (Some(1), *earners.iter().max().unwrap())
    );
    reported
}

/// Compares a simulation under the current plan with pairs, wallets and ledger, and returns the report.
async fn compare(history: &History<'_>, month_ends: &[&str]) -> Value {
    let travel = history.travel;
    let admin = travel.admin().await.http;
    let plan = admin.get("/plan").await.expect(200)["plan"].clone();
    let report = admin.post("/plan/simulate", json!({ "plan": plan })).await.expect(200);
    let live = &report["live"];
    let pairs = travel.list_all("/binary/pairs").await;
    let (mut total, mut months) = (Sum::default(), BTreeMap::<String, Sum>::new());
    let mut net_of = BTreeMap::<String, i64>::new();
    // Reversed earnings by kind: amount, time of earning, time of reversal.
    let (mut referral_ended, mut pairs_ended) = (Vec::new(), Vec::new());
    let time = |value: &Value| at(value.as_str().unwrap());
    for pair in pairs.iter().filter(|p| p["slot"] != Value::Null) {
        match pair["status"].as_str().unwrap() {
            "matched" => {
                total.pair(pair);
                months.entry(month_of(&pair["matched_at"])).or_default().pair(pair);
                let earner = pair["earner_id"].as_str().unwrap().to_owned();
                *net_of.entry(earner).or_default() += paise(pair, "available");
            }
            _ => pairs_ended.push((paise(pair, "gross"), time(&pair["matched_at"]), time(&pair["voided_at"]))),
        }
    }
    let payments = travel.list_all("/payments").await;
    let refunded: BTreeMap<&str, &Value> = payments
        .iter()
        .filter(|p| p["status"] == json!("refunded"))
        .map(|p| (p["id"].as_str().unwrap(), &p["refund"]["requested_at"]))
        .collect();
    for user in &history.users {
        let all = travel.list_all(&format!("/wallet/transactions?user_id={}", user.id)).await;
        let wallet = admin.get(&format!("/wallets/{}", user.id)).await.expect(200);
        let mut valid = 0;
        for bonus in all.iter().filter(|l| l["type"] == json!("REFERRAL_BONUS")) {
            let amount = paise(bonus, "amount");
            match refunded.get(bonus["reference"]["id"].as_str().unwrap()) {
                None => {
                    total.bonus(amount);
                    months.entry(month_of(&bonus["created_at"])).or_default().bonus(amount);
                    *net_of.entry(user.id.clone()).or_default() += amount;
                    valid += amount;
                }
                Some(ended) => referral_ended.push((amount, time(&bonus["created_at"]), time(ended))),
            }
        }
        let mine = |p: &&Value| p["earner_id"] == json!(user.id) && p["slot"] != Value::Null;
        valid += pairs
            .iter()
            .filter(mine)
            .filter(|p| p["status"] == json!("matched"))
            .map(|p| paise(p, "gross"))
            .sum::<i64>();
        check_lines(user, &all, &wallet, valid, &pairs);
    }
    let reported = check_report(live, &total, months, net_of);
    // The company's expense equals the valid earnings: a reversal reduces it by the whole amount.
    assert_eq!(expenses(&admin, travel.now()).await, (total.referral, total.gross));
    // At the end of a month, the expense includes earnings that were reversed later.
    for end in month_ends {
        let (until, last) = (at(end), at(end).month().to_string());
        let then_stood = |ended: &[(i64, Timestamp, Timestamp)]| {
            ended.iter().filter(|(_, from, to)| *from <= until && until < *to).map(|(amount, ..)| amount).sum::<i64>()
        };
        let so_far = |part: fn(&Sum) -> i64| reported.range(..=last.clone()).map(|(_, sum)| part(sum)).sum::<i64>();
        let referral = so_far(|sum| sum.referral) + then_stood(&referral_ended);
        let gross = so_far(|sum| sum.gross) + then_stood(&pairs_ended);
        assert_eq!(expenses(&admin, until).await, (referral, gross), "until {end}");
    }
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_simulation_of_the_current_plans_matches_the_ledger() {
    let seed = Env::from_process().parse_or("EV_SEED", 20_261_125).unwrap();
    eprintln!("EV_SEED={seed}");
    let travel = TimeTravel::start("2026-11-20T04:30:00Z", fault_injection::memory_bus(seed)).await;
    let (first, booking) = travel.join(None, None).await;
    let mut history =
        History { travel: &travel, rng: SeededRng(seed), users: vec![first.clone()], bookings: vec![Some(booking)] };
    history.join_below_the_first(22).await;
    history.run_steps(20).await;
    travel.advance_to("2026-11-30T18:29:00Z").await;
    history.run_steps(4).await;
    travel.advance_to("2026-11-30T18:30:00Z").await;
    travel.advance_to("2026-12-03T04:30:00Z").await;
    history.run_steps(20).await;
    let report = compare(&history, &["2026-11-30T18:29:59Z"]).await;
    assert_eq!(report["candidate"], report["live"]);
    assert_eq!((&report["members_better_off"], &report["members_worse_off"]), (&json!(0), &json!(0)));
    let deductions =
        travel.list_all("/payments").await.iter().filter(|p| p["method"] == json!("emi_deduction")).count();
    assert!(deductions > 0, "no EMI deduction was applied to a booking");

    // Three more versions with other rules, and one that is not in force yet.
    let mut generous = Plan::seed();
    generous.name = "generous".into();
    generous.referral = ReferralTerms::PercentOfFirstBooking { rate: Rate::percent(7) };
    (generous.pairs.gross, generous.pairs.limit) = ("777.77".parse::<Money>().unwrap(), 3);
    (generous.pairs.emi_from_number, generous.pairs.reserve_rate) = (2, Rate::percent(11));
    let mut strict = Plan::seed();
    (strict.pairs.limit, strict.pairs.over_limit) = (1, OverLimit::Flush);
    travel.publish("2026-12-05T04:30:00Z", json!({ "plan": generous })).await;
    travel.publish("2026-12-15T04:30:00Z", json!({ "preset": "fixed" })).await;
    travel.publish("2027-01-10T04:30:00Z", json!({ "plan": strict })).await;
    travel.publish("2027-03-01T04:30:00Z", json!({ "preset": "fixed" })).await;
    for time in ["2026-12-06T04:30:00Z", "2026-12-16T04:30:00Z", "2026-12-20T04:30:00Z", "2027-01-02T04:30:00Z"] {
        travel.advance_to(time).await;
        history.run_steps(15).await;
    }
    travel.advance_to("2027-01-12T04:30:00Z").await;
    history.run_steps(25).await;
    travel.platform.drain().await;
    let ends = ["2026-11-30T18:29:59Z", "2026-12-31T18:29:59Z"];
    let report = compare(&history, &ends).await;
    assert_ne!(report["candidate"], report["live"]);
    let pairs = travel.list_all("/binary/pairs").await;
    for version in 1..=4 {
        assert!(pairs.iter().any(|p| p["plan_version"] == json!(version)), "no pair by version {version}");
    }
    assert!(
        pairs.iter().any(|p| p["status"] == json!("flushed")) && pairs.iter().any(|p| p["status"] == json!("voided"))
    );
    let verified = travel.admin().await.http.get("/binary/verify").await.expect(200);
    assert_eq!(verified["ok"], json!(true), "{verified}");
    travel.finish().await;
}
