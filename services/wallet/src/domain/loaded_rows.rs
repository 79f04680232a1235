//! Rows of the ledger that one transaction has loaded, on which the rules decide.

use super::decision::EntryOutcome;
use super::emi_reserve::EmiReserve;
use super::hold::Hold;
use super::{Command, EntryKey, LedgerError, WaitKey, WalletBalances};
use domain::{PaymentId, PayoutId, ReserveId, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Rows to load before commands can be applied.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unloaded {
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
    /// Lists the rows that `commands` need and that are not loaded yet.
    pub fn unloaded<'a>(&self, commands: impl Iterator<Item = &'a Command>) -> Unloaded {
        let mut unloaded = Unloaded::default();
        for command in commands {
            unloaded.wallets.insert(command.member());
            unloaded.entries.insert(command.key());
            unloaded.entries.extend(command.depends_on());
            unloaded.holds.extend(command.payout());
            unloaded.reserves.extend(command.reserve());
            unloaded.single_bonuses.extend(command.referred());
            unloaded.plans.extend(command.plan_version());
        }
        unloaded.wallets.retain(|id| !self.wallets.contains_key(id));
        unloaded.entries.retain(|key| !self.outcomes.contains_key(key));
        unloaded.holds.retain(|id| !self.holds.contains_key(id));
        unloaded.reserves.retain(|id| !self.reserves.contains_key(id));
        unloaded.single_bonuses.retain(|id| !self.single_bonuses.contains_key(id));
        unloaded.plans.retain(|version| !self.plans.contains_key(version));
        unloaded
    }

    /// The balances of `member`. Like the lookups below, errors with `NotLoaded` when the row was not loaded.
    pub fn wallet(&self, member: UserId) -> Result<&WalletBalances, LedgerError> {
        self.wallets.get(&member).ok_or_else(|| LedgerError::NotLoaded(format!("wallet:{member}")))
    }
    /// The outcome of a cause; `None` when it is not decided yet.
    pub fn outcome(&self, key: EntryKey) -> Result<Option<EntryOutcome>, LedgerError> {
        self.outcomes.get(&key).copied().ok_or_else(|| LedgerError::NotLoaded(key.to_string()))
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
