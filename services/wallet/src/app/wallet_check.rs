//! Comparison of the stored balances and totals of wallets with their postings, holds and reserves.

use super::fault::Fault;
use super::ids;
use crate::domain::{Account, EntryKey, EntryKind, WalletBalances};
use crate::error::WalletError;
use crate::store::posting_sums::OwnerFilter;
use crate::store::{entries, holds, posting_sums, reserves, wallets};
use db::DbConnection;
use domain::{Money, UserId};
use std::collections::BTreeMap;
use std::fmt::Display;

/// Wallets locked and compared in one transaction.
pub const MAX_WALLETS_LOCKED: usize = 50;

/// Balances and totals of one member, computed from the journal.
#[derive(Default)]
struct WalletSums {
    balances: BTreeMap<Account, Money>,
    earned: Money,
    withdrawn: Money,
    visible_lines: i64,
}

/// Locks wallets and compares them with their postings, holds and reserves. Returns the faults.
pub async fn confirm(c: &mut DbConnection, suspects: &[UserId]) -> Result<Vec<Fault>, WalletError> {
    let locked = wallets::lock_existing(c, suspects).await?;
    let faults = compare(c, &locked, OwnerFilter::AnyOf(suspects)).await?;
    Ok(faults.into_values().flatten().collect())
}

/// Compares wallets with their postings, holds and reserves, without locks. Returns the faults by owner, with one for
/// every owner who has postings and no wallet.
pub(super) async fn compare(
    c: &mut DbConnection,
    page: &[WalletBalances],
    owners: OwnerFilter<'_>,
) -> Result<BTreeMap<UserId, Vec<Fault>>, WalletError> {
    let ids: Vec<UserId> = page.iter().map(|w| w.user_id).collect();
    let mut by_owner = sum_postings(c, owners).await?;
    let (mut held, mut reserved) = (BTreeMap::new(), BTreeMap::new());
    if !ids.is_empty() {
        held.extend(holds::sum_placed(c, &ids).await?);
        reserved.extend(reserves::sum_remaining(c, &ids).await?);
    }
    let mut differing = BTreeMap::new();
    for wallet in page {
        let owner = wallet.user_id;
        let sums = by_owner.remove(&owner).unwrap_or_default();
        let mut faults = Vec::new();
        for (account, cached) in balances(wallet)? {
            let sum = sums.balances.get(&account).copied().unwrap_or_default();
            faults.extend(differs(owner, account.as_str(), sum, cached));
        }
        faults.extend(differs(owner, "total_earned", sums.earned, wallet.total_earned));
        faults.extend(differs(owner, "total_withdrawn", sums.withdrawn, wallet.total_withdrawn));
        faults.extend(differs(owner, "transactions", sums.visible_lines, wallet.transactions));
        let placed = held.get(&owner).copied().unwrap_or_default();
        faults.extend(differs(owner, "holds", placed, wallet.held));
        let left = reserved.get(&owner).copied().unwrap_or_default();
        faults.extend(differs(owner, "emi_reserves", left, wallet.emi_reserve));
        if !faults.is_empty() {
            differing.insert(owner, faults);
        }
    }
    for (owner, sums) in by_owner {
        // A wallet created after the page was read is on a later page or in a later verification.
        if wallets::find(c, owner).await?.is_none() {
            let balance = sums.balances.get(&Account::Available).copied().unwrap_or_default();
            differing.insert(owner, vec![fault(owner, "available", balance, "no wallet")]);
        }
    }
    Ok(differing)
}

async fn sum_postings(
    c: &mut DbConnection,
    owners: OwnerFilter<'_>,
) -> Result<BTreeMap<UserId, WalletSums>, WalletError> {
    let mut all: BTreeMap<UserId, WalletSums> = BTreeMap::new();
    for account in posting_sums::list_account_sums(c, owners).await? {
        let sums = all.entry(account.owner).or_default();
        sums.balances.insert(account.account, account.sum.unwrap_or_default());
        sums.earned = sums.earned.add(account.earned.unwrap_or_default())?;
        sums.visible_lines = sums.visible_lines.saturating_add(account.visible_lines);
    }
    for (owner, due) in posting_sums::list_refund_dues(c, owners).await? {
        let sums = all.entry(owner).or_default();
        sums.earned = sums.earned.sub(due.unwrap_or_default())?;
    }
    // A completed payout may post nothing to the member's accounts, so the outcomes of captured payouts are looked up.
    let outcomes: Vec<EntryKind> = EntryKind::ALL.iter().copied().filter(|kind| kind.withdrawn_sign() != 0).collect();
    let mut payout_entries = BTreeMap::new();
    for (owner, payout) in posting_sums::list_captured_payouts(c, owners).await? {
        for kind in outcomes.iter().copied() {
            payout_entries.insert(ids::entry(EntryKey::new(kind, payout.uuid())), (owner, kind));
        }
    }
    if payout_entries.is_empty() {
        return Ok(all);
    }
    let entry_ids: Vec<_> = payout_entries.keys().copied().collect();
    for (id, _, amount, _) in entries::find_posted(c, &entry_ids).await? {
        let Some((owner, kind)) = payout_entries.get(&id) else { continue };
        let sums = all.entry(*owner).or_default();
        let part = amount.times(kind.withdrawn_sign())?;
        sums.withdrawn = sums.withdrawn.add(part)?;
    }
    Ok(all)
}

fn balances(wallet: &WalletBalances) -> Result<[(Account, Money); 5], WalletError> {
    let due = wallet.clawback_due.neg()?;
    Ok([
        (Account::Available, wallet.available),
        (Account::Held, wallet.held),
        (Account::EmiReserve, wallet.emi_reserve),
        (Account::Reserve, wallet.reserve),
        (Account::ClawbackDue, due),
    ])
}

fn differs<T: Display + PartialEq>(owner: UserId, field: &str, expected: T, found: T) -> Option<Fault> {
    (expected != found).then(|| fault(owner, field, expected, found))
}

fn fault(owner: UserId, field: &str, expected: impl Display, found: impl Display) -> Fault {
    let (expected, found) = (expected.to_string(), found.to_string());
    Fault { kind: "balance_differs", subject: format!("member:{owner}:{field}"), expected, found }
}
