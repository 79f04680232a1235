//! Random command histories against a naive model: plain sums, one command after another.

use domain::{Money, PaymentId, PaymentMethod, Timestamp, UserId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use wallet::domain::decision::EntryOutcome;
use wallet::domain::entries::booking_payment::BookingPayment;
use wallet::domain::entries::manual::ManualEntry;
use wallet::domain::entries::pair::{PairEarning, PairVoid};
use wallet::domain::entries::payout_hold::HoldChange;
use wallet::domain::entries::referral::{BonusReversal, ReferralBonus};
use wallet::domain::ledger_session::Changes;
use wallet::domain::{Account, Command, CommandOrigin, CommandOutcome, LedgerSession, WalletBalances};

const MEMBERS: u128 = 3;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}
fn member(n: u128) -> UserId {
    UserId::from(id(n % MEMBERS + 1))
}

fn bonus(n: u128, paise: i64) -> Command {
    Command::Referral(ReferralBonus {
        payment_id: PaymentId::from(id(n)),
        booking_id: id(1).into(),
        booking_number: "B".into(),
        referrer_id: member(n),
        referred_id: id(900).into(),
        payment_amount: Money::from_paise(paise * 20),
        method: PaymentMethod::Cash,
        on_first_booking: true,
        net_paid_before: Money::ZERO,
        net_paid_after: Money::ZERO,
        bonus: Money::from_paise(paise),
        once_a_member: false,
        plan_version: 1,
        at: Timestamp::UNIX_EPOCH,
    })
}
fn bonus_reversal(n: u128) -> Command {
    Command::ReferralReversal(BonusReversal {
        payment_id: PaymentId::from(id(n)),
        refund_id: id(n),
        referrer_id: member(n),
        referred_id: id(900).into(),
        booking_number: "B".into(),
        refunded_id: None,
        at: Timestamp::UNIX_EPOCH,
    })
}
fn pair(n: u128, emi: i64) -> Command {
    Command::Pair(PairEarning {
        pair_id: id(n),
        earner_id: member(n),
        number: 1,
        left_user_id: id(1).into(),
        right_user_id: id(2).into(),
        period: 1,
        slot: 1,
        flushed: false,
        earner_active_buyer: false,
        plan_version: 1,
        gross: Money::from_paise(50_000),
        emi_deduction: Money::from_paise(emi),
        reserve_deduction: Money::ZERO,
        available: Money::from_paise(50_000 - emi),
        forgone: Money::ZERO,
        reserve_id: id(n).into(),
        at: Timestamp::UNIX_EPOCH,
    })
}
fn pair_void(n: u128) -> Command {
    Command::PairVoid(PairVoid {
        pair_id: id(n),
        earner_id: member(n),
        number: 1,
        left_by: id(1).into(),
        refund_id: id(n),
        at: Timestamp::UNIX_EPOCH,
    })
}
fn deposit(n: u128, paise: i64) -> Command {
    Command::Deposit(ManualEntry {
        id: id(n),
        user_id: member(n),
        amount: Money::from_paise(paise),
        reason: "why not".into(),
        actor_id: id(1).into(),
        at: Timestamp::UNIX_EPOCH,
    })
}
fn pay(n: u128, paise: i64) -> Command {
    Command::BookingPayment(BookingPayment {
        payment_id: id(n).into(),
        booking_id: id(1).into(),
        user_id: member(n),
        amount: Money::from_paise(paise),
        booking_number: "B".into(),
        at: Timestamp::UNIX_EPOCH,
    })
}
fn hold_change(n: u128, paise: i64) -> HoldChange {
    HoldChange {
        payout_id: id(n).into(),
        user_id: member(n),
        amount: Money::from_paise(paise),
        reason: String::new(),
        at: Timestamp::UNIX_EPOCH,
    }
}

/// Commands with few causes, so that replays, originals and reversals often meet.
fn any_command() -> impl Strategy<Value = Command> {
    let n = 0u128..12;
    prop_oneof![
        (n.clone(), 1i64..3_000).prop_map(|(n, p)| bonus(n, p)),
        n.clone().prop_map(bonus_reversal),
        (n.clone(), prop_oneof![Just(0i64), Just(10_000)]).prop_map(|(n, emi)| pair(n, emi)),
        n.clone().prop_map(pair_void),
        (n.clone(), 1i64..30_000).prop_map(|(n, p)| deposit(n, p)),
        (n.clone(), 1i64..60_000).prop_map(|(n, p)| pay(n, p)),
        // The amount follows from the id, as a hold's and its capture's do.
        n.clone().prop_map(|n| Command::Hold(hold_change(n, 7_000 + i64::try_from(n).unwrap()))),
        n.clone().prop_map(|n| Command::Capture(hold_change(n, 7_000 + i64::try_from(n).unwrap()))),
        n.prop_map(|n| Command::Release(hold_change(n, 7_000 + i64::try_from(n).unwrap()))),
    ]
}

/// A session with all rows that the commands need, where nothing was posted before.
fn empty_ledger(commands: &[Command]) -> LedgerSession {
    let mut ledger = LedgerSession::default();
    let unloaded = ledger.unloaded(commands.iter());
    ledger.rows.wallets.extend(unloaded.wallets.into_iter().map(|id| (id, WalletBalances::empty(id))));
    ledger.rows.outcomes.extend(unloaded.entries.into_iter().map(|key| (key, None)));
    ledger.rows.holds.extend(unloaded.holds.into_iter().map(|id| (id, None)));
    ledger.rows.reserves.extend(unloaded.reserves.into_iter().map(|id| (id, None)));
    ledger.rows.single_bonuses.extend(unloaded.single_bonuses.into_iter().map(|id| (id, None)));
    ledger.rows.plans.extend(unloaded.plans.into_iter().map(|version| (version, true)));
    ledger
}

