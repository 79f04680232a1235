//! Scheduled jobs, each run by one instance of a service at a time, or by each of them.

use crate::backoff::Backoff;
use crate::ctx::Ctx;
use crate::error_chain::error_chain;
use crate::lease::Lease;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// How long a job's lease lasts without a renewal; another instance takes over after it.
const LEASE_TERM: Duration = Duration::from_secs(30);
/// Time between two attempts to acquire the lease of a job.
const ACQUIRE_INTERVAL: Duration = Duration::from_secs(10);

/// Why a job failed. Any error becomes one, so that a job uses `?`; its text names the causes too.
#[derive(Debug)]
pub struct JobError(Box<dyn std::error::Error + Send + Sync>);

impl<E: std::error::Error + Send + Sync + 'static> From<E> for JobError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&error_chain(&*self.0))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the job {job} panicked")]
struct Panicked {
    job: &'static str,
}

/// Which instances of a service run a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instances {
    /// One at a time, which holds a lease.
    One,
    /// Each of them, for what it has itself.
    All,
}

/// Work that is done at an interval. It must be idempotent, because a lease can expire during a run.
#[derive(Clone)]
pub struct Job {
    /// Unique within the service.
    pub name: &'static str,
    /// Time from the start of one run to the start of the next.
    pub every: Duration,
    pub instances: Instances,
    pub run: Arc<dyn Fn(Ctx) -> BoxFuture<'static, Result<(), JobError>> + Send + Sync>,
}

impl Job {
    /// A job of one instance that calls `run` at the interval `every`.
    pub fn every<F, Fut>(name: &'static str, every: Duration, run: F) -> Self
    where
        F: Fn(Ctx) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        Self { name, every, instances: Instances::One, run: Arc::new(move |ctx| Box::pin(run(ctx))) }
    }

    /// A job of each instance that calls `run` at the interval `every`.
    pub fn in_all_instances<F, Fut>(name: &'static str, every: Duration, run: F) -> Self
    where
        F: Fn(Ctx) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        Self { instances: Instances::All, ..Self::every(name, every, run) }
    }
}

/// Runs the job once, without its lease. A panic is returned as an error.
pub async fn run_once(job: &Job, ctx: &Ctx) -> Result<(), JobError> {
    let run = AssertUnwindSafe(async { (job.run)(ctx.clone()).await }).catch_unwind();
    run.await.unwrap_or_else(|_| Err(Panicked { job: job.name }.into()))
}

/// Runs the job at once and then at its interval until `cancel`; a started run is finished.
///
/// The lease of a job of one instance is held between runs, so that the interval does not depend on the number of
/// instances.
pub async fn run(job: Job, ctx: Ctx, cancel: CancellationToken) {
    if job.instances == Instances::All {
        return run_at_interval(&job, &ctx, &cancel).await;
    }
    let lease = Lease::new(ctx.clone(), format!("job:{}", job.name), LEASE_TERM);
    while !cancel.is_cancelled() {
        match lease.acquire().await {
            Ok(true) => run_scheduled(&job, &ctx, &lease, &cancel).await,
            Ok(false) => {}
            Err(error) => tracing::warn!(service = ctx.service(), job = job.name, %error, "job lease not acquired"),
        }
        cancel.run_until_cancelled(sleep(ACQUIRE_INTERVAL)).await;
    }
    lease.release().await;
}

fn count_run(job: &Job, ctx: &Ctx, outcome: &'static str) {
    metrics::counter!("job_runs_total", "service" => ctx.service(), "name" => job.name, "outcome" => outcome)
        .increment(1);
}

/// Runs the job at its interval until the lease is lost, or `cancel`.
async fn run_scheduled(job: &Job, ctx: &Ctx, lease: &Lease, cancel: &CancellationToken) {
    let session = cancel.child_token();
    tokio::join!(run_at_interval(job, ctx, &session), lease.renew(&session));
}

async fn run_at_interval(job: &Job, ctx: &Ctx, session: &CancellationToken) {
    let mut backoff = Backoff::new(Duration::from_secs(1), job.every.max(Duration::from_secs(1)));
    while !session.is_cancelled() {
        let started = Instant::now();
        let next = match run_once(job, ctx).await {
            Ok(()) => {
                backoff.reset();
                count_run(job, ctx, "ok");
                started + job.every
            }
            Err(error) => {
                count_run(job, ctx, "failed");
                tracing::error!(service = ctx.service(), job = job.name, %error, "job failed; retry scheduled");
                Instant::now() + backoff.next_wait()
            }
        };
        session.run_until_cancelled(sleep_until(next)).await;
    }
}
