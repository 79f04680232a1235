//! The part of the books one transaction has loaded, and how a command changes it.
//!
//! The shell loads what [`Books::missing`] names, runs commands, and saves [`Books::take_changes`]. Whatever
//! order commands come in, each takes effect once: its key is looked up before anything is decided.

use super::payout::Hold;
use super::reserve::Reserve;
use super::{
    Command, Entry, EntryKey, LedgerError, RecordedLine, Wallet, earning, manual, payout, receipt, reserve, reversal,
};
use domain::{BookingId, EventId, Money, PaymentId, PayoutId, ReserveId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use uuid::Uuid;

/// What became of a cause that was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Posted { member: UserId, amount: Money, plan_version: Option<u32> },
    Forfeited,
}

domain::text_enum! {
    /// Why a cause moved no money.
    pub enum ForfeitReason {
        /// The plan's rule gives nothing for it.
        NothingByPlan = "nothing_by_plan",
        /// The payment was made from the wallet or the EMI reserve.
        NotNewMoney = "not_new_money",
        NotFirstBooking = "not_first_booking",
        /// Over the limit of pairs, under a plan that flushes.
        Flushed = "flushed",
        /// One of the earner's first pairs, under a plan that pays nothing for them.
        UnpaidPair = "unpaid_pair",
        InsufficientFunds = "insufficient_funds",
        InsufficientReserve = "insufficient_reserve",
        ClawbackDue = "clawback_due",
    }
}

impl ForfeitReason {
    /// As the member reads it.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::NothingByPlan => "The plan gives nothing for this",
            Self::NotNewMoney => "Payments from a wallet or an EMI reserve earn no bonus",
            Self::NotFirstBooking => "Only a member's first booking earns a bonus",
            Self::Flushed => "Over the limit of pairs for the period",
            Self::UnpaidPair => "The plan pays nothing for this pair",
            Self::InsufficientFunds => "The available balance was too small",
            Self::InsufficientReserve => "The reserve was too small",
            Self::ClawbackDue => "Something is still to be recovered for earlier reversals",
        }
    }
}

/// An entitlement or request that moved nothing, kept with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forfeit {
    pub amount: Money,
    pub reason: ForfeitReason,
}

/// What others have to hear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    HoldDecided { payout_id: PayoutId, amount: Money, refused: Option<ForfeitReason> },
    PaymentDecided { payment_id: PaymentId, booking_id: BookingId, amount: Money, refused: Option<ForfeitReason> },
    Reserved(Reserve),
}

/// What something waits for that cannot take effect yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitKey {
    Entry(EntryKey),
    Reserve(ReserveId),
    /// That the one bonus for this referred member is free again.
    SingleBonus(UserId),
    /// A version of the plan that decided, elsewhere, and has not been heard of here.
    Plan(u32),
}
impl fmt::Display for WaitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(key) => key.fmt(f),
            Self::Reserve(id) => write!(f, "reserve:{id}"),
            Self::SingleBonus(member) => write!(f, "single_bonus:{member}"),
            Self::Plan(version) => write!(f, "plan:{version}"),
        }
    }
}

/// Where a command comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    pub event: Option<EventId>,
    pub actor: Option<UserId>,
}

/// A decision before it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Post(Box<Effects>),
    Forfeit(Forfeit),
    Wait(WaitKey),
    /// There is nothing to do, and nothing to remember.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effects {
    pub entry: Entry,
    pub hold: Option<Hold>,
    pub reserve: Option<Reserve>,
    pub single: Option<SingleBonus>,
}
impl From<Entry> for Effects {
    fn from(entry: Entry) -> Self {
        Self { entry, hold: None, reserve: None, single: None }
    }
}
impl From<Effects> for Decision {
    fn from(effects: Effects) -> Self {
        Self::Post(Box::new(effects))
    }
}

/// The one bonus a referred member may earn their referrer: taken by a payment, or free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SingleBonus {
    pub referred: UserId,
    pub taken_by: Option<PaymentId>,
}

