//! Changes that the database refuses, and changes outside the platform that a verification finds.

use crate::fixture::*;
use db::{Db, SortOrder, is_check_violation};
use diesel_async::SimpleAsyncConnection;
use domain::Money;
use proto_events::binary::v1::Pair;
use serde_json::Value;
use std::collections::BTreeMap;
use testkit::TestService;

/// Checks that the table constraints refuse negative balances.
pub(crate) async fn check_constraints_refuse_negative_balances(db: &Db) {
    let mut c = db.write().await.unwrap();
    for column in ["available_paise", "held_paise", "emi_reserve_paise", "reserve_paise", "clawback_due_paise"] {
        let error = c.batch_execute(&format!("UPDATE wallets SET {column} = -1")).await.expect_err(column);
        assert!(is_check_violation(&error), "{column}: {error}");
    }
}

#[tokio::test]
async fn a_balance_cannot_be_set_below_zero() {
    let s = start_wallet().await;
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    check_constraints_refuse_negative_balances(s.ctx().db()).await;
    assert_consistent(&s).await;
    s.finish().await;
}

/// A member with earnings, a payout that the bank returned, and reversals beyond the balance.
pub(crate) async fn scenario(s: &TestService) {
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    s.deliver_now(&placed(vec![pair(A, 6, "100.00")])).await;
    let p = payout(50, "400.00", "50.00");
    s.deliver_now(&requested(&p)).await;
    s.deliver_now(&approved(&p)).await;
    s.deliver_now(&completed(&p)).await;
    s.deliver_now(&voided(vec![pair(A, 6, "100.00")])).await;
    s.deliver_now(&paid(2, B, A, "500.00", "25.00")).await;
    s.deliver_now(&payout_reversed(&p)).await;
    let seen = lines(&s.as_user(user(A))).await;
    let earned = ["REFERRAL_BONUS 25.00", "BINARY_PAIR 500.00", "EMI_DEDUCTION -100.00", "PAYOUT -400.00"];
    assert_eq!((&seen[..4], seen.len()), (&earned.map(str::to_owned)[..], 8), "{seen:?}");
    assert_consistent(s).await;
}

/// Runs SQL outside the platform; returns the faults that `/ledger/verify` reports then.
async fn faults_after(s: &TestService, sql: &str) -> Vec<Value> {
    s.ctx().db().write().await.unwrap().batch_execute(sql).await.expect(sql);
    let verified = s.as_staff().get("/ledger/verify").await.expect(200);
    let faults = verified["faults"].as_array().unwrap().clone();
    assert_eq!(verified["ok"], faults.is_empty());
    faults
}

/// Asserts that a fault is reported, given its kind, the end of its subject, and the expected and found values.
fn assert_reported(faults: &[Value], [kind, subject, expected, found]: [&str; 4], sql: &str) {
    let text = |fault: &Value, field: &str| fault[field].as_str().unwrap().to_owned();
    let this = |f: &&Value| text(f, "kind") == kind && text(f, "subject").ends_with(subject);
    let fault = faults.iter().find(this).unwrap_or_else(|| panic!("{sql}: {faults:#?}"));
    assert_eq!((text(fault, "expected").as_str(), text(fault, "found").as_str()), (expected, found), "{sql}");
}

/// Drops the triggers that refuse changes of the journal.
async fn allow_changes(s: &TestService) {
    for table in ["postings", "journal_entries"] {
        let sql = format!("DROP TRIGGER {table}_refuse_update; DROP TRIGGER {table}_refuse_delete");
        s.ctx().db().write().await.unwrap().batch_execute(&sql).await.unwrap();
    }
}

