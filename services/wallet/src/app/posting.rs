//! Posting of commands as journal entries, a batch at a time, in few statements: lock the wallets, load the rows that
//! the commands need, decide in memory, save.
//!
//! Wallets are locked before anything else is read. A cause always concerns the same wallet, so of two transactions
//! with the same cause, or with an original and its reversal, the later one reads the outcome of the earlier one.

use super::{epoch, ids, publish};
use crate::domain::decision::EntryOutcome;
use crate::domain::entries::Cause;
use crate::domain::entries::manual::ManualEntry;
use crate::domain::ledger_session::{Changes, RejectedCommand};
use crate::domain::loaded_rows::{LoadedRows, RowKeys};
use crate::domain::{Command, CommandOrigin, CommandOutcome, EntryId, EntryKey, LedgerSession, WaitKey};
use crate::error::WalletError;
use crate::store::entries::{CauseId, EntryRow, PostingRow};
use crate::store::forfeits::ForfeitRow;
use crate::store::{company, entries, forfeits, holds, plans, reserves, wallets};
use db::{Count, DbConnection};
use domain::{EventId, PlanHistory, Timestamp, UserId};
use messaging::{HandleError, waiting};
use proto_events::Envelope;
use runtime::clock::Clock;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// An event with the commands that it causes.
#[derive(Debug, Clone)]
pub struct EventWork {
    pub event: Envelope,
    pub commands: Vec<Command>,
}

/// Reads the commands of events that have waited.
pub type WaitingReader<'a> = dyn Fn(&[Envelope]) -> Result<Vec<EventWork>, HandleError> + Send + Sync + 'a;

/// Posts the commands of a batch of events. Stores an event as waiting when one of its commands cannot take effect yet,
/// and applies stored events that waited for an outcome of this batch or for a plan version in `published`.
///
/// The clock is read after the wallets are locked, so that a posting becomes visible soon after its posting time.
pub async fn post_events(
    c: &mut DbConnection,
    clock: &dyn Clock,
    batch: Vec<EventWork>,
    published: &[u32],
    read_released: &WaitingReader<'_>,
) -> Result<(), HandleError> {
    let mut ledger = LedgerSession::default();
    published.iter().for_each(|version| ledger.add_plan_version(*version));
    let mut locked: BTreeSet<u32> = published.iter().copied().collect();
    if !locked.is_empty() {
        plans::lock(c, &locked).await?;
    }
    let mut queue = batch;
    let mut waiting_work: Vec<(WaitKey, EventWork)> = Vec::new();
    let mut announced = BTreeSet::new();
    let epoch = epoch::join(c).await?;
    loop {
        load(c, &mut ledger, queue.iter().flat_map(|w| &w.commands)).await?;
        let now = epoch.posting_time(clock.now());
        for work in std::mem::take(&mut queue) {
            if let Some(key) = apply_work(&mut ledger, &work, now)? {
                waiting_work.push((key, work));
            }
        }
        let (ready, blocked): (Vec<_>, Vec<_>) =
            waiting_work.into_iter().partition(|(key, _)| ledger.rows.is_satisfied(*key));
        waiting_work = blocked;
        queue.extend(ready.into_iter().map(|(_, work)| work));
        let satisfied: Vec<String> =
            ledger.satisfied_keys().into_iter().filter(|k| announced.insert(*k)).map(|k| k.to_string()).collect();
        let is_readable = |event: &Envelope| read_released(std::slice::from_ref(event)).is_ok();
        queue.extend(read_released(&waiting::release(c, &satisfied, is_readable).await?)?);
        if queue.is_empty() && !recheck_plan_versions(c, &mut ledger, &waiting_work, &mut locked).await? {
            break;
        }
    }
    let waiting: Vec<_> = waiting_work.iter().map(|(key, work)| (key.to_string(), &work.event)).collect();
    waiting::store(c, &waiting, clock.now()).await?;
    save(c, ledger.into_changes()).await?;
    Ok(())
}

/// Locks the plan versions that `waiting_work` waits for, and reads again which of them are stored. Returns whether any
/// is.
///
/// Another transaction may have been storing a version while this one read that it is absent. The lock orders the two:
/// an earlier publication is visible now, and a later one finds the waiting events.
async fn recheck_plan_versions(
    c: &mut DbConnection,
    ledger: &mut LedgerSession,
    waiting_work: &[(WaitKey, EventWork)],
    locked: &mut BTreeSet<u32>,
) -> Result<bool, WalletError> {
    let version = |key: &WaitKey| if let WaitKey::Plan(version) = key { Some(*version) } else { None };
    let waited_for: BTreeSet<u32> =
        waiting_work.iter().filter_map(|(key, _)| version(key)).filter(|version| !locked.contains(version)).collect();
    if waited_for.is_empty() {
        return Ok(false);
    }
    plans::lock(c, &waited_for).await?;
    let known = plans::find_known(c, &waited_for).await?;
    locked.extend(waited_for);
    known.iter().for_each(|version| ledger.add_plan_version(*version));
    Ok(!known.is_empty())
}