/// What running a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Posted,
    Forfeited(ForfeitReason),
    /// Decided before: nothing changed.
    Already,
    Nothing,
    Waits(WaitKey),
}

/// An entry as it is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub entry: Entry,
    pub lines: Vec<RecordedLine>,
    pub command: Command,
    pub origin: Origin,
    pub posted_at: Timestamp,
}

/// A forfeit as it is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForfeitRecord {
    pub key: EntryKey,
    pub forfeit: Forfeit,
    pub command: Command,
    pub posted_at: Timestamp,
}

/// Everything that has to be saved.
#[derive(Debug, Default)]
pub struct Changes {
    pub records: Vec<Record>,
    pub forfeits: Vec<ForfeitRecord>,
    pub wallets: Vec<Wallet>,
    pub holds: Vec<Hold>,
    pub reserves: Vec<Reserve>,
    pub singles: Vec<SingleBonus>,
    /// With whose they are and when they came about.
    pub notices: Vec<(UserId, Timestamp, Notice)>,
}

/// What has to be loaded before commands can run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Missing {
    pub wallets: BTreeSet<UserId>,
    pub entries: BTreeSet<EntryKey>,
    pub holds: BTreeSet<PayoutId>,
    pub reserves: BTreeSet<ReserveId>,
    pub singles: BTreeSet<UserId>,
    pub plans: BTreeSet<u32>,
}

#[derive(Debug, Default)]
pub struct Books {
    pub wallets: BTreeMap<UserId, Wallet>,
    /// `None` where it is known that the cause was not decided yet.
    pub settled: BTreeMap<EntryKey, Option<Settled>>,
    pub holds: BTreeMap<PayoutId, Option<Hold>>,
    pub reserves: BTreeMap<ReserveId, Option<Reserve>>,
    pub singles: BTreeMap<UserId, Option<PaymentId>>,
    /// Versions of the plan, and whether they are known.
    pub plans: BTreeMap<u32, bool>,
    changed: BTreeSet<UserId>,
    changed_holds: BTreeSet<PayoutId>,
    changed_reserves: BTreeSet<ReserveId>,
    changed_singles: BTreeSet<UserId>,
    published: BTreeSet<u32>,
    changes: Changes,
}

