//! What the database itself refuses, and what is noticed when somebody writes past the platform.

use crate::fixture::*;
use db::{Db, is_append_only_violation, is_check_violation};
use diesel_async::SimpleAsyncConnection;

const FORBIDDEN: [&str; 6] = [
    "UPDATE postings SET amount_paise = amount_paise + 1",
    "DELETE FROM postings",
    "UPDATE journal_entries SET amount_paise = 0",
    "DELETE FROM journal_entries",
    "UPDATE forfeits SET reason = 'x'",
    "DELETE FROM forfeits",
];

/// Tries every forbidden change on a ledger that has a row of each kind.
pub(crate) async fn refuses_changes(db: &Db) {
    let mut c = db.write().await.unwrap();
    for sql in FORBIDDEN {
        let error = c.batch_execute(sql).await.expect_err(sql);
        assert!(is_append_only_violation(&error), "{sql}: {error}");
    }
    for column in ["available_paise", "held_paise", "emi_reserve_paise", "reserve_paise", "clawback_due_paise"] {
        let error = c.batch_execute(&format!("UPDATE wallets SET {column} = -1")).await.expect_err(column);
        assert!(is_check_violation(&error), "{column}: {error}");
    }
}

#[tokio::test]
async fn the_ledger_refuses_to_be_changed() {
    let s = wallet().await;
    s.deliver_now(&paid(1, B, A, "500.00", "25.00")).await;
    s.deliver_now(&paid(2, B, A, "500.00", "0.00")).await;
    refuses_changes(s.ctx().db()).await;
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
