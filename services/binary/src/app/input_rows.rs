//! Rows of an input: its journal entry, node and pairs.

use crate::domain::{Input, InputOutcome, PairMade, PairStatus};
use crate::store::journal::{CauseId, JournalEntry};
use crate::store::nodes::NodeRow;
use crate::store::pairs::PairRow;
use domain::Timestamp;

pub(super) fn mark_voided(row: &mut PairRow, outcome: &InputOutcome) {
    row.status = PairStatus::Voided;
    row.voided_seq = Some(outcome.seq);
    row.voided_at = Some(outcome.at);
}

pub(super) fn journal_entry(
    outcome: &InputOutcome,
    happened_at: Timestamp,
    input: &Input,
    cause: Option<CauseId>,
) -> JournalEntry {
    let mut entry = JournalEntry {
        seq: outcome.seq,
        kind: input.kind(),
        user_id: input.user(),
        happened_at,
        at: outcome.at,
        cause_id: cause,
        amount_paise: None,
        sponsor_id: None,
        parent_id: None,
        side: None,
        is_distributor: None,
        plan_version: None,
    };
    match input {
        Input::Placed { sponsor, prefers, distributor, amount, .. } => {
            entry.sponsor_id = *sponsor;
            entry.side = *prefers;
            entry.is_distributor = Some(*distributor);
            entry.amount_paise = Some(*amount);
        }
        Input::PlacedManually { sponsor, parent, side, distributor, .. } => {
            entry.sponsor_id = *sponsor;
            entry.parent_id = *parent;
            entry.side = Some(*side);
            entry.is_distributor = Some(*distributor);
        }
        Input::Paid { amount, .. } | Input::Refunded { amount, .. } => entry.amount_paise = Some(*amount),
        Input::Labelled { distributor, .. } => entry.is_distributor = Some(*distributor),
        Input::PlanPublished(version) => entry.plan_version = Some(i64::from(version.version)),
        Input::PlanWithdrawn(version) => entry.plan_version = Some(i64::from(*version)),
        Input::DayStarted | Input::PeriodOpened => {}
    }
    entry
}

pub(super) fn node_row(outcome: &InputOutcome, input: &Input) -> Option<NodeRow> {
    let placed = outcome.placed?;
    let (sponsor_id, is_manual) = match input {
        Input::Placed { sponsor, .. } => (*sponsor, false),
        Input::PlacedManually { sponsor, .. } => (*sponsor, true),
        Input::Paid { .. }
        | Input::Refunded { .. }
        | Input::Labelled { .. }
        | Input::DayStarted
        | Input::PeriodOpened
        | Input::PlanPublished(_)
        | Input::PlanWithdrawn(_) => return None,
    };
    Some(NodeRow {
        node: i64::from(placed.node),
        user_id: input.user()?,
        parent_node: i64::from(placed.parent),
        side: placed.side,
        depth: i64::from(placed.depth),
        sponsor_id,
        is_manual,
        placed_seq: outcome.seq,
        placed_at: outcome.at,
    })
}

pub(super) fn pair_row(made: &PairMade, outcome: &InputOutcome) -> PairRow {
    PairRow {
        ordinal: made.ordinal,
        earner_node: i64::from(made.earner),
        number: i64::from(made.number),
        left_node: i64::from(made.left),
        right_node: i64::from(made.right),
        period: i64::from(made.period),
        slot: made.slot.map(i64::from),
        month: outcome.at.month(),
        status: if made.slot.is_some() { PairStatus::Matched } else { PairStatus::Flushed },
        earner_active_buyer: made.earner_active_buyer,
        plan_version: i64::from(made.plan_version),
        gross_paise: made.pay.gross,
        emi_deduction_paise: made.pay.emi_deduction,
        reserve_deduction_paise: made.pay.reserve_deduction,
        available_paise: made.pay.available,
        matched_seq: outcome.seq,
        matched_at: outcome.at,
        voided_seq: None,
        voided_at: None,
    }
}
