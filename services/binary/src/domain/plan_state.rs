//! State of a plan version at an instant, and until when it can be withdrawn.

use domain::{PlanError, PlanHistory, PlanVersion, Timestamp};

/// How long before its effective time a version can be withdrawn at the latest, in minutes. Other services decide by
/// their own clocks and learn of the withdrawal by its event, which must reach them before the version would begin.
pub const WITHDRAWAL_NOTICE_MINUTES: i64 = 10;

domain::text_enum! {
    /// State of a plan version.
    pub enum PlanState {
        /// Replaced by a later version.
        Past = "past",
        InForce = "in_force",
        /// Takes effect later.
        Scheduled = "scheduled",
        /// Never takes effect.
        Withdrawn = "withdrawn",
    }
}

impl PlanState {
    /// The state of `version`, one of `plans`, at `now`. Errors with `NoneInForce`.
    pub fn of(version: &PlanVersion, plans: &PlanHistory, now: Timestamp) -> Result<Self, PlanError> {
        let in_force = plans.in_force(now)?.version;
        if plans.is_withdrawn(version.version) {
            return Ok(Self::Withdrawn);
        }
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
    fn a_version_is_scheduled_until_its_instant_and_past_from_that_of_the_next_unless_it_is_withdrawn() {
        let at = |secs| Timestamp::UNIX_EPOCH.plus_secs(secs);
        let mut plans = PlanHistory::seed();
        for (version, secs) in [(2, 10), (3, 20), (4, 30)] {
            plans.publish(PlanVersion { version, effective_from: at(secs), plan: Plan::seed() }).expect("in order");
        }
        plans.withdraw(4, at(0)).expect("it has not begun");
        let states = |secs| {
            let states = plans.versions().iter().map(|version| PlanState::of(version, &plans, at(secs)).expect("one"));
            states.collect::<Vec<_>>()
        };
        use PlanState::{InForce, Past, Scheduled, Withdrawn};
        for (secs, expected) in [
            (9, [InForce, Scheduled, Scheduled, Withdrawn]),
            (10, [Past, InForce, Scheduled, Withdrawn]),
            (19, [Past, InForce, Scheduled, Withdrawn]),
            (30, [Past, Past, InForce, Withdrawn]),
        ] {
            assert_eq!(states(secs), expected, "{secs}");
        }
    }
}
