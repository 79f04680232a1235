//! Grievances of members: states, deadlines, and which step follows which.

use domain::{Timestamp, UserId};
pub use proto_events::vocabulary::GrievanceStep;

domain::id_type! { GrievanceId }

/// Hours within which a grievance is acknowledged.
pub const ACKNOWLEDGE_HOURS: i64 = 48;
/// Months within which it is closed.
pub const CLOSE_MONTHS: u32 = 1;
/// Days after its closing within which the member may reopen it.
pub const REOPEN_DAYS: i64 = 30;
/// Open grievances of a member.
pub const MAX_OPEN_GRIEVANCES: i64 = 20;

domain::text_enum! {
    /// What a grievance is about.
    pub enum GrievanceCategory {
        Payment = "payment",
        Booking = "booking",
        Delivery = "delivery",
        Refund = "refund",
        Earnings = "earnings",
        Payout = "payout",
        Account = "account",
        /// How a person of the company or a distributor behaved.
        Conduct = "conduct",
        Other = "other",
    }
}

domain::text_enum! {
    /// State of a grievance.
    pub enum GrievanceStatus {
        /// It has no acknowledgement yet.
        Filed = "filed",
        Acknowledged = "acknowledged",
        Closed = "closed",
    }
}

/// The state that decides about the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrievanceState {
    pub owner: UserId,
    pub status: GrievanceStatus,
    pub is_escalated: bool,
    pub assigned_to: Option<UserId>,
    pub acknowledge_by: Timestamp,
    pub close_by: Timestamp,
    pub acknowledged_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrievanceActor {
    Member(UserId),
    Staff(UserId),
    /// The job that watches the deadlines.
    Deadline,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrievanceCommand {
    Acknowledge,
    Assign(UserId),
    Reply,
    Escalate,
    Close,
    Reopen,
}

/// Why a step is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrievanceRefusal {
    #[error("staff do not act on their own grievance")]
    Own,
    #[error("the grievance is closed")]
    Closed,
    #[error("the grievance is not closed")]
    NotClosed,
    #[error("a grievance can be reopened within {REOPEN_DAYS} days after it was closed")]
    TooLate,
    #[error("this step is not of this person")]
    NotAllowed,
}

impl GrievanceState {
    /// A grievance that is filed now.
    pub fn filed(owner: UserId, now: Timestamp) -> Self {
        Self {
            owner,
            status: GrievanceStatus::Filed,
            is_escalated: false,
            assigned_to: None,
            acknowledge_by: now.plus_hours(ACKNOWLEDGE_HOURS),
            close_by: close_by(now),
            acknowledged_at: None,
            closed_at: None,
        }
    }

    /// When it is escalated unless something happens; `None` when it is closed or escalated.
    pub fn escalates_at(&self) -> Option<Timestamp> {
        let deadline = match self.status {
            GrievanceStatus::Filed => self.acknowledge_by.min(self.close_by),
            GrievanceStatus::Acknowledged => self.close_by,
            GrievanceStatus::Closed => return None,
        };
        (!self.is_escalated).then_some(deadline)
    }

    /// Decides a step. `None` when it changes nothing, because it was made before or no deadline has passed.
    pub fn decide(
        &self,
        command: GrievanceCommand,
        actor: GrievanceActor,
        now: Timestamp,
    ) -> Result<Option<(Self, GrievanceStep)>, GrievanceRefusal> {
        match actor {
            GrievanceActor::Member(member) if member == self.owner && command == GrievanceCommand::Reopen => {
                self.reopen(now).map(|state| Some((state, GrievanceStep::Reopened)))
            }
            GrievanceActor::Staff(staff) if staff == self.owner => Err(GrievanceRefusal::Own),
            GrievanceActor::Staff(_) => self.decide_by_staff(command, now),
            GrievanceActor::Deadline if command == GrievanceCommand::Escalate => {
                let is_due = self.escalates_at().is_some_and(|at| at <= now);
                Ok(is_due.then(|| (Self { is_escalated: true, ..self.clone() }, GrievanceStep::Escalated)))
            }
            GrievanceActor::Member(_) | GrievanceActor::Deadline => Err(GrievanceRefusal::NotAllowed),
        }
    }

