//! Batch of inputs: applied to the tree and written, with its rows and events, in one transaction.

use super::column::from_column;
use super::input_rows::{journal_entry, mark_voided, node_row, pair_row};
use super::outgoing_events;
use super::tree_state::TreeState;
use crate::domain::{Input, InputOutcome, NodeIndex, Tree, VoidablePairs};
use crate::error::BinaryError;
use crate::store::journal::{self, CauseId, JournalEntry};
use crate::store::nodes::{self, NodeRow};
use crate::store::pairs::{self, PairRow};
use db::DbConnection;
use domain::Timestamp;
use messaging::outbox::{self, OutboxEvent};
use std::collections::{HashMap, HashSet};
use std::mem::take;
use tokio::sync::OwnedRwLockWriteGuard;

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
            let (earner, number) = (from_column(row.earner_node)?, from_column(row.number)?);
            // Pairs voided by this batch are still outstanding in the database.
            if !self.voided_keys.contains(&(earner, number)) {
                self.voidable_pairs.add(earner, number, from_column(row.left_node)?, from_column(row.right_node)?);
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
        cause: Option<CauseId>,
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
            self.events.push(outgoing_events::placement_made(tree, &node, new)?);
            self.nodes.push(node);
        } else {
            self.events.extend(outgoing_events::pairs_voided(tree, &outcome, input, cause, &voided)?);
            self.events.extend(outgoing_events::pairs_matched(tree, &outcome, input, cause, new)?);
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
        if let Some(last) = self.entries.last()
            && !journal::advance_head(c, self.head, last.seq).await?
        {
            return Err(BinaryError::Fenced);
        }
        journal::append(c, take(&mut self.entries)).await?;
        nodes::insert(c, take(&mut self.nodes)).await?;
        pairs::insert(c, take(&mut self.pairs)).await?;
        // The pairs voided by one entry follow each other.
        for rows in take(&mut self.voided).chunk_by(|a, b| a.voided_seq == b.voided_seq) {
            if let Some(PairRow { voided_seq: Some(seq), voided_at: Some(at), .. }) = rows.first() {
                let ordinals: Vec<i64> = rows.iter().map(|row| row.ordinal).collect();
                pairs::void(c, &ordinals, *seq, *at).await?;
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
