//! Changes that the commands of one transaction make to the rows that it has loaded.
//!
//! The caller loads what [`LedgerSession::unloaded`] names, applies commands, and saves [`LedgerSession::into_changes`].
//! Commands may come in any order, and each takes effect once: its key is looked up before anything is decided.

use super::LedgerError;
use super::command::Command;
use super::decision::{
    Effects, EntryOutcome, LedgerEvent, NotPosted, Rejection, RejectionReason, SingleBonus, WaitKey,
};
use super::emi_reserve::EmiReserve;
use super::entries::Cause;
use super::entry::{EntryKey, JournalEntry};
use super::hold::Hold;
use super::loaded_rows::{LoadedRows, RowKeys};
use super::wallet::{PostedLine, WalletBalances};
use domain::{EventId, PayoutId, ReserveId, Timestamp, UserId};
use std::collections::BTreeSet;

/// The event or the administrator behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CommandOrigin {
    pub event: Option<EventId>,
    pub actor: Option<UserId>,
}

/// The result of applying a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandOutcome {
    Posted,
    Rejected(RejectionReason),
    /// The cause was decided before; nothing changed.
    AlreadyDecided,
    /// Nothing to post and nothing to store.
    Nothing,
    Waiting(WaitKey),
}

/// An entry to store, with the balances after each of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedEntry {
    pub entry: JournalEntry,
    pub lines: Vec<PostedLine>,
    pub command: Command,
    pub origin: CommandOrigin,
    pub posted_at: Timestamp,
}

/// A rejection to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedCommand {
    pub key: EntryKey,
    pub rejection: Rejection,
    pub command: Command,
    pub posted_at: Timestamp,
}

/// All rows to save and events to publish at the end of a transaction.
#[derive(Debug, Default)]
pub struct Changes {
    pub posted: Vec<PostedEntry>,
    pub rejections: Vec<RejectedCommand>,
    pub wallets: Vec<WalletBalances>,
    pub holds: Vec<Hold>,
    pub reserves: Vec<EmiReserve>,
    pub single_bonuses: Vec<SingleBonus>,
    /// Each with its member and the time of its cause.
    pub events: Vec<(UserId, Timestamp, LedgerEvent)>,
}

/// The rows that one transaction has loaded, and the changes made to them so far.
#[derive(Debug, Default)]
pub struct LedgerSession {
    /// The rows in their last state.
    pub rows: LoadedRows,
    changed_wallets: BTreeSet<UserId>,
    changed_holds: BTreeSet<PayoutId>,
    changed_reserves: BTreeSet<ReserveId>,
    changed_single_bonuses: BTreeSet<UserId>,
    published_plans: BTreeSet<u32>,
    changes: Changes,
}

