//! The figures that are kept of a wallet, compared with its postings, holds and reserves.

use super::ids;
use super::verify::Fault;
use crate::domain::{Account, EntryKey, EntryKind, LedgerError, Wallet};
use crate::error::WalletError;
use crate::store::folds::Owners;
use crate::store::{entries, folds, holds, reserves, wallets};
use db::DbConnection;
use domain::{Money, UserId};
use std::collections::BTreeMap;
use std::fmt::Display;

/// Suspected wallets that are locked in one transaction.
pub const CONFIRMED_AT_ONCE: usize = 50;

/// What the journal makes of one member's wallet.
#[derive(Default)]
struct Folded {
    balances: BTreeMap<Account, Money>,
    earned: Money,
    withdrawn: Money,
    seen: i64,
}

/// Compares wallets with their postings, holds and reserves while they cannot change.
pub async fn confirm(c: &mut DbConnection, suspects: &[UserId]) -> Result<Vec<Fault>, WalletError> {
    let locked = wallets::lock_known(c, suspects).await?;
    let faults = compare(c, &locked, Owners::These(suspects)).await?;
    Ok(faults.into_values().flatten().collect())
}

/// What is wrong with these wallets, and with postings of these owners that have no wallet.
pub(super) async fn compare(
    c: &mut DbConnection,
    page: &[Wallet],
    owners: Owners<'_>,
) -> Result<BTreeMap<UserId, Vec<Fault>>, WalletError> {
    let ids: Vec<UserId> = page.iter().map(|w| w.user_id).collect();
    let mut folded = fold(c, owners).await?;
    let (mut held, mut reserved) = (BTreeMap::new(), BTreeMap::new());
    if !ids.is_empty() {
        held.extend(holds::placed(c, &ids).await?);
        reserved.extend(reserves::left(c, &ids).await?);
    }
    let mut wrong = BTreeMap::new();
    for wallet in page {
        let owner = wallet.user_id;
        let fold = folded.remove(&owner).unwrap_or_default();
        let mut faults = Vec::new();
        for (account, cached) in balances(wallet)? {
            let sum = fold.balances.get(&account).copied().unwrap_or_default();
            faults.extend(differs(owner, account.as_str(), sum, cached));
        }
        faults.extend(differs(owner, "total_earned", fold.earned, wallet.total_earned));
        faults.extend(differs(owner, "total_withdrawn", fold.withdrawn, wallet.total_withdrawn));
        faults.extend(differs(owner, "transactions", fold.seen, wallet.transactions));
        let placed = held.get(&owner).copied().unwrap_or_default();
        faults.extend(differs(owner, "holds", placed, wallet.held));
        let left = reserved.get(&owner).copied().unwrap_or_default();
        faults.extend(differs(owner, "emi_reserves", left, wallet.emi_reserve));
        if !faults.is_empty() {
            wrong.insert(owner, faults);
        }
    }
    for (owner, fold) in folded {
        // One that was opened since the page was read is compared another time.
        if wallets::find(c, owner).await?.is_none() {
            let balance = fold.balances.get(&Account::Available).copied().unwrap_or_default();
            wrong.insert(owner, vec![fault(owner, "available", balance, "no wallet")]);
        }
    }
    Ok(wrong)
}

async fn fold(c: &mut DbConnection, owners: Owners<'_>) -> Result<BTreeMap<UserId, Folded>, WalletError> {
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
    if settling.is_empty() {
        return Ok(all);
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
