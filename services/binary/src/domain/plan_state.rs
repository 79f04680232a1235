//! State of a plan version at an instant.

use domain::{PlanError, PlanHistory, PlanVersion, Timestamp};

domain::text_enum! {
    /// State of a plan version.
    pub enum PlanState {
        /// Replaced by a later version.
        Past = "past",
        InForce = "in_force",
        /// Takes effect later.
        Scheduled = "scheduled",
    }
}

impl PlanState {
    /// The state of `version`, one of `plans`, at `now`. Errors with `NoneInForce`.
    pub fn of(version: &PlanVersion, plans: &PlanHistory, now: Timestamp) -> Result<Self, PlanError> {
        let in_force = plans.in_force(now)?.version;
        Ok(match version.version.cmp(&in_force) {
            std::cmp::Ordering::Less => Self::Past,
            std::cmp::Ordering::Equal => Self::InForce,
            std::cmp::Ordering::Greater => Self::Scheduled,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Plan;

    #[test]
    fn a_version_is_scheduled_until_its_instant_and_past_from_the_instant_of_the_next() {
        let at = |secs| Timestamp::UNIX_EPOCH.plus_secs(secs);
        let mut plans = PlanHistory::seed();
        for (version, secs) in [(2, 10), (3, 20)] {
            plans.publish(PlanVersion { version, effective_from: at(secs), plan: Plan::seed() }).expect("in order");
        }
        let states = |secs| {
            let states = plans.versions().iter().map(|version| PlanState::of(version, &plans, at(secs)).expect("one"));
            states.collect::<Vec<_>>()
        };
        use PlanState::{InForce, Past, Scheduled};
        for (secs, expected) in [
            (9, [InForce, Scheduled, Scheduled]),
            (10, [Past, InForce, Scheduled]),
            (19, [Past, InForce, Scheduled]),
            (20, [Past, Past, InForce]),
        ] {
            assert_eq!(states(secs), expected, "{secs}");
        }
    }
}
