//! Batch of inputs: applied to the tree and written, with its rows and events, in one transaction.

use super::follow::column_to_u32;
use super::outgoing_events;
use super::tree_store::TreeState;
use crate::domain::{Input, InputOutcome, NodeIndex, PairMade, Tree, VoidablePairs};
use crate::error::BinaryError;
use crate::store::journal::{self, CauseId, JournalEntry};
use crate::store::nodes::{self, NodeRow};
use crate::store::pairs::{self, PairRow, PairStatus};
use chassis::events::outbox::{self, OutboxEvent};
use db::DbConnection;
use domain::Timestamp;
use std::collections::{HashMap, HashSet};
use std::mem::take;
use tokio::sync::OwnedRwLockWriteGuard;
use uuid::Uuid;

/// Cause of an input: the id of a payment, a refund or a day.
pub type Cause = Uuid;

/// Inputs applied to the tree and not written yet. Holds the write lock of the tree.
pub struct TreeBatch {
    tree_state: OwnedRwLockWriteGuard<TreeState>,
    head: i64,
    voidable_pairs: VoidablePairs,
    entries: Vec<JournalEntry>,
    nodes: Vec<NodeRow>,
    pairs: Vec<PairRow>,
    /// Position in `pairs` of each pair made by this batch, by earner and number.
    made: HashMap<(NodeIndex, u32), usize>,
    /// Pairs of earlier batches that may be voided, by earner and number.
    outstanding: HashMap<(NodeIndex, u32), PairRow>,
    voided: Vec<PairRow>,
    voided_keys: HashSet<(NodeIndex, u32)>,
    events: Vec<OutboxEvent>,
    is_released: bool,
}

impl Drop for TreeBatch {
    /// Rolls back a batch that was never released, so that readers need not wait for it.
    fn drop(&mut self) {
        if !self.is_released {
            self.tree_state.tree.rollback();
        }
    }
}

impl TreeBatch {
    pub(super) fn new(tree_state: OwnedRwLockWriteGuard<TreeState>, head: i64) -> Self {
        Self {
            tree_state,
            head,
            voidable_pairs: VoidablePairs::default(),
            entries: Vec::new(),
            nodes: Vec::new(),
            pairs: Vec::new(),
            made: HashMap::new(),
            outstanding: HashMap::new(),
            voided: Vec::new(),
            voided_keys: HashSet::new(),
            events: Vec::new(),
            is_released: false,
        }
    }

    /// The tree with the inputs applied so far.
    pub fn tree(&self) -> &Tree {
        &self.tree_state.tree
    }

    /// Number of pairs made by this batch.
    pub fn pairs_made(&self) -> usize {
        self.pairs.len()
    }

    /// Loads the outstanding pairs of these members, so that refunds can void them.
    pub async fn load_outstanding_pairs(
        &mut self,
        c: &mut DbConnection,
        members: &[NodeIndex],
    ) -> Result<(), BinaryError> {
        let members: Vec<i64> = members.iter().copied().map(i64::from).collect();
        for row in pairs::list_outstanding(c, &members, self.head).await? {
            let (earner, number) = (column_to_u32(row.earner_node)?, column_to_u32(row.number)?);
            // Pairs voided by this batch are still outstanding in the database.
            if !self.voided_keys.contains(&(earner, number)) {
                self.voidable_pairs.add(earner, number, column_to_u32(row.left_node)?, column_to_u32(row.right_node)?);
                self.outstanding.insert((earner, number), row);
            }
        }
        Ok(())
    }

