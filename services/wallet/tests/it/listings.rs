//! Balances, lists, account balances and the trial balance over HTTP.

use crate::fixture::*;
use chrono::TimeDelta;
use domain::Timestamp;
use serde_json::json;
use testkit::{Client, TestService};

#[tokio::test]
async fn a_member_without_postings_has_zero_balances() {
    let s = start_wallet().await;
    let mine = balances(&s, A).await;
    for field in ["balance", "held", "available", "emi_reserve", "reserve", "clawback_due", "total_earned"] {
        assert_eq!(mine[field], "0.00", "{field}");
    }
    assert_eq!(s.as_user(user(A)).get(&format!("/wallets/{}", id(A))).await.problem(403), "auth.forbidden");
    assert_eq!(s.as_staff().get("/wallets/me").await.problem(404), "request.not_found");
    let list = s.as_user(user(A)).get("/wallet/transactions").await.expect(200);
    assert_eq!(list, json!({ "items": [], "next_cursor": null }));
    s.finish().await;
}

#[tokio::test]
async fn staff_get_the_wallet_of_a_member_and_404_for_an_unknown_user() {
    let s = start_wallet().await;
    s.deliver_now(&registered(A)).await;
    // B has earned before the registration event has arrived.
    s.deliver_now(&paid(1, A, B, "100.00", "5.00")).await;
    let staff = s.as_staff();
    for (member, available) in [(A, "0.00"), (B, "5.00")] {
        assert_eq!(staff.get(&format!("/wallets/{}", id(member))).await.expect(200)["available"], available);
        let accounts = staff.get(&format!("/ledger/accounts?user_id={}", id(member))).await.expect(200);
        assert_eq!(accounts["items"][0]["balance"], available);
    }
    for path in [format!("/wallets/{}", id(99)), format!("/ledger/accounts?user_id={}", id(99))] {
        assert_eq!(staff.get(&path).await.problem(404), "request.not_found", "{path}");
    }
    s.finish().await;
}

#[tokio::test]
async fn pages_are_stable_while_lines_are_added() {
    let s = start_wallet().await;
    for n in 1..=7 {
        s.deliver_now(&paid(n, B, A, "100.00", &format!("{n}.00"))).await;
    }
    let me = s.as_user(user(A));
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = me.get(&format!("/wallet/transactions?limit=3&cursor={cursor}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|t| t["amount"].as_str().unwrap().to_owned()));
        s.deliver_now(&paid(100 + u128::try_from(seen.len()).unwrap(), B, A, "100.00", "50.00")).await;
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = next.to_owned();
    }
    assert_eq!(seen, ["7.00", "6.00", "5.00", "4.00", "3.00", "2.00", "1.00"]);
    let newest = me.get("/wallet/transactions?limit=1").await.expect(200);
    let t = &newest["items"][0];
    assert_eq!((&t["balance_before"], &t["balance_after"]), (&json!("128.00"), &json!("178.00")));
    assert_eq!(me.get("/wallet/transactions?cursor=abc").await.problem(422), "request.bad_cursor");
    s.finish().await;
}

#[tokio::test]
async fn a_list_is_filtered_by_type_and_by_indian_day() {
    let s = start_wallet().await;
    let mut early = paid(1, B, A, "100.00", "5.00");
    early.completed_at = "2026-10-31T18:29:59.999999Z".parse::<Timestamp>().unwrap().micros();
    let mut late = paid(2, B, A, "100.00", "6.00");
    late.completed_at = "2026-10-31T18:30:00Z".parse::<Timestamp>().unwrap().micros();
    s.deliver_now(&late).await;
    s.deliver_now(&early).await;
    deposit(&s, A, "7.00").await;
    let me = s.as_user(user(A));
    let amounts = async |query: &str| {
        let list = me.get(&format!("/wallet/transactions?{query}")).await.expect(200);
        let amounts = list["items"].as_array().unwrap().iter().map(|t| t["amount"].as_str().unwrap().to_owned());
        amounts.collect::<Vec<_>>()
    };
    assert_eq!(amounts("type=DEPOSIT").await, ["7.00"]);
    assert_eq!(amounts("type=DEPOSIT,REFERRAL_BONUS&from=2026-11-01").await, ["7.00", "6.00"]);
    assert_eq!(amounts("type=REVERSAL,CLAWBACK").await, Vec::<String>::new());
    assert_eq!(amounts("from=2026-10-31&to=2026-10-31").await, ["5.00"]);
    assert_eq!(amounts("from=2026-11-01&to=2026-11-01").await, ["6.00"]);
    assert_eq!(amounts("from=2026-10-31T18:30:00Z&to=2026-10-31T18:30:00Z").await, ["6.00"]);
    assert_eq!(amounts("from=2026-11-01T00:00:00%2B05:30&to=2026-11-01").await, ["6.00"]);
    assert_eq!(amounts(&format!("user_id={}", id(B))).await.len(), 3, "a member's own lines, whatever `user_id` says");
    for bad in [
        "type=deposit",
        "type=DEPOSIT,",
        "type=DEPOSIT,gift",
        "type=DEPOSIT;PAYOUT",
        "from=yesterday",
        "to=2026-13-01",
        "limit=101",
        "user_id=x",
    ] {
        me.get(&format!("/wallet/transactions?{bad}")).await.problem(422);
    }
    let staff = s.as_staff();
    let all = staff.get("/wallet/transactions?type=REFERRAL_BONUS").await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let of_b = staff.get(&format!("/wallet/transactions?user_id={}", id(B))).await.expect(200);
    assert_eq!(of_b["items"], json!([]));
    s.finish().await;
}

/// All items that a client gets by following `next_cursor`, running `between` after every page.
async fn all_pages(client: &Client, query: &str, between: impl AsyncFn(usize)) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/wallet/transactions?{query}&cursor={cursor}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|t| format!("{} {}", t["type"].as_str().unwrap(), t["amount"].as_str().unwrap())));
        between(seen.len()).await;
        let Some(next) = page["next_cursor"].as_str() else { return seen };
        cursor = next.to_owned();
    }
}

