//! Whether the tables say what the journal comes to, beside the one writer.
//!
//! The journal is replayed up to its head of now, and what every entry should have written is compared with what is
//! there, some thousand rows at a time; only the tree itself is held whole. Rows and changes of entries after that head are
//! recognised by their entry and left alone. A refund in the replay voids the pairs that use its member: they are read from
//! the table, where each has been compared before, so that nothing rests on a row that nobody looked at.

use super::aside::aside;
use super::batch::{entry as entry_of, mark_voided, node_row, pair_row};
use super::deviation::{Deviation, Row, compare, same, unexpected};
use super::follow::{self, AHEAD, small};
use super::later::Later;
use crate::domain::{InPlay, Input, Ix, Tree};
use crate::error::Failure;
use crate::store::journal::{self, Entry};
use crate::store::nodes::{self, NodeRow};
use crate::store::pairs::{self, PairRow, PairStatus};
use crate::store::payments;
use crate::store::plans::{self, PlanRow};
use db::{DbConnection, DbError};
use diesel::QueryResult;
use diesel::result::Error;
use domain::{Money, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Display;
use std::mem::take;

/// Rows compared at once, and read at once where there may be any number.
const PAGE: i64 = 5_000;
const ROWS: usize = 5_000;

#[derive(Debug, Serialize, JsonSchema)]
pub struct Verification {
    pub ok: bool,
    /// Entries of the journal that were replayed.
    pub journal_entries: i64,
    pub members: i64,
    pub pairs: i64,
    pub plan_versions: i64,
    /// Payments that make up what members have paid net.
    pub payments: i64,
    /// The first in the order of the journal; null if there is none.
    pub deviation: Option<Deviation>,
}

/// Why the work ends early.
enum Stop {
    Deviates(Deviation),
    Failed(Failure),
}
impl From<Deviation> for Stop {
    fn from(deviation: Deviation) -> Self {
        Self::Deviates(deviation)
    }
}
impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Compares everything with the journal as of now.
pub async fn verify(c: &mut DbConnection) -> Result<Verification, Failure> {
    let mut done = Verification {
        ok: false,
        journal_entries: 0,
        members: 0,
        pairs: 0,
        plan_versions: 0,
        payments: 0,
        deviation: None,
    };
    match check(c, &mut done).await {
        Ok(()) => done.ok = true,
        Err(Stop::Deviates(deviation)) => done.deviation = Some(deviation),
        Err(Stop::Failed(failure)) => return Err(failure),
    }
    Ok(done)
}

async fn check(c: &mut DbConnection, done: &mut Verification) -> Result<(), Stop> {
    let head = journal::head(c).await?;
    let plans = readable::<PlanRow, _>(plans::all(c).await)?;
    let mut replay = Replay::new(plans);
    while replay.tree.seq() < head {
        let from = replay.tree.seq();
        let page = follow::page(c, from, head).await.map_err(|failure| unfollowable(from, failure))?;
        replay.in_play = in_play(c, &replay.tree, &page, from).await?;
        let mut left = VecDeque::from(page);
        while !left.is_empty() {
            // What an entry that does not fit would do next is nobody's concern; what came before it is.
            let stop;
            (replay, left, stop) = aside(move || Ok(replay.take(left))).await?;
            replay.compare(c).await?;
            replay.count(done);
            stop.map_or(Ok(()), Err)?;
        }
    }
    let mut later = Later::than(head);
    check_payments(c, &replay.tree, &mut later, done).await?;
    check_rest(c, &replay, &mut later).await
}

/// A value that is not of its column's type is found by reading it.
fn readable<R: Row, T>(read: QueryResult<T>) -> Result<T, Stop> {
    if let Err(Error::DeserializationError(cause)) = read {
        return Err(unreadable::<R>(String::new(), "values of their columns' types", cause.to_string()));
    }
    Ok(read?)
}

fn unreadable<R: Row>(row: String, expected: &str, found: String) -> Stop {
    Deviation { table: R::TABLE, row, column: None, expected: expected.to_owned(), found }.into()
}

fn unfollowable(after: i64, failure: Failure) -> Stop {
    let found = match failure {
        Failure::Journal(what) => what,
        Failure::Tree(error) => error.to_string(),
        Failure::Db(DbError::Query(Error::DeserializationError(cause))) => cause.to_string(),
        other @ (Failure::Db(_) | Failure::Fenced | Failure::Event(_)) => return other.into(),
    };
    unreadable::<Entry>(format!("after {after}"), "an entry that can be followed", found)
}

/// The pairs that stood at `from` and use a member whom an entry of the page refunds.
async fn in_play(c: &mut DbConnection, tree: &Tree, page: &[(Entry, Input)], from: i64) -> Result<InPlay, Stop> {
    let refunded = page.iter().filter(|(_, input)| matches!(input, Input::Refunded { .. }));
    let mut members: Vec<i64> = refunded.filter_map(|(_, i)| tree.find(i.user()?)).map(i64::from).collect();
    members.sort_unstable();
    members.dedup();
    let mut in_play = InPlay::default();
    for pair in readable::<PairRow, _>(pairs::standing(c, &members, from).await)? {
        in_play.add(small(pair.earner_node)?, small(pair.number)?, small(pair.left_node)?, small(pair.right_node)?);
    }
    Ok(in_play)
}

type Pages = VecDeque<(Entry, Input)>;

/// The tree so far, and rows that were not compared yet.
struct Replay {
    tree: Tree,
    in_play: InPlay,
    plans: HashMap<u32, PlanRow>,
    nodes: Vec<NodeRow>,
    pairs: Vec<PairRow>,
    /// Where in `pairs` a pair stands.
    made: HashMap<(Ix, u32), usize>,
    /// Pairs compared before and voided since, by earner and number, and when.
    voided: BTreeMap<(i64, i64), (i64, Timestamp)>,
    /// The last entry taken whole.
    taken: i64,
    /// Compared up to here: entry, node and pair. Before everything at first, so that nothing hides there.
    compared: (i64, i64, i64),
    versions: i64,
}

impl Replay {
    fn new(plans: Vec<PlanRow>) -> Self {
        Self {
            tree: Tree::default(),
            in_play: InPlay::default(),
            plans: plans.into_iter().filter_map(|row| Some((u32::try_from(row.version).ok()?, row))).collect(),
            nodes: Vec::new(),
            pairs: Vec::new(),
            made: HashMap::new(),
            voided: BTreeMap::new(),
            taken: 0,
            compared: (i64::MIN, i64::MIN, i64::MIN),
            versions: 0,
        }
    }

    /// Applies entries until there are rows enough to compare; gives back the rest, and why it cannot go on.
    fn take(mut self, mut left: Pages) -> (Self, Pages, Option<Stop>) {
        while self.nodes.len() + self.pairs.len() + self.voided.len() < ROWS && !left.is_empty() {
            let some: Vec<_> = left.drain(..left.len().min(AHEAD)).collect();
            self.tree.expect(some.iter().map(|(_, input)| input));
            for (entry, input) in &some {
                if let Err(stop) = self.apply(entry, input) {
                    return (self, left, Some(stop));
                }
            }
        }
        (self, left, None)
    }

    fn apply(&mut self, entry: &Entry, input: &Input) -> Result<(), Stop> {
        let applied = self.tree.apply(entry.happened_at, input, &mut self.in_play);
        let outcome = applied.map_err(|error| unfollowable(self.taken, error.into()))?;
        same(&entry_of(&outcome, entry.happened_at, input, entry.cause_id.map(|id| id.uuid())), entry)?;
        if let Input::PlanPublished(version) = input {
            let row = self.plans.get(&version.version).ok_or_else(|| missing_plan(version.version))?;
            let plan = serde_json::to_string(&version.plan).map_err(|e| Failure::Journal(e.to_string()))?;
            same(&PlanRow { plan, published_at: entry.happened_at, ..row.clone() }, row)?;
            self.versions += 1;
        }
        self.nodes.extend(node_row(&outcome, input));
        for made in &outcome.made {
            self.made.insert((made.earner, made.number), self.pairs.len());
            self.pairs.push(pair_row(made, &outcome));
        }
        for (earner, number) in &outcome.voided {
            match self.made.get(&(*earner, *number)).and_then(|at| self.pairs.get_mut(*at)) {
                Some(row) => mark_voided(row, &outcome),
                None => drop(self.voided.insert((i64::from(*earner), i64::from(*number)), (outcome.seq, outcome.at))),
            }
        }
        self.taken = outcome.seq;
        Ok(())
    }

    /// Compares the rows at hand with the tables, and forgets them.
    async fn compare(&mut self, c: &mut DbConnection) -> Result<(), Stop> {
        let (seq, node, ordinal) = self.compared;
        let wanted = take(&mut self.nodes);
        if let Some(last) = wanted.last() {
            compare(&wanted, &readable::<NodeRow, _>(nodes::between(c, node, last.node).await)?)?;
            self.compared.1 = last.node;
        }
        let wanted = take(&mut self.pairs);
        if let Some(last) = wanted.last() {
            let found = readable::<PairRow, _>(pairs::between(c, ordinal, last.ordinal).await)?;
            let found: Vec<PairRow> = found.into_iter().map(|row| as_of(row, self.taken)).collect();
            compare(&wanted, &found)?;
            self.compared.2 = last.ordinal;
        }
        self.made.clear();
        let found = readable::<PairRow, _>(pairs::voided_by(c, seq, self.taken).await)?;
        self.compared.0 = self.taken;
        // What was made and voided since has been compared just now.
        self.compare_voided(c, found.into_iter().filter(|row| wanted.first().is_none_or(|w| row.ordinal < w.ordinal)))
            .await
    }

    async fn compare_voided(&mut self, c: &mut DbConnection, found: impl Iterator<Item = PairRow>) -> Result<(), Stop> {
        for row in found {
            let wanted = match self.voided.remove(&(row.earner_node, row.number)) {
                Some(when) => voided(&row, when),
                None => standing(row.clone()),
            };
            same(&wanted, &row)?;
        }
        for ((earner, number), when) in take(&mut self.voided) {
            let row = readable::<PairRow, _>(pairs::load(c, earner, number).await)?;
            same(&voided(&row, when), &row)?;
        }
        Ok(())
    }

    fn count(&self, done: &mut Verification) {
        done.journal_entries = self.taken;
        done.members = i64::try_from(self.tree.arena().len()).unwrap_or(i64::MAX);
        done.pairs = self.compared.2.max(0);
        done.plan_versions = self.versions;
    }
}

fn missing_plan(version: u32) -> Stop {
    super::deviation::missing::<PlanRow>(i64::from(version)).into()
}

/// The row before a later entry voided it.
fn as_of(row: PairRow, seq: i64) -> PairRow {
    if row.voided_seq.is_some_and(|by| by > seq) { standing(row) } else { row }
}

fn standing(row: PairRow) -> PairRow {
    let made_as = if row.slot.is_some() { PairStatus::Matched } else { PairStatus::Flushed };
    let status = if row.status == PairStatus::Voided { made_as } else { row.status };
    PairRow { status, voided_seq: None, voided_at: None, ..row }
}

fn voided(row: &PairRow, (seq, at): (i64, Timestamp)) -> PairRow {
    PairRow { status: PairStatus::Voided, voided_seq: Some(seq), voided_at: Some(at), ..row.clone() }
}

/// What members have paid net is the sum of the payments that count and were not refunded.
async fn check_payments(
    c: &mut DbConnection,
    tree: &Tree,
    later: &mut Later,
    done: &mut Verification,
) -> Result<(), Stop> {
    let arena = tree.arena();
    let mut sums = vec![Money::ZERO; arena.len() + 1];
    let mut after = None;
    loop {
        let page = payments::page(c, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.payment_id);
        readable::<Entry, _>(later.catch_up(c).await)?;
        for row in page.iter().filter(|row| row.is_counted && !later.caused(row.payment_id.uuid())) {
            if row.refund_id.is_some_and(|id| !later.caused(id.uuid())) {
                continue;
            }
            let node = tree.find(row.user_id).and_then(|node| usize::try_from(node).ok());
            let sum = node.and_then(|node| sums.get_mut(node));
            let sum = sum.ok_or_else(|| payment(row.payment_id, "user_id", "somebody with a place", row.user_id))?;
            *sum = sum.add(row.amount_paise).map_err(|e| Failure::Tree(e.into()))?;
            done.payments += 1;
        }
    }
    for (node, sum) in arena.members().zip(sums.into_iter().skip(1)) {
        let net = arena.net_paid(node);
        if net != sum {
            return Err(payment(format!("of {}", arena.id(node)), "amount_paise", net, sum).into());
        }
    }
    Ok(())
}

fn payment(row: impl Display, column: &'static str, expected: impl Display, found: impl Display) -> Deviation {
    let (row, expected, found) = (row.to_string(), expected.to_string(), found.to_string());
    Deviation { table: "payments", row, column: Some(column), expected, found }
}

/// Rows that no replayed entry wrote: a later one did.
async fn check_rest(c: &mut DbConnection, replay: &Replay, later: &mut Later) -> Result<(), Stop> {
    let (_, mut node, mut ordinal) = replay.compared;
    loop {
        let rows = readable::<NodeRow, _>(nodes::after(c, node, PAGE).await)?;
        readable::<Entry, _>(later.catch_up(c).await)?;
        let Some(last) = rows.last() else { break };
        node = last.node;
        rows.iter().find(|row| !later.has(row.placed_seq)).map_or(Ok(()), |row| Err(unexpected(row)))?;
    }
    loop {
        let rows = readable::<PairRow, _>(pairs::after(c, ordinal, PAGE).await)?;
        readable::<Entry, _>(later.catch_up(c).await)?;
        let Some(last) = rows.last() else { break };
        ordinal = last.ordinal;
        rows.iter().find(|row| !later.has(row.matched_seq)).map_or(Ok(()), |row| Err(unexpected(row)))?;
    }
    let voided_last = readable::<PairRow, _>(pairs::voided_last(c).await)?;
    let versions = readable::<PlanRow, _>(plans::all(c).await)?;
    readable::<Entry, _>(later.catch_up(c).await)?;
    if let Some(row) = voided_last.filter(|row| row.voided_seq.is_some_and(|seq| seq > later.seq())) {
        same(&standing(row.clone()), &row)?;
    }
    let published = |row: &PlanRow| (2..=replay.versions + 1).contains(&row.version);
    let of_later = |row: &PlanRow| later.published(row.version);
    versions.iter().find(|row| !published(row) && !of_later(row)).map_or(Ok(()), |row| Err(unexpected(row)))?;
    // The journal ends where its head says.
    let head = journal::head(c).await?;
    if later.seq() > head {
        let (expected, found) = (later.seq().to_string(), head.to_string());
        return Err(Deviation { table: "tree_head", row: "1".into(), column: Some("seq"), expected, found }.into());
    }
    Ok(())
}
