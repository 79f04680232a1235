//! Erasure of what this service has of members: notifications, deliveries, browsers, choices and addresses.

use crate::store::{channel_choices, deliveries, members, notifications, push_subscriptions};
use db::DbConnection;
use diesel::QueryResult;
use domain::UserId;

/// Erases all rows of these members. A repetition finds nothing.
pub(crate) async fn erase_members(c: &mut DbConnection, users: &[UserId]) -> QueryResult<()> {
    if users.is_empty() {
        return Ok(());
    }
    members::erase(c, users).await?;
    deliveries::delete_all(c, users).await?;
    notifications::delete_all(c, users).await?;
    push_subscriptions::delete_all(c, users).await?;
    channel_choices::delete_all(c, users).await
}