#[tokio::test]
async fn filters_and_cursors_go_together_while_lines_are_added() {
    let s = start_wallet().await;
    for n in 1..=5_u32 {
        s.clock.advance_secs(86_400);
        let mut payment = paid(u128::from(n), B, A, "100.00", &format!("{n}.00"));
        payment.completed_at = s.now().micros();
        s.deliver_now(&payment).await;
        deposit(&s, A, "7.00").await;
        deposit(&s, B, "8.00").await;
    }
    let (me, staff) = (s.as_user(user(A)), s.as_staff());
    let bonuses = |n: &[u32]| n.iter().map(|n| format!("REFERRAL_BONUS {n}.00")).collect::<Vec<_>>();
    // Adds new lines, one of them with the time of an earlier day.
    let add_lines = async |n: usize| {
        deposit(&s, A, "9.00").await;
        let mut late = paid(100 + u128::try_from(n).unwrap(), B, A, "100.00", "50.00");
        late.completed_at = "2026-11-13T10:00:00Z".parse::<Timestamp>().unwrap().micros();
        s.deliver_now(&late).await;
    };
    let no_change = async |_| {};
    for limit in [1, 2, 3, 5, 100] {
        let query = format!("type=REFERRAL_BONUS&from=2026-11-12&to=2026-11-14&limit={limit}");
        assert_eq!(all_pages(&me, &query, &no_change).await, bonuses(&[4, 3, 2]), "{query}");
        let query = format!("type=REFERRAL_BONUS&user_id={}&limit={limit}", id(A));
        assert_eq!(all_pages(&staff, &query, &no_change).await, bonuses(&[5, 4, 3, 2, 1]), "{query}");
        let query = format!("type=DEPOSIT&limit={limit}");
        assert_eq!(all_pages(&staff, &query, &no_change).await.len(), 10, "{query}");
        // Several types, one of them twice, in the order of all.
        let query = format!("type=DEPOSIT,REFERRAL_BONUS,REVERSAL,DEPOSIT&limit={limit}");
        let all = all_pages(&staff, &format!("limit={limit}"), &no_change).await;
        assert_eq!((all_pages(&staff, &query, &no_change).await, all.len()), (all.clone(), 15), "{query}");
        let own = all_pages(&me, &format!("limit={limit}"), &no_change).await;
        assert_eq!((all_pages(&me, &query, &no_change).await, own.len()), (own.clone(), 10), "{query}");
        for (client, newest_first) in [(&staff, &all), (&me, &own)] {
            let oldest_first = all_pages(client, &format!("{query}&order=asc"), &no_change).await;
            assert!(oldest_first.iter().eq(newest_first.iter().rev()), "{query}: {oldest_first:?}");
        }
    }
    assert_eq!(all_pages(&me, "type=REFERRAL_BONUS&to=2026-11-14&limit=2", &add_lines).await, bonuses(&[4, 3, 2, 1]));
    let all_members = all_pages(&staff, "limit=2", &add_lines).await;
    assert_eq!(all_members.iter().filter(|line| *line == "DEPOSIT 8.00").count(), 5, "{all_members:?}");
    let of_a = all_members.iter().filter(|line| line.starts_with("REFERRAL_BONUS") && !line.ends_with("50.00"));
    assert_eq!(of_a.cloned().collect::<Vec<_>>(), bonuses(&[5, 4, 3, 2, 1]));
    s.finish().await;
}

