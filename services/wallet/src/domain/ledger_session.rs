//! The rows of the ledger that one transaction has loaded, and the changes that commands make to them.
//!
//! The caller loads what [`LedgerSession::unloaded`] names, applies commands, and saves
//! [`LedgerSession::into_changes`]. Commands may come in any order, and each takes effect once: its key is looked up
//! before anything is decided.

use super::decision::{Decision, Effects, EntryOutcome, Rejection, RejectionReason, SingleBonus, WaitKey};
use super::emi_reserve::EmiReserve;
use super::payout::Hold;
use super::{
    Command, EntryKey, JournalEntry, LedgerError, PostedLine, WalletBalances, booking_transfer, earning, emi_reserve,
    manual, payout, reversal,
};
use domain::{BookingId, EventId, Money, PaymentId, PayoutId, ReserveId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// A change to publish to other services, besides `WalletChanged`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerEvent {
    /// Answers a payout request. `rejection` is `None` when the hold was placed.
    HoldDecided { payout_id: PayoutId, amount: Money, rejection: Option<RejectionReason> },
    /// Answers a payment from the wallet. `rejection` is `None` when the payment was posted.
    WalletPaymentDecided {
        payment_id: PaymentId,
        booking_id: BookingId,
        amount: Money,
        rejection: Option<RejectionReason>,
    },
    /// An amount was set aside for EMI.
    EmiReserved(EmiReserve),
}

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

/// The rows that one transaction has loaded, and the changes made to them so far.
#[derive(Debug, Default)]
pub struct LedgerSession {
    pub wallets: BTreeMap<UserId, WalletBalances>,
    /// `None` for a cause that was looked up and is not decided yet.
    pub outcomes: BTreeMap<EntryKey, Option<EntryOutcome>>,
    pub holds: BTreeMap<PayoutId, Option<Hold>>,
    pub reserves: BTreeMap<ReserveId, Option<EmiReserve>>,
    pub single_bonuses: BTreeMap<UserId, Option<PaymentId>>,
    /// Plan versions that were looked up, with `true` for a version that is stored here.
    pub plans: BTreeMap<u32, bool>,
    changed_wallets: BTreeSet<UserId>,
    changed_holds: BTreeSet<PayoutId>,
    changed_reserves: BTreeSet<ReserveId>,
    changed_single_bonuses: BTreeSet<UserId>,
    published_plans: BTreeSet<u32>,
    changes: Changes,
}

impl LedgerSession {
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

    /// Applies one command at `now`. Errors leave the session unchanged: `NotLoaded` when a row that the command needs
    /// was not loaded, otherwise a command that no correct sender makes.
    pub fn apply(
        &mut self,
        command: &Command,
        origin: CommandOrigin,
        now: Timestamp,
    ) -> Result<CommandOutcome, LedgerError> {
        let key = command.key();
        if self.outcome(key)?.is_some() {
            return Ok(CommandOutcome::AlreadyDecided);
        }
        if let Some(version) = command.plan_version()
            && !self.has_plan_version(version)?
        {
            return Ok(CommandOutcome::Waiting(WaitKey::Plan(version)));
        }
        match self.decide(command)? {
            Decision::Nothing => Ok(CommandOutcome::Nothing),
            Decision::Wait(key) => Ok(CommandOutcome::Waiting(key)),
            Decision::Reject(rejection) => {
                let reason = rejection.reason;
                let posted_at = self.posting_time(command.member(), now)?;
                self.record_answer(command, Some(reason));
                self.outcomes.insert(key, Some(EntryOutcome::Rejected));
                self.changes.rejections.push(RejectedCommand { key, rejection, command: command.clone(), posted_at });
                Ok(CommandOutcome::Rejected(reason))
            }
            Decision::Post(effects) => {
                self.post(command, *effects, origin, now)?;
                Ok(CommandOutcome::Posted)
            }
        }
    }

