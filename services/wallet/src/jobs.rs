//! What runs on a schedule.

use crate::app::seal;
use chassis::events::HandleError;
use chassis::jobs::Job;
use std::time::Duration;

pub(crate) fn all() -> Vec<Job> {
    vec![Job::every("seal", Duration::from_secs(5), async |ctx| seal::run(&ctx).await.map_err(HandleError::from))]
}
