//! Published plan versions, and the one in force at an instant.

use super::{Plan, PlanError};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
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
#[error("plan version {version}: {reason}")]
pub struct StoredPlanError {
    version: i64,
    reason: String,
}

impl StoredPlan {
    /// A version as its publication carries it. Errors when the JSON is no plan, or an invalid one.
    pub fn try_new(version: u32, effective_from: Timestamp, json: String) -> Result<Self, StoredPlanError> {
        let stored = Self { version: version.into(), effective_from, json };
        stored.parse_valid()?;
        Ok(stored)
    }

    fn refused(&self, reason: &dyn Error) -> StoredPlanError {
        StoredPlanError { version: self.version, reason: reason.to_string() }
    }

    /// Parses the row. Errors when its number is no version number, or its JSON no plan.
    pub fn parse(&self) -> Result<PlanVersion, StoredPlanError> {
        let version = u32::try_from(self.version).map_err(|error| self.refused(&error))?;
        let plan = Plan::parse(&self.json).map_err(|error| self.refused(&error))?;
        Ok(PlanVersion { version, effective_from: self.effective_from, plan: Plan::clone(&plan) })
    }

    fn parse_valid(&self) -> Result<PlanVersion, StoredPlanError> {
        let version = self.parse()?;
        version.plan.validate().map_err(|error| self.refused(&error))?;
        Ok(version)
    }
}

/// All known plan versions, oldest first, and which of them are withdrawn.
///
/// A version must take effect later than every version before it that is not withdrawn. So of the versions that have
/// begun, the one with the highest number is in force, even where a withdrawal is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanHistory {
    versions: Vec<PlanVersion>,
    withdrawn: BTreeSet<u32>,
}

impl PlanHistory {
    /// A history with version 1 only: the `seed` preset, in force since 1970.
    pub fn seed() -> Self {
        let seed = PlanVersion { version: 1, effective_from: Timestamp::UNIX_EPOCH, plan: Plan::seed() };
        Self { versions: vec![seed], withdrawn: BTreeSet::new() }
    }

    /// The seed and the versions of a table, in any order. Errors when a row is malformed or a number occurs twice.
    pub fn from_stored(rows: impl IntoIterator<Item = StoredPlan>) -> Result<Self, StoredPlanError> {
        let mut history = Self::seed();
        for row in rows {
            let version = row.parse_valid()?;
            match history.versions.binary_search_by_key(&version.version, |known| known.version) {
                Ok(_) => return Err(row.refused(&PlanError::OutOfOrder)),
                Err(index) => history.versions.insert(index, version),
            }
        }
        Ok(history)
    }

    /// Adds the next version. Errors when the plan is invalid, the number not above all known ones, or when the version
    /// does not take effect later than every version that is not withdrawn.
    pub fn publish(&mut self, version: PlanVersion) -> Result<(), PlanError> {
        version.plan.validate()?;
        let is_next = self.versions.last().is_none_or(|last| last.version < version.version);
        if !is_next || self.valid().any(|known| version.effective_from <= known.effective_from) {
            return Err(PlanError::OutOfOrder);
        }
        self.versions.push(version);
        Ok(())
    }

    /// Withdraws a version that has not begun at `at`; a version that is withdrawn already stays so. Errors when the
    /// version is unknown or has begun.
    pub fn withdraw(&mut self, version: u32, at: Timestamp) -> Result<(), PlanError> {
        let found = self.get(version).ok_or(PlanError::UnknownVersion(version))?;
        if found.effective_from <= at {
            return Err(PlanError::AlreadyEffective(version));
        }
        self.withdrawn.insert(version);
        Ok(())
    }

    /// The version with that number, withdrawn or not.
    pub fn get(&self, version: u32) -> Option<&PlanVersion> {
        self.versions.iter().find(|v| v.version == version)
    }

    /// Whether the version is withdrawn.
    pub fn is_withdrawn(&self, version: u32) -> bool {
        self.withdrawn.contains(&version)
    }

    /// The version in force at `at`. Errors when `at` is before the first version.
    pub fn in_force(&self, at: Timestamp) -> Result<&PlanVersion, PlanError> {
        self.valid().rfind(|v| v.effective_from <= at).ok_or(PlanError::NoneInForce(at))
    }

    /// The versions that are not withdrawn, oldest first.
    pub fn valid(&self) -> impl DoubleEndedIterator<Item = &PlanVersion> {
        self.versions.iter().filter(|v| !self.is_withdrawn(v.version))
    }

