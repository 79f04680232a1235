//! Messages leave here: after the commit, outside any transaction, as often as it takes.

use crate::app::send_message;
use crate::error::AuthError;
use crate::state::Auth;
use chassis::mail::MailError;
use std::time::Duration;

/// How long an answer waits for its message to leave. Whoever reads mails in the same process then finds it.
const GRACE: Duration = Duration::from_secs(1);

/// Sends what is due until nothing is, or the mailer is down.
pub(crate) async fn deliver(auth: &Auth) -> Result<(), AuthError> {
    loop {
        let now = auth.ctx.now();
        let claimed = send_message::claim_next(&mut *auth.ctx.db().write().await?, &auth.secrets, now).await?;
        let Some(claimed) = claimed else {
            return Ok(());
        };
        let sent = auth.ctx.mailer().send(&claimed.message).await;
        let c = &mut *auth.ctx.db().write().await?;
        match sent {
            Ok(()) => send_message::done(c, &claimed).await?,
            Err(MailError::Refused(reason)) => {
                tracing::warn!(id = %claimed.id, reason, "a message was refused and is dropped");
                send_message::done(c, &claimed).await?;
            }
            Err(MailError::Unavailable(reason)) => {
                tracing::warn!(id = %claimed.id, reason, "a message waits for the mailer");
                return send_message::try_later(c, &claimed, auth.ctx.now()).await;
            }
        }
    }
}

/// Sends what is due on the side. A mailer that is slow or down makes nobody wait: the job tries again.
pub(crate) async fn deliver_soon(auth: &Auth) {
    let auth = auth.clone();
    let delivery = tokio::spawn(async move {
        if let Err(error) = deliver(&auth).await {
            tracing::warn!(%error, "messages wait for the next run");
        }
    });
    // Past the grace the delivery goes on by itself.
    let _left_in_time = tokio::time::timeout(GRACE, delivery).await;
}
