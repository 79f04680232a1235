//! Outgoing events for the outcome of an input.

use super::column::{find_member, from_column, load_member};
use crate::domain::{Input, InputOutcome, PairStatus, Tree, TreeError};
use crate::error::BinaryError;
use crate::store::journal::CauseId;
use crate::store::nodes::NodeRow;
use crate::store::pairs::PairRow;
use domain::{Money, PlanHistory, UserId};
use messaging::outbox::OutboxEvent;
use proto_events::binary::v1::{Pair, PairsMatched, PairsVoided, PlacementMade};
use proto_events::vocabulary::MatchCause;
use runtime::id;

/// Pairs in one event. A period opening makes many pairs; this bounds the message size.
const MAX_PAIRS_PER_EVENT: usize = 200;

domain::id_type! {
    /// Id of one pair: the same on every machine.
    PairId,
}

/// The id of a pair, derived from its earner and number.
pub fn pair_id(earner: UserId, number: i64) -> PairId {
    id::derived_from(earner.uuid(), &[b"pair", &number.to_be_bytes()])
}

fn pair_message(tree: &Tree, row: &PairRow) -> Result<Pair, BinaryError> {
    let earner = load_member(tree, row.earner_node)?;
    let forgone = match row.status {
        PairStatus::Flushed => forgone_gross(tree.plans(), row)?,
        PairStatus::Matched | PairStatus::Voided => Money::ZERO,
    };
    Ok(Pair {
        pair_id: pair_id(earner, row.number).as_bytes().to_vec(),
        earner_id: earner.into(),
        number: from_column(row.number)?,
        left_user_id: load_member(tree, row.left_node)?.into(),
        right_user_id: load_member(tree, row.right_node)?.into(),
        period: from_column(row.period)?,
        slot: from_column(row.slot.unwrap_or(0))?,
        status: row.status.to_string(),
        earner_active_buyer: row.earner_active_buyer,
        plan_version: from_column(row.plan_version)?,
        gross_paise: row.gross_paise.paise(),
        emi_deduction_paise: row.emi_deduction_paise.paise(),
        reserve_deduction_paise: row.reserve_deduction_paise.paise(),
        available_paise: row.available_paise.paise(),
        matched_at: row.matched_at.micros(),
        forgone_paise: forgone.paise(),
    })
}

/// The gross that a flushed pair would have paid.
fn forgone_gross(plans: &PlanHistory, row: &PairRow) -> Result<Money, BinaryError> {
    let version = plans.get(from_column(row.plan_version)?);
    let version = version.ok_or_else(|| BinaryError::Journal(format!("no plan version {}", row.plan_version)))?;
    let pay = version.plan.pair_pay(from_column(row.number)?, row.earner_active_buyer).map_err(TreeError::from)?;
    Ok(pay.gross)
}

fn pair_messages(tree: &Tree, rows: &[PairRow]) -> Result<Vec<Pair>, BinaryError> {
    rows.iter().map(|row| pair_message(tree, row)).collect()
}

/// `PlacementMade` with the pairs that the placement made.
pub fn placement_made(tree: &Tree, node: &NodeRow, pairs: &[PairRow]) -> Result<OutboxEvent, BinaryError> {
    let placement = PlacementMade {
        user_id: node.user_id.into(),
        parent_user_id: find_member(tree, node.parent_node)?.map(Into::into),
        sponsor_id: node.sponsor_id.map(Into::into),
        side: node.side.to_string(),
        depth: from_column(node.depth)?,
        manual: node.is_manual,
        sequence: from_column(node.placed_seq)?,
        placed_at: node.placed_at.micros(),
        pairs: pair_messages(tree, pairs)?,
    };
    Ok(OutboxEvent::new(node.user_id, node.placed_at, &placement))
}

/// `PairsVoided` for a refund; `None` when no pair was voided.
pub fn pairs_voided(
    tree: &Tree,
    outcome: &InputOutcome,
    input: &Input,
    cause: Option<CauseId>,
    pairs: &[PairRow],
) -> Result<Option<OutboxEvent>, BinaryError> {
    let Some(user) = input.user().filter(|_| !pairs.is_empty()) else { return Ok(None) };
    let voided = PairsVoided {
        user_id: user.into(),
        refund_id: cause_bytes(cause),
        sequence: from_column(outcome.seq)?,
        pairs: pair_messages(tree, pairs)?,
        voided_at: outcome.at.micros(),
    };
    Ok(Some(OutboxEvent::new(user, outcome.at, &voided)))
}

/// `PairsMatched` events for the pairs of an input other than a placement; none when there are no pairs.
pub fn pairs_matched(
    tree: &Tree,
    outcome: &InputOutcome,
    input: &Input,
    cause: Option<CauseId>,
    pairs: &[PairRow],
) -> Result<Vec<OutboxEvent>, BinaryError> {
    let match_cause = match input {
        Input::DayStarted | Input::PeriodOpened => MatchCause::PeriodOpened,
        Input::Refunded { .. } => MatchCause::Rematched,
        Input::Paid { .. }
        | Input::Placed { .. }
        | Input::PlacedManually { .. }
        | Input::PlanPublished(_)
        | Input::PlanWithdrawn(_) => MatchCause::CountedAgain,
        Input::Labelled { .. } => MatchCause::Labelled,
    };
    let subject = input.user().map_or_else(|| outcome.at.day().to_string(), |user| user.to_string());
    let event = |pairs: &[PairRow]| {
        let matched = PairsMatched {
            cause: match_cause.to_string(),
            cause_id: cause_bytes(cause),
            sequence: from_column(outcome.seq)?,
            pairs: pair_messages(tree, pairs)?,
            matched_at: outcome.at.micros(),
        };
        Ok(OutboxEvent::new(&subject, outcome.at, &matched))
    };
    pairs.chunks(MAX_PAIRS_PER_EVENT).map(event).collect()
}

fn cause_bytes(cause: Option<CauseId>) -> Vec<u8> {
    cause.map(|id| id.as_bytes().to_vec()).unwrap_or_default()
}
