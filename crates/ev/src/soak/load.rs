//! The load: so many operations a second, each on a task of its own.

use super::api::Refusal;
use super::dice::Dice;
use super::member::{Member, Outcome};
use super::operations::Load;
use super::sample::Phase;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Operations under way at once; what is due while so many wait for the platform is left out.
const MOST_AT_ONCE: usize = 48;
/// Where in the run, in per cent, the ledger is verified; in a short run only at its end, because reading a large ledger
/// would take up a whole phase.
const VERIFY_AT: [u32; 3] = [10, 45, 80];
const VERIFY_FROM: Duration = Duration::from_mins(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Register,
    Pay,
    PaySuperseded,
    PayByWallet,
    Refund,
    Cancel,
    Kyc,
    Deposit,
    Payout,
    Read,
}

/// Of a hundred operations.
const SHARES: [(Kind, usize); 10] = [
    (Kind::Register, 9),
    (Kind::Pay, 20),
    (Kind::PaySuperseded, 2),
    (Kind::PayByWallet, 4),
    (Kind::Refund, 3),
    (Kind::Cancel, 2),
    (Kind::Kyc, 4),
    (Kind::Deposit, 3),
    (Kind::Payout, 6),
    (Kind::Read, 47),
];

impl Kind {
    fn chosen(dice: &mut Dice) -> Self {
        let mut left = dice.below(SHARES.iter().map(|(_, share)| share).sum());
        for (kind, share) in SHARES {
            if left < share {
                return kind;
            }
            left -= share;
        }
        Self::Read
    }
    const fn word(self) -> &'static str {
        match self {
            Self::Register => "registrations",
            Self::Pay => "payments",
            Self::PaySuperseded => "superseded payments",
            Self::PayByWallet => "wallet payments",
            Self::Refund => "refunds",
            Self::Cancel => "cancellations",
            Self::Kyc => "KYC",
            Self::Deposit => "deposits",
            Self::Payout => "payouts",
            Self::Read => "reads",
        }
    }
    /// Whether the operation can be done with this member.
    fn suits(self, member: &Member) -> bool {
        let has_paid = member.payments.iter().any(|p| p.outcome == Outcome::Completed);
        !member.is_uncertain
            && match self {
                Self::Refund | Self::Cancel => has_paid,
                Self::Kyc => !member.kyc_approved,
                Self::Payout => member.kyc_approved,
                Self::Register | Self::Pay | Self::PaySuperseded | Self::PayByWallet | Self::Deposit | Self::Read => {
                    true
                }
            }
    }
}

impl Load {
    async fn run(&self, kind: Kind, dice: &mut Dice) -> Option<&'static str> {
        let outcome = match kind {
            Kind::Register => self.register(dice).await,
            Kind::Read => self.read(dice).await,
            Kind::Pay
            | Kind::PaySuperseded
            | Kind::PayByWallet
            | Kind::Refund
            | Kind::Cancel
            | Kind::Kyc
            | Kind::Deposit
            | Kind::Payout => {
                let taken = self.members.take(dice.below(usize::MAX), |member| kind.suits(member));
                let Some(mut member) = taken else {
                    // Nobody suits yet.
                    return self.read(dice).await.ok().map(|()| Kind::Read.word());
                };
                let outcome = self.run_with(kind, &mut member, dice).await;
                member.is_uncertain = member.is_uncertain || outcome.is_err();
                self.members.give_back(member);
                outcome
            }
        };
        match outcome {
            Ok(()) => Some(kind.word()),
            Err(Refusal::NoAnswer) => None,
            Err(Refusal::Problem { status, code, text }) => {
                self.api.meter.fault(&format!("{} was refused: {status} {code} {text}", kind.word()));
                None
            }
        }
    }

    async fn run_with(&self, kind: Kind, member: &mut Member, dice: &mut Dice) -> Result<(), Refusal> {
        match kind {
            Kind::Register | Kind::Read => Ok(()),
            Kind::Pay => self.pay(member, dice).await,
            Kind::PaySuperseded => self.pay_superseded(member).await,
            Kind::PayByWallet => self.pay_by_wallet(member).await,
            Kind::Refund => self.refund(member).await,
            Kind::Cancel => self.cancel(member).await,
            Kind::Kyc => self.apply_for_kyc(member, dice).await,
            Kind::Deposit => self.deposit(member).await,
            Kind::Payout => self.pay_out(member, dice).await,
        }
    }
}

/// How long after the last disturbance the load lasts at least, in per cent of its time, and by how much it may be
/// prolonged for that.
const LAST_PHASE: u32 = 30;
const PROLONGED_BY_AT_MOST: Duration = Duration::from_mins(6);

/// Runs the load for a time, longer where a server came back late, and waits for what is under way; answers how many
/// operations were due.
pub(crate) async fn run(load: &Arc<Load>, duration: Duration, every: Duration, dice: &mut Dice) -> u64 {
    let room = Arc::new(Semaphore::new(MOST_AT_ONCE));
    let (started, mut due) = (Instant::now(), 0_u64);
    let mut running = JoinSet::new();
    let mut verifications =
        VERIFY_AT.iter().filter(|_| duration >= VERIFY_FROM).map(|percent| duration * *percent / 100);
    let mut verify_at = verifications.next();
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_since = None;
    loop {
        if last_since.is_none() && load.api.meter.phase() == Phase::Last {
            last_since = Some(Instant::now());
        }
        let has_last = last_since.is_some_and(|since| since.elapsed() >= duration * LAST_PHASE / 100);
        let elapsed = started.elapsed();
        if (elapsed >= duration && has_last) || elapsed >= duration + PROLONGED_BY_AT_MOST {
            break;
        }
        ticks.tick().await;
        while running.try_join_next().is_some() {}
        if verify_at.is_some_and(|at| started.elapsed() >= at) {
            verify_at = verifications.next();
            let load = Arc::clone(load);
            running.spawn(async move { load.verify_in_passing().await });
        }
        due += 1;
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            load.api.meter.skipped();
            continue;
        };
        let (load, mut dice) = (Arc::clone(load), dice.branch());
        running.spawn(async move {
            if let Some(kind) = load.run(Kind::chosen(&mut dice), &mut dice).await {
                load.api.meter.completed(kind);
            }
            drop(place);
        });
    }
    while running.join_next().await.is_some() {}
    due
}

impl Load {
    async fn verify_in_passing(&self) {
        match self.verify_ledger().await {
            Ok(faults) => faults.iter().for_each(|fault| self.api.meter.fault(&format!("ledger/verify: {fault}"))),
            Err(Refusal::NoAnswer) => {}
            Err(Refusal::Problem { status, code, .. }) => {
                self.api.meter.fault(&format!("ledger/verify was refused: {status} {code}"));
            }
        }
    }
}
