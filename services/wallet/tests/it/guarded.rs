//! What the database itself refuses, and what is noticed when somebody writes past the platform.

use crate::fixture::*;
use db::{Db, is_check_violation};
use diesel_async::SimpleAsyncConnection;

/// Where the code would let a balance fall below zero, the table does not.
pub(crate) async fn refuses_to_go_below_zero(db: &Db) {
    let mut c = db.write().await.unwrap();
    for column in ["available_paise", "held_paise", "emi_reserve_paise", "reserve_paise", "clawback_due_paise"] {
        let error = c.batch_execute(&format!("UPDATE wallets SET {column} = -1")).await.expect_err(column);
        assert!(is_check_violation(&error), "{column}: {error}");
    }
}

#[tokio::test]
async fn a_balance_cannot_be_set_below_zero() {
    let s = wallet().await;
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    refuses_to_go_below_zero(s.ctx().db()).await;
    sound(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn a_balance_changed_behind_the_platforms_back_is_named() {
    let s = wallet().await;
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    let mut c = s.ctx().db().write().await.unwrap();
    c.batch_execute("UPDATE wallets SET available_paise = available_paise + 1").await.unwrap();
    drop(c);
    let verified = s.as_staff().get("/ledger/verify").await.expect(200);
    assert_eq!(verified["ok"], false);
    assert_eq!(verified["faults"][0]["subject"], format!("member:{}:available", id(A)));
    assert_eq!(
        (&verified["faults"][0]["expected"], &verified["faults"][0]["found"]),
        (&"25.00".into(), &"25.01".into())
    );
    s.finish().await;
}

#[tokio::test]
async fn the_chain_names_the_first_entry_that_was_changed() {
    let changes = [
        "UPDATE postings SET description = 'x' WHERE entry_id = (SELECT entry_id FROM seals WHERE number = 3) AND line = 1",
        "UPDATE journal_entries SET inputs = inputs || ' ' WHERE id = (SELECT entry_id FROM seals WHERE number = 3)",
        "UPDATE journal_entries SET at = '2026-11-10 04:30:00.000001' WHERE id = (SELECT entry_id FROM seals WHERE number = 3)",
        "DELETE FROM journal_entries WHERE id = (SELECT entry_id FROM seals WHERE number = 3)",
        "DELETE FROM seals WHERE number = 3",
        // Whoever takes the seals away together with a change has to be noticed as well.
        "DELETE FROM seals WHERE number >= 3",
    ];
    for change in changes {
        let s = wallet().await;
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
async fn sealing_goes_on_after_what_is_settled() {
    let s = wallet().await;
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
async fn what_accounts_came_to_is_the_same_with_and_without_closings() {
    let s = wallet().await;
    let mut asked = Vec::new();
    for n in 1..=8 {
        s.deliver_now(&paid(n, B, A, "500.00", "25.00")).await;
        let now = s.now();
        asked.push((now, s.as_staff().get(&format!("/ledger/trial-balance?as_of={now}")).await.expect(200)));
        s.clock.advance_secs(700);
        s.run_job("close").await;
    }
    let mut c = s.ctx().db().read().await.unwrap();
    let closed = wallet::store::closings::last(&mut c, None).await.unwrap().expect("books were closed");
    drop(c);
    assert!(asked[0].0 < closed && closed < asked[7].0, "there is a closing between the first and the last");
    for (at, before) in asked {
        let after = s.as_staff().get(&format!("/ledger/trial-balance?as_of={at}")).await.expect(200);
        assert_eq!(after, before);
    }
    sound(&s).await;
    let mut c = s.ctx().db().write().await.unwrap();
    c.batch_execute("DROP TRIGGER closings_refuse_update; UPDATE closings SET total_paise = total_paise + 1")
        .await
        .unwrap();
    drop(c);
    let verified = s.as_staff().get("/ledger/verify").await.expect(200);
    assert_eq!(verified["faults"][0]["kind"], "closing_differs", "{verified}");
    s.finish().await;
}
