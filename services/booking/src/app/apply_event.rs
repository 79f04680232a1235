//! Local copies of other services' data: members' names and referrers, and plan versions.

use crate::domain::aggregate::{BuyerAccount, Member};
use crate::error::BookingError;
use crate::store::members;
use crate::store::plans::{self, PlanVersionRow};
use db::DbConnection;
use domain::{Plan, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Maximal length of a stored name.
const MAX_NAME_CHARS: usize = 200;

/// A member as the `UserRegistered` event carries them.
#[derive(Debug, Clone)]
pub struct RegisteredMember {
    pub id: UserId,
    pub name: String,
    pub referrer: Option<UserId>,
}

/// A plan version as the `PlanPublished` event carries it.
#[derive(Debug, Clone)]
pub struct PublishedPlan {
    pub version: u32,
    pub effective_from: Timestamp,
    pub json: String,
}

/// Stores members' names, cut to 200 characters, and referrers. A referrer that is stored already is kept.
pub async fn apply_users_registered(c: &mut DbConnection, registered: &[RegisteredMember]) -> Result<(), BookingError> {
    if registered.is_empty() {
        return Ok(());
    }
    let ids: BTreeSet<UserId> = registered.iter().map(|r| r.id).collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let mut members: BTreeMap<UserId, BuyerAccount> =
        members::lock_all(c, &ids).await?.into_iter().map(|m| (m.user_id, BuyerAccount::new(m))).collect();
    for RegisteredMember { id, name, referrer } in registered {
        let member = members.get_mut(id).ok_or(BookingError::NotFound)?;
        member.set_referrer(*referrer);
        member.set_name(name.trim().chars().take(MAX_NAME_CHARS).collect());
    }
    let changed: Vec<&Member> = members.values().filter_map(BuyerAccount::changed).collect();
    Ok(members::save_all(c, &changed).await?)
}

/// Stores plan versions; one that is stored already stays unchanged. Errors with `Inconsistent` when the JSON of one
/// cannot be parsed, with `Plan` when a plan is invalid.
pub async fn apply_plans_published(c: &mut DbConnection, published: Vec<PublishedPlan>) -> Result<(), BookingError> {
    let rows = published.into_iter().map(to_row).collect::<Result<Vec<_>, _>>()?;
    Ok(plans::insert_all_if_absent(c, rows).await?)
}

fn to_row(published: PublishedPlan) -> Result<PlanVersionRow, BookingError> {
    let PublishedPlan { version, effective_from, json } = published;
    let plan: Plan =
        serde_json::from_str(&json).map_err(|e| BookingError::Inconsistent(format!("plan {version}: {e}")))?;
    plan.validate()?;
    Ok(PlanVersionRow { version: version.into(), effective_from, plan: json })
}
