//! Scheduled jobs of the notification service.

use crate::NotificationState;
use crate::app::delete_old;
use crate::domain::Channel;
use crate::error::NotificationError;
use crate::outgoing;
use runtime::jobs::Job;
use std::time::Duration;

const SEND_INTERVAL: Duration = Duration::from_secs(2);

/// Returns every job with its interval.
pub(crate) fn all(state: &NotificationState) -> Vec<Job> {
    let for_old = state.clone();
    vec![
        send_queue("email", Channel::Email, state),
        send_queue("sms", Channel::Sms, state),
        send_queue("push", Channel::Push, state),
        Job::every("forget", Duration::from_secs(3600), move |_| {
            let state = for_old.clone();
            async move { Ok(delete_all_old(&state).await?) }
        }),
    ]
}

/// Sends the deliveries of one channel. Each channel has its own job, so that none waits for another.
fn send_queue(name: &'static str, channel: Channel, state: &NotificationState) -> Job {
    let state = state.clone();
    Job::every(name, SEND_INTERVAL, move |_| {
        let state = state.clone();
        async move { Ok(outgoing::send_due(&state, channel).await?) }
    })
}

/// Deletes what the settings no longer keep.
async fn delete_all_old(state: &NotificationState) -> Result<(), NotificationError> {
    let days_ago = |days: i64| state.ctx.now().plus_hours(-24 * days);
    if let Some(days) = state.policy.keep_read_days {
        let read_before = days_ago(days);
        while delete_old::delete_read(&mut *state.ctx.db().write().await?, read_before).await? {}
    }
    let ended_before = days_ago(state.config.keep_deliveries_days);
    while delete_old::delete_ended(&mut *state.ctx.db().write().await?, ended_before).await? {}
    Ok(())
}