impl LedgerSession {
    /// The rows that `commands` read and that are not loaded yet.
    pub fn unloaded<'a>(&self, commands: impl Iterator<Item = &'a Command>) -> RowKeys {
        let mut keys = RowKeys::default();
        commands.for_each(|command| command.add_reads(&mut keys));
        self.rows.unloaded(keys)
    }

    /// Applies one command at `now`. Errors leave the session unchanged: `NotLoaded` when a row that the command needs
    /// was not loaded, otherwise a command that no correct sender makes.
    pub fn apply(
        &mut self,
        command: &Command,
        origin: CommandOrigin,
        now: Timestamp,
    ) -> Result<CommandOutcome, LedgerError> {
        let key = command.key();
        if self.rows.outcome(key)?.is_some() {
            return Ok(CommandOutcome::AlreadyDecided);
        }
        if let Some(version) = command.plan_version()
            && !self.rows.has_plan_version(version)?
        {
            return Ok(CommandOutcome::Waiting(WaitKey::Plan(version)));
        }
        match command.decide(&self.rows) {
            Ok(effects) => {
                self.post(command, effects, origin, now)?;
                Ok(CommandOutcome::Posted)
            }
            Err(NotPosted::Rejected(rejection)) => {
                let reason = rejection.reason;
                let posted_at = self.posting_time(command.cause().member, now)?;
                self.record_answer(command, Some(reason));
                self.rows.outcomes.insert(key, Some(EntryOutcome::Rejected));
                self.changes.rejections.push(RejectedCommand { key, rejection, command: command.clone(), posted_at });
                Ok(CommandOutcome::Rejected(reason))
            }
            Err(NotPosted::Waiting(key)) => Ok(CommandOutcome::Waiting(key)),
            Err(NotPosted::Nothing) => Ok(CommandOutcome::Nothing),
            Err(NotPosted::Invalid(error)) => Err(error),
        }
    }

    fn post(
        &mut self,
        command: &Command,
        effects: Effects,
        origin: CommandOrigin,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let Effects { entry, hold, reserve, single_bonus } = effects;
        let header = entry.header().clone();
        let posted_at = self.posting_time(header.member, now)?;
        let (mut wallet, lines) = self.rows.wallet(header.member)?.apply(&entry)?;
        wallet.changed_at = posted_at;
        // The version grows once a transaction, which publishes one `WalletChanged` with all its lines.
        if self.changed_wallets.insert(header.member) {
            wallet.version += 1;
        }
        self.rows.wallets.insert(header.member, wallet);
        let outcome =
            EntryOutcome::Posted { member: header.member, amount: header.amount, plan_version: header.plan_version };
        self.rows.outcomes.insert(header.key, Some(outcome));
        if let Some(hold) = hold {
            self.changed_holds.insert(hold.payout_id);
            self.rows.holds.insert(hold.payout_id, Some(hold));
        }
        if let Some(reserve) = reserve {
            if reserve.is_new() {
                self.changes.events.push((header.member, header.at, LedgerEvent::EmiReserved(reserve.clone())));
            }
            self.changed_reserves.insert(reserve.reserve_id);
            self.rows.reserves.insert(reserve.reserve_id, Some(reserve));
        }
        if let Some(bonus) = single_bonus {
            self.changed_single_bonuses.insert(bonus.referred);
            self.rows.single_bonuses.insert(bonus.referred, bonus.payment_id);
        }
        self.record_answer(command, None);
        self.changes.posted.push(PostedEntry { entry, lines, command: command.clone(), origin, posted_at });
        Ok(())
    }

    /// Records the event that answers the command, if it is a request.
    fn record_answer(&mut self, command: &Command, rejection: Option<RejectionReason>) {
        let Cause { member, at, .. } = command.cause();
        self.changes.events.extend(command.answer(rejection).map(|event| (member, at, event)));
    }

    /// The posting time, never earlier than the wallet's last: a past balance is then found by index.
    fn posting_time(&self, member: UserId, now: Timestamp) -> Result<Timestamp, LedgerError> {
        Ok(now.max(self.rows.wallet(member)?.changed_at))
    }

    /// Adds a plan version that was just published.
    pub fn add_plan_version(&mut self, version: u32) {
        self.rows.plans.insert(version, true);
        self.published_plans.insert(version);
    }

    /// The conditions that this session has satisfied so far: causes decided, reserves created, single bonuses reversed
    /// and plan versions published. Stored events may be waiting for them.
    pub fn satisfied_keys(&self) -> BTreeSet<WaitKey> {
        let posted = self.changes.posted.iter().map(|p| WaitKey::Entry(p.entry.header().key));
        let rejected = self.changes.rejections.iter().map(|r| WaitKey::Entry(r.key));
        let reserves = self.changed_reserves.iter().map(|id| WaitKey::EmiReserve(*id));
        let reversed = self
            .changed_single_bonuses
            .iter()
            .map(|id| WaitKey::SingleBonus(*id))
            .filter(|key| self.rows.is_satisfied(*key));
        let plans = self.published_plans.iter().map(|version| WaitKey::Plan(*version));
        posted.chain(rejected).chain(reserves).chain(reversed).chain(plans).collect()
    }

    /// The changes of this session, each row in its last state.
    pub fn into_changes(self) -> Changes {
        let wallets = self.changed_wallets.iter().filter_map(|id| self.rows.wallets.get(id).cloned()).collect();
        let holds = self.changed_holds.iter().filter_map(|id| self.rows.holds.get(id).cloned().flatten()).collect();
        let reserves =
            self.changed_reserves.iter().filter_map(|id| self.rows.reserves.get(id).cloned().flatten()).collect();
        let single_bonus =
            |id: &UserId| Some(SingleBonus { referred: *id, payment_id: *self.rows.single_bonuses.get(id)? });
        let single_bonuses = self.changed_single_bonuses.iter().filter_map(single_bonus).collect();
        Changes { wallets, holds, reserves, single_bonuses, ..self.changes }
    }
}
