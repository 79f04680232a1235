//! Whether the books agree with themselves: every entry adds up to zero, every figure of a wallet is the fold of its
//! postings, and every line says what the lines before it make of it.

use super::{ids, seal};
use crate::domain::{Account, EntryKey, EntryKind, LedgerError, Wallet};
use crate::error::WalletError;
use crate::store::folds::{Deviation, Owners};
use crate::store::{closings, company, entries, folds, holds, reserves, wallets};
use db::DbConnection;
use domain::{Money, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Display;
use uuid::Uuid;

/// Wallets compared in one transaction, which holds their locks; and those whose lines are walked in one statement.
const PAGE: i64 = 500;
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
    /// `chain_broken`, `balance_differs`, `line_differs`, `unbalanced_entry` or `closing_differs`.
    pub kind: &'static str,
    /// The entry, its line like `entry:…:1:balance_before`, or the figure like `member:…:available`.
    pub subject: String,
    pub expected: String,
    pub found: String,
}

impl Verification {
    /// What a page of wallets showed; where the next page begins, if this was not the last.
    pub fn add(&mut self, page: Page) -> Option<UserId> {
        self.faults.extend(page.faults);
        self.wallets_checked += page.wallets;
        page.last
    }
    pub fn finish(mut self) -> Self {
        self.ok = self.faults.is_empty();
        self.faults.truncate(SHOWN);
        self
    }
}

/// What a page of wallets showed.
pub struct Page {
    wallets: u64,
    last: Option<UserId>,
    faults: Vec<Fault>,
}

/// Adds what is wrong with the journal as a whole: entries that do not balance, lines that do not follow from those
/// before them, and a broken hash chain.
pub async fn check_journal(c: &mut DbConnection, found: &mut Verification) -> Result<(), WalletError> {
    found.entries_checked = entries::count(c).await?;
    for (entry, sum) in entries::unbalanced(c).await? {
        let fault = Fault {
            kind: "unbalanced_entry",
            subject: entry.to_string(),
            expected: Money::ZERO.to_string(),
            found: sum.to_string(),
        };
        found.faults.push(fault);
    }
    check_lines(c, found).await?;
    check_closing(c, found).await?;
    let (sealed, broken) = seal::check(c).await?;
    found.entries_sealed = sealed;
    let broken = broken.map(|b| Fault {
        kind: "chain_broken",
        subject: b.entry,
        expected: format!("seal {}", b.number),
        found: b.found.to_owned(),
    });
    // First, so that it is named however much else is wrong.
    found.faults.splice(0..0, broken);
    Ok(())
}

/// Compares the last closing with the whole journal until then. Nothing is posted there any more, so that writers at
/// work do not matter.
async fn check_closing(c: &mut DbConnection, found: &mut Verification) -> Result<(), WalletError> {
    let Some(closed_at) = closings::last(c, None).await? else { return Ok(()) };
    let kept = closings::kept(c, closed_at).await?;
    for (account, sum) in entries::moved(c, None, Some(closed_at)).await? {
        let total = kept.get(&account).copied().unwrap_or_default();
        found.faults.extend((total != sum).then(|| Fault {
            kind: "closing_differs",
            subject: account.to_string(),
            expected: sum.to_string(),
            found: total.to_string(),
        }));
    }
    Ok(())
}

