//! Balances, lists, statements and the books as they are read.

use crate::fixture::*;
use serde_json::json;

#[tokio::test]
async fn a_member_not_seen_yet_has_zeros() {
    let s = wallet().await;
    let mine = balances(&s, A).await;
    for field in ["balance", "held", "available", "emi_reserve", "reserve", "clawback_due", "total_earned"] {
        assert_eq!(mine[field], "0.00", "{field}");
    }
    s.as_staff().get(&format!("/wallets/{}", id(A))).await.expect(200);
    assert_eq!(s.as_user(user(A)).get(&format!("/wallets/{}", id(A))).await.problem(403), "auth.forbidden");
    assert_eq!(s.as_staff().get("/wallets/me").await.problem(404), "request.not_found");
    let list = s.as_user(user(A)).get("/wallet/transactions").await.expect(200);
    assert_eq!(list, json!({ "items": [], "next_cursor": null }));
    s.finish().await;
}

#[tokio::test]
async fn pages_are_stable_while_lines_are_added() {
    let s = wallet().await;
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
    let s = wallet().await;
    let mut early = paid(1, B, A, "100.00", "5.00");
    early.completed_at = "2026-10-31T18:29:59.999999Z".parse::<domain::Timestamp>().unwrap().micros();
    let mut late = paid(2, B, A, "100.00", "6.00");
    late.completed_at = "2026-10-31T18:30:00Z".parse::<domain::Timestamp>().unwrap().micros();
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
    assert_eq!(amounts("from=2026-10-31&to=2026-10-31").await, ["5.00"]);
    assert_eq!(amounts("from=2026-11-01&to=2026-11-01").await, ["6.00"]);
    assert_eq!(amounts("from=2026-10-31T18:30:00Z&to=2026-10-31T18:30:00Z").await, ["6.00"]);
    assert_eq!(amounts("from=2026-11-01T00:00:00%2B05:30&to=2026-11-01").await, ["6.00"]);
    assert_eq!(amounts(&format!("user_id={}", id(B))).await.len(), 3, "a member's own, whatever they ask for");
    for bad in ["type=deposit", "from=yesterday", "to=2026-13-01", "limit=101", "user_id=x"] {
        me.get(&format!("/wallet/transactions?{bad}")).await.problem(422);
    }
    let staff = s.as_staff();
    let all = staff.get("/wallet/transactions?type=REFERRAL_BONUS").await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let of_b = staff.get(&format!("/wallet/transactions?user_id={}", id(B))).await.expect(200);
    assert_eq!(of_b["items"], json!([]));
    s.finish().await;
}

#[tokio::test]
async fn a_statement_adds_up_though_news_came_late() {
    let s = wallet().await;
    let mut october = paid(1, B, A, "100.00", "5.00");
    october.completed_at = "2026-10-15T10:00:00Z".parse::<domain::Timestamp>().unwrap().micros();
    deposit(&s, A, "7.00").await;
    s.deliver_now(&october).await;
    let me = s.as_user(user(A));
    let text = me.get("/wallet/statement?month=2026-11&format=csv").await;
    assert!(text.header("content-type").starts_with("text/csv"));
    let rows: Vec<&str> = text.text.lines().collect();
    assert!(rows[1].ends_with(",Opening balance,,5.00"), "{}", text.text);
    assert!(rows[2].ends_with(",DEPOSIT,opening balance,7.00,12.00"), "{}", text.text);
    assert!(rows[3].ends_with(",Closing balance,,12.00"), "{}", text.text);
    let before = me.get("/wallet/statement?month=2026-10&format=csv").await;
    assert!(before.text.contains("Opening balance,,0.00") && before.text.contains("Closing balance,,5.00"));
    let pdf = me.get("/wallet/statement?month=2026-10").await;
    assert_eq!((pdf.status, pdf.header("content-type").as_str()), (200, "application/pdf"));
    assert!(pdf.text.starts_with("%PDF-1."));
    for bad in ["", "?month=2026-13", "?month=2026-11&format=doc"] {
        me.get(&format!("/wallet/statement{bad}")).await.problem(422);
    }
    s.finish().await;
}

#[tokio::test]
async fn a_balance_at_a_past_instant_is_what_it_was() {
    let s = wallet().await;
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
