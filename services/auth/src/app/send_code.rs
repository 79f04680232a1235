//! Sends a one-time code: stores its hash and puts the message, sealed, on its way.

use super::send_message::{self, Draft};
use crate::domain::identifier::Identifier;
use crate::domain::otp::{self, Purpose};
use crate::error::AuthError;
use crate::secrets::{Secrets, new_code};
use crate::store::codes::{self, Code};
use db::DbConnection;
use domain::Timestamp;

/// The code before it, if there is one, is dead from now on.
pub(crate) async fn send_code(
    c: &mut DbConnection,
    secrets: &Secrets,
    purpose: Purpose,
    to: &Identifier,
    now: Timestamp,
) -> Result<(), AuthError> {
    let earlier = codes::lock(c, purpose, to).await?;
    if let Some(wait_secs) = earlier.as_ref().and_then(|code| code.sent().wait_secs(now)) {
        return Err(AuthError::CodeTooSoon { wait_secs });
    }
    let code = new_code();
    let row = Code {
        purpose,
        identifier: to.to_string(),
        code_hash: secrets.code_hash(purpose, to, &code).to_vec(),
        attempts: 0,
        sent_at: now,
        expires_at: now.plus_secs(otp::TTL_SECS),
        used_at: None,
    };
    if earlier.is_some() {
        codes::replace(c, &row).await?;
    } else if !codes::insert(c, &row).await? {
        // Another request for the same person was faster.
        return Err(AuthError::CodeTooSoon { wait_secs: otp::RESEND_AFTER_SECS.unsigned_abs() });
    }
    let minutes = otp::TTL_SECS / 60;
    let draft = Draft {
        to: to.to_string(),
        channel: to.channel(),
        subject: "Your sign-in code".to_owned(),
        body: format!("Your code is {code}. It is good for {minutes} minutes. Do not give it to anybody."),
        code: Some(code),
    };
    send_message::enqueue(c, secrets, draft, now, row.expires_at).await
}