/// Changes each stored value of a wallet and its lines and restores it. Each change must be reported once, with the
/// expected value.
pub(crate) async fn check_every_change_is_reported(s: &TestService) {
    scenario(s).await;
    allow_changes(s).await;
    for (column, expected, found) in [
        ("available_paise", "350.00", "350.01"),
        ("held_paise", "0.00", "0.01"),
        ("emi_reserve_paise", "150.00", "150.01"),
        ("reserve_paise", "0.00", "0.01"),
        ("total_earned_paise", "50.00", "50.01"),
        ("total_withdrawn_paise", "50.00", "50.01"),
        ("transactions", "8", "9"),
    ] {
        let sql = format!("UPDATE wallets SET {column} = {column} + 1");
        let faults = faults_after(s, &sql).await;
        let subject = format!("member:{}:{}", id(A), column.trim_end_matches("_paise"));
        assert_reported(&faults, ["balance_differs", &subject, expected, found], &sql);
        let back = format!("UPDATE wallets SET {column} = {column} - 1");
        assert_eq!(faults_after(s, &back).await, Vec::<Value>::new());
    }
    for (change, back, fault) in [
        (
            "UPDATE holds SET state = 'placed'",
            "UPDATE holds SET state = 'captured'",
            ["balance_differs", ":holds", "400.00", "0.00"],
        ),
        (
            "UPDATE emi_reserves SET amount_paise = amount_paise + 1",
            "UPDATE emi_reserves SET amount_paise = amount_paise - 1",
            ["balance_differs", ":emi_reserves", "150.02", "150.00"],
        ),
    ] {
        let faults = faults_after(s, change).await;
        assert_reported(&faults, fault, change);
        assert_eq!(faults.len(), 1, "{faults:#?}");
        assert_eq!(faults_after(s, back).await, Vec::<Value>::new());
    }
    let due = "UPDATE wallets SET clawback_due_paise = clawback_due_paise";
    let faults = faults_after(s, &format!("{due} + 1")).await;
    assert_reported(&faults, ["balance_differs", ":clawback_due", "-450.00", "-450.01"], due);
    assert_eq!(faults_after(s, &format!("{due} - 1")).await, Vec::<Value>::new());

    check_changed_lines(s).await;
}

/// Changes a value of one line of A after the other and restores it. Only one fault is reported, however many lines
/// follow.
async fn check_changed_lines(s: &TestService) {
    for (line, set, back, fault) in [
        (
            2,
            "amount_paise = amount_paise + 1",
            "amount_paise = amount_paise - 1",
            ["account_after", "525.01", "525.00"],
        ),
        (
            3,
            "account_after_paise = account_after_paise + 1",
            "account_after_paise = account_after_paise - 1",
            ["account_after", "425.00", "425.01"],
        ),
        (4, "balance_before_paise = 0", "balance_before_paise = 42500", ["balance_before", "425.00", "0.00"]),
        (5, "balance_before_paise = NULL", "balance_before_paise = 2500", ["balance_before", "25.00", "nothing"]),
        (6, "transaction_number = 99", "transaction_number = 6", ["number", "6", "99"]),
        (7, "transaction_number = NULL", "transaction_number = 7", ["number", "7", "nothing"]),
        (7, "transaction_type = NULL", "transaction_type = 'CLAWBACK'", ["number", "nothing", "7"]),
    ] {
        let position = position(s, line).await;
        let change = |set: &str| format!("UPDATE postings SET {set} WHERE position = {position}");
        let faults = faults_after(s, &change(set)).await;
        let [what, expected, found] = fault;
        assert_reported(&faults, ["line_differs", &format!(":{what}"), expected, found], set);
        assert_eq!(faults.iter().filter(|f| f["kind"] == "line_differs").count(), 1, "{set}: {faults:#?}");
        assert_eq!(faults_after(s, &change(back)).await, Vec::<Value>::new(), "{back}");
    }
}

/// The journal position of line `number` of A.
async fn position(s: &TestService, number: i64) -> i64 {
    let filter = wallet::store::transactions::TransactionFilter { owner: Some(user(A)), ..Default::default() };
    let mut c = s.ctx().db().read().await.unwrap();
    let order = SortOrder::Descending;
    let lines = wallet::store::transactions::list(&mut c, &filter, order, Some(number + 1), 1).await.unwrap();
    lines[0].position
}

#[tokio::test]
async fn every_change_outside_the_platform_is_reported() {
    let s = start_wallet().await;
    check_every_change_is_reported(&s).await;
    s.finish().await;
}

