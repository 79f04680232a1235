//! Compensation plan versions and the one in force at a time.

use super::booking_aggregate::count_from_column;
use crate::error::BookingError;
use crate::store::plans;
use db::DbConnection;
use domain::{Plan, Timestamp};
use std::sync::{Arc, LazyLock};

/// Loads the number and the plan of the version in force at `at`; version 1 where none is published for that time.
/// Errors with `Inconsistent` when the stored plan cannot be parsed.
pub async fn plan_in_force(c: &mut DbConnection, at: Timestamp) -> Result<(u32, Arc<Plan>), BookingError> {
    match plans::find_in_force(c, at).await? {
        Some((version, json)) => parse_plan(version, &json),
        None => Ok(seed_plan()),
    }
}

fn parse_plan(version: i64, json: &str) -> Result<(u32, Arc<Plan>), BookingError> {
    let plan = Plan::parse(json).map_err(|e| BookingError::Inconsistent(format!("plan {version}: {e}")))?;
    Ok((count_from_column(version), plan))
}

/// Version 1, in force until another version takes effect.
fn seed_plan() -> (u32, Arc<Plan>) {
    static SEED: LazyLock<Arc<Plan>> = LazyLock::new(|| Arc::new(Plan::seed()));
    (1, Arc::clone(&SEED))
}

/// All published versions, loaded once for work on many members.
pub struct PlanVersions(Vec<plans::PlanVersionRow>);

impl PlanVersions {
    /// Loads every published version.
    pub async fn load(c: &mut DbConnection) -> Result<Self, BookingError> {
        Ok(Self(plans::list_all(c).await?))
    }

    /// As [`plan_in_force`], without a query.
    pub fn in_force(&self, at: Timestamp) -> Result<(u32, Arc<Plan>), BookingError> {
        match self.0.iter().find(|row| row.effective_from <= at) {
            Some(row) => parse_plan(row.version, &row.plan),
            None => Ok(seed_plan()),
        }
    }
}