    fn decide_by_staff(
        &self,
        command: GrievanceCommand,
        now: Timestamp,
    ) -> Result<Option<(Self, GrievanceStep)>, GrievanceRefusal> {
        if self.status == GrievanceStatus::Closed {
            return Err(GrievanceRefusal::Closed);
        }
        let next = match command {
            GrievanceCommand::Acknowledge if self.status == GrievanceStatus::Acknowledged => return Ok(None),
            GrievanceCommand::Acknowledge => (self.acknowledged(now), GrievanceStep::Acknowledged),
            GrievanceCommand::Assign(staff) if self.assigned_to == Some(staff) => return Ok(None),
            GrievanceCommand::Assign(staff) if staff == self.owner => return Err(GrievanceRefusal::Own),
            GrievanceCommand::Assign(staff) => {
                (Self { assigned_to: Some(staff), ..self.clone() }, GrievanceStep::Assigned)
            }
            // A member who gets an answer needs no acknowledgement before it.
            GrievanceCommand::Reply => (self.acknowledged(now), GrievanceStep::Replied),
            GrievanceCommand::Escalate if self.is_escalated => return Ok(None),
            GrievanceCommand::Escalate => (Self { is_escalated: true, ..self.clone() }, GrievanceStep::Escalated),
            GrievanceCommand::Close => {
                let closed = Self { status: GrievanceStatus::Closed, closed_at: Some(now), ..self.acknowledged(now) };
                (closed, GrievanceStep::Closed)
            }
            GrievanceCommand::Reopen => return Err(GrievanceRefusal::NotAllowed),
        };
        Ok(Some(next))
    }

    fn acknowledged(&self, now: Timestamp) -> Self {
        let acknowledged_at = self.acknowledged_at.or(Some(now));
        Self { status: GrievanceStatus::Acknowledged, acknowledged_at, ..self.clone() }
    }

    /// It begins anew, with deadlines from now; and the same member of staff has it.
    fn reopen(&self, now: Timestamp) -> Result<Self, GrievanceRefusal> {
        let closed_at = self.closed_at.ok_or(GrievanceRefusal::NotClosed)?;
        if now > closed_at.plus_hours(24 * REOPEN_DAYS) {
            return Err(GrievanceRefusal::TooLate);
        }
        Ok(Self { assigned_to: self.assigned_to, ..Self::filed(self.owner, now) })
    }
}

/// The end of the same day, [`CLOSE_MONTHS`] later.
fn close_by(filed_at: Timestamp) -> Timestamp {
    filed_at.day().plus_months(CLOSE_MONTHS).next().starts_at()
}

#[cfg(test)]
mod tests {
    use super::*;
    use GrievanceActor::{Deadline, Member, Staff};
    use GrievanceCommand::{Acknowledge, Assign, Close, Escalate, Reopen, Reply};
    use proptest::prelude::*;

    fn person(n: u128) -> UserId {
        uuid::Uuid::from_u128(n).into()
    }
    const AT: &str = "2026-11-01T06:00:00Z";

    fn filed() -> GrievanceState {
        GrievanceState::filed(person(1), AT.parse().expect("a time"))
    }

    #[test]
    fn deadlines_are_forty_eight_hours_and_a_month() {
        let state = filed();
        assert_eq!(state.acknowledge_by.to_string(), "2026-11-03T06:00:00Z");
        assert_eq!(state.close_by, "2026-12-01T18:30:00Z".parse().expect("a time"));
        let end_of_january = GrievanceState::filed(person(1), "2027-01-31T06:00:00Z".parse().expect("a time"));
        assert_eq!(end_of_january.close_by.day().to_string(), "2027-03-01");
    }

    #[test]
    fn the_job_escalates_at_a_deadline_and_not_before() {
        let state = filed();
        let at = |state: &GrievanceState, at| state.decide(Escalate, Deadline, at).expect("allowed").is_some();
        assert!(!at(&state, state.acknowledge_by.plus_secs(-1)));
        assert!(at(&state, state.acknowledge_by));
        let (acknowledged, _) =
            state.decide(Acknowledge, Staff(person(2)), state.filed_at()).expect("allowed").expect("new");
        assert!(!at(&acknowledged, state.acknowledge_by));
        assert!(!at(&acknowledged, state.close_by.plus_secs(-1)));
        assert!(at(&acknowledged, state.close_by));
        let (escalated, _) = acknowledged.decide(Escalate, Deadline, state.close_by).expect("allowed").expect("new");
        assert!(!at(&escalated, state.close_by.plus_hours(24)), "once");
    }