/// Wallets and lines are compared a page at a time.
#[tokio::test]
async fn members_on_every_page_are_compared() {
    let s = start_wallet().await;
    let pairs = (1..=1_003_u32).map(|n| Pair { pair_id: bytes(u128::from(n)), ..pair(u128::from(n), 1, "0.00") });
    s.deliver_now(&placed(pairs.collect())).await;
    assert_consistent(&s).await;
    let changed: Vec<u128> = vec![1, 499, 500, 501, 999, 1_000, 1_001, 1_003];
    let list = changed.iter().map(|n| format!("X'{}'", id(*n).simple())).collect::<Vec<_>>().join(", ");
    let change = format!(
        "DROP TRIGGER postings_refuse_update; UPDATE wallets SET total_earned_paise = 0 WHERE user_id IN ({list});
         UPDATE postings SET balance_before_paise = 7 WHERE owner_id IN ({list})"
    );
    let faults = faults_after(&s, &change).await;
    for n in &changed {
        assert_reported(
            &faults,
            ["balance_differs", &format!("member:{}:total_earned", id(*n)), "500.00", "0.00"],
            &change,
        );
    }
    assert_eq!(faults.iter().filter(|f| f["kind"] == "line_differs").count(), changed.len());
    assert_eq!(faults.len(), 2 * changed.len());
    s.finish().await;
}

#[tokio::test]
async fn every_deletion_outside_the_platform_is_reported() {
    const LINE: &str = "DELETE FROM postings WHERE transaction_number =";
    let removals = [
        ("DELETE FROM wallets".to_owned(), ["balance_differs", ":available", "350.00", "no wallet"]),
        (format!("{LINE} 1"), ["line_differs", ":account_after", "500.00", "525.00"]),
        (format!("{LINE} 8"), ["balance_differs", ":transactions", "7", "8"]),
        (
            "DELETE FROM journal_entries WHERE kind = 'referral' AND amount_paise = 2500".to_owned(),
            ["line_differs", ":1:entry", "its entry", "nothing"],
        ),
        (
            "DELETE FROM journal_entries WHERE kind = 'payout_reversal'".to_owned(),
            ["balance_differs", ":total_withdrawn", "400.00", "50.00"],
        ),
    ];
    for (removal, fault) in removals {
        let s = start_wallet().await;
        scenario(&s).await;
        let open = "DROP TRIGGER postings_refuse_delete; DROP TRIGGER journal_entries_refuse_delete";
        let faults = faults_after(&s, &format!("{open}; {removal}")).await;
        assert_reported(&faults, fault, &removal);
        s.finish().await;
    }
}

#[tokio::test]
async fn a_verification_reports_the_first_changed_entry_of_the_chain() {
    let changes = [
        "UPDATE postings SET description = 'x' WHERE entry_id = (SELECT entry_id FROM seals WHERE number = 3) AND line = 1",
        "UPDATE journal_entries SET inputs = inputs || ' ' WHERE id = (SELECT entry_id FROM seals WHERE number = 3)",
        "UPDATE journal_entries SET at = '2026-11-10 04:30:00.000001' WHERE id = (SELECT entry_id FROM seals WHERE number = 3)",
        "DELETE FROM journal_entries WHERE id = (SELECT entry_id FROM seals WHERE number = 3)",
        "DELETE FROM seals WHERE number = 3",
        // Seals deleted up to the end, as an attacker would do after a change.
        "DELETE FROM seals WHERE number >= 3",
    ];
    for change in changes {
        let s = start_wallet().await;
        for n in 1..=5 {
            s.deliver_now(&paid(n, B, A, "500.00", "25.00")).await;
            s.run_job("seal").await;
        }
        s.clock.advance_secs(601);
        s.run_job("seal").await;
        let whole = s.as_staff().get("/ledger/verify").await.expect(200);
        assert_eq!((&whole["ok"], &whole["entries_sealed"]), (&true.into(), &5.into()), "{whole}");
        let mut c = s.ctx().db().write().await.unwrap();
        for table in ["postings", "journal_entries", "seals"] {
            let sql = format!("DROP TRIGGER {table}_refuse_update; DROP TRIGGER {table}_refuse_delete");
            c.batch_execute(&sql).await.unwrap();
        }
        c.batch_execute(change).await.unwrap();
        drop(c);
        let broken = s.as_staff().get("/ledger/verify").await.expect(200);
        assert_eq!(broken["ok"], false, "{change}");
        let faults = broken["faults"].as_array().unwrap();
        let chain = &faults[0];
        assert_eq!(chain["kind"], "chain_broken", "{broken}");
        assert_eq!((&chain["expected"], &broken["entries_sealed"]), (&"seal 3".into(), &2.into()), "{change}");
        s.finish().await;
    }
}

