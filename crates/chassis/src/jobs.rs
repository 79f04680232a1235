//! Work that runs on a schedule, in one instance of a service at a time.

use crate::ctx::Ctx;
use crate::events::HandleError;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

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
