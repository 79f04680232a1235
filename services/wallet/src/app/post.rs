//! Commands into journal entries, a batch at a time, in few statements: lock the wallets, load what the
//! commands need, decide in memory, save.
//!
//! Wallets are locked before anything else is read. A cause always concerns the same wallet, so two
//! transactions with the same cause, or with an original and its reversal, see each other's outcome.

use super::{announce, epoch, ids};
use crate::domain::books::{Changes, Missing, Settled};
use crate::domain::command::Manual;
use crate::domain::{Books, Command, EntryId, EntryKey, Origin, Outcome, WaitKey};
use crate::error::WalletError;
use crate::store::entries::{CauseId, EntryRow, PostingRow};
use crate::store::forfeits::ForfeitRow;
use crate::store::{company, entries, forfeits, holds, plans, reserves, wallets};
use chassis::clock::Clock;
use chassis::events::{Envelope, HandleError, waiting};
use db::DbConnection;
use domain::{EventId, PlanBook, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// An event with the commands it means.
#[derive(Debug, Clone)]
pub struct Work {
    pub event: Envelope,
    pub commands: Vec<Command>,
}

/// Reads an event as commands.
pub type Read = fn(&Envelope) -> Result<Vec<Command>, HandleError>;

/// Posts everything a batch of events means. What cannot take effect yet is kept waiting; what waited for
/// something this batch brings, or for a version of the plan that was `published`, takes effect now.
///
/// The clock is read once the wallets are locked: what was posted until an instant is then known soon after it.
pub async fn events(
    c: &mut DbConnection,
    clock: &dyn Clock,
    batch: Vec<Work>,
    published: &[u32],
    read: Read,
) -> Result<(), HandleError> {
    let mut books = Books::default();
    published.iter().for_each(|version| books.learn_plan(*version));
    let mut locked: BTreeSet<u32> = published.iter().copied().collect();
    if !locked.is_empty() {
        plans::lock(c, &locked).await?;
    }
    let mut queue = batch;
    let mut waits: Vec<(WaitKey, Work)> = Vec::new();
    let mut heard = BTreeSet::new();
    let epoch = epoch::join(c).await?;
    loop {
        load(c, &mut books, queue.iter().flat_map(|w| &w.commands)).await?;
        let now = epoch.time_of_posting(clock.now());
        for work in std::mem::take(&mut queue) {
            if let Some(key) = run(&mut books, &work, now)? {
                waits.push((key, work));
            }
        }
        let (come, still): (Vec<_>, Vec<_>) = waits.into_iter().partition(|(key, _)| books.has_come(*key));
        waits = still;
        queue.extend(come.into_iter().map(|(_, work)| work));
        let news: Vec<String> = books.news().into_iter().filter(|k| heard.insert(*k)).map(|k| k.to_string()).collect();
        for event in waiting::take(c, &news).await? {
            let commands = read(&event)?;
            queue.push(Work { event, commands });
        }
        if queue.is_empty() && !look_again(c, &mut books, &waits, &mut locked).await? {
            break;
        }
    }
    for (key, work) in waits {
        waiting::put(c, &key.to_string(), &work.event, clock.now()).await?;
    }
    save(c, books.take_changes()).await?;
    Ok(())
}

/// Locks the versions of the plan that are waited for, and looks again whether they are known: one whose publication
/// another transaction was taking in when they were loaded is known by now, and a later one finds who waits. Answers
/// whether one is.
async fn look_again(
    c: &mut DbConnection,
    books: &mut Books,
    waits: &[(WaitKey, Work)],
    locked: &mut BTreeSet<u32>,
) -> Result<bool, WalletError> {
    let version = |key: &WaitKey| if let WaitKey::Plan(version) = key { Some(*version) } else { None };
    let waited_for: BTreeSet<u32> =
        waits.iter().filter_map(|(key, _)| version(key)).filter(|version| !locked.contains(version)).collect();
    if waited_for.is_empty() {
        return Ok(false);
    }
    plans::lock(c, &waited_for).await?;
    let wide: Vec<i64> = waited_for.iter().copied().map(i64::from).collect();
    let known = plans::known(c, &wide).await?;
    locked.extend(waited_for);
    known.iter().filter_map(|version| u32::try_from(*version).ok()).for_each(|version| books.learn_plan(version));
    Ok(!known.is_empty())
}

/// Runs all of an event's commands; answers what the event has to wait for, if one of them cannot run yet.
fn run(books: &mut Books, work: &Work, now: Timestamp) -> Result<Option<WaitKey>, WalletError> {
    let origin = Origin { event: Some(EventId::from(Uuid::from_bytes(work.event.id))), actor: None };
    let mut waits = None;
    for command in &work.commands {
        match books.run(command, origin, now)? {
            Outcome::Waits(key) => waits = Some(key),
            Outcome::Posted | Outcome::Forfeited(_) | Outcome::Already | Outcome::Nothing => {}
        }
    }
    Ok(waits)
}

/// What something done by hand came to. It happens when it is posted.
pub async fn by_hand(
    c: &mut DbConnection,
    clock: &dyn Clock,
    actor: UserId,
    done: fn(Manual) -> Command,
    manual: &Manual,
) -> Result<(Outcome, Vec<PostingRow>), WalletError> {
    let mut books = Books::default();
    let epoch = epoch::join(c).await?;
    load(c, &mut books, std::iter::once(&done(manual.clone()))).await?;
    let now = epoch.time_of_posting(clock.now());
    let command = done(Manual { at: now, ..manual.clone() });
    let outcome = books.run(&command, Origin { event: None, actor: Some(actor) }, now)?;
    let lines = save(c, books.take_changes()).await?;
    Ok((outcome, lines))
}

async fn load<'a>(
    c: &mut DbConnection,
    books: &mut Books,
    commands: impl Iterator<Item = &'a Command>,
) -> Result<(), WalletError> {
    let Missing { wallets: users, entries: keys, holds: payouts, reserves: reserve_ids, singles, plans } =
        books.missing(commands);
    let users: Vec<_> = users.into_iter().collect();
    if !users.is_empty() {
        let found = wallets::open_and_lock(c, &users).await?;
        books.wallets.extend(found.into_iter().map(|w| (w.user_id, w)));
    }
    load_settled(c, books, keys.into_iter().collect()).await?;
    let payouts: Vec<_> = payouts.into_iter().collect();
    if !payouts.is_empty() {
        let found = holds::lock(c, &payouts).await?;
        books.holds.extend(payouts.into_iter().map(|id| (id, None)));
        books.holds.extend(found.into_iter().map(|h| (h.payout_id, Some(h))));
    }
    let reserve_ids: Vec<_> = reserve_ids.into_iter().collect();
    if !reserve_ids.is_empty() {
        let found = reserves::lock(c, &reserve_ids).await?;
        books.reserves.extend(reserve_ids.into_iter().map(|id| (id, None)));
        books.reserves.extend(found.into_iter().map(|r| (r.reserve_id, Some(r))));
    }
    let singles: Vec<_> = singles.into_iter().collect();
    if !singles.is_empty() {
        let found = reserves::singles(c, &singles).await?;
        books.singles.extend(singles.into_iter().map(|id| (id, None)));
        books.singles.extend(found.into_iter().map(|(id, payment)| (id, Some(payment))));
    }
    load_plans(c, books, plans).await
}

