//! Whether the books agree with themselves: every entry adds up to zero, every figure of a wallet is the fold of its
//! postings, every line says what the lines before it make of it, and every sum that is kept is that of its postings.
//!
//! A verification reads the whole ledger in bounded steps and locks nothing. A wallet that changes between two of its
//! reads looks wrong for a moment, so what was found of wallets is only suspected, and looked at again with their locks.

use super::{figures, seal};
use crate::domain::{Account, LedgerError};
use crate::error::WalletError;
use crate::store::closings::{self, Totals};
use crate::store::folds::{Deviation, Owners};
use crate::store::rollups::{self, Rollup};
use crate::store::{company, entries, folds, seals, wallets};
use db::DbConnection;
use domain::{Money, Timestamp, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// Wallets compared, or members whose lines are walked, in one step.
const PAGE: i64 = 500;
/// Rows of the journal read in one step.
const ROWS: i64 = 5_000;
/// More than this many faults are not listed.
const SHOWN: usize = 100;

#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Verification {
    pub ok: bool,
    pub wallets_checked: u64,
    pub entries_checked: i64,
    /// Entries of the hash chain that hold; those posted since it last grew are not in it yet.
    pub entries_sealed: i64,
    /// At most a hundred.
    pub faults: Vec<Fault>,
}

/// Something that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fault {
    /// `chain_broken`, `balance_differs`, `line_differs`, `unbalanced_entry`, `closing_differs` or `rollup_differs`.
    pub kind: &'static str,
    /// The entry, its line like `entry:…:1:balance_before`, or the figure like `member:…:available`.
    pub subject: String,
    pub expected: String,
    pub found: String,
}

/// What is read next.
enum Place {
    Wallets { after: UserId },
    Lines { after: UserId },
    Closings { after: Option<Timestamp>, totals: Totals },
    Postings { after: i64, rollup: Rollup, totals: Totals },
    Entries { after: i64, sealed_until: i64, to_be_sealed: i64 },
    Chain { walk: seal::Walk, sealed_until: i64, to_be_sealed: i64 },
    End,
}

/// A verification under way.
pub struct Run {
    found: Verification,
    suspects: Vec<UserId>,
    place: Place,
}

impl Default for Run {
    fn default() -> Self {
        Self { found: Verification::default(), suspects: Vec::new(), place: Place::Wallets { after: company() } }
    }
}

impl Run {
    /// Reads on, a bounded number of rows. `Ok(false)`: everything was read.
    pub async fn step(&mut self, c: &mut DbConnection) -> Result<bool, WalletError> {
        self.place = match std::mem::replace(&mut self.place, Place::End) {
            Place::Wallets { after } => self.wallets(c, after).await?,
            Place::Lines { after } => self.lines(c, after).await?,
            Place::Closings { after, totals } => self.closings(c, after, totals).await?,
            Place::Postings { after, rollup, totals } => self.postings(c, after, rollup, totals).await?,
            Place::Entries { after, sealed_until, to_be_sealed } => {
                self.entries(c, after, sealed_until, to_be_sealed).await?
            }
            Place::Chain { walk, sealed_until, to_be_sealed } => {
                self.chain(c, walk, sealed_until, to_be_sealed).await?
            }
            Place::End => return Ok(false),
        };
        Ok(true)
    }

    /// Wallets that looked wrong while nothing was locked, unless enough is wrong already.
    pub fn suspects(&self) -> &[UserId] {
        &self.suspects
    }

    /// Whether more faults would not be listed.
    pub fn is_full(&self) -> bool {
        self.found.faults.len() > SHOWN
    }

    pub fn add(&mut self, confirmed: Vec<Fault>) {
        self.found.faults.extend(confirmed);
    }

    pub fn finish(self) -> Verification {
        let mut found = self.found;
        // A broken chain first, so that it is named however much else is wrong.
        found.faults.sort_by_key(|fault| fault.kind != CHAIN_BROKEN);
        found.ok = found.faults.is_empty();
        found.faults.truncate(SHOWN);
        found
    }

    async fn wallets(&mut self, c: &mut DbConnection, after: UserId) -> Result<Place, WalletError> {
        let page = wallets::page(c, after, PAGE).await?;
        let full = i64::try_from(page.len()) == Ok(PAGE);
        let last = page.last().filter(|_| full).map(|w| w.user_id);
        let owners = Owners::Between(after, last.unwrap_or_else(last_owner));
        self.suspects.extend(figures::compare(c, &page, owners).await?.into_keys());
        self.found.wallets_checked += u64::try_from(page.len()).unwrap_or(0);
        Ok(match last {
            Some(after) if self.suspects.len() <= SHOWN => Place::Wallets { after },
            Some(_) | None => Place::Lines { after: company() },
        })
    }

    /// Walks the lines of some members. Lines are only added, each when its wallet is locked, so that writers at work
    /// do not matter.
    async fn lines(&mut self, c: &mut DbConnection, after: UserId) -> Result<Place, WalletError> {
        let end = wallets::page_end(c, after, PAGE).await?;
        let until = end.unwrap_or_else(last_owner);
        self.found.faults.extend(folds::first_deviations(c, (after, until)).await?.iter().map(deviates));
        Ok(match end {
            Some(after) if !self.is_full() => Place::Lines { after },
            Some(_) | None => Place::Closings { after: None, totals: Totals::new() },
        })
    }

