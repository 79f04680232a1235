//! Verification: any change made to the tables outside the platform is found and reported.

use crate::fixture::{drop_write_protection, join, pay, payment, refund, register, start, start_day, user};
use db::DbConnection;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::{Plan, UserId};
use proto_events::auth::v1::UserUpdated;
use runtime::id;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::TestService;
use testkit::mariadb::with_database;

const TABLES: [&str; 7] = ["tree_log", "nodes", "pairs", "plan_versions", "plan_withdrawals", "payments", "tree_head"];

/// Placements, refunds and new payments of the same members, across the end of a month and a new plan that flushes; one
/// member is placed manually.
async fn history(s: &TestService) {
    let (a, _) = join(s, "A", None).await;
    let placed_manually: UserId = register(s, "B", Some(a)).await;
    let place = json!({ "user_id": placed_manually, "parent_user_id": a, "side": "right" });
    s.as_admin().post("/binary/placements", place).await.expect(201);
    let mut paid = Vec::new();
    for n in 0..14 {
        paid.push(join(s, &format!("M{n}"), Some(a)).await);
    }
    for (_, payment) in paid.iter().step_by(3) {
        refund(s, payment).await;
    }
    let mut plan = Plan::seed();
    plan.pairs.limit = 1;
    plan.pairs.over_limit = domain::plan::OverLimit::Flush;
    let from = "2026-12-01T18:30:00Z";
    s.as_admin().post("/plan/versions", json!({ "effective_from": from, "plan": plan })).await.expect(201);
    let withdrawn = json!({ "effective_from": "2026-12-31T18:30:00Z", "preset": "fixed" });
    s.as_admin().post("/plan/versions", withdrawn).await.expect(201);
    s.as_admin().delete("/plan/versions/3").await.expect(204);
    s.clock.set("2026-12-02T00:00:00Z".parse().unwrap());
    start_day(s, "2026-12-02").await;
    for (id, _) in paid.iter().step_by(6) {
        pay(s, *id, 900).await;
    }
    for n in 0..4 {
        join(s, &format!("Z{n}"), Some(a)).await;
    }
    pay(s, placed_manually, 700).await;
    let mut labelled = user(placed_manually, "B", Some(a));
    (labelled.version, labelled.is_distributor) = (2, true);
    s.deliver_now(&UserUpdated { user: Some(labelled) }).await;
    s.deliver_now(&payment(a, 300, "emi_deduction", s.now())).await;
}

async fn verify(s: &TestService) -> Value {
    s.as_staff().get("/binary/verify").await.expect(200)
}

async fn run(c: &mut DbConnection, statement: &str) {
    diesel::sql_query(statement).execute(c).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
}

/// Drops the write protection of the tables and copies each.
async fn prepare_tables(c: &mut DbConnection) {
    for table in ["tree_log", "nodes", "pairs"] {
        drop_write_protection(c, table).await;
    }
    for table in TABLES {
        run(c, &format!("CREATE TABLE copy_of_{table} AS SELECT * FROM {table}")).await;
    }
}

