//! Verification of the tables against the journal, while the writer continues.
//!
//! Replays the journal up to its current head and compares the rows that each entry should have written with the
//! tables, a few thousand rows at a time; only the tree is held in memory as a whole. Rows and changes of later entries
//! are recognised by their journal entry and skipped. A refund in the replay voids the pairs that use its member: those
//! are read from the table, where each has been compared before, so every row that the replay uses is verified.

use super::background::run_blocking;
use super::column::from_column;
use super::deviation::{Deviation, ReplayedRow, VerifyError, compare_row, compare_rows, missing, unexpected};
use super::follow::{self, PREFETCH_INPUTS};
use super::input_rows::{journal_entry, mark_voided, node_row, pair_row};
use super::journal_tail::JournalTail;
use super::snapshot::{self, SnapshotDigest};
use crate::domain::input::InputKind;
use crate::domain::{Input, NodeIndex, PairStatus, Tree, VoidablePairs};
use crate::error::BinaryError;
use crate::store::journal::{self, JournalEntry};
use crate::store::nodes::{self, NodeRow};
use crate::store::pairs::{self, PairRow};
use crate::store::payments;
use crate::store::plans::{self, PlanRow, WithdrawalRow};
use db::{DbConnection, DbError};
use diesel::QueryResult;
use diesel::result::Error;
use domain::{Money, Timestamp};
use futures_util::future::BoxFuture;
use runtime::Progress;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Display;
use std::mem::take;

/// Rows read at once, and rows buffered before they are compared.
const PAGE_ROWS: i64 = 5_000;
const MAX_BUFFERED_ROWS: usize = 5_000;

/// Report of a verification.
#[derive(Debug, Clone)]
pub struct Verification {
    pub ok: bool,
    /// Number of journal entries that were replayed.
    pub journal_entries: i64,
    pub members: i64,
    pub pairs: i64,
    pub plan_versions: i64,
    /// Payments that are counted and not refunded.
    pub payments: i64,
    /// The first deviation in journal order; null when there is none.
    pub deviation: Option<Deviation>,
}

/// Compares all tables with the journal as of now. Errors when the database fails; a deviation is part of the report.
pub fn verify<'a>(c: &'a mut DbConnection, progress: &'a Progress) -> BoxFuture<'a, Result<Verification, BinaryError>> {
    Box::pin(async move {
        let mut report = Verification {
            ok: false,
            journal_entries: 0,
            members: 0,
            pairs: 0,
            plan_versions: 0,
            payments: 0,
            deviation: None,
        };
        match verify_all(c, &mut report, progress).await {
            Ok(()) => report.ok = true,
            Err(VerifyError::Deviates(deviation)) => report.deviation = Some(deviation),
            Err(VerifyError::Failed(error)) => return Err(error),
        }
        Ok(report)
    })
}

async fn verify_all(c: &mut DbConnection, report: &mut Verification, progress: &Progress) -> Result<(), VerifyError> {
    let head = journal::load_head(c).await?;
    let plans = check_readable::<PlanRow, _>(plans::list_all(c).await)?;
    let withdrawals = check_readable::<WithdrawalRow, _>(plans::list_withdrawals(c).await)?;
    let mut replay = Replay::new(plans, withdrawals, snapshot::find_digests(c).await?);
    while replay.tree.seq() < head {
        let from = replay.tree.seq();
        progress.set(from, head);
        let page = follow::load_page(c, from, head).await.map_err(|error| replay_deviation(from, error))?;
        replay.voidable_pairs = load_voidable_pairs(c, &replay.tree, &page, from).await?;
        let mut pending = VecDeque::from(page);
        while !pending.is_empty() {
            // Rows of the entries before an invalid one are still compared, because they come first in journal order.
            let error;
            (replay, pending, error) = run_blocking(move || Ok(replay.apply_entries(pending))).await?;
            replay.compare_page(c).await?;
            replay.update_report(report);
            error.map_or(Ok(()), Err)?;
        }
    }
    let mut tail = JournalTail::after(head);
    check_payments(c, &replay.tree, &mut tail, report).await?;
    check_later_rows(c, &replay, &mut tail).await
}

/// Turns a value that does not fit the type of its column into a deviation.
fn check_readable<R: ReplayedRow, T>(read: QueryResult<T>) -> Result<T, VerifyError> {
    if let Err(Error::DeserializationError(cause)) = read {
        return Err(unreadable_row::<R>(String::new(), "values of the column types", cause.to_string()));
    }
    Ok(read?)
}

