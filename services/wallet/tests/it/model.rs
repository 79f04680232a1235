//! Random histories against a naive statement of the rules: plain sums, one command after another.

use domain::{Money, PaymentId, PaymentMethod, Timestamp, UserId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use wallet::domain::books::{Changes, Settled};
use wallet::domain::command::{Bonus, BonusReversal, BookingPayment, Manual, PairEarning, PairVoid, PayoutStep};
use wallet::domain::{Account, Books, Command, Origin, Outcome, Wallet};

const MEMBERS: u128 = 3;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}
fn member(n: u128) -> UserId {
    UserId::from(id(n % MEMBERS + 1))
}

fn bonus(n: u128, paise: i64) -> Command {
    Command::Bonus(Bonus {
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
fn unbonus(n: u128) -> Command {
    Command::BonusReversal(BonusReversal {
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
fn unpair(n: u128) -> Command {
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
    Command::Deposit(Manual {
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
fn step(n: u128, paise: i64) -> PayoutStep {
    PayoutStep {
        payout_id: id(n).into(),
        user_id: member(n),
        amount: Money::from_paise(paise),
        reason: String::new(),
        at: Timestamp::UNIX_EPOCH,
    }
}

/// Few causes, so that replays, reversals and originals meet.
fn any_command() -> impl Strategy<Value = Command> {
    let n = 0u128..12;
    prop_oneof![
        (n.clone(), 1i64..3_000).prop_map(|(n, p)| bonus(n, p)),
        n.clone().prop_map(unbonus),
        (n.clone(), prop_oneof![Just(0i64), Just(10_000)]).prop_map(|(n, emi)| pair(n, emi)),
        n.clone().prop_map(unpair),
        (n.clone(), 1i64..30_000).prop_map(|(n, p)| deposit(n, p)),
        (n.clone(), 1i64..60_000).prop_map(|(n, p)| pay(n, p)),
        // The amount follows from the id, as a hold's and its capture's do.
        n.clone().prop_map(|n| Command::Hold(step(n, 7_000 + i64::try_from(n).unwrap()))),
        n.clone().prop_map(|n| Command::Capture(step(n, 7_000 + i64::try_from(n).unwrap()))),
        n.prop_map(|n| Command::Release(step(n, 7_000 + i64::try_from(n).unwrap()))),
    ]
}

/// Everything the commands could ask for, none of it decided yet.
fn empty_books(commands: &[Command]) -> Books {
    let mut books = Books::default();
    let missing = books.missing(commands.iter());
    books.wallets.extend(missing.wallets.into_iter().map(|id| (id, Wallet::empty(id))));
    books.settled.extend(missing.entries.into_iter().map(|key| (key, None)));
    books.holds.extend(missing.holds.into_iter().map(|id| (id, None)));
    books.reserves.extend(missing.reserves.into_iter().map(|id| (id, None)));
    books.singles.extend(missing.singles.into_iter().map(|id| (id, None)));
    books.plans.extend(missing.plans.into_iter().map(|version| (version, true)));
    books
}

/// Runs commands in order; what waits is tried again after every command, as the shell does.
fn run(commands: &[Command]) -> (BTreeMap<UserId, Wallet>, Changes) {
    let mut books = empty_books(commands);
    let mut waiting: Vec<Command> = Vec::new();
    for command in commands {
        let mut queue = vec![command.clone()];
        while let Some(command) = queue.pop() {
            match books.run(&command, Origin::default(), Timestamp::UNIX_EPOCH) {
                Ok(Outcome::Waits(_)) => waiting.push(command),
                Ok(Outcome::Posted | Outcome::Forfeited(_)) => queue.append(&mut waiting),
                Ok(Outcome::Already | Outcome::Nothing) | Err(_) => {}
            }
        }
    }
    (books.wallets.clone(), books.take_changes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn balances_are_the_plain_sums_of_postings_and_never_negative(commands in prop::collection::vec(any_command(), 1..80)) {
        let (wallets, changes) = run(&commands);
        let mut sums: BTreeMap<(UserId, Account), i64> = BTreeMap::new();
        let mut keys = BTreeSet::new();
        let mut all = 0;
        for record in &changes.records {
            let header = record.entry.header();
            prop_assert!(keys.insert(header.key), "{} posted twice", header.key);
            let entry: i64 = record.entry.lines().iter().map(|l| l.amount.paise()).sum();
            prop_assert_eq!(entry, 0);
            for line in record.entry.lines() {
                all += line.amount.paise();
                if line.account.is_members() {
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
    fn the_lines_a_member_sees_are_numbered_without_gaps_and_chain(commands in prop::collection::vec(any_command(), 1..60)) {
        let (wallets, changes) = run(&commands);
        let mut last: BTreeMap<UserId, (i64, Money)> = BTreeMap::new();
        for record in &changes.records {
            let state = last.entry(record.entry.header().member).or_default();
            for line in record.lines.iter().filter(|l| l.seen_as.is_some()) {
                let seen = line.seen_as.as_ref().unwrap();
                prop_assert_eq!(seen.number, state.0 + 1);
                prop_assert_eq!(seen.balance_before, state.1);
                *state = (seen.number, state.1.add(line.amount).unwrap());
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
        // Without spending, what is left of earnings depends on nothing but what was earned and taken back.
        let earned: Vec<Command> = commands
            .into_iter()
            .filter(|c| matches!(c, Command::Bonus(_) | Command::BonusReversal(_) | Command::Pair(_) | Command::PairVoid(_)))
            .collect();
        // One amount a cause: otherwise the first of two differing originals wins, and that is the order's business.
        let mut seen = BTreeSet::new();
        let earned: Vec<Command> = earned.into_iter().filter(|c| seen.insert(c.key())).collect();
        let mut turned = earned.clone();
        if !turned.is_empty() {
            let by = seed.index(turned.len());
            turned.rotate_left(by);
            turned.reverse();
        }
        let net = |wallets: &BTreeMap<UserId, Wallet>| -> Vec<(i64, i64, i64)> {
            wallets.values().map(|w| (w.available.paise() - w.clawback_due.paise(), w.emi_reserve.paise(), w.total_earned.paise())).collect()
        };
        let (one, other) = (run(&earned), run(&turned));
        prop_assert_eq!(net(&one.0), net(&other.0));
        prop_assert_eq!(one.1.records.len(), other.1.records.len());
    }
}

#[test]
fn a_command_whose_inputs_were_not_loaded_is_refused() {
    let mut books = Books::default();
    assert!(books.run(&deposit(1, 5), Origin::default(), Timestamp::UNIX_EPOCH).is_err());
    let mut books = empty_books(&[deposit(1, 5)]);
    books.settled.insert(deposit(1, 5).key(), Some(Settled::Forfeited));
    let again = books.run(&deposit(1, 5), Origin::default(), Timestamp::UNIX_EPOCH);
    assert_eq!(again, Ok(Outcome::Already));
}
