//! Texts of the steps of a grievance.

use super::Template;
use super::notice::{Text, trimmed};
use proto_events::vocabulary::GrievanceStep;

/// Text of a step of a grievance; `None` for one that is no matter of the member.
pub fn grievance_text(step: GrievanceStep, number: &str, said: &str) -> Option<Text> {
    let template = match step {
        GrievanceStep::Assigned => return None,
        GrievanceStep::Filed => Template::GrievanceFiled,
        GrievanceStep::Acknowledged => Template::GrievanceAcknowledged,
        GrievanceStep::Replied => Template::GrievanceReplied,
        GrievanceStep::Escalated => Template::GrievanceEscalated,
        GrievanceStep::Closed => Template::GrievanceClosed,
        GrievanceStep::Reopened => Template::GrievanceReopened,
    };
    // A reply may be long; the page of the grievance has it.
    let reason = if step == GrievanceStep::Closed { trimmed(said) } else { String::new() };
    Some(Text::new(template, [("number", number.to_owned()), ("reason", reason)]))
}
