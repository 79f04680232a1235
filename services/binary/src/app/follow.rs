//! Journal rows applied to the tree: start of a process, and catching up with other writers.

use super::column::from_column;
use crate::domain::input::InputKind;
use crate::domain::{Input, Tree, VoidablePairs};
use crate::error::BinaryError;
use crate::store::journal::{self, JournalEntry};
use crate::store::{pairs, plans};
use db::DbConnection;
use domain::{Money, Plan, PlanVersion, UserId};
use futures_util::future::BoxFuture;

const PAGE_ENTRIES: i64 = 5_000;
/// Inputs that are prefetched together before they are applied one by one.
pub(super) const PREFETCH_INPUTS: usize = 256;

/// Applies the journal entries after the tree's position, up to `head`. Errors with `Journal` when an entry is missing
/// or invalid; the tree is then empty.
pub fn follow<'a>(c: &'a mut DbConnection, tree: &'a mut Tree, head: i64) -> BoxFuture<'a, Result<(), BinaryError>> {
    Box::pin(async move {
        while tree.seq() < head {
            let from = tree.seq();
            let page = load_page(c, from, head).await?;
            let last = page.last().map_or(from, |(entry, _)| entry.seq);
            let mut voidable_pairs = load_voidable_pairs(c, from, last).await?;
            for chunk in page.chunks(PREFETCH_INPUTS) {
                tree.prefetch(chunk.iter().map(|(_, input)| input));
                if let Err(error) =
                    chunk.iter().try_for_each(|(entry, input)| apply(tree, entry, input, &mut voidable_pairs))
                {
                    // The failed input may be partly applied: start from an empty tree the next time.
                    *tree = Tree::default();
                    return Err(error);
                }
            }
        }
        Ok(())
    })
}

fn apply(
    tree: &mut Tree,
    entry: &JournalEntry,
    input: &Input,
    voidable_pairs: &mut VoidablePairs,
) -> Result<(), BinaryError> {
    let outcome = tree.apply(entry.happened_at, input, voidable_pairs)?;
    if outcome.at != entry.at {
        return Err(BinaryError::Journal(format!(
            "entry {} has time {}, the tree computed {}",
            entry.seq, entry.at, outcome.at
        )));
    }
    Ok(())
}

/// The next page of entries after `seq`, up to `head`. Errors with `Journal` when an entry is missing or invalid.
pub async fn load_page(c: &mut DbConnection, seq: i64, head: i64) -> Result<Vec<(JournalEntry, Input)>, BinaryError> {
    let entries = journal::list_after(c, seq, PAGE_ENTRIES.min(head - seq)).await?;
    if entries.is_empty() {
        return Err(BinaryError::Journal(format!("no entry after entry {seq}")));
    }
    let mut page = Vec::with_capacity(entries.len());
    for (entry, expected_seq) in entries.into_iter().zip(seq + 1..) {
        if entry.seq != expected_seq {
            return Err(BinaryError::Journal(format!("entry {} follows entry {}", entry.seq, expected_seq - 1)));
        }
        let input = load_input(c, &entry).await?;
        page.push((entry, input));
    }
    Ok(page)
}

/// Pairs outstanding at entry `from` and voided by an entry up to `to`.
async fn load_voidable_pairs(c: &mut DbConnection, from: i64, to: i64) -> Result<VoidablePairs, BinaryError> {
    let mut voidable_pairs = VoidablePairs::default();
    for (earner, number, left, right) in pairs::list_voided_between(c, from, to).await? {
        voidable_pairs.add(from_column(earner)?, from_column(number)?, from_column(left)?, from_column(right)?);
    }
    Ok(voidable_pairs)
}

async fn load_input(c: &mut DbConnection, entry: &JournalEntry) -> Result<Input, BinaryError> {
    let missing = |what: &str| BinaryError::Journal(format!("entry {} has no {what}", entry.seq));
    let user = || -> Result<UserId, BinaryError> { entry.user_id.ok_or_else(|| missing("user")) };
    let amount = || -> Result<Money, BinaryError> { entry.amount_paise.ok_or_else(|| missing("amount")) };
    let distributor = || -> Result<bool, BinaryError> { entry.is_distributor.ok_or_else(|| missing("label")) };
    Ok(match entry.kind {
        InputKind::Placed => Input::Placed {
            user: user()?,
            sponsor: entry.sponsor_id,
            prefers: entry.side,
            distributor: distributor()?,
            amount: amount()?,
        },
        InputKind::PlacedManually => Input::PlacedManually {
            user: user()?,
            sponsor: entry.sponsor_id,
            parent: entry.parent_id,
            side: entry.side.ok_or_else(|| missing("side"))?,
            distributor: distributor()?,
        },
        InputKind::Paid => Input::Paid { user: user()?, amount: amount()? },
        InputKind::Refunded => Input::Refunded { user: user()?, amount: amount()? },
        InputKind::Labelled => Input::Labelled { user: user()?, distributor: distributor()? },
        InputKind::DayStarted => Input::DayStarted,
        InputKind::PeriodOpened => Input::PeriodOpened,
        InputKind::PlanPublished => {
            let version = entry.plan_version.ok_or_else(|| missing("plan version"))?;
            let row = plans::find(c, version).await?;
            let row = row.ok_or_else(|| BinaryError::Journal(format!("plan version {version} has no row")))?;
            Input::PlanPublished(Box::new(parse_plan_version(&row)?))
        }
        InputKind::PlanWithdrawn => {
            Input::PlanWithdrawn(from_column(entry.plan_version.ok_or_else(|| missing("plan version"))?)?)
        }
    })
}

/// Parses a published plan version. Errors with `Journal` when the row is invalid.
pub fn parse_plan_version(row: &plans::PlanRow) -> Result<PlanVersion, BinaryError> {
    let plan: Plan = serde_json::from_str(&row.plan)
        .map_err(|e| BinaryError::Journal(format!("plan version {}: {e}", row.version)))?;
    Ok(PlanVersion { version: from_column(row.version)?, effective_from: row.effective_from, plan })
}
