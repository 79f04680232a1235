//! Every change of a person is told to the others, whole and versioned.

use crate::error::AuthError;
use crate::store::users::{self, User};
use chassis::events::outbox;
use db::DbConnection;
use domain::Timestamp;
use proto_events::auth::v1::{self, UserRegistered, UserUpdated};

/// Saves a changed user under the next version.
pub(crate) async fn updated(c: &mut DbConnection, user: &mut User, at: Timestamp) -> Result<(), AuthError> {
    user.version += 1;
    users::save(c, user).await?;
    publish(c, user, at).await
}

/// Publishes a user that was saved under a new version.
pub(crate) async fn publish(c: &mut DbConnection, user: &User, at: Timestamp) -> Result<(), AuthError> {
    outbox::publish(c, user.id, at, &UserUpdated { user: Some(snapshot(user)) }).await?;
    Ok(())
}

pub(crate) async fn registered(c: &mut DbConnection, user: &User) -> Result<(), AuthError> {
    outbox::publish(c, user.id, user.created_at, &UserRegistered { user: Some(snapshot(user)) }).await?;
    Ok(())
}

fn snapshot(user: &User) -> v1::User {
    v1::User {
        user_id: user.id.into(),
        version: u64::try_from(user.version).unwrap_or(0),
        name: user.name.clone(),
        email: user.email.clone().unwrap_or_default(),
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
    }
}
