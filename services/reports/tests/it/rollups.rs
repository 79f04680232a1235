//! Tests of the rollups against full sums of the facts.

use crate::events::*;
use crate::order::load_all_figures;
use diesel_async::SimpleAsyncConnection;
use domain::{Timestamp, UserId};
use proto_events::auth::v1::{User, UserUpdated};
use proto_events::booking::v1::BookingChanged;
use proto_events::payout::v1::{PayoutCompleted, PayoutRequested, PayoutReversed};
use proto_events::{Envelope, Event};
use reports::app::rebuild::rebuild;
use runtime::id;
use testkit::{Statements, TestService};

/// Deterministic random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        let at = self.below(u64::try_from(all.len()).unwrap());
        all.get(usize::try_from(at).unwrap()).copied().unwrap()
    }
    fn paise(&mut self) -> i64 {
        i64::try_from(self.below(1_000_000)).unwrap() + 1
    }
}

fn envelope<M: Event>(message: &M) -> Envelope {
    TestService::envelope(Timestamp::UNIX_EPOCH, message)
}

/// Random events of one member within a few days, reversals included.
fn history(random: &mut Random, member: UserId, now: Timestamp) -> Vec<Envelope> {
    let mut day = || now.plus_hours(-24 * i64::try_from(random.below(4)).unwrap());
    let (first, second) = (day(), day());
    let joined = User { referrer_id: Some(fresh()), ..user(member, None, first) };
    let mut all = vec![envelope(&registered(member, None, first))];
    for version in 2..=4 {
        let role = random.of(&["user", "user", "staff"]).to_owned();
        let is_active_buyer = random.below(2) == 0;
        let user = Some(User { version, role, is_active_buyer, ..joined.clone() });
        all.push(envelope(&UserUpdated { user }));
    }
    let booked = booking(member, 1, "pre_booked", second);
    for version in 1..=3 {
        let status = random
            .of(&["pre_booked", "confirmed", "completed", "cancelled", "expired", "delivered", "returned"])
            .to_owned();
        let paid = i64::try_from(random.below(3)).unwrap() * 5_000;
        let instalments = vec![instalment(1, "2026-12-05", paid), instalment(2, "2027-01-05", 0)];
        all.push(envelope(&BookingChanged { version, status, instalments, ..booked.clone() }));
    }
    for _ in 0..3 {
        let method = random.of(&["online", "bank_transfer", "cash", "wallet", "emi_deduction"]);
        let paid = payment(member, random.paise(), method, first);
        all.extend([
            envelope(&paid),
            envelope(&refund(&paid, second)),
            envelope(&returned(member, random.paise(), second)),
        ]);
    }
    let pairs = vec![pair(member, 1, "matched", first), pair(member, 7, "matched", first)];
    let flushed = vec![pair(member, 8, "flushed", second)];
    all.extend([envelope(&placement(member, pairs.clone(), first)), envelope(&matched(flushed.clone(), second))]);
    all.extend([envelope(&voided(pairs, second)), envelope(&voided(flushed, second))]);
    for version in 1..=3 {
        let lines = [("REFERRAL_BONUS", random.paise()), ("REVERSAL", -random.paise())];
        all.push(envelope(&wallet(member, version, random.paise(), &lines, first)));
    }
    let requested = payout(member, first);
    all.push(envelope(&PayoutRequested { payout: Some(requested.clone()) }));
    all.push(envelope(&PayoutCompleted { payout: next(&requested, 3, "completed", first), tax: None }));
    if random.below(2) == 0 {
        all.push(envelope(&PayoutReversed { payout: next(&requested, 4, "reversed", second), tax: None }));
    }
    all
}

/// Shuffles the events and duplicates a third of them under new event ids.
fn shuffled(random: &mut Random, mut all: Vec<Envelope>) -> Vec<Envelope> {
    let again: Vec<Envelope> = all.iter().filter(|_| random.below(3) == 0).cloned().collect();
    all.extend(again.into_iter().map(|event| Envelope { id: *id::fresh::<uuid::Uuid>().as_bytes(), ..event }));
    for at in (1..all.len()).rev() {
        all.swap(at, usize::try_from(random.below(u64::try_from(at + 1).unwrap())).unwrap());
    }
    all
}

/// Rebuilds the rollups and returns how many differed.
async fn count_corrected(service: &TestService) -> usize {
    service.ctx().tx(async |c| Ok::<_, messaging::HandleError>(rebuild(c).await?)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rollups_are_the_sums_of_the_facts_after_any_history() {
    let service = TestService::start(reports::service()).await;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut member = id::fresh();
    for round in 0..6 {
        let mut all = Vec::new();
        for _ in 0..5 {
            member = id::fresh();
            all.extend(history(&mut random, member, service.now()));
        }
        let all = shuffled(&mut random, all);
        let (some, rest) = all.split_at(all.len() / 2);
        service.deliver_all(some.to_vec()).await;
        assert_eq!(count_corrected(&service).await, 0, "round {round}, half");
        for event in rest {
            service.deliver_envelope(event.clone()).await;
        }
        assert_eq!(count_corrected(&service).await, 0, "round {round}");
    }
    let before = load_all_figures(&service, member).await;
    assert_ne!(before[1]["commission_paid"], "0.00");
    service.run_job("rebuild_rollups").await;
    assert_eq!(load_all_figures(&service, member).await, before);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_and_reports_come_from_rollups_which_can_be_rebuilt() {
    let service = TestService::start(reports::service()).await;
    let (member, mut random) = (id::fresh(), Random(7));
    service.deliver_all(history(&mut random, member, service.now())).await;
    let right = load_all_figures(&service, member).await;
    let spoil =
        "UPDATE rollups SET facts = facts + 1, measure_1 = measure_1 + 100; DELETE FROM rollups WHERE noun = 'pair'";
    service.ctx().db().write().await.unwrap().batch_execute(spoil).await.unwrap();
    let wrong = load_all_figures(&service, member).await;
    // The member's own figures are added up from their own rows.
    assert_eq!(wrong[0], right[0]);
    // Cohorts are read from the facts.
    for (wrong, right) in wrong.iter().zip(&right).skip(1).take(6) {
        assert_ne!(wrong, right);
    }
    service.run_job("rebuild_rollups").await;
    assert_eq!(load_all_figures(&service, member).await, right);
    assert_eq!(count_corrected(&service).await, 0);
    service.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_stored_in_a_few_statements_per_table() {
    let service = TestService::start(reports::service()).await;
    let mut random = Random(11);
    let backlog: Vec<Envelope> = (0..20).flat_map(|_| history(&mut random, id::fresh(), service.now())).collect();
    let statements = Statements::record(&service);
    service.deliver_all(backlog).await;
    for table in ["receipts", "wallets", "pair_facts", "payout_steps", "rollups"] {
        let count = statements.containing(&[&format!("`{table}`")]).len();
        assert!((1..60).contains(&count), "{table}: {count}");
    }
    service.finish().await;
}
