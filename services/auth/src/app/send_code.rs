//! Queueing of the message with a one-time code.

use super::send_message::{self, MessageDraft};
use crate::codes::IssuedCode;
use crate::domain::identifier::Identifier;
use crate::domain::otp;
use crate::error::AuthError;
use crate::secrets::Secrets;
use db::DbConnection;
use domain::Timestamp;

/// Queues the message with `issued` for `to`. It is dropped unsent when the code expires.
pub(crate) async fn send_code(
    c: &mut DbConnection,
    secrets: &Secrets,
    issued: &IssuedCode,
    to: &Identifier,
    now: Timestamp,
) -> Result<(), AuthError> {
    let (code, lifetime) = (&issued.code, otp::lifetime_text(issued.expires_at.since(now).num_minutes()));
    let draft = MessageDraft {
        to: to.to_string(),
        channel: to.channel(),
        subject: "Your sign-in code".to_owned(),
        body: format!("Your code is {code}. It is good for {lifetime}. Do not share it."),
        code: Some(code.clone()),
    };
    send_message::enqueue(c, secrets, draft, now, issued.expires_at).await
}