    /// Compares a closing with what was posted until then. Nothing is posted there any more.
    async fn closings(
        &mut self,
        c: &mut DbConnection,
        after: Option<Timestamp>,
        mut totals: Totals,
    ) -> Result<Place, WalletError> {
        let Some(closed_at) = closings::next(c, after).await? else {
            let rollup = rollups::load(c).await?;
            return Ok(Place::Postings { after: 0, rollup, totals: Totals::new() });
        };
        add(&mut totals, entries::moved(c, after, Some(closed_at)).await?)?;
        let kept = closings::kept(c, closed_at).await?;
        let wrong = sums_differ("closing_differs", &totals, &kept);
        if wrong.is_empty() {
            return Ok(Place::Closings { after: Some(closed_at), totals });
        }
        // Those after it are made of it.
        self.found.faults.extend(wrong);
        let rollup = rollups::load(c).await?;
        Ok(Place::Postings { after: 0, rollup, totals: Totals::new() })
    }

    /// Compares entries with zero, and the rollup with the postings until its position.
    async fn postings(
        &mut self,
        c: &mut DbConnection,
        after: i64,
        rollup: Rollup,
        mut totals: Totals,
    ) -> Result<Place, WalletError> {
        let end = entries::posting_page_end(c, after, ROWS).await?;
        for (entry, sum) in entries::unbalanced(c, after, end).await? {
            let fault = Fault {
                kind: "unbalanced_entry",
                subject: entry.to_string(),
                expected: Money::ZERO.to_string(),
                found: sum.to_string(),
            };
            // One whose lines are on two pages is found on both.
            if !self.found.faults.contains(&fault) {
                self.found.faults.push(fault);
            }
        }
        if after < rollup.position {
            let until = end.map_or(rollup.position, |end| end.min(rollup.position));
            add(&mut totals, rollups::moved(c, after, Some(until)).await?)?;
        }
        if let Some(after) = end {
            return Ok(Place::Postings { after, rollup, totals });
        }
        self.found.faults.extend(sums_differ("rollup_differs", &totals, &rollup.totals));
        let sealed_until = seals::progress(c).await?;
        Ok(Place::Entries { after: 0, sealed_until, to_be_sealed: 0 })
    }

    /// Counts the entries, and those that have to have a seal.
    async fn entries(
        &mut self,
        c: &mut DbConnection,
        after: i64,
        sealed_until: i64,
        to_be_sealed: i64,
    ) -> Result<Place, WalletError> {
        let positions = entries::positions(c, after, ROWS).await?;
        let count = |some: usize| i64::try_from(some).unwrap_or(i64::MAX);
        let to_be_sealed = to_be_sealed + count(positions.iter().filter(|p| **p <= sealed_until).count());
        self.found.entries_checked += count(positions.len());
        Ok(match positions.last() {
            Some(after) => Place::Entries { after: *after, sealed_until, to_be_sealed },
            None => Place::Chain { walk: seal::Walk::default(), sealed_until, to_be_sealed },
        })
    }

    async fn chain(
        &mut self,
        c: &mut DbConnection,
        mut walk: seal::Walk,
        sealed_until: i64,
        to_be_sealed: i64,
    ) -> Result<Place, WalletError> {
        let broken = match seal::check(c, &mut walk).await? {
            seal::Checked::More => return Ok(Place::Chain { walk, sealed_until, to_be_sealed }),
            seal::Checked::Broken(broken) => Some(broken),
            // Seals are taken away from the end without a trace among the seals themselves.
            seal::Checked::End if walk.number() < to_be_sealed => {
                let bare = seals::unsealed_until(c, sealed_until).await?;
                bare.map(|entry| seal::Break::missing_seal(walk.number() + 1, entry))
            }
            seal::Checked::End => None,
        };
        self.found.entries_sealed = walk.number();
        self.found.faults.extend(broken.map(|b| Fault {
            kind: CHAIN_BROKEN,
            subject: b.entry,
            expected: format!("seal {}", b.number),
            found: b.found.to_owned(),
        }));
        Ok(Place::End)
    }
}

const CHAIN_BROKEN: &str = "chain_broken";

fn add(totals: &mut Totals, moved: Vec<(Account, Money)>) -> Result<(), WalletError> {
    for (account, sum) in moved {
        let total = totals.entry(account).or_default();
        *total = total.add(sum).map_err(LedgerError::from)?;
    }
    Ok(())
}

fn sums_differ(kind: &'static str, expected: &Totals, found: &Totals) -> Vec<Fault> {
    let of = |totals: &Totals, account: &Account| totals.get(account).copied().unwrap_or_default();
    let accounts = Account::ALL.iter().filter(|account| of(expected, account) != of(found, account));
    let fault = |account: &Account| Fault {
        kind,
        subject: account.to_string(),
        expected: of(expected, account).to_string(),
        found: of(found, account).to_string(),
    };
    accounts.map(fault).collect()
}

fn deviates(line: &Deviation) -> Fault {
    let fault = |what: &str, expected: String, found: Option<String>| Fault {
        kind: "line_differs",
        subject: format!("entry:{}:{}:{what}", line.entry_id, line.line),
        expected,
        found: found.unwrap_or_else(|| "nothing".to_owned()),
    };
    let money = |amount: Option<Money>| amount.map(|m| m.to_string());
    if line.has_entry == 0 {
        return fault("entry", "its entry".to_owned(), None);
    }
    if line.account_after_paise != Some(line.folded_after) {
        return fault("account_after", line.folded_after.to_string(), money(line.account_after_paise));
    }
    let number = line.transaction_type.map(|_| line.folded_number);
    if line.transaction_number != number {
        let text = |n: Option<i64>| n.map(|n| n.to_string());
        return fault("number", text(number).unwrap_or_else(|| "nothing".to_owned()), text(line.transaction_number));
    }
    fault("balance_before", line.folded_before.to_string(), money(line.balance_before_paise))
}

/// No owner's id is greater.
fn last_owner() -> UserId {
    UserId::from(Uuid::max())
}
