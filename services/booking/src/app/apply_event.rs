//! Local copies of other services' data: members' names and referrers, and plan versions.

use crate::error::BookingError;
use crate::store::{members, plans};
use db::DbConnection;
use domain::{Plan, Timestamp, UserId};

/// Stores a member's name, cut to 200 characters, and referrer. A referrer that is stored already is kept.
pub async fn apply_user_registered(
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

/// Stores a plan version. Errors with `Inconsistent` when its JSON cannot be parsed, with `Plan` when the plan is
/// invalid.
pub async fn apply_plan_published(
    c: &mut DbConnection,
    version: u32,
    from: Timestamp,
    json: &str,
) -> Result<(), BookingError> {
    let plan: Plan =
        serde_json::from_str(json).map_err(|e| BookingError::Inconsistent(format!("plan {version}: {e}")))?;
    plan.validate()?;
    Ok(plans::insert_if_absent(c, i64::from(version), from, json).await?)
}
