//! Inputs applied to the tree and written, with everything that comes of them, in one transaction.

use super::announce;
use super::follow::small;
use super::keeper::Held;
use crate::domain::{InPlay, Input, Ix, Outcome, PairMade, Tree};
use crate::error::Failure;
use crate::store::journal::{self, CauseId, Entry};
use crate::store::nodes::{self, NodeRow};
use crate::store::pairs::{self, PairRow, PairStatus};
use chassis::events::outbox::{self, Draft};
use db::DbConnection;
use domain::Timestamp;
use std::collections::{HashMap, HashSet};
use std::mem::take;
use tokio::sync::OwnedRwLockWriteGuard;
use uuid::Uuid;

/// Why an input came: the payment, the refund, the day.
pub type Cause = Uuid;

pub struct Batch {
    held: OwnedRwLockWriteGuard<Held>,
    head: i64,
    in_play: InPlay,
    entries: Vec<Entry>,
    nodes: Vec<NodeRow>,
    pairs: Vec<PairRow>,
    /// Where in `pairs` a pair made by this batch stands.
    made: HashMap<(Ix, u32), usize>,
    /// Pairs of earlier batches that may be voided.
    standing: HashMap<(Ix, u32), PairRow>,
    voided: Vec<PairRow>,
    gone: HashSet<(Ix, u32)>,
    drafts: Vec<Draft>,
    is_released: bool,
}

impl Drop for Batch {
    /// Given up before it was written: nobody has to wait to see what became of it.
    fn drop(&mut self) {
        if !self.is_released {
            self.held.tree.take_back();
        }
    }
}

impl Batch {
    pub(super) fn new(held: OwnedRwLockWriteGuard<Held>, head: i64) -> Self {
        Self {
            held,
            head,
            in_play: InPlay::default(),
            entries: Vec::new(),
            nodes: Vec::new(),
            pairs: Vec::new(),
            made: HashMap::new(),
            standing: HashMap::new(),
            voided: Vec::new(),
            gone: HashSet::new(),
            drafts: Vec::new(),
            is_released: false,
        }
    }

    pub fn tree(&self) -> &Tree {
        &self.held.tree
    }

    pub fn pairs_made(&self) -> usize {
        self.pairs.len()
    }

    /// Has the standing pairs of these members at hand, should refunds void them.
    pub async fn load_standing(&mut self, c: &mut DbConnection, members: &[Ix]) -> Result<(), Failure> {
        let members: Vec<i64> = members.iter().copied().map(i64::from).collect();
        for row in pairs::standing(c, &members, self.head).await? {
            let (earner, number) = (small(row.earner_node)?, small(row.number)?);
            // The database does not know yet what this batch has voided.
            if !self.gone.contains(&(earner, number)) {
                self.in_play.add(earner, number, small(row.left_node)?, small(row.right_node)?);
                self.standing.insert((earner, number), row);
            }
        }
        Ok(())
    }

    /// Applies one input and notes its rows and events.
    pub fn apply(&mut self, happened_at: Timestamp, input: &Input, cause: Option<Cause>) -> Result<Outcome, Failure> {
        let outcome = self.held.tree.apply(happened_at, input, &mut self.in_play)?;
        self.entries.push(entry(&outcome, happened_at, input, cause));
        let first_new = self.pairs.len();
        for made in &outcome.made {
            self.made.insert((made.earner, made.number), self.pairs.len());
            self.pairs.push(pair_row(made, &outcome));
        }
        let voided = self.void(&outcome)?;
        let new = self.pairs.get(first_new..).unwrap_or_default();
        let tree = &self.held.tree;
        if let Some(node) = node_row(&outcome, input) {
            self.drafts.extend(announce::placement(tree, &node, new));
            self.nodes.push(node);
        } else {
            self.drafts.extend(announce::voided(tree, &outcome, input, cause, &voided));
            self.drafts.extend(announce::matched(tree, &outcome, input, cause, new));
        }
        Ok(outcome)
    }

    fn void(&mut self, outcome: &Outcome) -> Result<Vec<PairRow>, Failure> {
        let mut voided = Vec::with_capacity(outcome.voided.len());
        for key in &outcome.voided {
            self.gone.insert(*key);
            let before = match self.made.get(key).and_then(|at| self.pairs.get_mut(*at)) {
                Some(row) => {
                    let before = row.clone();
                    mark_voided(row, outcome);
                    before
                }
                None => {
                    let before = self.standing.remove(key);
                    let before = before.ok_or_else(|| Failure::Journal("a pair that stands has no row".into()))?;
                    let mut row = before.clone();
                    mark_voided(&mut row, outcome);
                    self.voided.push(row);
                    before
                }
            };
            // The event tells of the pair as it was: matched or flushed, and what it paid.
            voided.push(before);
        }
        Ok(voided)
    }

    /// An event that no input tells of.
    pub fn announce(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// Writes everything the inputs came to.
    pub async fn write(&mut self, c: &mut DbConnection) -> Result<(), Failure> {
        let inputs = i64::try_from(self.entries.len()).unwrap_or(i64::MAX);
        if inputs > 0 && !journal::advance_head(c, self.head, inputs).await? {
            return Err(Failure::Fenced);
        }
        journal::append(c, take(&mut self.entries)).await?;
        nodes::insert(c, take(&mut self.nodes)).await?;
        pairs::insert(c, take(&mut self.pairs)).await?;
        for row in take(&mut self.voided) {
            if let (Some(seq), Some(at)) = (row.voided_seq, row.voided_at) {
                pairs::void(c, row.ordinal, seq, at).await?;
            }
        }
        outbox::publish_all(c, take(&mut self.drafts)).await?;
        Ok(())
    }

    /// Lets others have the tree, undecided. Give the ticket to
    /// [`Keeper::committed`](super::keeper::Keeper::committed) after the commit.
    pub fn release(mut self) -> u64 {
        self.is_released = true;
        self.held.ticket
    }

    /// Writes and releases.
    pub async fn save(mut self, c: &mut DbConnection) -> Result<u64, Failure> {
        self.write(c).await?;
        Ok(self.release())
    }
}

pub(super) fn mark_voided(row: &mut PairRow, outcome: &Outcome) {
    row.status = PairStatus::Voided;
    row.voided_seq = Some(outcome.seq);
    row.voided_at = Some(outcome.at);
}

pub(super) fn entry(outcome: &Outcome, happened_at: Timestamp, input: &Input, cause: Option<Cause>) -> Entry {
    let mut entry = Entry {
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

pub(super) fn node_row(outcome: &Outcome, input: &Input) -> Option<NodeRow> {
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

pub(super) fn pair_row(made: &PairMade, outcome: &Outcome) -> PairRow {
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