async fn restore_tables(c: &mut DbConnection) {
    for table in TABLES {
        c.batch_execute(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM copy_of_{table}"))
            .await
            .unwrap();
    }
}

/// A statement, and the table, row and column that the verification must report; an empty column is the whole row.
const CHANGES: &[(&str, &str, &str, &str)] = &[
    ("UPDATE nodes SET user_id = X'00112233445566778899AABBCCDDEEFF' WHERE node = 3", "nodes", "3", "user_id"),
    ("UPDATE nodes SET parent_node = 900 WHERE node = 3", "nodes", "3", "parent_node"),
    ("UPDATE nodes SET parent_node = 900, side = 'right' WHERE node = 3", "nodes", "3", "parent_node"),
    ("UPDATE nodes SET depth = depth + 1 WHERE node = 4", "nodes", "4", "depth"),
    ("UPDATE nodes SET sponsor_id = NULL WHERE node = 4", "nodes", "4", "sponsor_id"),
    ("UPDATE nodes SET is_manual = NOT is_manual WHERE node = 2", "nodes", "2", "is_manual"),
    ("UPDATE nodes SET placed_seq = placed_seq + 1 WHERE node = 5", "nodes", "5", "placed_seq"),
    ("UPDATE nodes SET placed_at = '2026-11-10 04:30:01' WHERE node = 5", "nodes", "5", "placed_at"),
    ("DELETE FROM nodes WHERE node = 6", "nodes", "6", ""),
    (
        "DELETE FROM nodes WHERE node = (SELECT node FROM (SELECT MAX(node) AS node FROM nodes) AS last)",
        "nodes",
        "20",
        "",
    ),
    ("UPDATE nodes SET node = -6 WHERE node = 6", "nodes", "-6", ""),
    (
        "INSERT INTO nodes SELECT 21, X'00112233445566778899AABBCCDDEEFF', 900, side, depth, sponsor_id, is_manual, placed_seq, placed_at FROM nodes WHERE node = 7",
        "nodes",
        "21",
        "",
    ),
    (
        "INSERT INTO nodes SELECT 21, X'00112233445566778899AABBCCDDEEFF', 900, side, depth, sponsor_id, is_manual, 9999, placed_at FROM nodes WHERE node = 7",
        "nodes",
        "21",
        "",
    ),
    ("UPDATE pairs SET earner_node = 19 WHERE ordinal = 3", "pairs", "3", "earner_node"),
    ("UPDATE pairs SET number = number + 90 WHERE ordinal = 3", "pairs", "3", "number"),
    ("UPDATE pairs SET left_node = left_node + 1 WHERE ordinal = 3", "pairs", "3", "left_node"),
    ("UPDATE pairs SET right_node = right_node + 1 WHERE ordinal = 3", "pairs", "3", "right_node"),
    ("UPDATE pairs SET period = period + 1 WHERE ordinal = 3", "pairs", "3", "period"),
    ("UPDATE pairs SET slot = slot + 50 WHERE ordinal = 3", "pairs", "3", "slot"),
    ("UPDATE pairs SET slot = NULL WHERE ordinal = 3", "pairs", "3", "slot"),
    ("UPDATE pairs SET month = '2026-10' WHERE ordinal = 3", "pairs", "3", "month"),
    (
        "UPDATE pairs SET earner_active_buyer = NOT earner_active_buyer WHERE ordinal = 3",
        "pairs",
        "3",
        "earner_active_buyer",
    ),
    ("UPDATE pairs SET plan_version = 2 WHERE ordinal = 3", "pairs", "3", "plan_version"),
    ("UPDATE pairs SET gross_paise = gross_paise + 1 WHERE ordinal = 3", "pairs", "3", "gross_paise"),
    ("UPDATE pairs SET emi_deduction_paise = 1 WHERE ordinal = 3", "pairs", "3", "emi_deduction_paise"),
    ("UPDATE pairs SET reserve_deduction_paise = 1 WHERE ordinal = 3", "pairs", "3", "reserve_deduction_paise"),
    ("UPDATE pairs SET available_paise = 1 WHERE ordinal = 3", "pairs", "3", "available_paise"),
    ("UPDATE pairs SET matched_seq = matched_seq + 1 WHERE ordinal = 3", "pairs", "3", "matched_seq"),
    ("UPDATE pairs SET matched_at = '2026-11-10 04:30:01' WHERE ordinal = 3", "pairs", "3", "matched_at"),
    ("DELETE FROM pairs WHERE ordinal = 3", "pairs", "3", ""),
    ("UPDATE pairs SET ordinal = 0 WHERE ordinal = 3", "pairs", "0", ""),
    ("UPDATE pairs SET ordinal = 900 WHERE ordinal = {last}", "pairs", "{last}", ""),
    ("UPDATE pairs SET status = 'voided' WHERE ordinal = {matched}", "pairs", "{matched}", "status"),
    ("UPDATE pairs SET status = 'flushed' WHERE ordinal = {matched}", "pairs", "{matched}", "status"),
    ("UPDATE pairs SET status = 'gone' WHERE ordinal = {matched}", "pairs", "", ""),
    ("UPDATE pairs SET voided_at = matched_at WHERE ordinal = {matched}", "pairs", "{matched}", "voided_at"),
    ("UPDATE pairs SET voided_seq = 1 WHERE ordinal = {matched}", "pairs", "{matched}", "voided_seq"),
    ("UPDATE pairs SET voided_seq = 9999 WHERE ordinal = {matched}", "pairs", "{matched}", "voided_seq"),
    ("UPDATE pairs SET status = 'matched' WHERE ordinal = {voided}", "pairs", "{voided}", "status"),
    ("UPDATE pairs SET voided_seq = voided_seq + 1 WHERE ordinal = {voided}", "pairs", "{voided}", "voided_seq"),
    (
        "UPDATE pairs SET voided_seq = NULL, voided_at = NULL, status = 'matched' WHERE ordinal = {voided}",
        "pairs",
        "{voided}",
        "status",
    ),
    ("UPDATE pairs SET voided_at = matched_at WHERE ordinal = {voided}", "pairs", "{voided}", "voided_at"),
    ("UPDATE pairs SET status = 'matched' WHERE status = 'flushed'", "pairs", "{flushed}", "status"),
    ("UPDATE plan_versions SET published_at = '2026-11-10 04:30:01'", "plan_versions", "2", "published_at"),
    ("UPDATE plan_versions SET plan = REPLACE(plan, ',', ', ')", "plan_versions", "2", "plan"),
    ("UPDATE plan_versions SET version = 9 WHERE version = 2", "tree_log", "", ""),
    ("DELETE FROM plan_versions", "tree_log", "", ""),
    (
        "INSERT INTO plan_versions SELECT version + 2, effective_from, plan, published_by, published_at FROM plan_versions",
        "plan_versions",
        "4",
        "",
    ),
    ("UPDATE plan_withdrawals SET withdrawn_at = '2026-11-10 04:30:01'", "plan_withdrawals", "3", "withdrawn_at"),
    ("UPDATE plan_withdrawals SET version = 2", "plan_withdrawals", "3", ""),
    ("DELETE FROM plan_withdrawals", "plan_withdrawals", "3", ""),
    (
        "INSERT INTO plan_withdrawals SELECT 2, withdrawn_by, withdrawn_at FROM plan_withdrawals",
        "plan_withdrawals",
        "2",
        "",
    ),
    ("UPDATE tree_log SET at = '2027-01-01 00:00:00' WHERE seq = 4", "tree_log", "4", "at"),
    ("UPDATE tree_log SET amount_paise = 1 WHERE kind = 'day_started'", "tree_log", "{day}", "amount_paise"),
    ("UPDATE tree_log SET amount_paise = amount_paise + 1 WHERE kind = 'paid'", "payments", "member", "amount_paise"),
    ("UPDATE tree_log SET kind = 'labelled' WHERE seq = 1", "tree_log", "", ""),
    ("DELETE FROM tree_log WHERE seq = 4", "tree_log", "", ""),
    ("DELETE FROM tree_log WHERE seq > 20", "tree_log", "", ""),
    ("UPDATE tree_head SET seq = seq - 1", "tree_head", "1", "seq"),
    ("UPDATE tree_head SET seq = seq + 1", "tree_log", "", ""),
    (
        "UPDATE payments SET amount_paise = amount_paise + 1 WHERE is_counted AND refund_id IS NULL",
        "payments",
        "member",
        "amount_paise",
    ),
    (
        "UPDATE payments SET refund_id = X'00112233445566778899AABBCCDDEEFF' WHERE is_counted",
        "payments",
        "member",
        "amount_paise",
    ),
    ("UPDATE payments SET refund_id = NULL", "payments", "member", "amount_paise"),
    ("UPDATE payments SET is_counted = TRUE", "payments", "member", "amount_paise"),
    ("UPDATE payments SET is_counted = FALSE", "payments", "member", "amount_paise"),
    ("UPDATE payments SET user_id = X'00112233445566778899AABBCCDDEEFF'", "payments", "", "user_id"),
    ("DELETE FROM payments", "payments", "member", "amount_paise"),
];

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

async fn query_number(c: &mut DbConnection, query: &str) -> String {
    diesel::sql_query(query).get_result::<Number>(c).await.unwrap().n.to_string()
}

async fn every_change_is_reported(s: &TestService) {
    history(s).await;
    let intact = verify(s).await;
    assert_eq!((&intact["ok"], &intact["deviation"]), (&json!(true), &Value::Null), "{intact}");
    let mut c = s.ctx().db().write().await.unwrap();
    let names = [
        ("{last}", query_number(&mut c, "SELECT MAX(ordinal) AS n FROM pairs").await),
        ("{matched}", query_number(&mut c, "SELECT MAX(ordinal) AS n FROM pairs WHERE status = 'matched'").await),
        ("{voided}", query_number(&mut c, "SELECT MIN(ordinal) AS n FROM pairs WHERE status = 'voided'").await),
        ("{flushed}", query_number(&mut c, "SELECT MIN(ordinal) AS n FROM pairs WHERE status = 'flushed'").await),
        ("{day}", query_number(&mut c, "SELECT MAX(seq) AS n FROM tree_log WHERE kind = 'day_started'").await),
    ];
    let filled = |text: &str| names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    assert_eq!(intact["pairs"].to_string(), filled("{last}"));
    assert_eq!((&intact["members"], &intact["plan_versions"]), (&json!(20), &json!(2)), "{intact}");
    prepare_tables(&mut c).await;
    drop(c);
    let mut wrong = Vec::new();
    for (change, table, row, column) in CHANGES {
        let mut c = s.ctx().db().write().await.unwrap();
        run(&mut c, &filled(change)).await;
        drop(c);
        let report = verify(s).await;
        let found = &report["deviation"];
        let text = |field: &str| found[field].as_str().unwrap_or_default();
        let named = text("table") == *table && text("row").starts_with(&filled(row)) && text("column") == *column;
        let has_difference = text("expected") != text("found");
        if report["ok"] != json!(false) || !named || !has_difference {
            wrong.push(format!("{change}: {found}"));
        }
        restore_tables(&mut s.ctx().db().write().await.unwrap()).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let again = verify(s).await;
    assert_eq!(again, intact);
}

#[tokio::test]
async fn every_change_of_the_tables_is_found_and_reported() {
    let s = start().await;
    every_change_is_reported(&s).await;
    s.finish().await;
}

/// Verifies repeatedly while members join, pay and are refunded.
async fn verify_during_writes(s: &TestService) {
    let (a, _) = join(s, "A", None).await;
    let writing = async {
        for n in 0..60 {
            let (id, paid) = join(s, &format!("M{n}"), Some(a)).await;
            if n % 3 == 0 {
                refund(s, &paid).await;
            }
            if n % 6 == 0 {
                pay(s, id, 700).await;
            }
        }
    };
    let verifying = async {
        let mut seen = Vec::new();
        while seen.last().is_none_or(|seq| *seq < 60) {
            let report = verify(s).await;
            assert_eq!(report["ok"], json!(true), "{report}");
            seen.push(report["journal_entries"].as_i64().unwrap());
        }
        seen.dedup();
        seen.len()
    };
    let ((), different) = tokio::join!(writing, verifying);
    assert!(different > 3, "verified at only {different} journal positions");
    let end = verify(s).await;
    assert_eq!((&end["ok"], &end["members"]), (&json!(true), &json!(61)), "{end}");
}

#[tokio::test]
async fn the_tables_can_be_verified_during_writes() {
    let s = start().await;
    verify_during_writes(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn only_staff_verify() {
    let s = start().await;
    assert_eq!(s.as_user(id::fresh()).get("/binary/verify").await.status, 403);
    let nothing = verify(&s).await;
    assert_eq!((&nothing["ok"], &nothing["journal_entries"]), (&json!(true), &json!(0)));
    s.finish().await;
}

mod on_services {
    use super::*;

    async fn on_mariadb(test: impl AsyncFnOnce(&TestService)) {
        with_database(async |url| {
            let s = TestService::start_with(binary::service(), &[("DATABASE_URL", &url)]).await;
            test(&s).await;
            s.finish().await;
        })
        .await;
    }

    #[tokio::test]
    async fn every_change_of_the_tables_is_found_and_reported() {
        on_mariadb(every_change_is_reported).await;
    }

    #[tokio::test]
    async fn the_tables_can_be_verified_during_writes() {
        on_mariadb(verify_during_writes).await;
    }
}

/// Simulations run on the same connections.
#[tokio::test]
async fn a_verification_uses_no_request_connection_and_is_refused_while_all_long_readers_are_busy() {
    let s = start().await;
    join(&s, "A", None).await;
    let (db, staff, admin) = (s.ctx().db(), s.as_staff(), s.as_admin());
    let simulate = async || admin.post("/plan/simulate", json!({ "preset": "seed" })).await;
    let long_reads = [db.long_read(Duration::ZERO).await.unwrap(), db.long_read(Duration::ZERO).await.unwrap()];
    for refused in [staff.get("/binary/verify").await, simulate().await] {
        assert_eq!(refused.header("retry-after"), "5");
        assert_eq!(refused.problem(429), "request.busy");
    }
    drop(long_reads);
    // All connections of the pool.
    let mut connections = Vec::new();
    for _ in 0..8 {
        connections.push(db.read().await.unwrap());
    }
    assert_eq!(verify(&s).await["ok"], true);
    simulate().await.expect(200);
    drop(connections);
    s.finish().await;
}

#[tokio::test]
async fn a_verification_in_the_background_has_the_report_of_one_that_is_waited_for() {
    let s = start().await;
    history(&s).await;
    let expected = verify(&s).await;
    let requested = s.as_staff().post_empty("/binary/verifications").await.expect(202);
    s.run_job("long-tasks").await;
    let path = format!("/binary/verifications/{}", requested["id"].as_str().unwrap());
    let done = s.as_staff().get(&path).await.expect(200);
    assert_eq!((&done["state"], &done["result"]), (&json!("done"), &expected), "{done}");
    let list = s.as_staff().get("/binary/verifications").await.expect(200);
    assert_eq!(list["items"], json!([done]));
    s.finish().await;
}

#[tokio::test]
async fn concurrent_replays_run_one_after_another_or_are_refused() {
    let s = start().await;
    history(&s).await;
    let requests: Vec<_> = (0..6)
        .map(|n| {
            let admin = s.as_admin();
            tokio::spawn(async move {
                if n % 2 == 0 {
                    admin.get("/binary/verify").await
                } else {
                    admin.post("/plan/simulate", json!({ "preset": "seed" })).await
                }
            })
        })
        .collect();
    let mut served = 0;
    for request in requests {
        let answer = request.await.unwrap();
        if answer.status == 200 {
            served += 1;
        } else {
            assert_eq!(answer.header("retry-after"), "30");
            assert_eq!(answer.problem(429), "binary.replay_running");
        }
    }
    assert!(served >= 1);
    s.finish().await;
}
