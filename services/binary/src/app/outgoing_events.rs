//! Outgoing events for the outcome of an input.

use crate::domain::{Input, InputOutcome, NodeIndex, Tree};
use crate::store::journal::CauseId;
use crate::store::nodes::NodeRow;
use crate::store::pairs::{PairRow, PairStatus};
use chassis::events::outbox::OutboxEvent;
use chassis::id;
use domain::{Money, PlanHistory, UserId};
use proto_events::binary::v1::{Pair, PairsMatched, PairsVoided, PlacementMade};

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

fn pair_message(tree: &Tree, row: &PairRow) -> Pair {
    let user = |node: i64| tree.arena().id(NodeIndex::try_from(node).unwrap_or_default());
    let to_u32 = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let earner = user(row.earner_node);
    let forgone = match row.status {
        PairStatus::Flushed => forgone_gross(tree.plans(), row).unwrap_or_default(),
        PairStatus::Matched | PairStatus::Voided => Money::ZERO,
    };
    Pair {
        pair_id: pair_id(earner, row.number).as_bytes().to_vec(),
        earner_id: earner.into(),
        number: to_u32(row.number),
        left_user_id: user(row.left_node).into(),
        right_user_id: user(row.right_node).into(),
        period: to_u32(row.period),
        slot: row.slot.map(to_u32).unwrap_or_default(),
        status: row.status.to_string(),
        earner_active_buyer: row.earner_active_buyer,
        plan_version: to_u32(row.plan_version),
        gross_paise: row.gross_paise.paise(),
        emi_deduction_paise: row.emi_deduction_paise.paise(),
        reserve_deduction_paise: row.reserve_deduction_paise.paise(),
        available_paise: row.available_paise.paise(),
        matched_at: row.matched_at.micros(),
        forgone_paise: forgone.paise(),
    }
}

/// The gross that a flushed pair would have paid.
fn forgone_gross(plans: &PlanHistory, row: &PairRow) -> Option<Money> {
    let (version, number) = (u32::try_from(row.plan_version).ok()?, u32::try_from(row.number).ok()?);
    let pay = plans.get(version)?.plan.pair_pay(number, row.earner_active_buyer).ok()?;
    Some(pay.gross)
}

fn pair_messages(tree: &Tree, rows: &[PairRow]) -> Vec<Pair> {
    rows.iter().map(|row| pair_message(tree, row)).collect()
}

fn to_sequence(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or_default()
}

/// `PlacementMade` with the pairs that the placement made; `None` when the row is invalid.
pub fn placement_made(tree: &Tree, node: &NodeRow, pairs: &[PairRow]) -> Option<OutboxEvent> {
    let parent = NodeIndex::try_from(node.parent_node).ok()?;
    let placement = PlacementMade {
        user_id: node.user_id.into(),
        parent_user_id: tree.arena().member_id(parent).map(Into::into),
        sponsor_id: node.sponsor_id.map(Into::into),
        side: node.side.to_string(),
        depth: u32::try_from(node.depth).unwrap_or(u32::MAX),
        manual: node.is_manual,
        sequence: to_sequence(node.placed_seq),
        placed_at: node.placed_at.micros(),
        pairs: pair_messages(tree, pairs),
    };
    Some(OutboxEvent::new(node.user_id, node.placed_at, &placement))
}

/// `PairsVoided` for a refund; `None` when no pair was voided.
pub fn pairs_voided(
    tree: &Tree,
    outcome: &InputOutcome,
    input: &Input,
    cause: Option<CauseId>,
    pairs: &[PairRow],
) -> Option<OutboxEvent> {
    let user = input.user().filter(|_| !pairs.is_empty())?;
    let voided = PairsVoided {
        user_id: user.into(),
        refund_id: cause_bytes(cause),
        sequence: to_sequence(outcome.seq),
        pairs: pair_messages(tree, pairs),
        voided_at: outcome.at.micros(),
    };
    Some(OutboxEvent::new(user, outcome.at, &voided))
}

/// `PairsMatched` events for the pairs of an input other than a placement; none when there are no pairs.
pub fn pairs_matched(
    tree: &Tree,
    outcome: &InputOutcome,
    input: &Input,
    cause: Option<CauseId>,
    pairs: &[PairRow],
) -> Vec<OutboxEvent> {
    let cause_name = match input {
        Input::DayStarted | Input::PeriodOpened => "period_opened",
        Input::Refunded { .. } => "rematched",
        Input::Paid { .. } | Input::Placed { .. } | Input::PlacedManually { .. } | Input::PlanPublished(_) => {
            "counted_again"
        }
        Input::Labelled { .. } => "labelled",
    };
    let subject = input.user().map_or_else(|| outcome.at.day().to_string(), |user| user.to_string());
    let message = |pairs: &[PairRow]| PairsMatched {
        cause: cause_name.to_owned(),
        cause_id: cause_bytes(cause),
        sequence: to_sequence(outcome.seq),
        pairs: pair_messages(tree, pairs),
        matched_at: outcome.at.micros(),
    };
    pairs.chunks(MAX_PAIRS_PER_EVENT).map(|chunk| OutboxEvent::new(&subject, outcome.at, &message(chunk))).collect()
}

fn cause_bytes(cause: Option<CauseId>) -> Vec<u8> {
    cause.map(|id| id.as_bytes().to_vec()).unwrap_or_default()
}
