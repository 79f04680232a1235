//! Sealing reads and writes new entries only, however long the backlog.

use crate::fixture::*;
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use testkit::TestService;
use testkit::statements::{Statements, reads_of, writes_to};

/// The sealed position when a seal was saved, and the position of its entry.
#[derive(QueryableByName, Clone, Copy)]
struct SealTrace {
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
    let s = start_wallet().await;
    let log = Statements::record(&s);
    let trace = "CREATE TABLE steps (reached BIGINT, position BIGINT);
        CREATE TRIGGER seals_trace AFTER INSERT ON seals BEGIN
            INSERT INTO steps SELECT p.position, e.position FROM seal_progress p
                JOIN journal_entries e ON e.id = NEW.entry_id;
        END";
    s.ctx().db().write().await.unwrap().batch_execute(trace).await.unwrap();
    let (backlog, more) = (2_600, 700);
    post(&s, 1, backlog).await;
    log.drain();
    s.run_job("seal").await;
    // Six chunks of at most 500, one read that finds nothing more, one of the last position, and one for the metric.
    let statements = log.drain();
    let reads = reads_of(&statements, "journal_entries");
    assert_eq!(reads.len(), 9, "{reads:#?}");
    assert!(reads.iter().all(|sql| sql.contains("LIMIT") || sql.contains("max(")), "{reads:#?}");
    assert!(!statements.iter().any(|sql| sql.contains("EXISTS")), "{statements:#?}");
    post(&s, backlog + 1, more).await;
    log.drain();
    s.run_job("seal").await;
    assert_eq!(reads_of(&log.drain(), "journal_entries").len(), 5);

    let mut c = s.ctx().db().read().await.unwrap();
    let steps: Vec<SealTrace> =
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
    let s = start_wallet().await;
    let log = Statements::record(&s);
    post(&s, 1, 3).await;
    s.run_job("seal").await;
    log.drain();
    s.run_job("seal").await;
    let all = log.drain();
    assert!(!all.is_empty() && all.iter().all(|sql| sql.starts_with("SELECT")), "{all:#?}");
    s.finish().await;
}

/// Two instances may seal at the same time after a lease has expired.
#[tokio::test]
async fn a_chunk_that_was_sealed_meanwhile_is_not_sealed_again() {
    let s = start_wallet().await;
    post(&s, 1, 3).await;
    s.run_job("close").await;
    let mut c = s.ctx().db().read().await.unwrap();
    let settled = wallet::app::epoch::load_settled(&mut c).await.unwrap();
    let read = wallet::app::seal::load_next_chunk(&mut c, &settled, s.now()).await.unwrap();
    let chunk = read.expect("three entries are settled and not sealed");
    drop(c);
    s.run_job("seal").await;
    let saved = s.ctx().db().tx(async |c| wallet::app::seal::save_chunk(c, &chunk).await).await;
    assert!(!saved.unwrap());
    assert_consistent(&s).await;
    s.finish().await;
}

#[tokio::test]
async fn an_event_with_a_known_cause_writes_nothing() {
    const TABLES: [&str; 9] = [
        "wallets",
        "journal_entries",
        "postings",
        "holds",
        "emi_reserves",
        "forfeits",
        "single_bonuses",
        "members",
        "posting_epochs",
    ];
    let s = start_wallet().await;
    let log = Statements::record(&s);
    let payment = paid(1, B, A, "500.00", "25.00");
    let p = payout(50, "25.00", "0.00");
    // The second time each cause comes in another event.
    for again in [false, true] {
        log.drain();
        s.deliver_now(&registered(A)).await;
        s.deliver_now(&payment).await;
        s.deliver_now(&placed(vec![pair(A, 6, "100.00")])).await;
        s.deliver_now(&requested(&p)).await;
        s.deliver_now(&approved(&p)).await;
        let statements = log.drain();
        let writes = writes_to(&statements, &TABLES);
        assert_eq!(writes.is_empty(), again, "{writes:#?}");
    }
    assert_consistent(&s).await;
    s.finish().await;
}

/// A clock that is set back does not change a closing.
#[tokio::test]
async fn a_closing_stays_the_same_when_a_clock_goes_back() {
    let s = start_wallet().await;
    post(&s, 1, 2).await;
    s.clock.advance_secs(4_000);
    s.run_job("close").await;
    let closed = {
        let mut c = s.ctx().db().read().await.unwrap();
        wallet::store::closings::find_last(&mut c, None).await.unwrap().expect("a closing was saved")
    };
    let path = format!("/ledger/trial-balance?as_of={closed}");
    let before = s.as_staff().get(&path).await.expect(200);
    s.clock.set(at());
    post(&s, 3, 2).await;
    let staff = s.as_staff();
    assert_eq!(staff.get(&path).await.expect(200), before);
    let lines = s.as_user(user(A)).get("/wallet/transactions?limit=1").await.expect(200);
    assert!(lines["items"][0]["posted_at"].as_str().unwrap() > closed.to_string().as_str(), "{lines}");
    assert_consistent(&s).await;
    s.finish().await;
}