async fn load_plans(c: &mut DbConnection, books: &mut Books, versions: BTreeSet<u32>) -> Result<(), WalletError> {
    if versions.is_empty() {
        return Ok(());
    }
    // The first version is in the code.
    let book = PlanBook::seed();
    let (built_in, asked): (Vec<u32>, Vec<u32>) =
        versions.into_iter().partition(|version| book.get(*version).is_some());
    books.plans.extend(built_in.into_iter().map(|version| (version, true)));
    if asked.is_empty() {
        return Ok(());
    }
    let wide: Vec<i64> = asked.iter().copied().map(i64::from).collect();
    let known = plans::known(c, &wide).await?;
    books.plans.extend(asked.into_iter().map(|version| (version, known.contains(&i64::from(version)))));
    Ok(())
}

async fn load_settled(c: &mut DbConnection, books: &mut Books, keys: Vec<EntryKey>) -> Result<(), WalletError> {
    if keys.is_empty() {
        return Ok(());
    }
    let by_id: BTreeMap<EntryId, EntryKey> = keys.into_iter().map(|key| (ids::entry(key), key)).collect();
    let ids: Vec<EntryId> = by_id.keys().copied().collect();
    books.settled.extend(by_id.values().map(|key| (*key, None)));
    for (id, member, amount, version) in entries::posted(c, &ids).await? {
        if let Some(key) = by_id.get(&id) {
            let plan_version = version.and_then(|v| u32::try_from(v).ok());
            books.settled.insert(*key, Some(Settled::Posted { member, amount, plan_version }));
        }
    }
    for id in forfeits::among(c, &ids).await? {
        if let Some(key) = by_id.get(&id) {
            books.settled.insert(*key, Some(Settled::Forfeited));
        }
    }
    Ok(())
}