/// Walks the lines of all members, some members a statement. Lines are only added, each when its wallet is locked, so
/// that writers at work do not matter.
async fn check_lines(c: &mut DbConnection, found: &mut Verification) -> Result<(), WalletError> {
    let mut after = company();
    loop {
        let end = wallets::page_end(c, after, PAGE).await?;
        let until = end.unwrap_or_else(last_owner);
        found.faults.extend(folds::first_deviations(c, (after, until)).await?.iter().map(deviates));
        // More than is shown is enough.
        if end.is_none() || found.faults.len() > SHOWN {
            return Ok(());
        }
        after = until;
    }
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

/// What the journal makes of one member's wallet.
#[derive(Default)]
struct Folded {
    balances: BTreeMap<Account, Money>,
    earned: Money,
    withdrawn: Money,
    seen: i64,
}

/// Compares a page of wallets with their postings, holds and reserves while they cannot change.
pub async fn check_page(c: &mut DbConnection, after: Option<UserId>) -> Result<Page, WalletError> {
    let after = after.unwrap_or_else(company);
    let page = wallets::lock_page(c, after, PAGE).await?;
    let full = i64::try_from(page.len()) == Ok(PAGE);
    let last = page.last().filter(|_| full).map(|w| w.user_id);
    let owners: Vec<UserId> = page.iter().map(|w| w.user_id).collect();
    let mut folded = fold(c, (after, last.unwrap_or_else(last_owner))).await?;
    let held: BTreeMap<UserId, Money> = holds::placed(c, &owners).await?.into_iter().collect();
    let reserved: BTreeMap<UserId, Money> = reserves::left(c, &owners).await?.into_iter().collect();
    let mut faults = Vec::new();
    for wallet in &page {
        let fold = folded.remove(&wallet.user_id).unwrap_or_default();
        for (account, cached) in balances(wallet)? {
            let sum = fold.balances.get(&account).copied().unwrap_or_default();
            faults.extend(differs(wallet.user_id, account.as_str(), sum, cached));
        }
        faults.extend(differs(wallet.user_id, "total_earned", fold.earned, wallet.total_earned));
        faults.extend(differs(wallet.user_id, "total_withdrawn", fold.withdrawn, wallet.total_withdrawn));
        faults.extend(differs(wallet.user_id, "transactions", fold.seen, wallet.transactions));
        let placed = held.get(&wallet.user_id).copied().unwrap_or_default();
        faults.extend(differs(wallet.user_id, "holds", placed, wallet.held));
        let left = reserved.get(&wallet.user_id).copied().unwrap_or_default();
        faults.extend(differs(wallet.user_id, "emi_reserves", left, wallet.emi_reserve));
    }
    for (owner, fold) in folded {
        // One that was opened since the page was read is compared another time.
        if wallets::find(c, owner).await?.is_none() {
            let balance = fold.balances.get(&Account::Available).copied().unwrap_or_default();
            faults.push(fault(owner, "available", balance, "no wallet"));
        }
    }
    Ok(Page { wallets: u64::try_from(page.len()).unwrap_or(0), last, faults })
}

async fn fold(c: &mut DbConnection, owners: Owners) -> Result<BTreeMap<UserId, Folded>, WalletError> {
    let mut all: BTreeMap<UserId, Folded> = BTreeMap::new();
    for account in folds::folded(c, owners).await? {
        let fold = all.entry(account.owner).or_default();
        fold.balances.insert(account.account, account.sum.unwrap_or_default());
        fold.earned = fold.earned.add(account.earned.unwrap_or_default()).map_err(LedgerError::from)?;
        fold.seen = fold.seen.saturating_add(account.seen);
    }
    for (owner, due) in folds::refunds_due(c, owners).await? {
        let fold = all.entry(owner).or_default();
        fold.earned = fold.earned.sub(due.unwrap_or_default()).map_err(LedgerError::from)?;
    }
    // That a payout was completed moves nothing of the member's; what has become of those that left is looked up.
    let settled = [EntryKind::PayoutCompletion, EntryKind::PayoutReversal];
    let mut settling = BTreeMap::new();
    for (owner, payout) in folds::captured(c, owners).await? {
        for kind in settled {
            settling.insert(ids::entry(EntryKey::new(kind, payout.uuid())), (owner, kind));
        }
    }
    let wanted: Vec<_> = settling.keys().copied().collect();
    for (id, _, amount, _) in entries::posted(c, &wanted).await? {
        let Some((owner, kind)) = settling.get(&id) else { continue };
        let fold = all.entry(*owner).or_default();
        let part = amount.times(kind.withdraws()).map_err(LedgerError::from)?;
        fold.withdrawn = fold.withdrawn.add(part).map_err(LedgerError::from)?;
    }
    Ok(all)
}

fn balances(wallet: &Wallet) -> Result<[(Account, Money); 5], WalletError> {
    let due = wallet.clawback_due.neg().map_err(LedgerError::from)?;
    Ok([
        (Account::Available, wallet.available),
        (Account::Held, wallet.held),
        (Account::EmiReserve, wallet.emi_reserve),
        (Account::Reserve, wallet.reserve),
        (Account::ClawbackDue, due),
    ])
}

fn differs<T: Display + PartialEq>(owner: UserId, what: &str, expected: T, found: T) -> Option<Fault> {
    (expected != found).then(|| fault(owner, what, expected, found))
}

fn fault(owner: UserId, what: &str, expected: impl Display, found: impl Display) -> Fault {
    let (expected, found) = (expected.to_string(), found.to_string());
    Fault { kind: "balance_differs", subject: format!("member:{owner}:{what}"), expected, found }
}