#[tokio::test]
async fn sealing_continues_with_newly_settled_entries() {
    let s = start_wallet().await;
    for n in 1..=4 {
        s.deliver_now(&paid(n, B, A, "500.00", "25.00")).await;
        s.clock.advance_secs(601);
        s.run_job("seal").await;
    }
    let whole = s.as_staff().get("/ledger/verify").await.expect(200);
    assert_eq!((&whole["ok"], &whole["entries_sealed"]), (&true.into(), &4.into()), "{whole}");
    s.finish().await;
}

#[tokio::test]
async fn a_past_trial_balance_is_the_same_with_and_without_closings() {
    let s = start_wallet().await;
    let mut trial_balances = Vec::new();
    for n in 1..=8 {
        s.deliver_now(&paid(n, B, A, "500.00", "25.00")).await;
        let now = s.now();
        trial_balances.push((now, s.as_staff().get(&format!("/ledger/trial-balance?as_of={now}")).await.expect(200)));
        if n < 8 {
            s.clock.advance_secs(700);
            s.run_job("close").await;
        }
    }
    let mut c = s.ctx().db().read().await.unwrap();
    let closed = wallet::store::closings::find_last(&mut c, None).await.unwrap().expect("a closing was saved");
    drop(c);
    assert!(
        trial_balances[0].0 < closed && closed < trial_balances[7].0,
        "there is a closing between the first and the last"
    );
    for (at, before) in trial_balances {
        let after = s.as_staff().get(&format!("/ledger/trial-balance?as_of={at}")).await.expect(200);
        assert_eq!(after, before);
    }
    assert_consistent(&s).await;
    let mut c = s.ctx().db().write().await.unwrap();
    c.batch_execute("DROP TRIGGER closings_refuse_update; UPDATE closings SET total_paise = total_paise + 1")
        .await
        .unwrap();
    drop(c);
    let verified = s.as_staff().get("/ledger/verify").await.expect(200);
    assert_eq!(verified["faults"][0]["kind"], "closing_differs", "{verified}");
    s.finish().await;
}

/// More postings than are added in one step, some with the same posting time.
#[tokio::test]
async fn a_closing_of_many_postings_is_added_up_in_steps() {
    let s = start_wallet().await;
    for batch in 0..4_u32 {
        let pairs = (batch * 1_200 + 1..=(batch + 1) * 1_200).map(|n| pair(A, n, "0.00"));
        s.deliver_now(&placed(pairs.collect())).await;
        s.clock.advance_secs(60);
    }
    s.clock.advance_secs(1_000);
    for _ in 0..2 {
        s.run_job("close").await;
    }
    let mut c = s.ctx().db().read().await.unwrap();
    let closed = wallet::store::closings::find_last(&mut c, None).await.unwrap().expect("a closing was saved");
    let totals = wallet::store::closings::load_totals(&mut c, closed).await.unwrap();
    let sums: BTreeMap<_, _> =
        wallet::store::entries::sum_by_account(&mut c, None, None).await.unwrap().into_iter().collect();
    drop(c);
    let sum = |account| sums.get(&account).copied().unwrap_or_default();
    assert!(totals.iter().all(|(account, total)| *total == sum(*account)), "{totals:?} and not {sums:?}");
    assert!(totals.values().any(|total| *total != Money::ZERO));
    assert_consistent(&s).await;
    s.finish().await;
}
