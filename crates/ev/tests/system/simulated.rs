//! What a simulation says of the plans as they were is what the ledger says, to the paisa.

use crate::books::Dice;
use crate::travel::{Travel, at, paise};
use crate::world::Person;
use chassis::Env;
use chassis::events::memory::MemoryBus;
use domain::plan::{OverLimit, Referral};
use domain::{Money, Plan, Rate, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const METHODS: [&str; 5] = ["online", "online", "cash", "bank_transfer", "wallet"];

/// A random network below one member, who has more pairs than a month takes.
struct History<'a> {
    travel: &'a Travel,
    dice: Dice,
    people: Vec<Person>,
    /// Of each, the newest booking, and whether it is still open.
    bookings: Vec<Option<String>>,
}

impl History<'_> {
    async fn join_below_the_first(&mut self, members: usize) {
        for n in 0..members {
            let side = ["left", "right"][n % 2];
            let (person, booking) = self.travel.join(self.people.first(), Some(side)).await;
            self.people.push(person);
            self.bookings.push(Some(booking));
        }
    }

    async fn go_on(&mut self, steps: usize) {
        for _ in 0..steps {
            // The first stays, so that deductions have a booking to go to.
            let one = 1 + self.dice.next(self.people.len() - 1);
            match self.dice.next(8) {
                0 | 1 => {
                    let referrer = self.people[self.dice.next(self.people.len())].clone();
                    let (person, booking) = self.travel.join(Some(&referrer), None).await;
                    self.people.push(person);
                    self.bookings.push(Some(booking));
                }
                2 | 3 => self.cancel(one).await,
                4 => self.refund_one(one).await,
                _ => self.pay(one).await,
            }
        }
        self.travel.world.drain().await;
    }

    async fn pay(&mut self, one: usize) {
        let email = self.people[one].email.clone();
        let booking = match self.bookings[one].clone() {
            Some(booking) => booking,
            None => self.travel.book(&email).await,
        };
        let method = METHODS[self.dice.next(METHODS.len())];
        if method == "wallet" {
            self.travel.deposit(&self.people[one], "600.00").await;
        }
        let amount = ["500.00", "4500.00", "5000.00", "512.34"][self.dice.next(4)];
        let amount = if method == "wallet" { "500.00" } else { amount };
        self.travel.pay(&email, &booking, amount, method).await;
        self.bookings[one] = Some(booking);
    }

    async fn cancel(&mut self, one: usize) {
        if let Some(booking) = self.bookings[one].take() {
            self.travel.tick();
            self.travel.again(&self.people[one].email).await.cancel(&booking).await;
            self.travel.world.drain().await;
        }
    }

    /// One payment goes back, and the booking stays.
    async fn refund_one(&mut self, one: usize) {
        let of = self.travel.again(&self.people[one].email).await;
        let list = of.http.get("/payments?limit=100").await.expect(200);
        let completed: Vec<&Value> =
            list["items"].as_array().unwrap().iter().filter(|p| p["status"] == json!("completed")).collect();
        if let Some(payment) = completed.get(self.dice.next(completed.len())) {
            self.travel.refund(payment["id"].as_str().unwrap()).await;
        }
    }
}

fn month_of(value: &Value) -> String {
    value.as_str().unwrap().parse::<Timestamp>().unwrap().month().to_string()
}