fn unreadable_row<R: ReplayedRow>(row: String, expected: &str, found: String) -> VerifyError {
    Deviation { table: R::TABLE, row, column: None, expected: expected.to_owned(), found }.into()
}

fn replay_deviation(after: i64, error: BinaryError) -> VerifyError {
    let found = match error {
        BinaryError::Journal(what) => what,
        BinaryError::Tree(error) => error.to_string(),
        BinaryError::Db(DbError::Query(Error::DeserializationError(cause))) => cause.to_string(),
        other @ (BinaryError::Db(_) | BinaryError::Fenced | BinaryError::Event(_) | BinaryError::Snapshot(_)) => {
            return other.into();
        }
    };
    unreadable_row::<JournalEntry>(format!("after {after}"), "a valid entry", found)
}

/// The pairs outstanding at `from` that use a member whom an entry of the page refunds.
async fn load_voidable_pairs(
    c: &mut DbConnection,
    tree: &Tree,
    page: &[(JournalEntry, Input)],
    from: i64,
) -> Result<VoidablePairs, VerifyError> {
    let refunded = page.iter().filter(|(_, input)| matches!(input, Input::Refunded { .. }));
    let mut members: Vec<i64> = refunded.filter_map(|(_, i)| tree.find(i.user()?)).map(i64::from).collect();
    members.sort_unstable();
    members.dedup();
    let mut voidable_pairs = VoidablePairs::default();
    for pair in check_readable::<PairRow, _>(pairs::list_outstanding(c, &members, from).await)? {
        voidable_pairs.add(
            from_column(pair.earner_node)?,
            from_column(pair.number)?,
            from_column(pair.left_node)?,
            from_column(pair.right_node)?,
        );
    }
    Ok(voidable_pairs)
}

type PendingEntries = VecDeque<(JournalEntry, Input)>;

/// The tree so far, and the rows that are not compared yet.
struct Replay {
    tree: Tree,
    voidable_pairs: VoidablePairs,
    plans: HashMap<u32, PlanRow>,
    withdrawals: HashMap<u32, WithdrawalRow>,
    snapshots: Vec<SnapshotDigest>,
    nodes: Vec<NodeRow>,
    pairs: Vec<PairRow>,
    /// Position in `pairs`, by earner and number.
    made: HashMap<(NodeIndex, u32), usize>,
    /// Pairs compared before and voided since, by earner and number, with sequence number and time of the void.
    voided: BTreeMap<(i64, i64), (i64, Timestamp)>,
    /// Sequence number of the last entry applied.
    last_seq: i64,
    /// Entry, node and pair up to which rows are compared. Starts at the minimum, so that no row is skipped.
    compared_up_to: (i64, i64, i64),
    versions: i64,
}

impl Replay {
    fn new(plans: Vec<PlanRow>, withdrawals: Vec<WithdrawalRow>, snapshots: Vec<SnapshotDigest>) -> Self {
        Self {
            tree: Tree::default(),
            voidable_pairs: VoidablePairs::default(),
            plans: by_version(plans, |row| row.version),
            withdrawals: by_version(withdrawals, |row| row.version),
            snapshots,
            nodes: Vec::new(),
            pairs: Vec::new(),
            made: HashMap::new(),
            voided: BTreeMap::new(),
            last_seq: 0,
            compared_up_to: (i64::MIN, i64::MIN, i64::MIN),
            versions: 0,
        }
    }

    /// Applies entries until enough rows are buffered. Returns the remaining entries, and the error that ended it.
    fn apply_entries(mut self, mut pending: PendingEntries) -> (Self, PendingEntries, Option<VerifyError>) {
        while self.nodes.len() + self.pairs.len() + self.voided.len() < MAX_BUFFERED_ROWS && !pending.is_empty() {
            let chunk: Vec<_> = pending.drain(..pending.len().min(PREFETCH_INPUTS)).collect();
            self.tree.prefetch(chunk.iter().map(|(_, input)| input));
            for (entry, input) in &chunk {
                if let Err(error) = self.apply(entry, input) {
                    return (self, pending, Some(error));
                }
            }
        }
        (self, pending, None)
    }

