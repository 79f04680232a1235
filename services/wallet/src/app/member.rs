//! Keeps who exists, so that nothing is given to nobody.

use crate::store::members;
use db::DbConnection;
use diesel::QueryResult;
use domain::UserId;

/// The longest name that is kept; the rest is for display only.
const NAME: usize = 255;

pub async fn keep(c: &mut DbConnection, user_id: UserId, name: &str) -> QueryResult<()> {
    let name: String = name.chars().take(NAME).collect();
    members::keep(c, user_id, &name).await
}
