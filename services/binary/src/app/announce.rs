//! What came of an input, as events.

use super::batch::Cause;
use crate::domain::{Input, Ix, Outcome, Tree};
use crate::store::nodes::NodeRow;
use crate::store::pairs::{PairRow, PairStatus};
use chassis::events::outbox::Draft;
use chassis::id;
use domain::{Money, PlanBook, UserId};
use proto_events::binary::v1::{Pair, PairsMatched, PairsVoided, PlacementMade};

/// Pairs in one event: a month's opening makes many, and no message should be huge.
const PAIRS: usize = 200;

domain::id_type! {
    /// Of one pair: the same on every machine.
    PairId,
}

/// A pair's id, made from what is unique about it.
pub fn pair_id(earner: UserId, number: i64) -> PairId {
    id::derived_from(earner.uuid(), &[b"pair", &number.to_be_bytes()])
}

fn wire(tree: &Tree, row: &PairRow) -> Pair {
    let user = |node: i64| tree.arena().id(Ix::try_from(node).unwrap_or_default());
    let small = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let earner = user(row.earner_node);
    let forgone = match row.status {
        PairStatus::Flushed => would_have_paid(tree.book(), row).unwrap_or_default(),
        PairStatus::Matched | PairStatus::Voided => Money::ZERO,
    };
    Pair {
        pair_id: pair_id(earner, row.number).as_bytes().to_vec(),
        earner_id: earner.into(),
        number: small(row.number),
        left_user_id: user(row.left_node).into(),
        right_user_id: user(row.right_node).into(),
        period: small(row.period),
        slot: row.slot.map(small).unwrap_or_default(),
        status: row.status.to_string(),
        earner_active_buyer: row.earner_active_buyer,
        plan_version: small(row.plan_version),
        gross_paise: row.gross_paise.paise(),
        emi_deduction_paise: row.emi_deduction_paise.paise(),
        reserve_deduction_paise: row.reserve_deduction_paise.paise(),
        available_paise: row.available_paise.paise(),
        matched_at: row.matched_at.micros(),
        forgone_paise: forgone.paise(),
    }
}

fn would_have_paid(book: &PlanBook, row: &PairRow) -> Option<Money> {
    let (version, number) = (u32::try_from(row.plan_version).ok()?, u32::try_from(row.number).ok()?);
    let pay = book.get(version)?.plan.pair_pay(number, row.earner_active_buyer).ok()?;
    Some(pay.gross)
}

fn wires(tree: &Tree, rows: &[PairRow]) -> Vec<Pair> {
    rows.iter().map(|row| wire(tree, row)).collect()
}

fn sequence(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or_default()
}

pub fn placement(tree: &Tree, node: &NodeRow, pairs: &[PairRow]) -> Option<Draft> {
    let parent = Ix::try_from(node.parent_node).ok()?;
    let made = PlacementMade {
        user_id: node.user_id.into(),
        parent_user_id: tree.arena().member_id(parent).map(Into::into),
        sponsor_id: node.sponsor_id.map(Into::into),
        side: node.side.to_string(),
        depth: u32::try_from(node.depth).unwrap_or(u32::MAX),
        manual: node.is_manual,
        sequence: sequence(node.placed_seq),
        placed_at: node.placed_at.micros(),
        pairs: wires(tree, pairs),
    };
    Some(Draft::new(node.user_id, node.placed_at, &made))
}

pub fn voided(tree: &Tree, outcome: &Outcome, input: &Input, cause: Option<Cause>, pairs: &[PairRow]) -> Option<Draft> {
    let user = input.user().filter(|_| !pairs.is_empty())?;
    let voided = PairsVoided {
        user_id: user.into(),
        refund_id: bytes(cause),
        sequence: sequence(outcome.seq),
        pairs: wires(tree, pairs),
        voided_at: outcome.at.micros(),
    };
    Some(Draft::new(user, outcome.at, &voided))
}

pub fn matched(tree: &Tree, outcome: &Outcome, input: &Input, cause: Option<Cause>, pairs: &[PairRow]) -> Vec<Draft> {
    let word = match input {
        Input::DayStarted | Input::PeriodOpened => "period_opened",
        Input::Refunded { .. } => "rematched",
        Input::Paid { .. } | Input::Placed { .. } | Input::PlacedManually { .. } | Input::PlanPublished(_) => {
            "counted_again"
        }
        Input::Labelled { .. } => "labelled",
    };
    let subject = input.user().map_or_else(|| outcome.at.day().to_string(), |user| user.to_string());
    let message = |pairs: &[PairRow]| PairsMatched {
        cause: word.to_owned(),
        cause_id: bytes(cause),
        sequence: sequence(outcome.seq),
        pairs: wires(tree, pairs),
        matched_at: outcome.at.micros(),
    };
    pairs.chunks(PAIRS).map(|chunk| Draft::new(&subject, outcome.at, &message(chunk))).collect()
}

fn bytes(cause: Option<Cause>) -> Vec<u8> {
    cause.map(|id| id.as_bytes().to_vec()).unwrap_or_default()
}
