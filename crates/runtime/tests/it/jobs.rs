//! Leases, and the jobs that run under them.

use db::{Db, DbConfig};
use runtime::ctx::Ctx;
use runtime::jobs::{self, Job, JobError};
use runtime::lease;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use testkit::{TempDatabase, context};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const ME: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

/// A service without a server, and its database.
async fn wallet() -> (TempDatabase, Ctx) {
    let file = TempDatabase::new("jobs");
    let ctx = context("wallet", file.migrated().await);
    (file, ctx)
}

async fn ran_three_times(runs: &AtomicU32) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while runs.load(Ordering::SeqCst) < 3 {
        assert!(Instant::now() < deadline, "it does not run again");
        sleep(Duration::from_millis(2)).await;
    }
}

/// Test of a lease, for any database.
async fn a_lease_has_one_holder_until_it_expires_or_is_released(ctx: &Ctx) {
    let now = ctx.now();
    let until = now.plus_secs(15);
    let mut c = ctx.db().write().await.unwrap();
    let c = &mut c;
    assert!(lease::try_acquire(c, "relay", ME, until, now).await.unwrap());
    assert!(!lease::try_acquire(c, "relay", OTHER, until, now).await.unwrap());
    assert!(lease::try_acquire(c, "another", OTHER, until, now).await.unwrap());
    // Renewal, and renewal to the same time.
    assert!(lease::try_acquire(c, "relay", ME, until.plus_secs(5), now).await.unwrap());
    assert!(lease::try_acquire(c, "relay", ME, until.plus_secs(5), now).await.unwrap());
    assert!(!lease::try_acquire(c, "relay", OTHER, until.plus_secs(20), until.plus_secs(5)).await.unwrap());
    assert!(lease::try_acquire(c, "relay", OTHER, until.plus_secs(20), until.plus_secs(6)).await.unwrap());
    assert!(!lease::try_acquire(c, "relay", ME, until.plus_secs(20), until.plus_secs(6)).await.unwrap());
    lease::release(c, "relay", ME).await.unwrap();
    assert!(!lease::try_acquire(c, "relay", ME, until, now).await.unwrap());
    lease::release(c, "relay", OTHER).await.unwrap();
    assert!(lease::try_acquire(c, "relay", ME, until, now).await.unwrap());
}

#[tokio::test]
async fn a_lease_has_one_holder_until_it_expires() {
    let (_file, ctx) = wallet().await;
    a_lease_has_one_holder_until_it_expires_or_is_released(&ctx).await;
}

mod on_services {
    use super::*;

    #[tokio::test]
    async fn on_mysql_a_lease_has_one_holder_until_it_expires() {
        testkit::mariadb::with_database(async |url| {
            let db = Db::connect(&DbConfig::new(url)).await.unwrap();
            db.migrate(chassis::MIGRATIONS).await.unwrap();
            a_lease_has_one_holder_until_it_expires_or_is_released(&context("wallet", db)).await;
        })
        .await;
    }
}

fn counting(runs: &Arc<AtomicU32>, outcome: fn(u32) -> Result<(), JobError>) -> Job {
    let runs = Arc::clone(runs);
    Job::every("count", Duration::from_millis(5), move |_| {
        let run = runs.fetch_add(1, Ordering::SeqCst);
        async move { outcome(run) }
    })
}

#[tokio::test]
async fn a_job_runs_at_once_and_again_until_it_is_stopped() {
    let (_file, ctx) = wallet().await;
    let runs = Arc::new(AtomicU32::new(0));
    let cancel = CancellationToken::new();
    let running = tokio::spawn(jobs::run(counting(&runs, |_| Ok(())), ctx, cancel.clone()));
    ran_three_times(&runs).await;
    cancel.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_job_that_fails_or_panics_runs_again() {
    let (_file, ctx) = wallet().await;
    let runs = Arc::new(AtomicU32::new(0));
    let cancel = CancellationToken::new();
    let job = counting(&runs, |run| match run {
        0 => Err(io::Error::other("no").into()),
        1 => panic!("it panics"),
        _ => Ok(()),
    });
    assert_eq!(jobs::run_once(&job, &ctx).await.map_err(|e| e.to_string()), Err("no".to_owned()));
    assert_eq!(jobs::run_once(&job, &ctx).await.map_err(|e| e.to_string()), Err("the job count panicked".to_owned()));
    assert!(jobs::run_once(&job, &ctx).await.is_ok());
    runs.store(0, Ordering::SeqCst);
    let running = tokio::spawn(jobs::run(job, ctx, cancel.clone()));
    ran_three_times(&runs).await;
    cancel.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_cancelled_job_finishes_its_run() {
    let (_file, ctx) = wallet().await;
    let (started, done) = (Arc::new(tokio::sync::Notify::new()), Arc::new(AtomicU32::new(0)));
    let proceed = Arc::new(tokio::sync::Notify::new());
    let job = Job::every("slow", Duration::from_secs(3600), {
        let (started, done, proceed) = (started.clone(), done.clone(), proceed.clone());
        move |_| {
            let (started, done, proceed) = (started.clone(), done.clone(), proceed.clone());
            async move {
                started.notify_one();
                proceed.notified().await;
                done.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
        }
    });
    let cancel = CancellationToken::new();
    let running = tokio::spawn(jobs::run(job, ctx, cancel.clone()));
    started.notified().await;
    cancel.cancel();
    proceed.notify_one();
    running.await.unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 1);
}
