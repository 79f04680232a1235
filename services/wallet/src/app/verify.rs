//! Whether the books agree with themselves: every entry adds up to zero, and every cached balance is the fold
//! of its postings.

use super::seal;
use crate::domain::{Account, Wallet};
use crate::error::WalletError;
use crate::store::{closings, entries, holds, reserves, wallets};
use db::DbConnection;
use domain::{Money, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Wallets compared in one transaction, which holds their locks.
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
    /// `chain_broken`, `balance_differs`, `unbalanced_entry` or `closing_differs`.
    pub kind: &'static str,
    /// The entry, or the account like `member:…:available`.
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

/// Adds what is wrong with the journal as a whole: entries that do not balance, and a broken hash chain.
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

/// Compares a page of wallets with their postings, holds and reserves while they cannot change.
pub async fn check_page(c: &mut DbConnection, after: Option<UserId>) -> Result<Page, WalletError> {
    let page = wallets::lock_page(c, after, PAGE).await?;
    let owners: Vec<UserId> = page.iter().map(|w| w.user_id).collect();
    if owners.is_empty() {
        return Ok(Page { wallets: 0, last: None, faults: Vec::new() });
    }
    let folded: BTreeMap<(UserId, Account), Money> =
        entries::folded(c, &owners).await?.into_iter().map(|(o, a, m)| ((o, a), m)).collect();
    let held: BTreeMap<UserId, Money> = holds::placed(c, &owners).await?.into_iter().collect();
    let reserved: BTreeMap<UserId, Money> = reserves::left(c, &owners).await?.into_iter().collect();
    let mut faults = Vec::new();
    for wallet in &page {
        for (account, cached) in balances(wallet)? {
            let fold = folded.get(&(wallet.user_id, account)).copied().unwrap_or_default();
            faults.extend(differs(wallet, account.as_str(), fold, cached));
        }
        let placed = held.get(&wallet.user_id).copied().unwrap_or_default();
        faults.extend(differs(wallet, "holds", placed, wallet.held));
        let left = reserved.get(&wallet.user_id).copied().unwrap_or_default();
        faults.extend(differs(wallet, "emi_reserves", left, wallet.emi_reserve));
    }
    Ok(Page { wallets: u64::try_from(page.len()).unwrap_or(0), last: owners.last().copied(), faults })
}

fn balances(wallet: &Wallet) -> Result<[(Account, Money); 5], WalletError> {
    let due = wallet.clawback_due.neg().map_err(crate::domain::LedgerError::from)?;
    Ok([
        (Account::Available, wallet.available),
        (Account::Held, wallet.held),
        (Account::EmiReserve, wallet.emi_reserve),
        (Account::Reserve, wallet.reserve),
        (Account::ClawbackDue, due),
    ])
}

fn differs(wallet: &Wallet, what: &str, expected: Money, found: Money) -> Option<Fault> {
    (expected != found).then(|| Fault {
        kind: "balance_differs",
        subject: format!("member:{}:{what}", wallet.user_id),
        expected: expected.to_string(),
        found: found.to_string(),
    })
}