/// Applies all commands of an event. Returns the condition to wait for when one of them cannot take effect yet.
fn apply_work(ledger: &mut LedgerSession, work: &EventWork, now: Timestamp) -> Result<Option<WaitKey>, WalletError> {
    let origin = CommandOrigin { event: Some(EventId::from(Uuid::from_bytes(work.event.id))), actor: None };
    let mut waiting = None;
    for command in &work.commands {
        match ledger.apply(command, origin, now)? {
            CommandOutcome::Waiting(key) => waiting = Some(key),
            CommandOutcome::Posted
            | CommandOutcome::Rejected(_)
            | CommandOutcome::AlreadyDecided
            | CommandOutcome::Nothing => {}
        }
    }
    Ok(waiting)
}

/// Posts a manual entry of an administrator. The time of its cause is the posting time. Returns the outcome and the
/// stored postings, none when it was rejected.
pub async fn post_manual(
    c: &mut DbConnection,
    clock: &dyn Clock,
    actor: UserId,
    to_command: fn(ManualEntry) -> Command,
    manual: &ManualEntry,
) -> Result<(CommandOutcome, Vec<PostingRow>), WalletError> {
    let mut ledger = LedgerSession::default();
    let epoch = epoch::join(c).await?;
    load(c, &mut ledger, std::iter::once(&to_command(manual.clone()))).await?;
    let now = epoch.posting_time(clock.now());
    let command = to_command(ManualEntry { at: now, ..manual.clone() });
    let outcome = ledger.apply(&command, CommandOrigin { event: None, actor: Some(actor) }, now)?;
    let lines = save(c, ledger.into_changes()).await?;
    Ok((outcome, lines))
}

/// Locks and loads the rows that `commands` need and that are not loaded yet.
async fn load<'a>(
    c: &mut DbConnection,
    ledger: &mut LedgerSession,
    commands: impl Iterator<Item = &'a Command>,
) -> Result<(), WalletError> {
    let RowKeys { wallets: users, entries: keys, holds: payouts, reserves: reserve_ids, single_bonuses, plans } =
        ledger.unloaded(commands);
    let loaded = &mut ledger.rows;
    let users: Vec<_> = users.into_iter().collect();
    if !users.is_empty() {
        let found = wallets::create_and_lock(c, &users).await?;
        loaded.wallets.extend(found.into_iter().map(|w| (w.user_id, w)));
    }
    load_outcomes(c, loaded, keys.into_iter().collect()).await?;
    let payouts: Vec<_> = payouts.into_iter().collect();
    if !payouts.is_empty() {
        let found = holds::lock(c, &payouts).await?;
        loaded.holds.extend(payouts.into_iter().map(|id| (id, None)));
        loaded.holds.extend(found.into_iter().map(|h| (h.payout_id, Some(h))));
    }
    let reserve_ids: Vec<_> = reserve_ids.into_iter().collect();
    if !reserve_ids.is_empty() {
        let found = reserves::lock(c, &reserve_ids).await?;
        loaded.reserves.extend(reserve_ids.into_iter().map(|id| (id, None)));
        loaded.reserves.extend(found.into_iter().map(|r| (r.reserve_id, Some(r))));
    }
    let single_bonuses: Vec<_> = single_bonuses.into_iter().collect();
    if !single_bonuses.is_empty() {
        let found = reserves::lock_single_bonuses(c, &single_bonuses).await?;
        loaded.single_bonuses.extend(single_bonuses.into_iter().map(|id| (id, None)));
        loaded.single_bonuses.extend(found.into_iter().map(|(id, payment)| (id, Some(payment))));
    }
    load_plans(c, loaded, plans).await
}

