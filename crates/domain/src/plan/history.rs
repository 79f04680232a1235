//! Published plan versions, and the one in force at an instant.

use super::{Plan, PlanError};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::error::Error;

/// One published version of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlanVersion {
    /// Version number, from 1 without gaps.
    pub version: u32,
    /// First instant at which it is in force.
    pub effective_from: Timestamp,
    /// The plan itself.
    pub plan: Plan,
}

/// A published version as a row of a service's table. Select the columns of version, time and plan, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "diesel", derive(diesel::Queryable))]
pub struct StoredPlan {
    /// Version number.
    pub version: i64,
    /// First instant at which it is in force.
    pub effective_from: Timestamp,
    /// The plan as JSON.
    pub json: String,
}

/// A row of a table that is no plan version, or not one that can follow the others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stored plan version {version}: {reason}")]
pub struct StoredPlanError {
    version: i64,
    reason: String,
}

impl StoredPlan {
    fn refused(&self, reason: &dyn Error) -> StoredPlanError {
        StoredPlanError { version: self.version, reason: reason.to_string() }
    }

    /// Parses the row. Errors when its number is no version number, or its JSON no plan.
    pub fn parse(&self) -> Result<PlanVersion, StoredPlanError> {
        let version = u32::try_from(self.version).map_err(|error| self.refused(&error))?;
        let plan = Plan::parse(&self.json).map_err(|error| self.refused(&error))?;
        Ok(PlanVersion { version, effective_from: self.effective_from, plan: Plan::clone(&plan) })
    }
}

/// All known plan versions, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanHistory(Vec<PlanVersion>);

impl PlanHistory {
    /// A history with version 1 only: the `seed` preset, in force since 1970.
    pub fn seed() -> Self {
        Self(vec![PlanVersion { version: 1, effective_from: Timestamp::UNIX_EPOCH, plan: Plan::seed() }])
    }

    /// The seed and the versions of a table, in any order. Errors when a row is malformed or the versions do not take
    /// effect in the order of their numbers.
    pub fn from_stored(rows: impl IntoIterator<Item = StoredPlan>) -> Result<Self, StoredPlanError> {
        let mut history = Self::seed();
        history.add_stored(rows)?;
        Ok(history)
    }

    /// Adds the versions of a table; a known version changes nothing. Errors like [`Self::from_stored`].
    pub fn add_stored(&mut self, rows: impl IntoIterator<Item = StoredPlan>) -> Result<(), StoredPlanError> {
        rows.into_iter().try_for_each(|row| self.publish(row.parse()?).map_err(|error| row.refused(&error)))
    }

    /// Adds a version; a known version number changes nothing. Errors when the plan is invalid, or when the version
    /// does not take effect after all lower versions and before all higher ones.
    pub fn publish(&mut self, version: PlanVersion) -> Result<(), PlanError> {
        version.plan.validate()?;
        if self.get(version.version).is_some() {
            return Ok(());
        }
        let index = self.0.partition_point(|v| v.version < version.version);
        let fits_before =
            index.checked_sub(1).and_then(|i| self.0.get(i)).is_none_or(|v| v.effective_from < version.effective_from);
        let fits_after = self.0.get(index).is_none_or(|v| version.effective_from < v.effective_from);
        if !fits_before || !fits_after {
            return Err(PlanError::OutOfOrder);
        }
        self.0.insert(index, version);
        Ok(())
    }

    /// The version with that number.
    pub fn get(&self, version: u32) -> Option<&PlanVersion> {
        self.0.iter().find(|v| v.version == version)
    }

    /// The version in force at `at`. Errors when `at` is before the first version.
    pub fn in_force(&self, at: Timestamp) -> Result<&PlanVersion, PlanError> {
        self.0.iter().rfind(|v| v.effective_from <= at).ok_or(PlanError::NoneInForce(at))
    }

    /// All versions, oldest first.
    pub fn versions(&self) -> &[PlanVersion] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_in_force_is_the_last_one_in_effect() {
        let at = |s: &str| s.parse::<Timestamp>().expect("a time");
        let mut history = PlanHistory::seed();
        let second = PlanVersion { version: 2, effective_from: at("2026-12-01T00:00:00Z"), plan: Plan::fixed() };
        assert_eq!(history.publish(second.clone()), Ok(()));
        assert_eq!(history.publish(second.clone()), Ok(()));
        let stale = PlanVersion { version: 3, effective_from: at("2026-11-30T00:00:00Z"), plan: Plan::seed() };
        assert_eq!(history.publish(stale), Err(PlanError::OutOfOrder));
        assert_eq!(history.in_force(at("2026-11-30T23:59:59.999999Z")).map(|v| v.version), Ok(1));
        assert_eq!(history.in_force(at("2026-12-01T00:00:00Z")).map(|v| v.version), Ok(2));
        assert_eq!(history.versions().len(), 2);
    }

    #[test]
    fn stored_versions_are_read_in_any_order_and_a_malformed_row_is_refused() {
        let row = |version: i64, hours: i64, plan: &Plan| StoredPlan {
            version,
            effective_from: Timestamp::UNIX_EPOCH.plus_hours(hours),
            json: serde_json::to_string(plan).expect("serializes"),
        };
        let (second, third) = (row(2, 10, &Plan::fixed()), row(3, 20, &Plan::seed()));
        let history = PlanHistory::from_stored([third.clone(), second.clone()]).expect("valid rows");
        for (hours, expected) in [(0, 1), (9, 1), (10, 2), (19, 2), (20, 3)] {
            let at = Timestamp::UNIX_EPOCH.plus_hours(hours);
            assert_eq!(history.in_force(at).map(|v| v.version), Ok(expected), "{hours}");
        }
        assert_eq!(history.get(2).map(|v| v.plan.name.as_str()), Some("fixed"));
        for bad in [
            StoredPlan { version: -1, ..second.clone() },
            StoredPlan { version: 1 << 32, ..second.clone() },
            StoredPlan { json: "{}".into(), ..second.clone() },
            StoredPlan { version: 4, ..second.clone() },
        ] {
            assert!(PlanHistory::from_stored([third.clone(), bad.clone()]).is_err(), "{bad:?}");
        }
    }
}
