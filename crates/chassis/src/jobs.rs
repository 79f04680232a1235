//! Work that runs on a schedule, in one instance of a service at a time.

use crate::ctx::Ctx;
use crate::events::HandleError;
use crate::events::backoff::Backoff;
use crate::lease::Lease;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// A dead instance's work is taken up after this.
const TERM: Duration = Duration::from_secs(30);
const RENEW: Duration = Duration::from_secs(10);

/// Work to do every so often. It must be idempotent: the lease keeps two instances apart, but a lease that
/// ran out in the middle of a run does not undo what was done.
#[derive(Clone)]
pub struct Job {
    pub name: &'static str,
    pub every: Duration,
    pub run: Arc<dyn Fn(Ctx) -> BoxFuture<'static, Result<(), HandleError>> + Send + Sync>,
}

impl Job {
    pub fn every<F, Fut>(name: &'static str, every: Duration, run: F) -> Self
    where
        F: Fn(Ctx) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), HandleError>> + Send + 'static,
    {
        Self { name, every, run: Arc::new(move |ctx| Box::pin(run(ctx))) }
    }
}

/// Runs the job once, whoever holds its lease. A panic is an error.
pub async fn run_once(job: &Job, ctx: &Ctx) -> Result<(), HandleError> {
    let run = AssertUnwindSafe(async { (job.run)(ctx.clone()).await }).catch_unwind();
    run.await.unwrap_or_else(|_| Err(HandleError::poison(format!("the job {} panicked", job.name))))
}

/// Runs the job at once and then every `job.every`, in one instance, until `cancel`; a run under way is finished.
///
/// The lease is kept between runs, so that the job keeps its pace however many instances there are.
pub async fn run(job: Job, ctx: Ctx, cancel: CancellationToken) {
    let lease = Lease::new(ctx.clone(), format!("job:{}", job.name), TERM);
    while !cancel.is_cancelled() {
        match lease.hold().await {
            Ok(true) => keep_running(&job, &ctx, &lease, &cancel).await,
            Ok(false) => {}
            Err(error) => tracing::warn!(service = ctx.service(), job = job.name, %error, "the job cannot start"),
        }
        cancel.run_until_cancelled(sleep(RENEW)).await;
    }
    lease.release().await;
}

/// Returns when the lease is lost, or on `cancel`.
async fn keep_running(job: &Job, ctx: &Ctx, lease: &Lease, cancel: &CancellationToken) {
    let session = cancel.child_token();
    let work = async {
        let mut backoff = Backoff::new(Duration::from_secs(1), job.every.max(Duration::from_secs(1)));
        while !session.is_cancelled() {
            let begun = Instant::now();
            let next = match run_once(job, ctx).await {
                Ok(()) => {
                    backoff.reset();
                    begun + job.every
                }
                Err(error) => {
                    tracing::error!(service = ctx.service(), job = job.name, %error, "a job failed");
                    Instant::now() + backoff.next()
                }
            };
            session.run_until_cancelled(sleep_until(next)).await;
        }
    };
    let renewals = async {
        while session.run_until_cancelled(sleep(RENEW)).await.is_some() {
            match lease.hold().await {
                Ok(true) => {}
                Ok(false) => session.cancel(),
                Err(error) => tracing::warn!(job = job.name, %error, "a job's lease is not renewed"),
            }
        }
    };
    tokio::join!(work, renewals);
}
