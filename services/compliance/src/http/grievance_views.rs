//! Grievances as answers show them.

use crate::domain::grievance::{GrievanceCategory, GrievanceId, GrievanceStatus};
use crate::store::grievances::{Grievance, GrievanceStepRow};
use domain::{BookingId, PayoutId, Timestamp, UserId};
use proto_events::vocabulary::GrievanceStep;
use schemars::JsonSchema;
use serde::Serialize;

/// A grievance.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct GrievanceView {
    id: GrievanceId,
    /// Such as `GRV/2026-27/000001`, without gaps in each financial year.
    number: String,
    user_id: UserId,
    category: GrievanceCategory,
    text: String,
    booking_id: Option<BookingId>,
    payout_id: Option<PayoutId>,
    status: GrievanceStatus,
    /// Whether the officer has it, because staff or a missed deadline passed it on.
    is_escalated: bool,
    /// The member of staff who has it.
    assigned_to: Option<UserId>,
    filed_at: Timestamp,
    /// Deadline of the acknowledgement: 48 hours after it was filed or reopened.
    acknowledge_by: Timestamp,
    /// Deadline of the closing: a month after.
    close_by: Timestamp,
    acknowledged_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
}

impl From<Grievance> for GrievanceView {
    fn from(row: Grievance) -> Self {
        Self {
            id: row.id,
            number: row.full_number(),
            user_id: row.user_id,
            category: row.category,
            text: row.text,
            booking_id: row.booking_id,
            payout_id: row.payout_id,
            status: row.status,
            is_escalated: row.is_escalated,
            assigned_to: row.assigned_to,
            filed_at: row.filed_at,
            acknowledge_by: row.acknowledge_by,
            close_by: row.close_by,
            acknowledged_at: row.acknowledged_at,
            closed_at: row.closed_at,
        }
    }
}

/// A step of a grievance's history.
#[derive(Debug, Serialize, JsonSchema)]
struct GrievanceStepView {
    /// From 1.
    number: i64,
    step: GrievanceStep,
    /// Who made it; null for a missed deadline.
    actor_id: Option<UserId>,
    /// What was said; empty for a step without a text.
    text: String,
    at: Timestamp,
}

/// A grievance with its history.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct GrievanceDetailView {
    grievance: GrievanceView,
    /// Oldest first.
    steps: Vec<GrievanceStepView>,
}

impl GrievanceDetailView {
    pub(super) fn new(grievance: Grievance, steps: Vec<GrievanceStepRow>) -> Self {
        let step = |row: GrievanceStepRow| GrievanceStepView {
            number: row.number,
            step: row.step,
            actor_id: row.actor_id,
            text: row.text,
            at: row.at,
        };
        Self { grievance: grievance.into(), steps: steps.into_iter().map(step).collect() }
    }
}