    fn apply(&mut self, entry: &JournalEntry, input: &Input) -> Result<(), VerifyError> {
        let applied = self.tree.apply(entry.happened_at, input, &mut self.voidable_pairs);
        let outcome = applied.map_err(|error| replay_deviation(self.last_seq, error.into()))?;
        compare_row(&journal_entry(&outcome, entry.happened_at, input, entry.cause_id), entry)?;
        if let Input::PlanPublished(version) = input {
            let row = self.plans.get(&version.version);
            let row = row.ok_or_else(|| missing::<PlanRow>(version.version.into()))?;
            let plan = serde_json::to_string(&version.plan).map_err(|e| BinaryError::Journal(e.to_string()))?;
            compare_row(&PlanRow { plan, published_at: entry.happened_at, ..row.clone() }, row)?;
            self.versions += 1;
        }
        if let Input::PlanWithdrawn(version) = input {
            let row = self.withdrawals.get(version);
            let row = row.ok_or_else(|| missing::<WithdrawalRow>((*version).into()))?;
            compare_row(&WithdrawalRow { withdrawn_at: entry.happened_at, ..row.clone() }, row)?;
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
        self.last_seq = outcome.seq;
        Ok(snapshot::compare(&self.snapshots, &self.tree)?)
    }

    /// Compares the buffered rows with the tables and drops them.
    async fn compare_page(&mut self, c: &mut DbConnection) -> Result<(), VerifyError> {
        let (seq, node, ordinal) = self.compared_up_to;
        let expected = take(&mut self.nodes);
        if let Some(last) = expected.last() {
            compare_rows(&expected, &check_readable::<NodeRow, _>(nodes::list_between(c, node, last.node).await)?)?;
            self.compared_up_to.1 = last.node;
        }
        let expected = take(&mut self.pairs);
        if let Some(last) = expected.last() {
            let found = check_readable::<PairRow, _>(pairs::list_between(c, ordinal, last.ordinal).await)?;
            let found: Vec<PairRow> = found.into_iter().map(|row| row_as_of(row, self.last_seq)).collect();
            compare_rows(&expected, &found)?;
            self.compared_up_to.2 = last.ordinal;
        }
        self.made.clear();
        let found = check_readable::<PairRow, _>(pairs::list_voided_by(c, seq, self.last_seq).await)?;
        self.compared_up_to.0 = self.last_seq;
        // Pairs that this page made and voided have been compared above.
        self.compare_voided(c, found.into_iter().filter(|row| expected.first().is_none_or(|w| row.ordinal < w.ordinal)))
            .await
    }

    async fn compare_voided(
        &mut self,
        c: &mut DbConnection,
        found: impl Iterator<Item = PairRow>,
    ) -> Result<(), VerifyError> {
        for row in found {
            let expected = match self.voided.remove(&(row.earner_node, row.number)) {
                Some(when) => with_void(&row, when),
                None => without_void(row.clone()),
            };
            compare_row(&expected, &row)?;
        }
        for ((earner, number), when) in take(&mut self.voided) {
            let row = check_readable::<PairRow, _>(pairs::load(c, earner, number).await)?;
            compare_row(&with_void(&row, when), &row)?;
        }
        Ok(())
    }

    fn update_report(&self, report: &mut Verification) {
        report.journal_entries = self.last_seq;
        report.members = self.compared_up_to.1.max(0);
        report.pairs = self.compared_up_to.2.max(0);
        report.plan_versions = self.versions;
    }
}

fn by_version<R>(rows: Vec<R>, version: fn(&R) -> i64) -> HashMap<u32, R> {
    rows.into_iter().filter_map(|row| Some((u32::try_from(version(&row)).ok()?, row))).collect()
}

/// The row as of entry `seq`: without the void of a later entry.
fn row_as_of(row: PairRow, seq: i64) -> PairRow {
    if row.voided_seq.is_some_and(|by| by > seq) { without_void(row) } else { row }
}

fn without_void(row: PairRow) -> PairRow {
    let original_status = if row.slot.is_some() { PairStatus::Matched } else { PairStatus::Flushed };
    let status = if row.status == PairStatus::Voided { original_status } else { row.status };
    PairRow { status, voided_seq: None, voided_at: None, ..row }
}

fn with_void(row: &PairRow, (seq, at): (i64, Timestamp)) -> PairRow {
    PairRow { status: PairStatus::Voided, voided_seq: Some(seq), voided_at: Some(at), ..row.clone() }
}

/// Checks that the net amount paid by each member is the sum of the counted payments that are not refunded.
async fn check_payments(
    c: &mut DbConnection,
    tree: &Tree,
    tail: &mut JournalTail,
    report: &mut Verification,
) -> Result<(), VerifyError> {
    let mut sums = vec![Money::ZERO; tree.members().len() + 1];
    let mut after = None;
    loop {
        let page = payments::list(c, after, PAGE_ROWS).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.payment_id);
        check_readable::<JournalEntry, _>(tail.catch_up(c).await)?;
        for row in page.iter().filter(|row| row.is_counted && !tail.has_cause(row.payment_id.uuid())) {
            if row.refund_id.is_some_and(|id| !tail.has_cause(id.uuid())) {
                continue;
            }
            let node = tree.find(row.user_id).and_then(|node| usize::try_from(node).ok());
            let sum = node.and_then(|node| sums.get_mut(node));
            let sum =
                sum.ok_or_else(|| payment_deviation(row.payment_id, "user_id", "a placed member", row.user_id))?;
            *sum = sum.add(row.amount_paise).map_err(|e| BinaryError::Tree(e.into()))?;
            report.payments += 1;
        }
    }
    for (node, sum) in tree.members().zip(sums.into_iter().skip(1)) {
        if let Some(user) = node.user.filter(|_| node.net_paid != sum) {
            return Err(payment_deviation(format!("member {user}"), "amount_paise", node.net_paid, sum).into());
        }
    }
    Ok(())
}

