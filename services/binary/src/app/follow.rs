//! From rows of the journal to the tree: how a process starts, how one that fell behind catches up.

use crate::domain::input::Kind;
use crate::domain::{InPlay, Input, Ix, Tree};
use crate::error::Failure;
use crate::store::journal::{self, Entry};
use crate::store::{pairs, plans};
use db::DbConnection;
use domain::{Money, Plan, PlanVersion, UserId};

const PAGE: i64 = 5_000;
/// Inputs whose ways through the tree are walked at once, before they are applied one by one.
pub(super) const AHEAD: usize = 256;

/// Applies what the journal has after the tree's own position, up to `head`.
pub async fn follow(c: &mut DbConnection, tree: &mut Tree, head: i64) -> Result<(), Failure> {
    while tree.seq() < head {
        let from = tree.seq();
        let page = page(c, from, head).await?;
        let last = page.last().map_or(from, |(entry, _)| entry.seq);
        let mut in_play = in_play(c, from, last).await?;
        for ahead in page.chunks(AHEAD) {
            tree.expect(ahead.iter().map(|(_, input)| input));
            if let Err(failure) = ahead.iter().try_for_each(|(entry, input)| apply(tree, entry, input, &mut in_play)) {
                // Half an input may be applied: start from nothing the next time.
                *tree = Tree::default();
                return Err(failure);
            }
        }
    }
    Ok(())
}

fn apply(tree: &mut Tree, entry: &Entry, input: &Input, in_play: &mut InPlay) -> Result<(), Failure> {
    let outcome = tree.apply(entry.happened_at, input, in_play)?;
    if outcome.at != entry.at {
        return Err(Failure::Journal(format!("entry {} says {}, the tree {}", entry.seq, entry.at, outcome.at)));
    }
    Ok(())
}

/// What follows entry `seq` in the journal, up to `head`: some of it, without a gap.
pub async fn page(c: &mut DbConnection, seq: i64, head: i64) -> Result<Vec<(Entry, Input)>, Failure> {
    let entries = journal::after(c, seq, PAGE.min(head - seq)).await?;
    if entries.is_empty() {
        return Err(Failure::Journal(format!("nothing after entry {seq}")));
    }
    let mut page = Vec::with_capacity(entries.len());
    for (entry, due) in entries.into_iter().zip(seq + 1..) {
        if entry.seq != due {
            return Err(Failure::Journal(format!("entry {} follows entry {}", entry.seq, due - 1)));
        }
        let input = input_of(c, &entry).await?;
        page.push((entry, input));
    }
    Ok(page)
}

/// Pairs that stood at `from` and were voided by an entry up to `to`.
async fn in_play(c: &mut DbConnection, from: i64, to: i64) -> Result<InPlay, Failure> {
    let mut in_play = InPlay::default();
    for (earner, number, left, right) in pairs::voided_between(c, from, to).await? {
        in_play.add(small(earner)?, small(number)?, small(left)?, small(right)?);
    }
    Ok(in_play)
}

/// A column that holds a node or a number.
pub(super) fn small(column: i64) -> Result<Ix, Failure> {
    Ix::try_from(column).map_err(|_| Failure::Journal(format!("{column} is out of range")))
}

async fn input_of(c: &mut DbConnection, entry: &Entry) -> Result<Input, Failure> {
    let missing = |what: &str| Failure::Journal(format!("entry {} has no {what}", entry.seq));
    let user = || -> Result<UserId, Failure> { entry.user_id.ok_or_else(|| missing("user")) };
    let amount = || -> Result<Money, Failure> { entry.amount_paise.ok_or_else(|| missing("amount")) };
    let distributor = || -> Result<bool, Failure> { entry.is_distributor.ok_or_else(|| missing("label")) };
    Ok(match entry.kind {
        Kind::Placed => Input::Placed {
            user: user()?,
            sponsor: entry.sponsor_id,
            prefers: entry.side,
            distributor: distributor()?,
            amount: amount()?,
        },
        Kind::PlacedManually => Input::PlacedManually {
            user: user()?,
            sponsor: entry.sponsor_id,
            parent: entry.parent_id,
            side: entry.side.ok_or_else(|| missing("side"))?,
            distributor: distributor()?,
        },
        Kind::Paid => Input::Paid { user: user()?, amount: amount()? },
        Kind::Refunded => Input::Refunded { user: user()?, amount: amount()? },
        Kind::Labelled => Input::Labelled { user: user()?, distributor: distributor()? },
        Kind::DayStarted => Input::DayStarted,
        Kind::PeriodOpened => Input::PeriodOpened,
        Kind::PlanPublished => {
            let version = entry.plan_version.ok_or_else(|| missing("plan version"))?;
            let row = plans::find(c, version).await?;
            let row = row.ok_or_else(|| Failure::Journal(format!("plan version {version} has no row")))?;
            Input::PlanPublished(Box::new(plan_version(&row)?))
        }
    })
}

/// A published version as the tree knows it.
pub fn plan_version(row: &plans::PlanRow) -> Result<PlanVersion, Failure> {
    let plan: Plan =
        serde_json::from_str(&row.plan).map_err(|e| Failure::Journal(format!("plan version {}: {e}", row.version)))?;
    Ok(PlanVersion { version: small(row.version)?, effective_from: row.effective_from, plan })
}
