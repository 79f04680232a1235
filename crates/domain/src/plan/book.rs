//! Which version of the plan decides: those published, and the one in force at an instant.

use super::{Plan, PlanError};
use crate::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One published version of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanVersion {
    /// From 1, gap-free.
    pub version: u32,
    pub effective_from: Timestamp,
    pub plan: Plan,
}

/// Every version known, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanBook(Vec<PlanVersion>);

impl PlanBook {
    /// Version 1, the `seed` preset, since the beginning of time: what holds until another is published.
    pub fn seed() -> Self {
        Self(vec![PlanVersion { version: 1, effective_from: Timestamp::UNIX_EPOCH, plan: Plan::seed() }])
    }

    /// Adds a version. One that is known already changes nothing.
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

    pub fn get(&self, version: u32) -> Option<&PlanVersion> {
        self.0.iter().find(|v| v.version == version)
    }

    /// The version that decides about something that happened at `at`.
    pub fn in_force(&self, at: Timestamp) -> Result<&PlanVersion, PlanError> {
        self.0.iter().rfind(|v| v.effective_from <= at).ok_or(PlanError::NoneInForce(at))
    }

    pub fn versions(&self) -> &[PlanVersion] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_in_force_is_the_last_one_that_has_begun() {
        let at = |s: &str| s.parse::<Timestamp>().expect("a time");
        let mut book = PlanBook::seed();
        let second = PlanVersion { version: 2, effective_from: at("2026-12-01T00:00:00Z"), plan: Plan::fixed() };
        assert_eq!(book.publish(second.clone()), Ok(()));
        assert_eq!(book.publish(second.clone()), Ok(()));
        let stale = PlanVersion { version: 3, effective_from: at("2026-11-30T00:00:00Z"), plan: Plan::seed() };
        assert_eq!(book.publish(stale), Err(PlanError::OutOfOrder));
        assert_eq!(book.in_force(at("2026-11-30T23:59:59.999999Z")).map(|v| v.version), Ok(1));
        assert_eq!(book.in_force(at("2026-12-01T00:00:00Z")).map(|v| v.version), Ok(2));
        assert_eq!(book.versions().len(), 2);
    }
}