    /// Applies one input and collects its rows and events. Errors when the tree refuses the input.
    pub fn apply(
        &mut self,
        happened_at: Timestamp,
        input: &Input,
        cause: Option<Cause>,
    ) -> Result<InputOutcome, BinaryError> {
        let outcome = self.tree_state.tree.apply(happened_at, input, &mut self.voidable_pairs)?;
        self.entries.push(journal_entry(&outcome, happened_at, input, cause));
        let first_new = self.pairs.len();
        for made in &outcome.made {
            self.made.insert((made.earner, made.number), self.pairs.len());
            self.pairs.push(pair_row(made, &outcome));
        }
        let voided = self.void_pairs(&outcome)?;
        let new = self.pairs.get(first_new..).unwrap_or_default();
        let tree = &self.tree_state.tree;
        if let Some(node) = node_row(&outcome, input) {
            self.events.extend(outgoing_events::placement_made(tree, &node, new));
            self.nodes.push(node);
        } else {
            self.events.extend(outgoing_events::pairs_voided(tree, &outcome, input, cause, &voided));
            self.events.extend(outgoing_events::pairs_matched(tree, &outcome, input, cause, new));
        }
        Ok(outcome)
    }

    fn void_pairs(&mut self, outcome: &InputOutcome) -> Result<Vec<PairRow>, BinaryError> {
        let mut voided = Vec::with_capacity(outcome.voided.len());
        for key in &outcome.voided {
            self.voided_keys.insert(*key);
            let row_before = match self.made.get(key).and_then(|at| self.pairs.get_mut(*at)) {
                Some(row) => {
                    let row_before = row.clone();
                    mark_voided(row, outcome);
                    row_before
                }
                None => {
                    let row_before = self.outstanding.remove(key);
                    let row_before =
                        row_before.ok_or_else(|| BinaryError::Journal("an outstanding pair has no row".into()))?;
                    let mut row = row_before.clone();
                    mark_voided(&mut row, outcome);
                    self.voided.push(row);
                    row_before
                }
            };
            // The event shows the pair before it was voided: matched or flushed, with its pay.
            voided.push(row_before);
        }
        Ok(voided)
    }

    /// Adds an event that does not follow from an input.
    pub fn record_event(&mut self, event: OutboxEvent) {
        self.events.push(event);
    }

    /// Writes the journal entries, rows and events. Errors with `Fenced` when another writer has moved the journal
    /// head.
    pub async fn write(&mut self, c: &mut DbConnection) -> Result<(), BinaryError> {
        let count = i64::try_from(self.entries.len()).unwrap_or(i64::MAX);
        if count > 0 && !journal::advance_head(c, self.head, count).await? {
            return Err(BinaryError::Fenced);
        }
        journal::append(c, take(&mut self.entries)).await?;
        nodes::insert(c, take(&mut self.nodes)).await?;
        pairs::insert(c, take(&mut self.pairs)).await?;
        for row in take(&mut self.voided) {
            if let (Some(seq), Some(at)) = (row.voided_seq, row.voided_at) {
                pairs::void(c, row.ordinal, seq, at).await?;
            }
        }
        outbox::publish_all(c, take(&mut self.events)).await?;
        Ok(())
    }

    /// Releases the write lock and leaves the batch open. Pass the batch id to
    /// [`TreeStore::confirm_commit`](super::tree_store::TreeStore::confirm_commit) after the commit.
    pub fn release(mut self) -> u64 {
        self.is_released = true;
        self.tree_state.batch_id
    }

    /// Writes and releases; returns the batch id.
    pub async fn save(mut self, c: &mut DbConnection) -> Result<u64, BinaryError> {
        self.write(c).await?;
        Ok(self.release())
    }
}

pub(super) fn mark_voided(row: &mut PairRow, outcome: &InputOutcome) {
    row.status = PairStatus::Voided;
    row.voided_seq = Some(outcome.seq);
    row.voided_at = Some(outcome.at);
}

pub(super) fn journal_entry(
    outcome: &InputOutcome,
    happened_at: Timestamp,
    input: &Input,
    cause: Option<Cause>,
) -> JournalEntry {
    let mut entry = JournalEntry {
        seq: outcome.seq,
        kind: input.kind(),
        user_id: input.user(),
        happened_at,
        at: outcome.at,
        cause_id: cause.map(CauseId::from),
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
        | Input::PlanPublished(_) => return None,
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
        ordinal: i64::try_from(made.ordinal).unwrap_or(i64::MAX),
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