impl Books {
    /// What `commands` need that is not here yet.
    pub fn missing<'a>(&self, commands: impl Iterator<Item = &'a Command>) -> Missing {
        let mut missing = Missing::default();
        for command in commands {
            missing.wallets.insert(command.member());
            missing.entries.insert(command.key());
            missing.entries.extend(command.depends_on());
            missing.holds.extend(command.payout());
            missing.reserves.extend(command.reserve());
            missing.singles.extend(command.referred());
            missing.plans.extend(command.plan_version());
        }
        missing.wallets.retain(|id| !self.wallets.contains_key(id));
        missing.entries.retain(|key| !self.settled.contains_key(key));
        missing.holds.retain(|id| !self.holds.contains_key(id));
        missing.reserves.retain(|id| !self.reserves.contains_key(id));
        missing.singles.retain(|id| !self.singles.contains_key(id));
        missing.plans.retain(|version| !self.plans.contains_key(version));
        missing
    }

    /// Runs one command at `now`. An error leaves the books as they were.
    pub fn run(&mut self, command: &Command, origin: Origin, now: Timestamp) -> Result<Outcome, LedgerError> {
        let key = command.key();
        if self.settled(key)?.is_some() {
            return Ok(Outcome::Already);
        }
        if let Some(version) = command.plan_version()
            && !self.knows_plan(version)?
        {
            return Ok(Outcome::Waits(WaitKey::Plan(version)));
        }
        match self.decide(command)? {
            Decision::Nothing => Ok(Outcome::Nothing),
            Decision::Wait(key) => Ok(Outcome::Waits(key)),
            Decision::Forfeit(forfeit) => {
                let reason = forfeit.reason;
                let posted_at = self.time_for(command.member(), now)?;
                self.tell(command, Some(reason));
                self.settled.insert(key, Some(Settled::Forfeited));
                self.changes.forfeits.push(ForfeitRecord { key, forfeit, command: command.clone(), posted_at });
                Ok(Outcome::Forfeited(reason))
            }
            Decision::Post(effects) => {
                self.post(command, *effects, origin, now)?;
                Ok(Outcome::Posted)
            }
        }
    }

    fn decide(&self, command: &Command) -> Result<Decision, LedgerError> {
        match command {
            Command::Bonus(c) => earning::bonus(c, self),
            Command::Pair(c) => earning::pair(c, self),
            Command::BonusReversal(c) => reversal::bonus(c, self),
            Command::PairVoid(c) => reversal::pair(c, self),
            Command::Refund(c) => receipt::refund(c),
            Command::Return(c) => receipt::returned(c),
            Command::RefundClawback(c) => reversal::refund(c, self),
            Command::BookingPayment(c) => receipt::booking_payment(c, self),
            Command::Hold(c) => payout::hold(c, self),
            Command::Capture(c) => payout::capture(c, self),
            Command::Release(c) => payout::release(c, self),
            Command::Complete(c) => payout::complete(c, self),
            Command::Fail(c) => payout::fail(c, self),
            Command::ReversePayout(c) => payout::reverse(c, self),
            Command::ApplyReserve(c) => reserve::apply(c, self),
            Command::ReleaseReserve(c) => reserve::release(c, self),
            Command::Deposit(c) => manual::deposit(c),
            Command::ReserveRelease(c) => manual::release_reserve(c, self),
            Command::Adjust(c) => manual::adjust(c, self),
        }
    }

    fn post(&mut self, command: &Command, effects: Effects, origin: Origin, now: Timestamp) -> Result<(), LedgerError> {
        let Effects { entry, hold, reserve, single } = effects;
        let header = entry.header().clone();
        let posted_at = self.time_for(header.member, now)?;
        let (mut wallet, lines) = self.wallet(header.member)?.after(&entry)?;
        wallet.changed_at = posted_at;
        // One version a transaction: the change is told once, with all its lines.
        if self.changed.insert(header.member) {
            wallet.version += 1;
        }
        self.wallets.insert(header.member, wallet);
        let settled =
            Settled::Posted { member: header.member, amount: header.amount, plan_version: header.plan_version };
        self.settled.insert(header.key, Some(settled));
        if let Some(hold) = hold {
            self.changed_holds.insert(hold.payout_id);
            self.holds.insert(hold.payout_id, Some(hold));
        }
        if let Some(reserve) = reserve {
            if reserve.is_new() {
                self.changes.notices.push((header.member, header.at, Notice::Reserved(reserve.clone())));
            }
            self.changed_reserves.insert(reserve.reserve_id);
            self.reserves.insert(reserve.reserve_id, Some(reserve));
        }
        if let Some(single) = single {
            self.changed_singles.insert(single.referred);
            self.singles.insert(single.referred, single.taken_by);
        }
        self.tell(command, None);
        self.changes.records.push(Record { entry, lines, command: command.clone(), origin, posted_at });
        Ok(())
    }

    /// Answers those who asked: a hold or a payment was made, or refused.
    fn tell(&mut self, command: &Command, refused: Option<ForfeitReason>) {
        if let Command::Hold(c) = command {
            let notice = Notice::HoldDecided { payout_id: c.payout_id, amount: c.amount, refused };
            self.changes.notices.push((c.user_id, c.at, notice));
        }
        if let Command::BookingPayment(c) = command {
            let (payment_id, booking_id) = (c.payment_id, c.booking_id);
            let notice = Notice::PaymentDecided { payment_id, booking_id, amount: c.amount, refused };
            self.changes.notices.push((c.user_id, c.at, notice));
        }
    }

    /// Time never runs backwards within a wallet, so that a balance at a past time is found by index.
    fn time_for(&self, member: UserId, now: Timestamp) -> Result<Timestamp, LedgerError> {
        Ok(now.max(self.wallet(member)?.changed_at))
    }

    pub fn wallet(&self, member: UserId) -> Result<&Wallet, LedgerError> {
        self.wallets.get(&member).ok_or_else(|| LedgerError::NotLoaded(format!("wallet:{member}")))
    }
    pub fn settled(&self, key: EntryKey) -> Result<Option<Settled>, LedgerError> {
        self.settled.get(&key).copied().ok_or_else(|| LedgerError::NotLoaded(key.to_string()))
    }
    pub fn hold(&self, id: PayoutId) -> Result<Option<&Hold>, LedgerError> {
        self.holds.get(&id).map(Option::as_ref).ok_or_else(|| LedgerError::NotLoaded(format!("hold:{id}")))
    }
    pub fn reserve(&self, id: ReserveId) -> Result<Option<&Reserve>, LedgerError> {
        self.reserves.get(&id).map(Option::as_ref).ok_or_else(|| LedgerError::NotLoaded(format!("reserve:{id}")))
    }
    pub fn knows_plan(&self, version: u32) -> Result<bool, LedgerError> {
        self.plans.get(&version).copied().ok_or_else(|| LedgerError::NotLoaded(format!("plan:{version}")))
    }
    pub fn single(&self, referred: UserId) -> Result<Option<PaymentId>, LedgerError> {
        let known = self.singles.get(&referred).copied();
        known.ok_or_else(|| LedgerError::NotLoaded(format!("single_bonus:{referred}")))
    }

    /// Whether what `key` waits for has come about in these books.
    pub fn has_come(&self, key: WaitKey) -> bool {
        match key {
            WaitKey::Entry(key) => matches!(self.settled.get(&key), Some(Some(_))),
            WaitKey::Reserve(id) => matches!(self.reserves.get(&id), Some(Some(_))),
            WaitKey::SingleBonus(member) => matches!(self.singles.get(&member), Some(None)),
            WaitKey::Plan(version) => matches!(self.plans.get(&version), Some(true)),
        }
    }

    /// A version of the plan was published.
    pub fn learn_plan(&mut self, version: u32) {
        self.plans.insert(version, true);
        self.published.insert(version);
    }

    /// The causes decided, reserves made, single bonuses freed and plans learnt so far, which others may be waiting
    /// for.
    pub fn news(&self) -> BTreeSet<WaitKey> {
        let posted = self.changes.records.iter().map(|r| WaitKey::Entry(r.entry.header().key));
        let forfeited = self.changes.forfeits.iter().map(|f| WaitKey::Entry(f.key));
        let reserves = self.changed_reserves.iter().map(|id| WaitKey::Reserve(*id));
        let freed = self.changed_singles.iter().map(|id| WaitKey::SingleBonus(*id)).filter(|key| self.has_come(*key));
        let plans = self.published.iter().map(|version| WaitKey::Plan(*version));
        posted.chain(forfeited).chain(reserves).chain(freed).chain(plans).collect()
    }

    /// Everything that changed, each thing in its last state.
    pub fn take_changes(self) -> Changes {
        let pick = |id: &UserId| self.wallets.get(id).cloned();
        let wallets = self.changed.iter().filter_map(pick).collect();
        let holds = self.changed_holds.iter().filter_map(|id| self.holds.get(id).cloned().flatten()).collect();
        let reserves = self.changed_reserves.iter().filter_map(|id| self.reserves.get(id).cloned().flatten()).collect();
        let single = |id: &UserId| Some(SingleBonus { referred: *id, taken_by: *self.singles.get(id)? });
        let singles = self.changed_singles.iter().filter_map(single).collect();
        Changes { wallets, holds, reserves, singles, ..self.changes }
    }
}

/// The cause of an entry of `kind`, as what a reversal waits for.
pub fn wait_for(kind: super::EntryKind, cause: Uuid) -> Decision {
    Decision::Wait(WaitKey::Entry(EntryKey::new(kind, cause)))
}