    fn decide(&self, command: &Command) -> Result<Decision, LedgerError> {
        match command {
            Command::ReferralBonus(c) => earning::decide_bonus(c, self),
            Command::Pair(c) => earning::decide_pair(c, self),
            Command::BonusReversal(c) => reversal::decide_bonus_reversal(c, self),
            Command::PairVoid(c) => reversal::decide_pair_void(c, self),
            Command::Refund(c) => booking_transfer::decide_refund(c),
            Command::PaymentReturn(c) => booking_transfer::decide_return(c),
            Command::RefundClawback(c) => reversal::decide_refund_clawback(c, self),
            Command::BookingPayment(c) => booking_transfer::decide_payment(c, self),
            Command::Hold(c) => payout::decide_hold(c, self),
            Command::Capture(c) => payout::decide_capture(c, self),
            Command::Release(c) => payout::decide_release(c, self),
            Command::Complete(c) => payout::decide_completion(c, self),
            Command::Fail(c) => payout::decide_failure(c, self),
            Command::ReversePayout(c) => payout::decide_reversal(c, self),
            Command::ApplyReserve(c) => emi_reserve::decide_application(c, self),
            Command::ReleaseReserve(c) => emi_reserve::decide_release(c, self),
            Command::Deposit(c) => manual::decide_deposit(c),
            Command::ReserveRelease(c) => manual::decide_reserve_release(c, self),
            Command::Adjust(c) => manual::decide_adjustment(c, self),
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
        let (mut wallet, lines) = self.wallet(header.member)?.apply(&entry)?;
        wallet.changed_at = posted_at;
        // The version grows once a transaction, which publishes one `WalletChanged` with all its lines.
        if self.changed_wallets.insert(header.member) {
            wallet.version += 1;
        }
        self.wallets.insert(header.member, wallet);
        let outcome =
            EntryOutcome::Posted { member: header.member, amount: header.amount, plan_version: header.plan_version };
        self.outcomes.insert(header.key, Some(outcome));
        if let Some(hold) = hold {
            self.changed_holds.insert(hold.payout_id);
            self.holds.insert(hold.payout_id, Some(hold));
        }
        if let Some(reserve) = reserve {
            if reserve.is_new() {
                self.changes.events.push((header.member, header.at, LedgerEvent::EmiReserved(reserve.clone())));
            }
            self.changed_reserves.insert(reserve.reserve_id);
            self.reserves.insert(reserve.reserve_id, Some(reserve));
        }
        if let Some(bonus) = single_bonus {
            self.changed_single_bonuses.insert(bonus.referred);
            self.single_bonuses.insert(bonus.referred, bonus.payment_id);
        }
        self.record_answer(command, None);
        self.changes.posted.push(PostedEntry { entry, lines, command: command.clone(), origin, posted_at });
        Ok(())
    }

    /// Records the event that answers a payout request or a payment from the wallet; other commands get no answer.
    fn record_answer(&mut self, command: &Command, rejection: Option<RejectionReason>) {
        if let Command::Hold(c) = command {
            let event = LedgerEvent::HoldDecided { payout_id: c.payout_id, amount: c.amount, rejection };
            self.changes.events.push((c.user_id, c.at, event));
        }
        if let Command::BookingPayment(c) = command {
            let (payment_id, booking_id) = (c.payment_id, c.booking_id);
            let event = LedgerEvent::WalletPaymentDecided { payment_id, booking_id, amount: c.amount, rejection };
            self.changes.events.push((c.user_id, c.at, event));
        }
    }

    /// The posting time, never earlier than the wallet's last: a past balance is then found by index.
    fn posting_time(&self, member: UserId, now: Timestamp) -> Result<Timestamp, LedgerError> {
        Ok(now.max(self.wallet(member)?.changed_at))
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

    /// Whether the condition `key` holds in this session.
    pub fn is_satisfied(&self, key: WaitKey) -> bool {
        match key {
            WaitKey::Entry(key) => matches!(self.outcomes.get(&key), Some(Some(_))),
            WaitKey::EmiReserve(id) => matches!(self.reserves.get(&id), Some(Some(_))),
            WaitKey::SingleBonus(member) => matches!(self.single_bonuses.get(&member), Some(None)),
            WaitKey::Plan(version) => matches!(self.plans.get(&version), Some(true)),
        }
    }

    /// Adds a plan version that was just published.
    pub fn add_plan_version(&mut self, version: u32) {
        self.plans.insert(version, true);
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
            .filter(|key| self.is_satisfied(*key));
        let plans = self.published_plans.iter().map(|version| WaitKey::Plan(*version));
        posted.chain(rejected).chain(reserves).chain(reversed).chain(plans).collect()
    }

    /// The changes of this session, each row in its last state.
    pub fn into_changes(self) -> Changes {
        let wallets = self.changed_wallets.iter().filter_map(|id| self.wallets.get(id).cloned()).collect();
        let holds = self.changed_holds.iter().filter_map(|id| self.holds.get(id).cloned().flatten()).collect();
        let reserves = self.changed_reserves.iter().filter_map(|id| self.reserves.get(id).cloned().flatten()).collect();
        let single_bonus = |id: &UserId| Some(SingleBonus { referred: *id, payment_id: *self.single_bonuses.get(id)? });
        let single_bonuses = self.changed_single_bonuses.iter().filter_map(single_bonus).collect();
        Changes { wallets, holds, reserves, single_bonuses, ..self.changes }
    }
}