async fn load_plans(c: &mut DbConnection, loaded: &mut LoadedRows, versions: BTreeSet<u32>) -> Result<(), WalletError> {
    if versions.is_empty() {
        return Ok(());
    }
    // The first version is built in, not stored.
    let history = PlanHistory::seed();
    let (built_in, others): (BTreeSet<u32>, BTreeSet<u32>) =
        versions.into_iter().partition(|version| history.get(*version).is_some());
    loaded.plans.extend(built_in.into_iter().map(|version| (version, true)));
    if others.is_empty() {
        return Ok(());
    }
    let known = plans::find_known(c, &others).await?;
    loaded.plans.extend(others.into_iter().map(|version| (version, known.contains(&version))));
    Ok(())
}

async fn load_outcomes(c: &mut DbConnection, loaded: &mut LoadedRows, keys: Vec<EntryKey>) -> Result<(), WalletError> {
    if keys.is_empty() {
        return Ok(());
    }
    let by_id: BTreeMap<EntryId, EntryKey> = keys.into_iter().map(|key| (ids::entry(key), key)).collect();
    let ids: Vec<EntryId> = by_id.keys().copied().collect();
    loaded.outcomes.extend(by_id.values().map(|key| (*key, None)));
    for (id, member, amount, version) in entries::find_posted(c, &ids).await? {
        if let Some(key) = by_id.get(&id) {
            let plan_version = version.map(Count::get);
            loaded.outcomes.insert(*key, Some(EntryOutcome::Posted { member, amount, plan_version }));
        }
    }
    for id in forfeits::find_existing(c, &ids).await? {
        if let Some(key) = by_id.get(&id) {
            loaded.outcomes.insert(*key, Some(EntryOutcome::Rejected));
        }
    }
    Ok(())
}

/// Saves the changes and publishes their events. Returns the stored postings.
async fn save(c: &mut DbConnection, changes: Changes) -> Result<Vec<PostingRow>, WalletError> {
    let (entry_rows, lines) = rows(&changes)?;
    let forfeit_rows = changes.rejections.iter().map(forfeit_row).collect::<Result<Vec<_>, _>>()?;
    entries::insert(c, entry_rows, lines.clone()).await?;
    forfeits::insert(c, forfeit_rows).await?;
    publish::publish_changes(c, &changes).await?;
    wallets::save(c, changes.wallets).await?;
    if !changes.holds.is_empty() {
        holds::save(c, changes.holds).await?;
    }
    if !changes.reserves.is_empty() {
        reserves::save(c, changes.reserves).await?;
    }
    if !changes.single_bonuses.is_empty() {
        reserves::save_single_bonuses(c, changes.single_bonuses).await?;
    }
    Ok(lines)
}

fn rows(changes: &Changes) -> Result<(Vec<EntryRow>, Vec<PostingRow>), WalletError> {
    let mut entry_rows = Vec::with_capacity(changes.posted.len());
    let mut lines = Vec::with_capacity(changes.posted.len() * 3);
    for posted in &changes.posted {
        let header = posted.entry.header();
        let id = ids::entry(header.key);
        entry_rows.push(EntryRow {
            id,
            kind: header.key.kind,
            cause_id: CauseId::from(header.key.cause),
            member_id: header.member,
            amount_paise: header.amount,
            plan_version: header.plan_version.map(Count::new),
            reverses: header.reverses.map(ids::entry),
            event_id: posted.origin.event,
            actor_id: posted.origin.actor,
            inputs: serde_json::to_string(&posted.command).map_err(WalletError::Json)?,
            at: header.at,
            posted_at: posted.posted_at,
        });
        for (number, line) in (0i32..).zip(&posted.lines) {
            let visible = line.statement_line.as_ref();
            lines.push(PostingRow {
                entry_id: id,
                line: number,
                owner_id: if line.account.is_member_account() { header.member } else { company() },
                account: line.account,
                amount_paise: line.amount,
                account_after_paise: line.account_after,
                transaction_type: visible.map(|s| s.kind),
                transaction_number: visible.map(|s| s.number),
                balance_before_paise: visible.map(|s| s.balance_before),
                description: visible.map(|s| s.description.clone()),
                at: header.at,
                posted_at: posted.posted_at,
            });
        }
    }
    Ok((entry_rows, lines))
}

fn forfeit_row(rejected: &RejectedCommand) -> Result<ForfeitRow, WalletError> {
    let Cause { member, at, .. } = rejected.command.cause();
    Ok(ForfeitRow {
        id: ids::entry(rejected.key),
        user_id: member,
        kind: rejected.key.kind,
        cause_id: CauseId::from(rejected.key.cause),
        amount_paise: rejected.rejection.amount,
        reason: rejected.rejection.reason,
        inputs: serde_json::to_string(&rejected.command).map_err(WalletError::Json)?,
        at,
        posted_at: rejected.posted_at,
    })
}