    /// All versions, also withdrawn ones, oldest first.
    pub fn versions(&self) -> &[PlanVersion] {
        &self.versions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn version(version: u32, effective_from: &str) -> PlanVersion {
        PlanVersion { version, effective_from: at(effective_from), plan: Plan::fixed() }
    }

    fn in_force(history: &PlanHistory, when: &str) -> u32 {
        history.in_force(at(when)).expect("one is in force").version
    }

    #[test]
    fn the_version_in_force_is_the_last_one_in_effect() {
        let mut history = PlanHistory::seed();
        assert_eq!(history.publish(version(2, "2026-12-01T00:00:00Z")), Ok(()));
        for refused in [
            version(3, "2026-11-30T00:00:00Z"),
            version(3, "2026-12-01T00:00:00Z"),
            version(2, "2026-12-02T00:00:00Z"),
            version(1, "2026-12-02T00:00:00Z"),
        ] {
            assert_eq!(history.publish(refused), Err(PlanError::OutOfOrder));
        }
        assert_eq!(in_force(&history, "2026-11-30T23:59:59.999999Z"), 1);
        assert_eq!(in_force(&history, "2026-12-01T00:00:00Z"), 2);
        assert_eq!(history.versions().len(), 2);
    }

    #[test]
    fn a_withdrawn_version_never_takes_effect_and_its_number_is_not_used_again() {
        let mut history = PlanHistory::seed();
        history.publish(version(2, "2026-12-10T00:00:00Z")).expect("the next version");
        assert_eq!(history.withdraw(2, at("2026-12-10T00:00:00Z")), Err(PlanError::AlreadyEffective(2)));
        assert_eq!(history.withdraw(1, at("2026-12-01T00:00:00Z")), Err(PlanError::AlreadyEffective(1)));
        assert_eq!(history.withdraw(3, at("2026-12-01T00:00:00Z")), Err(PlanError::UnknownVersion(3)));
        assert!(!history.is_withdrawn(2));
        for _ in 0..2 {
            assert_eq!(history.withdraw(2, at("2026-12-09T23:59:59.999999Z")), Ok(()));
        }
        assert_eq!(in_force(&history, "2027-01-01T00:00:00Z"), 1);
        assert_eq!(history.publish(version(2, "2026-12-20T00:00:00Z")), Err(PlanError::OutOfOrder));
        // The next version may begin before the withdrawn one would have.
        assert_eq!(history.publish(version(3, "2026-12-05T00:00:00Z")), Ok(()));
        assert_eq!(in_force(&history, "2027-01-01T00:00:00Z"), 3);
        assert_eq!(history.get(2), Some(&version(2, "2026-12-10T00:00:00Z")));
    }

    #[test]
    fn a_version_that_begins_before_an_earlier_one_replaces_it() {
        let rows = [(2, 20), (3, 10)].map(|(version, hours)| stored(version, hours, &Plan::fixed()));
        let history = PlanHistory::from_stored(rows).expect("valid rows");
        for (hours, expected) in [(9, 1), (10, 3), (19, 3), (20, 3)] {
            let at = Timestamp::UNIX_EPOCH.plus_hours(hours);
            assert_eq!(history.in_force(at).map(|v| v.version), Ok(expected), "{hours}");
        }
    }

    fn stored(version: i64, hours: i64, plan: &Plan) -> StoredPlan {
        let json = serde_json::to_string(plan).expect("serializes");
        StoredPlan { version, effective_from: Timestamp::UNIX_EPOCH.plus_hours(hours), json }
    }

    #[test]
    fn stored_versions_are_read_in_any_order_and_a_malformed_row_is_refused() {
        let (second, third) = (stored(2, 10, &Plan::fixed()), stored(3, 20, &Plan::seed()));
        let history = PlanHistory::from_stored([third.clone(), second.clone()]).expect("valid rows");
        for (hours, expected) in [(0, 1), (9, 1), (10, 2), (19, 2), (20, 3)] {
            let at = Timestamp::UNIX_EPOCH.plus_hours(hours);
            assert_eq!(history.in_force(at).map(|v| v.version), Ok(expected), "{hours}");
        }
        assert_eq!(history.get(2).map(|v| v.plan.name.as_str()), Some("fixed"));
        let mut invalid = Plan::fixed();
        invalid.name = String::new();
        for bad in [
            StoredPlan { version: -1, ..second.clone() },
            StoredPlan { version: 1 << 32, ..second.clone() },
            StoredPlan { version: 1, ..second.clone() },
            StoredPlan { version: 3, ..second.clone() },
            StoredPlan { json: "{}".into(), ..second.clone() },
            stored(2, 10, &invalid),
        ] {
            assert!(PlanHistory::from_stored([third.clone(), bad.clone()]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_publication_with_an_invalid_plan_is_refused() {
        let json = |plan: &Plan| serde_json::to_string(plan).expect("serializes");
        let (mut invalid, from) = (Plan::fixed(), Timestamp::UNIX_EPOCH);
        assert_eq!(StoredPlan::try_new(2, from, json(&invalid)), Ok(stored(2, 0, &invalid)));
        invalid.pairs.gross = crate::Money::from_paise(-1);
        for refused in [json(&invalid), "{}".into(), "no JSON".into()] {
            assert!(StoredPlan::try_new(2, from, refused.clone()).is_err(), "{refused}");
        }
    }
}
