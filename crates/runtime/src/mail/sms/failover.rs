//! Fail-over from an SMS provider to a second one.
//!
//! | outcome at the first | the second |
//! |---|---|
//! | accepted | is not asked |
//! | the message is refused | is not asked: the recipient may have unsubscribed |
//! | outage, our account, our rate, circuit breaker open | gets the message |
//! | unknown: no answer, or an unreadable one | gets the message |
//!
//! After an unknown outcome the recipient may get the message twice. It is the same code or the same notice, so that is
//! harmless; and no provider but a gateway recognises a repetition, so the caller's queue, which repeats such a message
//! at the first provider, may cause it too. A code that arrives late is worse: its recipient waits for it.
//!
//! Both attempts together take less than the time for which a queue claims a message.

use crate::breaker::{CircuitBreakers, CircuitOpen, IsOutage};
use crate::mail::{MailError, Mailer, Message, Sent};
use std::sync::Arc;

/// Sends by `first`, or by `second` while the first is unavailable.
pub(super) struct FailoverMailer {
    pub(super) first: Arc<dyn Mailer>,
    pub(super) second: Arc<dyn Mailer>,
}

#[async_trait::async_trait]
impl Mailer for FailoverMailer {
    async fn send(&self, message: &Message) -> Result<Sent, MailError> {
        fail_over(self.first.send(message), self.second.send(message)).await
    }

    /// Each provider has a circuit breaker: `sms` and `sms_fallback`.
    async fn send_with_breakers(&self, message: &Message, breakers: &CircuitBreakers) -> Result<Sent, MailError> {
        let (first, second) = (breakers.get("sms"), breakers.get("sms_fallback"));
        fail_over(first.call(self.first.send(message)), second.call(self.second.send(message))).await
    }
}

/// Awaits `first`, and `second` only if the first did not settle the outcome.
async fn fail_over(
    first: impl Future<Output = Result<Sent, MailError>>,
    second: impl Future<Output = Result<Sent, MailError>>,
) -> Result<Sent, MailError> {
    let at_first = match first.await {
        Ok(sent) => return Ok(sent),
        Err(MailError::Refused(reason)) => return Err(MailError::Refused(reason)),
        Err(error) => error,
    };
    // An open circuit breaker was logged when it opened.
    if at_first.is_outage() {
        tracing::warn!(error = %at_first, "first SMS provider unavailable, message goes to the second");
    }
    match (at_first, second.await) {
        (_, Ok(sent)) => Ok(sent),
        (MailError::CircuitOpen(first), Err(MailError::CircuitOpen(second))) => {
            let retry_after = first.retry_after.min(second.retry_after);
            Err(MailError::CircuitOpen(CircuitOpen { retry_after }))
        }
        // Also when the second refuses the message: the first may accept it later, for example if the recipient has
        // unsubscribed at the second alone.
        (at_first, Err(at_second)) => {
            Err(MailError::Unavailable(format!("first provider: {at_first}; second provider: {at_second}")))
        }
    }
}
