//! The hash chain grows by what is new, however much is to be sealed.

use crate::fixture::*;
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use testkit::TestService;
use testkit::statements::{Statements, reading, writing};

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
    let s = wallet().await;
    let log = Statements::of(&s);
    let trace = "CREATE TABLE steps (reached BIGINT, position BIGINT);
        CREATE TRIGGER seals_trace AFTER INSERT ON seals BEGIN
            INSERT INTO steps SELECT p.position, e.position FROM seal_progress p
                JOIN journal_entries e ON e.id = NEW.entry_id;
        END";
    s.ctx().db().write().await.unwrap().batch_execute(trace).await.unwrap();
    let (backlog, more) = (2_600, 700);
    post(&s, 1, backlog).await;
    log.taken();
    s.run_job("seal").await;
    // Six chunks of at most 500, one look that finds nothing more, and the last position.
    let statements = log.taken();
    let reads = reading(&statements, "journal_entries");
    assert_eq!(reads.len(), 8, "{reads:#?}");
    assert!(reads.iter().all(|sql| sql.contains("LIMIT") || sql.contains("max(")), "{reads:#?}");
    assert!(!statements.iter().any(|sql| sql.contains("EXISTS")), "{statements:#?}");
    post(&s, backlog + 1, more).await;
    log.taken();
    s.run_job("seal").await;
    assert_eq!(reading(&log.taken(), "journal_entries").len(), 4);

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
    let s = wallet().await;
    let log = Statements::of(&s);
    post(&s, 1, 3).await;
    s.run_job("seal").await;
    log.taken();
    s.run_job("seal").await;
    let all = log.taken();
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

#[tokio::test]
async fn what_changes_nothing_writes_nothing() {
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
    let s = wallet().await;
    let log = Statements::of(&s);
    let payment = paid(1, B, A, "500.00", "25.00");
    let p = payout(50, "25.00", "0.00");
    // Each once more, as another event: what it asks for has been done.
    for again in [false, true] {
        log.taken();
        s.deliver_now(&registered(A)).await;
        s.deliver_now(&payment).await;
        s.deliver_now(&placed(vec![pair(A, 6, "100.00")])).await;
        s.deliver_now(&requested(&p)).await;
        s.deliver_now(&approved(&p)).await;
        let statements = log.taken();
        let writes = writing(&statements, &TABLES);
        assert_eq!(writes.is_empty(), again, "{writes:#?}");
    }
    sound(&s).await;
    s.finish().await;
}

/// What a clock says does not decide what a closing contains.
#[tokio::test]
async fn a_closing_stays_right_though_a_clock_goes_back() {
    let s = wallet().await;
    post(&s, 1, 2).await;
    s.clock.advance_secs(4_000);
    s.run_job("close").await;
    let closed = {
        let mut c = s.ctx().db().read().await.unwrap();
        wallet::store::closings::last(&mut c, None).await.unwrap().expect("the books are closed")
    };
    let asked = format!("/ledger/trial-balance?as_of={closed}");
    let before = s.as_staff().get(&asked).await.expect(200);
    s.clock.set(at());
    post(&s, 3, 2).await;
    let staff = s.as_staff();
    assert_eq!(staff.get(&asked).await.expect(200), before);
    let lines = s.as_user(user(A)).get("/wallet/transactions?limit=1").await.expect(200);
    assert!(lines["items"][0]["posted_at"].as_str().unwrap() > closed.to_string().as_str(), "{lines}");
    sound(&s).await;
    s.finish().await;
}
