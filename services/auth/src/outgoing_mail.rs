//! Sending of queued e-mail and SMS, after the commit and outside any transaction.

use crate::app::{record_delivery, send_message};
use crate::domain::identifier::Channel;
use crate::error::AuthError;
use crate::state::AuthState;
use runtime::mail::MailError;
use std::time::Duration;

/// Longest time that an HTTP response waits for its message to be sent. A client in the same process (demo, tests) then
/// usually finds the message when it has the response.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

/// Sends the due messages of one channel until there are none or its circuit breaker is open.
///
/// Schedules a retry for a message that cannot be sent now, and goes on with the next one.
pub(crate) async fn send_due(state: &AuthState, channel: Channel) -> Result<(), AuthError> {
    loop {
        let now = state.ctx.now();
        let claimed =
            send_message::claim_next(&mut *state.ctx.db().write().await?, &state.secrets, channel, now).await?;
        let Some(claimed) = claimed else {
            return Ok(());
        };
        let sent = state.ctx.mailer().send(&claimed.message).await;
        let c = &mut *state.ctx.db().write().await?;
        let id = claimed.id();
        match sent {
            Ok(accepted) => {
                send_message::delete(c, &claimed).await?;
                if let Some(accepted) = accepted {
                    record_delivery::record_sent(c, &accepted, &claimed.message, state.ctx.now()).await?;
                }
            }
            Err(MailError::Refused(reason)) => {
                tracing::warn!(%id, %channel, reason, "message dropped: refused by the gateway");
                send_message::delete(c, &claimed).await?;
            }
            Err(MailError::Unavailable(reason)) => {
                tracing::warn!(%id, %channel, reason, "message not sent, retry scheduled");
                send_message::schedule_retry(c, &claimed, state.ctx.now()).await?;
            }
            Err(MailError::CircuitOpen(open)) => {
                tracing::debug!(%channel, %open, "messages not sent: circuit breaker open");
                return send_message::release(c, &claimed).await;
            }
        }
    }
}

/// Sends the due messages of `channels`, each channel in its own task, and waits up to `SEND_TIMEOUT`.
///
/// A slow channel delays neither the response nor the other channel. The job of the channel sends the remaining
/// messages.
pub(crate) async fn send_soon(state: &AuthState, channels: &[Channel]) {
    let tasks = channels.iter().map(|channel| {
        let (state, channel) = (state.clone(), *channel);
        tokio::spawn(async move {
            if let Err(error) = send_due(&state, channel).await {
                tracing::warn!(%error, %channel, "sending failed, messages left for the next job run");
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    // The tasks continue after the timeout.
    let _finished_in_time = tokio::time::timeout(SEND_TIMEOUT, async {
        for task in tasks {
            // The runtime logs a panic; the job retries.
            let _finished = task.await;
        }
    })
    .await;
}

/// One job run of a channel: deletes expired messages, then sends the due ones.
pub(crate) async fn run_queue(state: &AuthState, channel: Channel) -> Result<(), AuthError> {
    send_message::delete_expired(&mut *state.ctx.db().write().await?, state.ctx.now()).await?;
    send_due(state, channel).await
}
