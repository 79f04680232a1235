//! Series of trial balances.

use crate::fixture::*;
use domain::{Money, Timestamp};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::TestService;

const PATH: &str = "/ledger/trial-balance/series";
const DAY_SECS: i64 = 86_400;

async fn series(s: &TestService, query: &str) -> Value {
    s.as_staff().get(&format!("{PATH}?{query}")).await.expect(200)
}

fn points(series: &Value) -> &Vec<Value> {
    series["points"].as_array().unwrap()
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// Asserts that a point has the balances of the trial balance at its time.
async fn assert_exact(s: &TestService, point: &Value) {
    let trial = s
        .as_staff()
        .get(&format!("/ledger/trial-balance?as_of={}", point["as_of"].as_str().unwrap()))
        .await
        .expect(200);
    let amount = |line: &Value, field: &str| line[field].as_str().unwrap().parse::<Money>().unwrap();
    let balance = |line: &Value| {
        let balance = amount(line, "credit").sub(amount(line, "debit")).unwrap();
        (line["account"].as_str().unwrap().to_owned(), balance.to_string())
    };
    let expected: BTreeMap<String, String> = trial["accounts"].as_array().unwrap().iter().map(balance).collect();
    assert_eq!(point["balances"], json!(expected), "{point}");
}

pub(crate) async fn check_series(s: &TestService) {
    let empty = series(s, "from=2026-11-09&to=2026-11-30").await;
    assert_eq!((&empty["first_posted_at"], points(&empty).len()), (&Value::Null, 2), "{empty}");
    assert_eq!(points(&empty)[1]["balances"]["company:bank"], "0.00");
    for n in 1..=5_u32 {
        // Some days have closings, some have none.
        s.deliver_now(&placed(vec![pair(A, n, "0.00")])).await;
        deposit(s, A, "10.00").await;
        s.clock.advance_secs(3_600);
        if n % 2 == 0 {
            s.run_job("close").await;
            s.run_job("rollup").await;
        }
        deposit(s, A, "1.00").await;
        s.clock.advance_secs(DAY_SECS - 3_600);
    }
    let today = s.now();
    // 9 November is before the first posting, 15 November is today, and the rest is left out.
    let days = series(s, "from=2026-11-09&to=2026-11-30").await;
    assert_eq!(points(&days).len(), 7);
    let banks: Vec<&Value> = points(&days).iter().map(|point| &point["balances"]["company:bank"]).collect();
    assert_eq!(banks, ["0.00", "-11.00", "-22.00", "-33.00", "-44.00", "-55.00", "-55.00"]);
    for point in points(&days) {
        assert_exact(s, point).await;
    }
    let oldest = s.as_staff().get("/ledger/entries?to=2026-11-10&limit=100").await.expect(200);
    assert_eq!(days["first_posted_at"], oldest["items"].as_array().unwrap().last().unwrap()["posted_at"]);
    assert_eq!(points(&days)[0]["as_of"], "2026-11-09T18:29:59.999999Z");
    assert_eq!(points(&days)[1]["as_of"], "2026-11-10T18:29:59.999999Z");
    assert!(today <= time(&points(&days)[6]["as_of"]) && time(&points(&days)[6]["as_of"]) < s.now());

    let months = series(s, "from=2026-09-15&to=2026-11-12&step=month&account=company:bank").await;
    let expected = [
        ("2026-09-30T18:29:59.999999Z", "0.00"),
        ("2026-10-31T18:29:59.999999Z", "0.00"),
        // The range ends before the month.
        ("2026-11-12T18:29:59.999999Z", "-33.00"),
    ];
    let expected = expected.map(|(as_of, bank)| json!({ "as_of": as_of, "balances": { "company:bank": bank } }));
    assert_eq!(months["points"], json!(expected));
    for name in ["available", "members:available"] {
        let one = series(s, &format!("from=2026-11-10&to=2026-11-10&account={name}")).await;
        assert_eq!(points(&one)[0]["balances"], json!({ "members:available": "511.00" }));
    }
}

#[tokio::test]
async fn a_point_is_the_trial_balance_at_its_time() {
    let s = start_wallet().await;
    check_series(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_series_has_at_most_400_points_and_is_for_staff() {
    let s = start_wallet().await;
    let staff = s.as_staff();
    assert_eq!(points(&series(&s, "from=2025-01-01&to=2026-02-03").await).len(), 399);
    assert_eq!(points(&series(&s, "from=2025-01-01&to=2026-02-04").await).len(), 400);
    // 405 months, but only those until now count.
    assert_eq!(points(&series(&s, "from=1993-08-31&to=2027-04-30&step=month").await).len(), 400);
    assert_eq!(points(&series(&s, "from=2026-11-11&to=2026-11-12").await), &Vec::<Value>::new(), "the future");
    for bad in [
        "from=2025-01-01&to=2026-02-05",
        "from=1993-07-31&to=2027-04-30&step=month",
        "from=0001-01-01&to=9999-12-31",
        "from=2026-11-10&to=2026-11-09",
        "from=2026-11-10&to=2026-11-10&account=cash",
        "from=2026-11-10&to=2026-11-10&account=company:available",
    ] {
        assert_eq!(staff.get(&format!("{PATH}?{bad}")).await.problem(422), "wallet.bad_filter", "{bad}");
    }
    for bad in ["", "from=2026-11-10", "from=2026-11-10&to=x", "from=2026-11-10&to=2026-11-10&step=week"] {
        assert_eq!(staff.get(&format!("{PATH}?{bad}")).await.problem(422), "request.bad_query", "{bad}");
    }
    let path = format!("{PATH}?from=2026-11-10&to=2026-11-10");
    assert_eq!(s.as_user(user(A)).get(&path).await.problem(403), "auth.forbidden");
    s.finish().await;
}

/// Without a closing, one step does not reach the end of the day.
#[tokio::test]
async fn a_point_with_too_many_postings_says_until_when_it_counts() {
    let s = start_wallet().await;
    let mut ended = Vec::new();
    for batch in 0..4_u32 {
        let pairs = (batch * 1_200 + 1..=(batch + 1) * 1_200).map(|n| pair(A, n, "0.00"));
        s.deliver_now(&placed(pairs.collect())).await;
        // The clock moves on when it is read.
        ended.push(s.now());
        s.clock.advance_secs(60);
    }
    s.clock.advance_secs(DAY_SECS);
    let found = series(&s, "from=2026-11-10&to=2026-11-11").await;
    let [past, now] = points(&found).as_slice() else { panic!("{found}") };
    // Postings with the time of the 5,000th are counted too.
    assert!(ended[1] < time(&past["as_of"]) && time(&past["as_of"]) < ended[2], "{past}");
    assert_eq!(past["balances"]["members:available"], "1800000.00");
    assert_eq!(now["balances"]["members:available"], "2400000.00");
    assert!(ended[3].plus_secs(DAY_SECS) < time(&now["as_of"]), "{now}");
    assert_exact(&s, past).await;
    assert_exact(&s, now).await;
    s.finish().await;
}