/// Sends invalid queries, and valid ones at the limits of time.
pub(crate) async fn check_unusual_queries(s: &TestService) {
    s.deliver_now(&paid(1, B, A, "100.00", "5.00")).await;
    let me = s.as_user(user(A));
    for bad in [
        "type=GIFT",
        "type=binary_pair",
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=x",
        "to=x",
        "to=9999-12-31T23:59:59-23:59",
        "from=-999-01-01",
        "from=2026-11-11&to=2026-11-10",
        "from=2026-11-10T04:30:00.000001Z&to=2026-11-10T04:30:00Z",
    ] {
        me.get(&format!("/wallet/transactions?{bad}")).await.problem(422);
    }
    let count = async |query: &str| {
        let list = me.get(&format!("/wallet/transactions?{query}")).await.expect(200);
        assert_eq!(list["next_cursor"], json!(null), "{query}");
        list["items"].as_array().unwrap().len()
    };
    for (query, items) in [
        ("limit=1", 1),
        ("limit=100", 1),
        // An empty parameter counts as absent.
        ("type=&from=&to=&cursor=", 1),
        ("from=2026-11-10&to=2026-11-10", 1),
        ("from=2026-11-10T04:30:00Z&to=2026-11-10T04:30:00Z", 1),
        ("from=2026-11-10T04:30:00.000001Z", 0),
        ("to=2026-11-10T04:29:59.999999Z", 0),
        ("from=0001-01-01&to=9999-12-31", 1),
        ("from=1000-01-01T00:00:00Z&to=9999-12-31T23:59:59.999999Z", 1),
    ] {
        assert_eq!(count(query).await, items, "{query}");
    }
    let staff = s.as_staff();
    let line = me.get("/wallet/transactions").await.expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let why = me.get(&format!("/wallet/transactions/{line}/explain")).await.expect(200);
    let posted: Timestamp = why["entry"]["posted_at"].as_str().unwrap().parse().unwrap();
    let shown = me.get("/wallet/transactions").await.expect(200)["items"][0].clone();
    assert_eq!(shown["posted_at"], why["entry"]["posted_at"]);
    let just_before = posted.minus(TimeDelta::microseconds(1)).to_string();
    // A date includes the whole day.
    let (the_day, the_day_before) = (posted.day(), posted.minus(TimeDelta::days(1)).day());
    for (as_of, balance) in [
        ("0000-01-01T00:00:00Z", "0.00"),
        (just_before.as_str(), "0.00"),
        (posted.to_string().as_str(), "5.00"),
        (the_day_before.to_string().as_str(), "0.00"),
        (the_day.to_string().as_str(), "5.00"),
        ("9999-12-31T23:59:59.999999Z", "5.00"),
    ] {
        let accounts = staff.get(&format!("/ledger/accounts?user_id={}&as_of={as_of}", id(A))).await.expect(200);
        assert_eq!(accounts["items"][0]["balance"], balance, "{as_of}");
        let trial = staff.get(&format!("/ledger/trial-balance?as_of={as_of}")).await.expect(200);
        assert_eq!(trial["total_credit"], balance, "{as_of}");
    }
    for path in ["/ledger/accounts", "/ledger/trial-balance"] {
        assert_eq!(staff.get(&format!("{path}?as_of=yesterday")).await.problem(422), "wallet.bad_filter");
    }
    for (month, closing) in [("0001-01", "0.00"), ("2026-10", "0.00"), ("2026-11", "5.00"), ("9999-12", "5.00")] {
        let text = me.get(&format!("/wallet/statement?month={month}&format=csv")).await;
        assert!(text.status == 200 && text.text.ends_with(&format!("Closing balance,,{closing}\n")), "{}", text.text);
    }
}

#[tokio::test]
async fn invalid_queries_get_422_and_unusual_ones_an_answer() {
    let s = start_wallet().await;
    check_unusual_queries(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_balance_at_a_past_instant_is_what_it_was() {
    let s = start_wallet().await;
    let staff = s.as_staff();
    let mut moments = vec![(s.now(), "0.00".to_owned())];
    for n in 1..=4 {
        s.clock.advance_secs(60);
        deposit(&s, A, "10.00").await;
        moments.push((s.now(), format!("{n}0.00")));
    }
    for (moment, balance) in moments {
        let accounts = staff.get(&format!("/ledger/accounts?user_id={}&as_of={moment}", id(A))).await.expect(200);
        assert_eq!(accounts["items"][0]["balance"], balance);
        let trial = staff.get(&format!("/ledger/trial-balance?as_of={moment}")).await.expect(200);
        assert_eq!((&trial["total_debit"], &trial["total_credit"]), (&json!(balance), &json!(balance)));
        assert_eq!(trial["difference"], "0.00");
    }
    for path in ["/ledger/accounts", "/ledger/trial-balance", "/ledger/verify"] {
        assert_eq!(s.as_user(user(A)).get(path).await.problem(403), "auth.forbidden");
    }
    s.finish().await;
}
