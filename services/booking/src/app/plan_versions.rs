//! Compensation plan versions and the one in force at a time.

use crate::error::BookingError;
use crate::store::plans;
use db::DbConnection;
use domain::plan::PlanVersion;
use domain::{Plan, PlanHistory, Timestamp};
use std::sync::{Arc, LazyLock};

/// The number of a plan's version, and the plan.
pub(super) type PlanInForce = (u32, Arc<Plan>);

/// Loads the version in force at `at`; version 1 where none is published for that time. Errors with `Inconsistent` when
/// the stored plan cannot be parsed.
pub(super) async fn plan_in_force(c: &mut DbConnection, at: Timestamp) -> Result<PlanInForce, BookingError> {
    static SEED: LazyLock<Arc<Plan>> = LazyLock::new(|| Arc::new(Plan::seed()));
    match plans::find_in_force(c, at).await? {
        Some(row) => Ok(in_force(row.parse()?)),
        None => Ok((1, Arc::clone(&SEED))),
    }
}

/// Loads all versions, for work on many members. Errors with `Inconsistent` when a stored plan cannot be parsed.
pub(super) async fn load_history(c: &mut DbConnection) -> Result<PlanHistory, BookingError> {
    Ok(PlanHistory::from_stored(plans::list_all(c).await?)?)
}

/// As [`plan_in_force`], without a query.
pub(super) fn in_force_at(history: &PlanHistory, at: Timestamp) -> Result<PlanInForce, BookingError> {
    Ok(in_force(history.in_force(at)?.clone()))
}

fn in_force(found: PlanVersion) -> PlanInForce {
    (found.version, Arc::new(found.plan))
}