/// Pairs, gross and referral bonuses, and what of them was deducted.
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
    fn told(of: &Value) -> Self {
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

/// What the ledger has under these kinds of lines for one member.
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

/// The simulation under the plan of now, beside pairs, wallets and ledger; answers it.
async fn compare(history: &History<'_>, month_ends: &[&str]) -> Value {
    let travel = history.travel;
    let admin = travel.admin().await.http;
    let plan = admin.get("/plan").await.expect(200)["plan"].clone();
    let report = admin.post("/plan/simulate", json!({ "plan": plan })).await.expect(200);
    let live = &report["live"];
    let pairs = travel.all("/binary/pairs").await;
    let (mut total, mut months) = (Sum::default(), BTreeMap::<String, Sum>::new());
    let mut net_of = BTreeMap::<String, i64>::new();
    // What was posted and taken back again, by kind: amount, when it was earned, and when it ended.
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
    let payments = travel.all("/payments").await;
    let refunded: BTreeMap<&str, &Value> = payments
        .iter()
        .filter(|p| p["status"] == json!("refunded"))
        .map(|p| (p["id"].as_str().unwrap(), &p["refund"]["requested_at"]))
        .collect();
    for person in &history.people {
        let all = travel.all(&format!("/wallet/transactions?user_id={}", person.id)).await;
        let wallet = admin.get(&format!("/wallets/{}", person.id)).await.expect(200);
        let mut standing = 0;
        for bonus in all.iter().filter(|l| l["type"] == json!("REFERRAL_BONUS")) {
            let amount = paise(bonus, "amount");
            match refunded.get(bonus["reference"]["id"].as_str().unwrap()) {
                None => {
                    total.bonus(amount);
                    months.entry(month_of(&bonus["created_at"])).or_default().bonus(amount);
                    *net_of.entry(person.id.clone()).or_default() += amount;
                    standing += amount;
                }
                Some(ended) => referral_ended.push((amount, time(&bonus["created_at"]), time(ended))),
            }
        }
        let mine = |p: &&Value| p["earner_id"] == json!(person.id) && p["slot"] != Value::Null;
        standing += pairs
            .iter()
            .filter(mine)
            .filter(|p| p["status"] == json!("matched"))
            .map(|p| paise(p, "gross"))
            .sum::<i64>();
        // A reversal takes what is there and leaves the rest as a due, which later earnings pay: so what a member was
        // credited, less what was taken back at once or later, less what is still due, is what stands.
        let credited = lines(&all, &["REFERRAL_BONUS", "BINARY_PAIR", "REVERSAL", "CLAWBACK"]);
        assert_eq!(credited - paise(&wallet, "clawback_due"), standing, "{}: {wallet}", person.email);
        // What a voided pair had put aside stays the member's.
        let put_aside: i64 = pairs.iter().filter(mine).map(|p| paise(p, "emi_deduction")).sum();
        assert_eq!(-lines(&all, &["EMI_DEDUCTION"]), put_aside, "{}", person.email);
        let reserved: i64 = pairs.iter().filter(mine).map(|p| paise(p, "reserve_deduction")).sum();
        assert_eq!(-lines(&all, &["RESERVE_DEDUCTION"]), reserved, "{}", person.email);
    }
    assert_eq!(Sum::told(&live["total"]), total, "{live}");
    let told: BTreeMap<String, Sum> = live["months"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["month"].as_str().unwrap().to_owned(), Sum::told(m)))
        .collect();
    months.retain(|_, sum| *sum != Sum::default());
    assert_eq!(told, months);
    let earners: Vec<i64> = net_of.into_values().filter(|net| *net > 0).collect();
    assert_eq!(live["earners"].as_u64().unwrap(), u64::try_from(earners.len()).unwrap());
    assert_eq!(
        (live["top_earners"].as_u64(), paise(live, "top_earners_net")),
        (Some(1), *earners.iter().max().unwrap())
    );
    // The company's expense is exactly what stands: a reversal takes the whole amount off it, whoever pays for it.
    assert_eq!(expenses(&admin, travel.now()).await, (total.referral, total.gross));
    // At the end of a month, what has ended since had been spent as well.
    for end in month_ends {
        let (until, last) = (at(end), at(end).month().to_string());
        let then_stood = |ended: &[(i64, Timestamp, Timestamp)]| {
            ended.iter().filter(|(_, from, to)| *from <= until && until < *to).map(|(amount, ..)| amount).sum::<i64>()
        };
        let so_far = |part: fn(&Sum) -> i64| told.range(..=last.clone()).map(|(_, sum)| part(sum)).sum::<i64>();
        let referral = so_far(|sum| sum.referral) + then_stood(&referral_ended);
        let gross = so_far(|sum| sum.gross) + then_stood(&pairs_ended);
        assert_eq!(expenses(&admin, until).await, (referral, gross), "until {end}");
    }
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_simulation_of_the_plans_as_they_were_comes_to_what_the_ledger_has() {
    let seed = Env::from_process().parse_or("EV_SEED", 20_261_125).unwrap();
    eprintln!("EV_SEED={seed}");
    let travel = Travel::start("2026-11-20T04:30:00Z", MemoryBus::disturbed(seed)).await;
    let (first, booking) = travel.join(None, None).await;
    let mut history =
        History { travel: &travel, dice: Dice(seed), people: vec![first.clone()], bookings: vec![Some(booking)] };
    history.join_below_the_first(22).await;
    history.go_on(20).await;
    travel.to("2026-11-30T18:29:00Z").await;
    history.go_on(4).await;
    travel.to("2026-11-30T18:30:00Z").await;
    travel.to("2026-12-03T04:30:00Z").await;
    history.go_on(20).await;
    let report = compare(&history, &["2026-11-30T18:29:59Z"]).await;
    assert_eq!(report["candidate"], report["live"]);
    assert_eq!((&report["members_better_off"], &report["members_worse_off"]), (&json!(0), &json!(0)));
    let deductions = travel.all("/payments").await.iter().filter(|p| p["method"] == json!("emi_deduction")).count();
    assert!(deductions > 0, "the sixth pair pays for the booking of somebody who is no Active Buyer");

    // Three more versions, each with other rules, and one that has not come yet.
    let mut dear = Plan::seed();
    dear.name = "dear".into();
    dear.referral = Referral::PercentOfFirstBooking { rate: Rate::percent(7) };
    (dear.pairs.gross, dear.pairs.limit) = ("777.77".parse::<Money>().unwrap(), 3);
    (dear.pairs.emi_from_number, dear.pairs.reserve_rate) = (2, Rate::percent(11));
    let mut strict = Plan::seed();
    (strict.pairs.limit, strict.pairs.over_limit) = (1, OverLimit::Flush);
    travel.publish("2026-12-05T04:30:00Z", json!({ "plan": dear })).await;
    travel.publish("2026-12-15T04:30:00Z", json!({ "preset": "fixed" })).await;
    travel.publish("2027-01-10T04:30:00Z", json!({ "plan": strict })).await;
    travel.publish("2027-03-01T04:30:00Z", json!({ "preset": "fixed" })).await;
    for time in ["2026-12-06T04:30:00Z", "2026-12-16T04:30:00Z", "2026-12-20T04:30:00Z", "2027-01-02T04:30:00Z"] {
        travel.to(time).await;
        history.go_on(15).await;
    }
    travel.to("2027-01-12T04:30:00Z").await;
    history.go_on(25).await;
    travel.world.drain().await;
    let ends = ["2026-11-30T18:29:59Z", "2026-12-31T18:29:59Z"];
    let report = compare(&history, &ends).await;
    assert_ne!(report["candidate"], report["live"]);
    let pairs = travel.all("/binary/pairs").await;
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
