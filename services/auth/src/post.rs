//! Sending of queued messages: after the commit, outside any transaction, until they are sent or expire.

use crate::app::send_message;
use crate::domain::identifier::Channel;
use crate::error::AuthError;
use crate::state::Auth;
use chassis::mail::MailError;
use std::time::Duration;

/// Longest time that a response waits for its message to be sent, so that a client of the same process finds it there.
const SEND_WAIT: Duration = Duration::from_secs(1);

/// Sends what is due on one channel until nothing is, or its circuit breaker is open.
///
/// A message that cannot be sent now is put off, and the next one is tried.
pub(crate) async fn send_due(auth: &Auth, channel: Channel) -> Result<(), AuthError> {
    loop {
        let now = auth.ctx.now();
        let claimed = send_message::claim_next(&mut *auth.ctx.db().write().await?, &auth.secrets, channel, now).await?;
        let Some(claimed) = claimed else {
            return Ok(());
        };
        let sent = auth.ctx.mailer().send(&claimed.message).await;
        let c = &mut *auth.ctx.db().write().await?;
        let id = claimed.id();
        match sent {
            Ok(()) => send_message::done(c, &claimed).await?,
            Err(MailError::Refused(reason)) => {
                tracing::warn!(%id, %channel, reason, "a message was refused and is dropped");
                send_message::done(c, &claimed).await?;
            }
            Err(MailError::Unavailable(reason)) => {
                tracing::warn!(%id, %channel, reason, "a message could not be sent and is tried again later");
                send_message::retry_later(c, &claimed, auth.ctx.now()).await?;
            }
            Err(MailError::NotTried(open)) => {
                tracing::debug!(%channel, %open, "messages wait for the circuit breaker");
                return send_message::release(c, &claimed).await;
            }
        }
    }
}

/// Sends what is due on `channels` in tasks of their own: a channel that is slow or down delays neither the response nor
/// the other channel. What is left is sent by the job of the channel.
pub(crate) async fn send_soon(auth: &Auth, channels: &[Channel]) {
    let sending = channels.iter().map(|channel| {
        let (auth, channel) = (auth.clone(), *channel);
        tokio::spawn(async move {
            if let Err(error) = send_due(&auth, channel).await {
                tracing::warn!(%error, %channel, "messages wait for the next run");
            }
        })
    });
    let sending: Vec<_> = sending.collect();
    // Past the wait the tasks go on by themselves.
    let _sent_in_time = tokio::time::timeout(SEND_WAIT, async {
        for task in sending {
            // A panic is logged by the runtime; the job tries again.
            let _finished = task.await;
        }
    })
    .await;
}

/// One run of a channel's queue.
pub(crate) async fn run_queue(auth: &Auth, channel: Channel) -> Result<(), AuthError> {
    send_message::delete_expired(&mut *auth.ctx.db().write().await?, auth.ctx.now()).await?;
    send_due(auth, channel).await
}