/// Applies commands in order; waiting ones are tried again after every command, as `post_events` does.
fn run(commands: &[Command]) -> (BTreeMap<UserId, WalletBalances>, Changes) {
    let mut ledger = empty_ledger(commands);
    let mut waiting: Vec<Command> = Vec::new();
    for command in commands {
        let mut queue = vec![command.clone()];
        while let Some(command) = queue.pop() {
            match ledger.apply(&command, CommandOrigin::default(), Timestamp::UNIX_EPOCH) {
                Ok(CommandOutcome::Waiting(_)) => waiting.push(command),
                Ok(CommandOutcome::Posted | CommandOutcome::Rejected(_)) => queue.append(&mut waiting),
                Ok(CommandOutcome::AlreadyDecided | CommandOutcome::Nothing) | Err(_) => {}
            }
        }
    }
    (ledger.rows.wallets.clone(), ledger.into_changes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn balances_are_the_plain_sums_of_postings_and_never_negative(commands in prop::collection::vec(any_command(), 1..80)) {
        let (wallets, changes) = run(&commands);
        let mut sums: BTreeMap<(UserId, Account), i64> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        let mut all = 0;
        for posted in &changes.posted {
            let header = posted.entry.header();
            prop_assert!(keys.insert(header.key), "{} posted twice", header.key);
            let entry: i64 = posted.entry.lines().iter().map(|l| l.amount.paise()).sum();
            prop_assert_eq!(entry, 0);
            for line in posted.entry.lines() {
                all += line.amount.paise();
                if line.account.is_member_account() {
                    *sums.entry((header.member, line.account)).or_default() += line.amount.paise();
                }
            }
        }
        prop_assert_eq!(all, 0);
        for (owner, wallet) in &wallets {
            let sum = |account| sums.get(&(*owner, account)).copied().unwrap_or(0);
            prop_assert_eq!(wallet.available.paise(), sum(Account::Available));
            prop_assert_eq!(wallet.held.paise(), sum(Account::Held));
            prop_assert_eq!(wallet.emi_reserve.paise(), sum(Account::EmiReserve));
            prop_assert_eq!(wallet.clawback_due.paise(), -sum(Account::ClawbackDue));
            for balance in [wallet.available, wallet.held, wallet.emi_reserve, wallet.reserve, wallet.clawback_due] {
                prop_assert!(!balance.is_negative());
            }
        }
    }

    #[test]
    fn statement_lines_are_numbered_without_gaps_and_their_balances_follow(
        commands in prop::collection::vec(any_command(), 1..60)) {
        let (wallets, changes) = run(&commands);
        let mut last: BTreeMap<UserId, (i64, Money)> = BTreeMap::new();
        for posted in &changes.posted {
            let state = last.entry(posted.entry.header().member).or_default();
            for line in posted.lines.iter().filter(|l| l.statement_line.is_some()) {
                let visible = line.statement_line.as_ref().unwrap();
                prop_assert_eq!(visible.number, state.0 + 1);
                prop_assert_eq!(visible.balance_before, state.1);
                *state = (visible.number, state.1.add(line.amount).unwrap());
            }
        }
        for (owner, (count, balance)) in last {
            prop_assert_eq!(wallets[&owner].transactions, count);
            prop_assert_eq!(wallets[&owner].balance().unwrap(), balance);
        }
    }

    #[test]
    fn earnings_and_their_reversals_come_to_the_same_in_any_order(
        commands in prop::collection::vec(any_command(), 1..30),
        seed in any::<prop::sample::Index>(),
    ) {
        // Without spending, the net of earnings depends only on the earnings and their reversals.
        let earned: Vec<Command> = commands
            .into_iter()
            .filter(|c| matches!(c, Command::Referral(_) | Command::ReferralReversal(_) | Command::Pair(_) | Command::PairVoid(_)))
            .collect();
        // One amount for each cause: of two differing originals the first one wins, which depends on the order.
        let mut seen = BTreeSet::new();
        let earned: Vec<Command> = earned.into_iter().filter(|c| seen.insert(c.key())).collect();
        let mut reordered = earned.clone();
        if !reordered.is_empty() {
            let by = seed.index(reordered.len());
            reordered.rotate_left(by);
            reordered.reverse();
        }
        let net = |wallets: &BTreeMap<UserId, WalletBalances>| -> Vec<(i64, i64, i64)> {
            wallets.values().map(|w| (w.available.paise() - w.clawback_due.paise(), w.emi_reserve.paise(), w.total_earned.paise())).collect()
        };
        let (one, other) = (run(&earned), run(&reordered));
        prop_assert_eq!(net(&one.0), net(&other.0));
        prop_assert_eq!(one.1.posted.len(), other.1.posted.len());
    }
}

#[test]
fn a_command_whose_rows_were_not_loaded_is_refused() {
    let mut ledger = LedgerSession::default();
    assert!(ledger.apply(&deposit(1, 5), CommandOrigin::default(), Timestamp::UNIX_EPOCH).is_err());
    let mut ledger = empty_ledger(&[deposit(1, 5)]);
    ledger.rows.outcomes.insert(deposit(1, 5).key(), Some(EntryOutcome::Rejected));
    let again = ledger.apply(&deposit(1, 5), CommandOrigin::default(), Timestamp::UNIX_EPOCH);
    assert_eq!(again, Ok(CommandOutcome::AlreadyDecided));
}
