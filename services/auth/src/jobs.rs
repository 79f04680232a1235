//! What runs on a schedule.

use crate::app::{forget, index_words, rotate_keys};
use crate::domain::identifier::Channel;
use crate::error::AuthError;
use crate::post;
use crate::state::Auth;
use chassis::jobs::Job;
use std::time::Duration;

pub(crate) fn all(auth: &Auth) -> Vec<Job> {
    let (words, keys, old) = (auth.clone(), auth.clone(), auth.clone());
    vec![
        queue("email_queue", Channel::Email, auth),
        queue("sms_queue", Channel::Sms, auth),
        Job::every("user_words", Duration::from_secs(60), move |_| {
            let auth = words.clone();
            async move { Ok(index_words_of_all(&auth).await?) }
        }),
        Job::every("keys", Duration::from_secs(3600), move |_| {
            let auth = keys.clone();
            async move { Ok(tidy_keys(&auth).await?) }
        }),
        Job::every("forget", Duration::from_secs(3600), move |_| {
            let auth = old.clone();
            async move { Ok(forget_old(&auth).await?) }
        }),
    ]
}

/// A job for each channel, so that neither waits for the other.
fn queue(name: &'static str, channel: Channel, auth: &Auth) -> Job {
    let auth = auth.clone();
    Job::every(name, Duration::from_secs(5), move |_| {
        let auth = auth.clone();
        async move { Ok(post::run_queue(&auth, channel).await?) }
    })
}

async fn index_words_of_all(auth: &Auth) -> Result<(), AuthError> {
    while auth.ctx.tx(async |c| index_words::index_outdated(c).await).await? {}
    Ok(())
}

async fn tidy_keys(auth: &Auth) -> Result<(), AuthError> {
    let (now, secrets) = (auth.ctx.now(), &*auth.secrets);
    auth.ctx.tx(async |c| rotate_keys::tidy(c, secrets, now).await).await?;
    auth.reload_keys().await
}

async fn forget_old(auth: &Auth) -> Result<(), AuthError> {
    let (now, days) = (auth.ctx.now(), auth.codes.limits().known_address_days);
    auth.ctx.tx(async |c| forget::forget(c, days, now).await).await
}
