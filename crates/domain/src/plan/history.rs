//! Published plan versions, and the one in force at an instant.

use super::{Plan, PlanError};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One published version of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanVersion {
    /// Version number, from 1 without gaps.
    pub version: u32,
    /// First instant at which it is in force.
    pub effective_from: Timestamp,
    /// The plan itself.
    pub plan: Plan,
}

/// All known plan versions, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanHistory(Vec<PlanVersion>);

impl PlanHistory {
    /// A history with version 1 only: the `seed` preset, in force since 1970.
    pub fn seed() -> Self {
        Self(vec![PlanVersion { version: 1, effective_from: Timestamp::UNIX_EPOCH, plan: Plan::seed() }])
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
}
