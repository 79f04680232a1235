//! Scheduled jobs of the auth service.

use crate::app::{delete_expired, index_search_words, rotate_keys};
use crate::domain::identifier::Channel;
use crate::error::AuthError;
use crate::outgoing_mail;
use crate::state::AuthState;
use runtime::jobs::Job;
use std::time::Duration;

/// Returns every job with its interval.
pub(crate) fn all(state: &AuthState) -> Vec<Job> {
    let (for_words, for_keys, for_expired) = (state.clone(), state.clone(), state.clone());
    vec![
        send_queue("email_queue", Channel::Email, state),
        send_queue("sms_queue", Channel::Sms, state),
        Job::every("user_words", Duration::from_secs(60), move |_| {
            let state = for_words.clone();
            async move { Ok(index_outdated_users(&state).await?) }
        }),
        Job::every("keys", Duration::from_secs(3600), move |_| {
            let state = for_keys.clone();
            async move { Ok(maintain_signing_keys(&state).await?) }
        }),
        Job::every("forget", Duration::from_secs(3600), move |_| {
            let state = for_expired.clone();
            async move { Ok(delete_expired_rows(&state).await?) }
        }),
    ]
}

/// Sends the messages of one channel. Each channel has its own job, so that neither waits for the other.
fn send_queue(name: &'static str, channel: Channel, state: &AuthState) -> Job {
    let state = state.clone();
    Job::every(name, Duration::from_secs(5), move |_| {
        let state = state.clone();
        async move { Ok(outgoing_mail::run_queue(&state, channel).await?) }
    })
}

async fn index_outdated_users(state: &AuthState) -> Result<(), AuthError> {
    while state.ctx.tx(async |c| index_search_words::reindex_outdated(c).await).await? {}
    Ok(())
}

async fn maintain_signing_keys(state: &AuthState) -> Result<(), AuthError> {
    let (now, secrets) = (state.ctx.now(), &*state.secrets);
    state.ctx.tx(async |c| rotate_keys::rotate_due(c, secrets, now).await).await?;
    state.reload_keys().await
}

async fn delete_expired_rows(state: &AuthState) -> Result<(), AuthError> {
    let (now, days) = (state.ctx.now(), state.codes.limits().known_address_days);
    state.ctx.tx(async |c| delete_expired::delete_expired(c, days, now).await).await
}
