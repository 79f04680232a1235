//! The load: a constant rate of random operations, each in its own task.

use super::api::RequestError;
use super::member::{Member, PaymentOutcome};
use super::operations::Load;
use super::rng::SeededRng;
use super::sample::Phase;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// Maximum number of concurrent operations; further due operations are skipped.
const MAX_CONCURRENT_OPERATIONS: usize = 48;
/// Times of ledger verifications, in per cent of the run. Short runs verify only at the end, because a verification of
/// a large ledger would fill a whole phase.
const VERIFY_AT_PERCENT: [u32; 3] = [10, 45, 80];
/// Minimum duration of a run with verifications under load.
const MIN_VERIFIED_RUN: Duration = Duration::from_mins(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
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

/// Shares of the operations, in per cent.
const SHARES: [(Operation, usize); 10] = [
    (Operation::Register, 9),
    (Operation::Pay, 20),
    (Operation::PaySuperseded, 2),
    (Operation::PayByWallet, 4),
    (Operation::Refund, 3),
    (Operation::Cancel, 2),
    (Operation::Kyc, 4),
    (Operation::Deposit, 3),
    (Operation::Payout, 6),
    (Operation::Read, 47),
];

impl Operation {
    fn random(rng: &mut SeededRng) -> Self {
        let mut left = rng.below(SHARES.iter().map(|(_, share)| share).sum());
        for (operation, share) in SHARES {
            if left < share {
                return operation;
            }
            left -= share;
        }
        Self::Read
    }
    const fn label(self) -> &'static str {
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
    /// Whether the operation is possible for this member.
    fn is_possible_for(self, member: &Member) -> bool {
        let has_paid = member.payments.iter().any(|p| p.outcome == PaymentOutcome::Completed);
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
    async fn run(&self, operation: Operation, rng: &mut SeededRng) -> Option<&'static str> {
        let outcome = match operation {
            Operation::Register => self.register(rng).await,
            Operation::Read => self.read(rng).await,
            Operation::Pay
            | Operation::PaySuperseded
            | Operation::PayByWallet
            | Operation::Refund
            | Operation::Cancel
            | Operation::Kyc
            | Operation::Deposit
            | Operation::Payout => {
                let claimed = self.members.claim(rng.below(usize::MAX), |member| operation.is_possible_for(member));
                let Some(mut member) = claimed else {
                    // No member is eligible yet.
                    return self.read(rng).await.ok().map(|()| Operation::Read.label());
                };
                let outcome = self.run_with(operation, &mut member, rng).await;
                member.is_uncertain = member.is_uncertain || outcome.is_err();
                self.members.release(member);
                outcome
            }
        };
        match outcome {
            Ok(()) => Some(operation.label()),
            Err(RequestError::NoResponse) => None,
            Err(RequestError::Problem { status, code, text }) => {
                self.api.meter.record_failure(&format!("{} was refused: {status} {code} {text}", operation.label()));
                None
            }
        }
    }

    async fn run_with(
        &self,
        operation: Operation,
        member: &mut Member,
        rng: &mut SeededRng,
    ) -> Result<(), RequestError> {
        match operation {
            Operation::Register | Operation::Read => Ok(()),
            Operation::Pay => self.pay(member, rng).await,
            Operation::PaySuperseded => self.pay_superseded(member).await,
            Operation::PayByWallet => self.pay_by_wallet(member).await,
            Operation::Refund => self.refund(member).await,
            Operation::Cancel => self.cancel(member).await,
            Operation::Kyc => self.apply_for_kyc(member, rng).await,
            Operation::Deposit => self.deposit(member).await,
            Operation::Payout => self.pay_out(member, rng).await,
        }
    }
}

/// Minimum duration of the last phase, in per cent of the run.
const LAST_PHASE_PERCENT: u32 = 30;
/// Maximum extension of the run to reach that duration.
const MAX_EXTENSION: Duration = Duration::from_mins(6);

/// Runs the load for `duration`, extended where a server recovered late, and waits for running operations. Returns the
/// number of operations that were due.
pub(crate) async fn run(load: &Arc<Load>, duration: Duration, tick: Duration, rng: &mut SeededRng) -> u64 {
    let capacity = Arc::new(Semaphore::new(MAX_CONCURRENT_OPERATIONS));
    let (started, mut due) = (Instant::now(), 0_u64);
    let mut running = JoinSet::new();
    let mut verifications =
        VERIFY_AT_PERCENT.iter().filter(|_| duration >= MIN_VERIFIED_RUN).map(|percent| duration * *percent / 100);
    let mut verify_at = verifications.next();
    let mut ticks = interval(tick);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_since = None;
    loop {
        if last_since.is_none() && load.api.meter.phase() == Phase::Last {
            last_since = Some(Instant::now());
        }
        let is_last_phase_complete =
            last_since.is_some_and(|since| since.elapsed() >= duration * LAST_PHASE_PERCENT / 100);
        let elapsed = started.elapsed();
        if (elapsed >= duration && is_last_phase_complete) || elapsed >= duration + MAX_EXTENSION {
            break;
        }
        ticks.tick().await;
        while running.try_join_next().is_some() {}
        if verify_at.is_some_and(|at| started.elapsed() >= at) {
            verify_at = verifications.next();
            let load = Arc::clone(load);
            running.spawn(async move { load.verify_ledger_under_load().await });
        }
        due += 1;
        let Ok(permit) = Arc::clone(&capacity).try_acquire_owned() else {
            load.api.meter.record_skipped();
            continue;
        };
        let (load, mut rng) = (Arc::clone(load), rng.branch());
        running.spawn(async move {
            if let Some(operation) = load.run(Operation::random(&mut rng), &mut rng).await {
                load.api.meter.record_completed(operation);
            }
            drop(permit);
        });
    }
    while running.join_next().await.is_some() {}
    due
}

impl Load {
    async fn verify_ledger_under_load(&self) {
        match self.verify_ledger().await {
            Ok(faults) => {
                faults.iter().for_each(|fault| self.api.meter.record_failure(&format!("ledger/verify: {fault}")))
            }
            Err(RequestError::NoResponse) => {}
            Err(RequestError::Problem { status, code, .. }) => {
                self.api.meter.record_failure(&format!("ledger/verify was refused: {status} {code}"));
            }
        }
    }
}