/// Saves and announces; answers the postings as they were stored.
async fn save(c: &mut DbConnection, changes: Changes) -> Result<Vec<PostingRow>, WalletError> {
    let (entry_rows, lines) = rows(&changes)?;
    let forfeit_rows = changes.forfeits.iter().map(forfeit_row).collect::<Result<Vec<_>, _>>()?;
    entries::insert(c, entry_rows, lines.clone()).await?;
    forfeits::insert(c, forfeit_rows).await?;
    announce::publish(c, &changes).await?;
    wallets::save(c, changes.wallets).await?;
    if !changes.holds.is_empty() {
        holds::save(c, changes.holds).await?;
    }
    if !changes.reserves.is_empty() {
        reserves::save(c, changes.reserves).await?;
    }
    if !changes.singles.is_empty() {
        reserves::save_singles(c, changes.singles).await?;
    }
    Ok(lines)
}

fn rows(changes: &Changes) -> Result<(Vec<EntryRow>, Vec<PostingRow>), WalletError> {
    let mut entry_rows = Vec::with_capacity(changes.records.len());
    let mut lines = Vec::with_capacity(changes.records.len() * 3);
    for record in &changes.records {
        let header = record.entry.header();
        let id = ids::entry(header.key);
        entry_rows.push(EntryRow {
            id,
            kind: header.key.kind,
            cause_id: CauseId::of(header.key.cause),
            member_id: header.member,
            amount_paise: header.amount,
            plan_version: header.plan_version.map(i64::from),
            reverses: header.reverses.map(ids::entry),
            event_id: record.origin.event,
            actor_id: record.origin.actor,
            inputs: serde_json::to_string(&record.command).map_err(WalletError::Json)?,
            at: header.at,
            posted_at: record.posted_at,
        });
        for (number, line) in (0i32..).zip(&record.lines) {
            let seen = line.seen_as.as_ref();
            lines.push(PostingRow {
                entry_id: id,
                line: number,
                owner_id: if line.account.is_members() { header.member } else { company() },
                account: line.account,
                amount_paise: line.amount,
                account_after_paise: line.account_after,
                transaction_type: seen.map(|s| s.kind),
                transaction_number: seen.map(|s| s.number),
                balance_before_paise: seen.map(|s| s.balance_before),
                description: seen.map(|s| s.description.clone()),
                at: header.at,
                posted_at: record.posted_at,
            });
        }
    }
    Ok((entry_rows, lines))
}

fn forfeit_row(record: &crate::domain::books::ForfeitRecord) -> Result<ForfeitRow, WalletError> {
    Ok(ForfeitRow {
        id: ids::entry(record.key),
        user_id: record.command.member(),
        kind: record.key.kind,
        cause_id: CauseId::of(record.key.cause),
        amount_paise: record.forfeit.amount,
        reason: record.forfeit.reason,
        inputs: serde_json::to_string(&record.command).map_err(WalletError::Json)?,
        at: record.command.at(),
        posted_at: record.posted_at,
    })
}