fn payment_deviation(
    row: impl Display,
    column: &'static str,
    expected: impl Display,
    found: impl Display,
) -> Deviation {
    let (row, expected, found) = (row.to_string(), expected.to_string(), found.to_string());
    Deviation { table: "payments", row, column: Some(column), expected, found }
}

/// Checks that rows beyond the replay belong to later journal entries.
async fn check_later_rows(c: &mut DbConnection, replay: &Replay, tail: &mut JournalTail) -> Result<(), VerifyError> {
    let (_, mut node, mut ordinal) = replay.compared_up_to;
    loop {
        let rows = check_readable::<NodeRow, _>(nodes::list_after(c, node, PAGE_ROWS).await)?;
        check_readable::<JournalEntry, _>(tail.catch_up(c).await)?;
        let Some(last) = rows.last() else { break };
        node = last.node;
        rows.iter().find(|row| !tail.contains(row.placed_seq)).map_or(Ok(()), |row| Err(unexpected(row)))?;
    }
    loop {
        let rows = check_readable::<PairRow, _>(pairs::list_after(c, ordinal, PAGE_ROWS).await)?;
        check_readable::<JournalEntry, _>(tail.catch_up(c).await)?;
        let Some(last) = rows.last() else { break };
        ordinal = last.ordinal;
        rows.iter().find(|row| !tail.contains(row.matched_seq)).map_or(Ok(()), |row| Err(unexpected(row)))?;
    }
    let last_voided = check_readable::<PairRow, _>(pairs::find_last_voided(c).await)?;
    let versions = check_readable::<PlanRow, _>(plans::list_all(c).await)?;
    let withdrawals = check_readable::<WithdrawalRow, _>(plans::list_withdrawals(c).await)?;
    check_readable::<JournalEntry, _>(tail.catch_up(c).await)?;
    if let Some(row) = last_voided.filter(|row| row.voided_seq.is_some_and(|seq| seq > tail.last_seq())) {
        compare_row(&without_void(row.clone()), &row)?;
    }
    let is_replayed = |row: &PlanRow| (2..=replay.versions + 1).contains(&row.version);
    let is_in_tail = |row: &PlanRow| tail.has_plan_version(InputKind::PlanPublished, row.version);
    versions.iter().find(|row| !is_replayed(row) && !is_in_tail(row)).map_or(Ok(()), |row| Err(unexpected(row)))?;
    let is_replayed =
        |row: &WithdrawalRow| u32::try_from(row.version).is_ok_and(|version| replay.tree.plans().is_withdrawn(version));
    let is_in_tail = |row: &WithdrawalRow| tail.has_plan_version(InputKind::PlanWithdrawn, row.version);
    withdrawals.iter().find(|row| !is_replayed(row) && !is_in_tail(row)).map_or(Ok(()), |row| Err(unexpected(row)))?;
    // The journal must end at its head.
    let head = journal::load_head(c).await?;
    if tail.last_seq() > head {
        let (expected, found) = (tail.last_seq().to_string(), head.to_string());
        return Err(Deviation { table: "tree_head", row: "1".into(), column: Some("seq"), expected, found }.into());
    }
    Ok(())
}
