//! Publication of users: each event carries the whole user with its version.

use crate::domain::erasure::is_erased_email;
use crate::error::AuthError;
use crate::store::users::{self, User};
use db::{DbConnection, Version};
use domain::Timestamp;
use messaging::outbox::{self, OutboxEvent};
use proto_events::auth::v1::{self, UserRegistered, UserUpdated};

/// Saves a changed user under the next version and publishes `UserUpdated`.
pub(crate) async fn save_and_publish(c: &mut DbConnection, user: &mut User, at: Timestamp) -> Result<(), AuthError> {
    user.version = Version::new(user.version.get() + 1);
    users::save(c, user).await?;
    outbox::publish_all(c, vec![updated_event(user, at)]).await?;
    Ok(())
}

/// `UserUpdated` for a user that the caller saves under a new version.
pub(crate) fn updated_event(user: &User, at: Timestamp) -> OutboxEvent {
    OutboxEvent::new(user.id, at, &UserUpdated { user: Some(user_message(user)) })
}

/// Publishes `UserRegistered` for a new user.
pub(crate) async fn publish_registered(c: &mut DbConnection, user: &User) -> Result<(), AuthError> {
    outbox::publish(c, user.id, user.created_at, &UserRegistered { user: Some(user_message(user)) }).await?;
    Ok(())
}

fn user_message(user: &User) -> v1::User {
    v1::User {
        user_id: user.id.into(),
        version: user.version.get(),
        name: user.name.clone(),
        email: user.email.clone().filter(|email| !is_erased_email(email)).unwrap_or_default(),
        mobile: user.mobile.clone().unwrap_or_default(),
        role: user.role.to_string(),
        is_distributor: user.is_distributor,
        is_active: user.is_active,
        is_active_buyer: user.is_active_buyer,
        kyc_status: user.kyc_status.to_string(),
        referral_code: user.referral_code.clone(),
        referrer_id: user.referrer_id.map(Into::into),
        preferred_side: user.preferred_side.map(|side| side.to_string()),
        created_at: user.created_at.micros(),
        locale: user.locale.to_string(),
        city: user.city.clone().unwrap_or_default(),
    }
}
