//! The journal over HTTP: the list of entries, and one entry.

use crate::fixture::*;
use crate::integrity::scenario;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use testkit::TestService;

/// Kind and amount of each entry that staff get by following `next_cursor`.
async fn all_entries(s: &TestService, query: &str, limit: usize) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/ledger/entries?{query}&limit={limit}&cursor={cursor}");
        let page = s.as_staff().get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() == limit || page["next_cursor"].is_null(), "{query}: {} of {limit}", items.len());
        seen.extend(items.iter().map(|e| format!("{} {}", e["kind"].as_str().unwrap(), e["amount"].as_str().unwrap())));
        let Some(next) = page["next_cursor"].as_str() else { return seen };
        cursor = next.to_owned();
    }
}

/// The filters of the list in a history of A and B, at every page size.
pub(crate) async fn check_entries(s: &TestService) {
    scenario(s).await;
    s.clock.advance_secs(86_400);
    deposit(s, B, "7.00").await;
    let (a, b) = (format!("user_id={}", id(A)), format!("user_id={}", id(B)));
    let of_a = [
        "payout_reversal 350.00",
        "referral 25.00",
        "pair_void 500.00",
        "payout_completion 400.00",
        "capture 400.00",
        "hold 400.00",
        "pair 500.00",
        "referral 25.00",
    ];
    let all: Vec<&str> = ["deposit 7.00"].into_iter().chain(of_a).collect();
    for limit in [1, 2, 3, 8, 9, 10, 500] {
        for (query, expected) in [
            ("", all.as_slice()),
            ("from=2026-11-11", &["deposit 7.00"]),
            ("to=2026-11-10", &of_a),
            ("from=2026-11-12", &[]),
            ("kind=referral", &["referral 25.00", "referral 25.00"]),
            ("kind=adjustment", &[]),
            ("account=company:bank", &["deposit 7.00", "payout_reversal 350.00", "payout_completion 400.00"]),
            ("account=bank&to=2026-11-10", &["payout_reversal 350.00", "payout_completion 400.00"]),
            ("account=adjustments", &[]),
            (a.as_str(), &of_a),
            (b.as_str(), &["deposit 7.00"]),
            (&format!("{a}&kind=hold"), &["hold 400.00"]),
            (&format!("{a}&account=members:held"), &["capture 400.00", "hold 400.00"]),
            (&format!("{a}&account=tds_payable&kind=payout_completion"), &["payout_completion 400.00"]),
            (&format!("{a}&account=adjustments"), &[]),
            (&format!("user_id={}", id(99)), &[]),
        ] {
            assert_eq!(all_entries(s, query, limit).await, expected, "{query} by {limit}");
            let oldest_first = all_entries(s, &format!("{query}&order=asc"), limit).await;
            assert!(oldest_first.iter().eq(expected.iter().rev()), "{query} by {limit}: {oldest_first:?}");
        }
    }
}

