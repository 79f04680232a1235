//! The hash chain grows by what is new, however much is to be sealed.

use crate::fixture::*;
use diesel::QueryableByName;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::sync::Mutex;
use testkit::TestService;

/// Every statement of this process that was recorded.
static STATEMENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Recorder;
impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            STATEMENTS.lock().unwrap().push(query.to_string());
        }
    }
}

fn statements_on(table: &str) -> Vec<String> {
    let from = format!("FROM `{table}`");
    STATEMENTS.lock().unwrap().iter().filter(|sql| sql.contains(&from)).cloned().collect()
}

/// How far sealing had come when a seal was saved, and the position of its entry.
#[derive(QueryableByName, Clone, Copy)]
struct Step {
    #[diesel(sql_type = BigInt)]
    reached: i64,
    #[diesel(sql_type = BigInt)]
    position: i64,
}

async fn post(s: &TestService, from: u32, entries: u32) {
    let pairs = (from..from + entries).map(|n| pair(A, n, "0.00"));
    s.deliver_now(&placed(pairs.collect())).await;
}

#[tokio::test]
async fn each_entry_is_read_once_however_long_the_backlog() {
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    let s = wallet().await;
    let trace = "CREATE TABLE steps (reached BIGINT, position BIGINT);
        CREATE TRIGGER seals_trace AFTER INSERT ON seals BEGIN
            INSERT INTO steps SELECT p.position, e.position FROM seal_progress p
                JOIN journal_entries e ON e.id = NEW.entry_id;
        END";
    s.ctx().db().write().await.unwrap().batch_execute(trace).await.unwrap();
    let (backlog, more) = (2_600, 700);
    post(&s, 1, backlog).await;
    STATEMENTS.lock().unwrap().clear();
    s.run_job("seal").await;
    // Six chunks of at most 500, one look that finds nothing more, and the last position.
    let reads = statements_on("journal_entries");
    assert_eq!(reads.len(), 8, "{reads:#?}");
    assert!(reads.iter().all(|sql| sql.contains("LIMIT") || sql.contains("max(")), "{reads:#?}");
    assert!(!statements_on("seals").iter().any(|sql| sql.contains("EXISTS")));
    post(&s, backlog + 1, more).await;
    STATEMENTS.lock().unwrap().clear();
    s.run_job("seal").await;
    assert_eq!(statements_on("journal_entries").len(), 4);

    let mut c = s.ctx().db().read().await.unwrap();
    let steps: Vec<Step> =
        diesel::sql_query("SELECT reached, position FROM steps ORDER BY rowid").load(&mut c).await.unwrap();
    drop(c);
    assert_eq!(steps.len(), usize::try_from(backlog + more).unwrap());
    let mut reached: Vec<i64> = steps.iter().map(|step| step.reached).collect();
    reached.dedup();
    assert_eq!(reached, [500, 1_000, 1_500, 2_000, 2_500, 2_600, 3_100, 3_300], "saved with every chunk");
    let mut before = 0;
    for step in &steps {
        assert!(before < step.position && step.position <= step.reached, "the range never goes back");
        before = step.position;
    }
    let verified = s.as_staff().get("/ledger/verify").await.expect(200);
    assert_eq!(verified["entries_sealed"], verified["entries_checked"], "{verified}");
    s.finish().await;
}

#[tokio::test]
async fn sealing_with_nothing_new_writes_nothing() {
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
    let s = wallet().await;
    post(&s, 1, 3).await;
    s.run_job("seal").await;
    STATEMENTS.lock().unwrap().clear();
    s.run_job("seal").await;
    let all = STATEMENTS.lock().unwrap().clone();
    assert!(!all.is_empty() && all.iter().all(|sql| sql.starts_with("SELECT")), "{all:#?}");
    s.finish().await;
}

/// Two instances may seal at the same time when a lease ran out.
#[tokio::test]
async fn a_chunk_that_was_sealed_meanwhile_is_not_sealed_again() {
    let s = wallet().await;
    post(&s, 1, 3).await;
    s.run_job("close").await;
    let mut c = s.ctx().db().read().await.unwrap();
    let settled = wallet::app::epoch::settled(&mut c).await.unwrap();
    let read = wallet::app::seal::read(&mut c, &settled, s.now()).await.unwrap();
    let chunk = read.expect("three entries are settled and not sealed");
    drop(c);
    s.run_job("seal").await;
    let saved = s.ctx().db().tx(async |c| wallet::app::seal::save(c, &chunk).await).await;
    assert!(!saved.unwrap());
    sound(&s).await;
    s.finish().await;
}
