//! A member chooses the leg to be placed in.

use super::publish_user;
use crate::domain::person;
use crate::error::AuthError;
use crate::store::users::{self, User};
use db::DbConnection;
use domain::{Side, Timestamp, UserId};

pub(crate) async fn prefer_side(
    c: &mut DbConnection,
    id: UserId,
    side: Option<Side>,
    now: Timestamp,
) -> Result<User, AuthError> {
    let mut user = users::lock(c, id).await?.ok_or(AuthError::NotFound)?;
    if let Some(side) = person::prefer_side(user.placed || user.side_used, user.preferred_side, side)? {
        user.preferred_side = side;
        publish_user::updated(c, &mut user, now).await?;
    }
    Ok(user)
}