#[tokio::test]
async fn entries_are_listed_in_either_order_by_every_filter_and_page_size() {
    let s = start_wallet().await;
    assert_eq!(s.as_staff().get("/ledger/entries").await.expect(200), json!({ "items": [], "next_cursor": null }));
    check_entries(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn entries_of_one_time_are_listed_once_each_while_others_are_posted() {
    let s = start_wallet().await;
    s.deliver_now(&placed((1..=7).map(|n| pair(A, n, "0.00")).collect())).await;
    for query in ["to=2026-11-10", "kind=pair", "account=pair_expense", &format!("user_id={}", id(A))] {
        let (mut numbers, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/ledger/entries?{query}&limit=3&cursor={cursor}");
            let page = s.as_staff().get(&path).await.expect(200);
            let labels = page["items"].as_array().unwrap().iter().filter_map(|e| e["reference"]["label"].as_str());
            numbers.extend(labels.map(str::to_owned));
            s.deliver_now(&placed(vec![pair(B, 100 + u32::try_from(numbers.len()).unwrap(), "0.00")])).await;
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = next.to_owned();
        }
        numbers.retain(|number| number.len() == 1);
        assert_eq!(numbers, ["7", "6", "5", "4", "3", "2", "1"], "{query}");
    }
    s.finish().await;
}

#[tokio::test]
async fn an_entry_has_the_sums_of_its_postings_and_the_name_of_its_member() {
    let s = start_wallet().await;
    s.deliver_now(&registered(A)).await;
    s.deliver_now(&placed(vec![pair(A, 6, "100.00")])).await;
    let entry = s.as_staff().get("/ledger/entries").await.expect(200)["items"][0].clone();
    let own = |account: &str| format!("member:{}:{account}", id(A));
    let sums = json!([
        { "account": own("available"), "amount": "400.00" },
        { "account": own("emi_reserve"), "amount": "100.00" },
        { "account": "company:pair_expense", "amount": "-500.00" },
    ]);
    assert_eq!(entry["sums"], sums);
    // The available account is debited with the deduction too.
    assert_eq!((&entry["total_debit"], &entry["total_credit"]), (&json!("600.00"), &json!("600.00")));
    assert_eq!((&entry["member_id"], &entry["member_name"]), (&json!(id(A)), &json!("Member 10")));
    assert_eq!(entry["reference"], json!({ "type": "pair", "id": id(6), "label": "6" }));
    s.finish().await;
}

#[tokio::test]
async fn bad_filters_get_422_and_members_403() {
    let s = start_wallet().await;
    let staff = s.as_staff();
    for bad in [
        "account=members:available",
        "account=reserve&kind=pair",
        "account=company:bank&kind=deposit",
        "account=gold",
        "from=yesterday",
        "from=2026-11-11&to=2026-11-10",
    ] {
        assert_eq!(staff.get(&format!("/ledger/entries?{bad}")).await.problem(422), "wallet.bad_filter", "{bad}");
    }
    for bad in
        ["kind=gift", "user_id=x", "limit=501", "limit=0", "order=up", "cursor=AAAAAAAAAAE", "cursor=.AAAAAAAAAAB4"]
    {
        staff.get(&format!("/ledger/entries?{bad}")).await.problem(422);
    }
    for path in ["/ledger/entries", &format!("/ledger/entries/{}", id(1))] {
        assert_eq!(s.as_user(user(A)).get(path).await.problem(403), "auth.forbidden");
    }
    for nothing in [id(1).to_string(), "x".to_owned()] {
        assert_eq!(staff.get(&format!("/ledger/entries/{nothing}")).await.problem(404), "request.not_found");
    }
    s.finish().await;
}

/// The newest entry of a kind, in full.
async fn newest(s: &TestService, kind: &str) -> Value {
    let list = s.as_staff().get(&format!("/ledger/entries?kind={kind}&limit=1")).await.expect(200);
    let path = format!("/ledger/entries/{}", list["items"][0]["id"].as_str().unwrap());
    s.as_staff().get(&path).await.expect(200)
}

#[tokio::test]
async fn every_entry_can_be_read_in_full_also_one_without_lines_of_a_member() {
    let s = start_wallet().await;
    scenario(&s).await;
    let list = s.as_staff().get("/ledger/entries?limit=100").await.expect(200);
    for entry in list["items"].as_array().unwrap() {
        let path = format!("/ledger/entries/{}", entry["id"].as_str().unwrap());
        let full = s.as_staff().get(&path).await.expect(200);
        assert_eq!((&full["id"], &full["reference"]), (&entry["id"], &entry["reference"]));
        for line in full["lines"].as_array().unwrap() {
            assert_eq!(line["steps"].as_array().unwrap().last().unwrap()["value"], line["amount"], "{full:#}");
            let path = format!("/wallet/transactions/{}/explain", line["transaction_id"].as_str().unwrap());
            let why = s.as_user(user(A)).get(&path).await.expect(200);
            for part in ["causes", "people", "postings", "inputs", "plan"] {
                assert_eq!(why[part], full[part], "{part}");
            }
            assert_eq!((&why["rules"], &why["steps"]), (&line["rules"], &line["steps"]));
        }
    }
    let completed = newest(&s, "payout_completion").await;
    assert_eq!((&completed["lines"], completed["postings"].as_array().unwrap().len()), (&json!([]), 4));
    let events: Vec<&Value> = completed["causes"].as_array().unwrap().iter().map(|cause| &cause["event"]).collect();
    assert_eq!(events, ["payout_completed", "payout_approved"]);
    assert_eq!(completed["inputs"]["net"], "330.00");
    let pair = newest(&s, "pair").await;
    let types: Vec<&Value> = pair["lines"].as_array().unwrap().iter().map(|line| &line["type"]).collect();
    assert_eq!(types, ["BINARY_PAIR", "EMI_DEDUCTION"]);
    s.finish().await;
}

#[tokio::test]
async fn an_entry_whose_inputs_were_changed_does_not_hide_the_others() {
    let s = start_wallet().await;
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    s.deliver_now(&paid(2, B, A, "500.00", "25.00")).await;
    let change =
        "DROP TRIGGER journal_entries_refuse_update; UPDATE journal_entries SET inputs = '{' WHERE position = 2";
    s.ctx().db().write().await.unwrap().batch_execute(change).await.unwrap();
    for path in ["/ledger/entries", "/wallet/transactions"] {
        let list = s.as_staff().get(path).await.expect(200);
        let labels: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|e| &e["reference"]["label"]).collect();
        assert_eq!(labels, [&Value::Null, &json!("B-1")], "{path}");
    }
    s.finish().await;
}