    #[test]
    fn steps_are_of_those_whom_they_are_for() {
        let (state, now) = (filed(), AT.parse().expect("a time"));
        for command in [Acknowledge, Assign(person(2)), Reply, Escalate, Close, Reopen] {
            assert_eq!(state.decide(command, Staff(person(1)), now), Err(GrievanceRefusal::Own));
            assert_eq!(state.decide(command, Member(person(3)), now), Err(GrievanceRefusal::NotAllowed));
        }
        assert_eq!(state.decide(Close, Member(person(1)), now), Err(GrievanceRefusal::NotAllowed));
        assert_eq!(state.decide(Close, Deadline, now), Err(GrievanceRefusal::NotAllowed));
        assert_eq!(state.decide(Assign(person(1)), Staff(person(2)), now), Err(GrievanceRefusal::Own));
        assert_eq!(state.decide(Reopen, Staff(person(2)), now), Err(GrievanceRefusal::NotAllowed));
        assert_eq!(state.decide(Reopen, Member(person(1)), now), Err(GrievanceRefusal::NotClosed));
    }

    #[test]
    fn a_closed_one_is_reopened_within_thirty_days() {
        let now: Timestamp = AT.parse().expect("a time");
        let (closed, step) = filed().decide(Close, Staff(person(2)), now).expect("allowed").expect("new");
        assert_eq!((step, closed.acknowledged_at, closed.escalates_at()), (GrievanceStep::Closed, Some(now), None));
        for command in [Acknowledge, Reply, Escalate, Close] {
            assert_eq!(closed.decide(command, Staff(person(2)), now), Err(GrievanceRefusal::Closed));
        }
        let last = now.plus_hours(24 * 30);
        let reopened = closed.decide(Reopen, Member(person(1)), last).expect("allowed");
        assert_eq!(reopened, Some((GrievanceState::filed(person(1), last), GrievanceStep::Reopened)));
        assert_eq!(closed.decide(Reopen, Member(person(1)), last.plus_secs(1)), Err(GrievanceRefusal::TooLate));
    }

    impl GrievanceState {
        fn filed_at(&self) -> Timestamp {
            self.acknowledge_by.plus_hours(-ACKNOWLEDGE_HOURS)
        }
    }

    proptest! {
        /// Random commands by random people at later and later times leave a state that makes sense.
        #[test]
        fn every_history_makes_sense(moves in prop::collection::vec((0_u8..6, 1_u128..4, 0_u8..3, 0_i64..400), 0..40)) {
            let (mut state, mut now) = (filed(), AT.parse::<Timestamp>().expect("a time"));
            for (command, someone, actor, hours) in moves {
                now = now.plus_hours(hours);
                let commands = [Acknowledge, Assign(person(someone)), Reply, Escalate, Close, Reopen];
                let command = commands[usize::from(command)];
                let actor = [Member(person(someone)), Staff(person(someone)), Deadline][usize::from(actor)];
                let decided = state.decide(command, actor, now);
                if let Ok(Some((next, step))) = decided {
                    prop_assert_ne!(&next, &state.clone().with_step_reply(step, &next), "a step changes something");
                    prop_assert!(actor != Staff(person(1)), "staff do not act on their own");
                    let is_same = next.decide(command, actor, now).map_or(true, |again| again.is_none());
                    prop_assert!(is_same || command == Reply, "a repetition changes nothing");
                    state = next;
                }
                prop_assert_eq!(state.owner, person(1));
                prop_assert!(state.assigned_to != Some(person(1)));
                prop_assert_eq!(state.status == GrievanceStatus::Closed, state.closed_at.is_some());
                prop_assert_eq!(state.status == GrievanceStatus::Filed, state.acknowledged_at.is_none());
                prop_assert_eq!(
                    state.escalates_at().is_none(),
                    state.is_escalated || state.status == GrievanceStatus::Closed
                );
                prop_assert!(state.acknowledge_by < state.close_by);
            }
        }
    }

    impl GrievanceState {
        /// The state itself, but for a reply, which may change nothing but the history.
        fn with_step_reply(mut self, step: GrievanceStep, next: &Self) -> Self {
            if step == GrievanceStep::Replied {
                self.assigned_to = next.assigned_to.map_or(Some(person(9)), |_| None);
            }
            self
        }
    }
}
