//! Rows of the ledger that one transaction has loaded, on which the rules decide.

use super::LedgerError;
use super::decision::{EntryOutcome, NotPosted, WaitKey};
use super::emi_reserve::EmiReserve;
use super::entry::EntryKey;
use super::hold::Hold;
use super::wallet::WalletBalances;
use domain::{PaymentId, PayoutId, ReserveId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Keys of the rows that commands read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RowKeys {
    pub wallets: BTreeSet<UserId>,
    pub entries: BTreeSet<EntryKey>,
    pub holds: BTreeSet<PayoutId>,
    pub reserves: BTreeSet<ReserveId>,
    pub single_bonuses: BTreeSet<UserId>,
    pub plans: BTreeSet<u32>,
}

/// The rows that were looked up, whether they were found or not.
#[derive(Debug, Default)]
pub struct LoadedRows {
    pub wallets: BTreeMap<UserId, WalletBalances>,
    /// `None` for a cause that was looked up and is not decided yet.
    pub outcomes: BTreeMap<EntryKey, Option<EntryOutcome>>,
    pub holds: BTreeMap<PayoutId, Option<Hold>>,
    pub reserves: BTreeMap<ReserveId, Option<EmiReserve>>,
    pub single_bonuses: BTreeMap<UserId, Option<PaymentId>>,
    /// Plan versions that were looked up, with `true` for a version that is stored here.
    pub plans: BTreeMap<u32, bool>,
}

impl LoadedRows {
    /// Those of `keys` whose rows are not loaded yet.
    pub fn unloaded(&self, mut keys: RowKeys) -> RowKeys {
        keys.wallets.retain(|id| !self.wallets.contains_key(id));
        keys.entries.retain(|key| !self.outcomes.contains_key(key));
        keys.holds.retain(|id| !self.holds.contains_key(id));
        keys.reserves.retain(|id| !self.reserves.contains_key(id));
        keys.single_bonuses.retain(|id| !self.single_bonuses.contains_key(id));
        keys.plans.retain(|version| !self.plans.contains_key(version));
        keys
    }

    /// The balances of `member`. Like the lookups below, errors with `NotLoaded` when the row was not loaded.
    pub fn wallet(&self, member: UserId) -> Result<&WalletBalances, LedgerError> {
        self.wallets.get(&member).ok_or_else(|| LedgerError::NotLoaded(format!("wallet:{member}")))
    }
    /// The outcome of a cause; `None` when it is not decided yet.
    pub fn outcome(&self, key: EntryKey) -> Result<Option<EntryOutcome>, LedgerError> {
        self.outcomes.get(&key).copied().ok_or_else(|| LedgerError::NotLoaded(key.to_string()))
    }
    /// The outcome of a cause. Waits while it is not decided.
    pub fn require_outcome(&self, key: EntryKey) -> Result<EntryOutcome, NotPosted> {
        self.outcome(key)?.ok_or(NotPosted::Waiting(WaitKey::Entry(key)))
    }
    /// The hold of a payout; `None` when there is none.
    pub fn hold(&self, id: PayoutId) -> Result<Option<&Hold>, LedgerError> {
        self.holds.get(&id).map(Option::as_ref).ok_or_else(|| LedgerError::NotLoaded(format!("hold:{id}")))
    }
    /// An EMI reserve; `None` when there is none.
    pub fn reserve(&self, id: ReserveId) -> Result<Option<&EmiReserve>, LedgerError> {
        self.reserves.get(&id).map(Option::as_ref).ok_or_else(|| LedgerError::NotLoaded(format!("reserve:{id}")))
    }
    /// Whether a plan version is stored here.
    pub fn has_plan_version(&self, version: u32) -> Result<bool, LedgerError> {
        self.plans.get(&version).copied().ok_or_else(|| LedgerError::NotLoaded(format!("plan:{version}")))
    }
    /// The payment that holds the single bonus for a referred member; `None` when no payment does.
    pub fn single_bonus(&self, referred: UserId) -> Result<Option<PaymentId>, LedgerError> {
        let found = self.single_bonuses.get(&referred).copied();
        found.ok_or_else(|| LedgerError::NotLoaded(format!("single_bonus:{referred}")))
    }

    /// Whether the condition `key` holds.
    pub fn is_satisfied(&self, key: WaitKey) -> bool {
        match key {
            WaitKey::Entry(key) => matches!(self.outcomes.get(&key), Some(Some(_))),
            WaitKey::EmiReserve(id) => matches!(self.reserves.get(&id), Some(Some(_))),
            WaitKey::SingleBonus(member) => matches!(self.single_bonuses.get(&member), Some(None)),
            WaitKey::Plan(version) => matches!(self.plans.get(&version), Some(true)),
        }
    }
}
