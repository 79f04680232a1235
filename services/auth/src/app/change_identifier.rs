//! Change of the e-mail address or the mobile number of a user, who has proved the new one by a code.

use super::end_session::{self, EndedSession};
use super::send_message::{self, MessageDraft};
use super::{index_search_words, publish_user};
use crate::domain::identifier::{Channel, Identifier};
use crate::domain::session::SessionId;
use crate::error::AuthError;
use crate::secrets::Secrets;
use crate::store::users::{self, User};
use db::{DbConnection, DbError, is_unique_violation};
use domain::{Timestamp, UserId};

/// Hours after which the notice to the old identifier is dropped unsent.
const NOTICE_HOURS: i64 = 24;

/// A user with the new identifier.
pub(crate) struct ChangedIdentifier {
    pub(crate) user: User,
    pub(crate) ended: Vec<EndedSession>,
    /// The channel of the notice to the old identifier.
    pub(crate) notified: Option<Channel>,
}

/// Errors with `EmailTaken` or `MobileTaken` when another user has the identifier.
pub(crate) async fn require_free(c: &mut DbConnection, user: UserId, new: &Identifier) -> Result<(), AuthError> {
    match users::find_by_identifier(c, new).await? {
        Some(other) if other.id != user => Err(taken(new)),
        Some(_) | None => Ok(()),
    }
}

fn taken(identifier: &Identifier) -> AuthError {
    match identifier {
        Identifier::Email(_) => AuthError::EmailTaken,
        Identifier::Mobile(_) => AuthError::MobileTaken,
    }
}

/// Gives the user the proved identifier in place of the one of its kind, sends a notice to the old one, and ends all
/// sessions but `current`. The same identifier again changes nothing. Errors with `NotFound`, and as [`require_free`]
/// does.
pub(crate) async fn change_identifier(
    c: &mut DbConnection,
    secrets: &Secrets,
    (id, current): (UserId, SessionId),
    new: &Identifier,
    now: Timestamp,
) -> Result<ChangedIdentifier, AuthError> {
    let mut user = users::lock(c, id).await?.ok_or(AuthError::NotFound)?;
    require_free(c, id, new).await?;
    let place = match new {
        Identifier::Email(_) => &mut user.email,
        Identifier::Mobile(_) => &mut user.mobile,
    };
    if place.as_deref() == Some(new.as_str()) {
        return Ok(ChangedIdentifier { user, ended: Vec::new(), notified: None });
    }
    let old = place.replace(new.as_str().to_owned());
    index_search_words::update(c, &user).await?;
    // Another user may have taken it since it was found free.
    let is_taken = |error: &AuthError| matches!(error, AuthError::Db(DbError::Query(e)) if is_unique_violation(e));
    let saved = publish_user::save_and_publish(c, &mut user, now).await;
    saved.map_err(|error| if is_taken(&error) { taken(new) } else { error })?;
    let ended = end_session::end_all(c, id, Some(current), now).await?;
    let notified = match &old {
        Some(old) => Some(notify(c, secrets, old, new, now).await?),
        None => None,
    };
    Ok(ChangedIdentifier { user, ended, notified })
}

/// Queues the notice to the old identifier, which is of the same kind as the new one.
async fn notify(
    c: &mut DbConnection,
    secrets: &Secrets,
    old: &str,
    new: &Identifier,
    now: Timestamp,
) -> Result<Channel, AuthError> {
    let what = match new {
        Identifier::Email(_) => "e-mail address",
        Identifier::Mobile(_) => "mobile number",
    };
    let draft = MessageDraft {
        to: old.to_owned(),
        channel: new.channel(),
        subject: format!("Your {what} was changed"),
        body: format!("The {what} of your account is now {}. If this was not you, contact us at once.", new.masked()),
        code: None,
    };
    send_message::enqueue(c, secrets, draft, now, now.plus_hours(NOTICE_HOURS)).await?;
    Ok(new.channel())
}
