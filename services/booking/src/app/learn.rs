//! What other services tell that is only kept: who a member is, and which plan holds from when.

use crate::error::BookingError;
use crate::store::{members, plans};
use db::DbConnection;
use domain::{Plan, Timestamp, UserId};

/// Notes a member's name and referrer. Who referred a member never changes once it is known.
pub async fn member(
    c: &mut DbConnection,
    id: UserId,
    name: &str,
    referrer: Option<UserId>,
) -> Result<(), BookingError> {
    let mut member = members::lock(c, id).await?;
    member.referrer_id = member.referrer_id.or(referrer);
    member.name = Some(name.trim().chars().take(200).collect());
    Ok(members::save(c, &member).await?)
}

/// Keeps a plan version that can be read.
pub async fn plan(c: &mut DbConnection, version: u32, from: Timestamp, json: &str) -> Result<(), BookingError> {
    let plan: Plan = serde_json::from_str(json).map_err(|e| BookingError::Broken(format!("plan {version}: {e}")))?;
    plan.validate()?;
    Ok(plans::keep(c, i64::from(version), from, json).await?)
}
