//! Tests of the ledger on MariaDB. `TEST_MYSQL_URL` is a server whose user may create databases.

use crate::fixture::*;
use crate::integrity::{check_constraints_refuse_negative_balances, check_every_change_is_reported};
use crate::journal::check_entries;
use crate::listings::check_unusual_queries;
use crate::rollups::check_trial_balance;
use crate::series::check_series;
use domain::{Money, PaymentMethod, Plan, PlanVersion, Role, Timestamp, UserId};
use messaging::HandleError;
use proto_events::Envelope;
use proto_events::booking::v1::{EmiReleased, PaymentCompleted};
use proto_events::wallet::v1::EmiReserved;
use runtime::clock::Clock;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use testkit::mariadb::{with_database, with_grants};
use testkit::{FakeClock, TestService};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use wallet::app::posting::{self, EventWork};
use wallet::app::{epoch, plan};
use wallet::domain::Command;
use wallet::domain::entries::manual::ManualEntry;
use wallet::domain::entries::referral::ReferralBonus;
use wallet::store::closings;

/// Runs `test` with the wallet on a database of its own.
async fn on_mariadb(test: impl AsyncFnOnce(&TestService)) {
    with_database(async |url| {
        let s = TestService::start_with(wallet::service(), &[("DATABASE_URL", &url)]).await;
        test(&s).await;
        s.finish().await;
    })
    .await;
}

#[tokio::test]
async fn a_history_makes_the_same_ledger_on_mariadb() {
    on_mariadb(async |s| {
        deposit(s, A, "1000.00").await;
        let payment = paid(1, B, A, "500.00", "25.00");
        s.deliver_now(&refunded(9, &payment, "wallet")).await;
        s.deliver_now(&payment).await;
        s.deliver_now(&paid(2, B, A, "500.00", "0.00")).await;
        s.deliver_now(&voided(vec![pair(A, 6, "100.00")])).await;
        s.deliver_now(&placed(vec![pair(A, 5, "0.00"), pair(A, 6, "100.00")])).await;
        let p = payout(50, "1400.00", "300.00");
        s.deliver_now(&completed(&p)).await;
        s.deliver_now(&approved(&p)).await;
        s.deliver_now(&requested(&p)).await;
        assert_eq!(balances_text(s, A).await, "0.00 0.00 400.00 0.00");
        assert_eq!(balances_text(s, B).await, "500.00 0.00 0.00 0.00");
        let list = s.as_user(user(A)).get("/wallet/transactions?from=2026-11-01&type=REVERSAL").await.expect(200);
        assert_eq!(list["items"].as_array().unwrap().len(), 2);
        s.clock.advance_secs(1_000);
        s.run_job("seal").await;
        s.run_job("close").await;
        check_constraints_refuse_negative_balances(s.ctx().db()).await;
        assert_consistent(s).await;
    })
    .await;
}

#[tokio::test]
async fn invalid_queries_get_422_and_unusual_ones_an_answer() {
    on_mariadb(check_unusual_queries).await;
}

#[tokio::test]
async fn entries_are_listed_newest_first_by_every_filter_and_page_size() {
    on_mariadb(check_entries).await;
}

#[tokio::test]
async fn a_point_of_a_series_is_the_trial_balance_at_its_time() {
    on_mariadb(check_series).await;
}

#[tokio::test]
async fn every_change_outside_the_platform_is_reported() {
    on_mariadb(check_every_change_is_reported).await;
}

#[tokio::test]
async fn the_trial_balance_is_the_sum_of_all_postings_at_any_time() {
    on_mariadb(check_trial_balance).await;
}

#[tokio::test]
async fn concurrent_debits_and_credits_of_one_wallet_lose_nothing() {
    on_mariadb(async |s| {
        deposit(s, A, "1000.00").await;
        let admin = s.as_admin();
        let path = format!("/wallets/{}/adjustments", id(A));
        let requests: Vec<_> = (0..24)
            .map(|n| {
                let (admin, path) = (admin.clone(), path.clone());
                let amount = if n % 3 == 0 { "50.00" } else { "-100.00" };
                let body = json!({ "amount": amount, "reason": "a race" });
                tokio::spawn(async move { (n % 3 == 0, admin.post(&path, body).await.status) })
            })
            .collect();
        let mut expected = 100_000;
        for request in requests {
            match request.await.unwrap() {
                (true, status) => {
                    assert_eq!(status, 201);
                    expected += 5_000;
                }
                (false, 201) => expected -= 10_000,
                (false, status) => assert_eq!(status, 422),
            }
        }
        assert!(expected >= 0);
        assert_eq!(paise(balances(s, A).await["available"].as_str().unwrap()), expected);
        assert_consistent(s).await;
    })
    .await;
}

/// A transaction of another replica that has done its work and waits to commit.
struct OpenTransaction {
    release: Arc<Notify>,
    task: JoinHandle<()>,
}

impl OpenTransaction {
    /// Starts the transaction; returns once the work is done.
    async fn hold<W>(s: &TestService, work: W) -> Self
    where
        for<'c> W: Fn(&'c mut db::DbConnection) -> futures_util::future::BoxFuture<'c, Result<(), HandleError>>
            + Send
            + Sync
            + 'static,
    {
        let (done, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (db, work_done, go) = (s.ctx().db().clone(), Arc::clone(&done), Arc::clone(&release));
        let task = tokio::spawn(async move {
            let (work, work_done, go) = (&work, &work_done, &go);
            let held = db.tx(async |c| {
                work(c).await?;
                work_done.notify_one();
                go.notified().await;
                Ok::<(), HandleError>(())
            });
            held.await.unwrap();
        });
        done.notified().await;
        Self { release, task }
    }
    async fn commit(self) {
        self.release.notify_one();
        self.task.await.unwrap();
    }
}

/// A deposit of 10.00 for `member`, at the time of `clock`.
async fn deposit_at(c: &mut db::DbConnection, clock: &dyn Clock, member: UserId, n: u128) -> Result<(), HandleError> {
    let manual = ManualEntry {
        id: id(n),
        user_id: member,
        amount: Money::from_rupees(10),
        reason: "a gift".into(),
        actor_id: user(0xAD),
        at: clock.now(),
    };
    posting::post_manual(c, clock, user(0xAD), Command::Deposit, &manual).await?;
    Ok(())
}

async fn last_closing(s: &TestService) -> Option<Timestamp> {
    let mut c = s.ctx().db().read().await.unwrap();
    closings::find_last(&mut c, None).await.unwrap()
}

/// A closing and the chain miss no entry, however long a posting transaction stays open and whatever a replica's clock
/// reads.
#[tokio::test]
async fn a_closing_waits_for_every_transaction_that_may_still_post_before_it() {
    on_mariadb(async |s| {
        deposit(s, A, "1.00").await;
        let early = Arc::clone(&s.clock);
        let open = OpenTransaction::hold(s, move |c| {
            let clock = Arc::clone(&early);
            Box::pin(async move { deposit_at(c, &*clock, user(B), 501).await })
        })
        .await;
        deposit(s, A, "2.00").await;
        for _ in 0..3 {
            s.clock.advance_secs(5_000);
            for job in ["close", "seal", "rollup"] {
                s.run_job(job).await;
            }
        }
        let settled = epoch::load_settled(&mut s.ctx().db().read().await.unwrap()).await.unwrap();
        assert_eq!(settled.last.entry, 0, "an earlier transaction may still commit");
        assert_eq!(last_closing(s).await, None);
        // A later posting transaction does not wait, and does not delay the settling of this epoch.
        let late = Arc::clone(&s.clock);
        let newer = OpenTransaction::hold(s, move |c| {
            let clock = Arc::clone(&late);
            Box::pin(async move { deposit_at(c, &*clock, user(0xC), 503).await })
        })
        .await;
        deposit(s, A, "4.00").await;
        open.commit().await;
        s.run_job("seal").await;
        let settled = epoch::load_settled(&mut s.ctx().db().read().await.unwrap()).await.unwrap();
        assert!(settled.last.entry > 0, "nothing of an earlier epoch is open: {settled:?}");
        deposit(s, A, "8.00").await;
        newer.commit().await;
        for job in ["close", "seal", "rollup", "close", "seal", "rollup"] {
            s.clock.advance_secs(400);
            s.run_job(job).await;
        }
        let closed = last_closing(s).await.expect("a closing was saved");
        let trial = s.as_staff().get(&format!("/ledger/trial-balance?as_of={closed}")).await.expect(200);
        assert_eq!(trial["total_credit"], "35.00", "{trial}");
        let verified = s.as_staff().get("/ledger/verify").await.expect(200);
        assert_eq!((&verified["entries_sealed"], &verified["entries_checked"]), (&json!(6), &json!(6)), "{verified}");

        // A replica whose clock is behind posts after the closing as well.
        let behind = FakeClock::at(at());
        let posted = s.ctx().db().tx(async |c| deposit_at(c, &behind, user(B), 502).await).await;
        posted.unwrap();
        let after = s.as_staff().get(&format!("/ledger/trial-balance?as_of={closed}")).await.expect(200);
        assert_eq!(after, trial);
        s.clock.advance_secs(5_000);
        for job in ["close", "seal", "rollup"] {
            s.run_job(job).await;
        }
        assert!(last_closing(s).await > Some(closed));
        assert_consistent(s).await;
    })
    .await;
}

fn bonus_under_plan_7() -> Command {
    Command::Referral(ReferralBonus {
        payment_id: domain::PaymentId::from(id(900)),
        booking_id: domain::BookingId::from(id(1_000)),
        booking_number: "B-1".into(),
        referrer_id: user(A),
        referred_id: user(B),
        payment_amount: Money::from_rupees(500),
        method: PaymentMethod::Online,
        on_first_booking: true,
        net_paid_before: Money::ZERO,
        net_paid_after: Money::from_rupees(500),
        bonus: Money::from_rupees(25),
        once_a_member: false,
        plan_version: 7,
        at: at(),
    })
}

fn read_bonus(released: &[Envelope]) -> Result<Vec<EventWork>, HandleError> {
    let bonus = |event: &Envelope| EventWork { event: event.clone(), commands: vec![bonus_under_plan_7()] };
    Ok(released.iter().map(bonus).collect())
}

/// Handles a bonus that was decided under version 7 of the plan.
async fn handle_bonus(c: &mut db::DbConnection) -> Result<(), HandleError> {
    let clock = FakeClock::at(at());
    let event = TestService::envelope(at(), &paid(900, B, A, "500.00", "25.00"));
    let work = EventWork { event, commands: vec![bonus_under_plan_7()] };
    posting::post_events(c, &clock, vec![work], &[], &read_bonus).await
}

/// Handles the publication of version 7.
async fn handle_publication(c: &mut db::DbConnection) -> Result<(), HandleError> {
    let clock = FakeClock::at(at());
    plan::save_all(c, &[PlanVersion { version: 7, effective_from: at(), plan: Plan::seed() }]).await?;
    posting::post_events(c, &clock, Vec::new(), &[7], &read_bonus).await
}

/// Lets a transaction run until it is done or waits for a lock of an open transaction.
async fn run_until_blocked(task: &mut JoinHandle<Result<(), HandleError>>) {
    drop(tokio::time::timeout(Duration::from_millis(500), task).await);
}

#[tokio::test]
async fn a_bonus_and_the_plan_version_it_waits_for_never_miss_each_other() {
    on_mariadb(async |s| {
        let first = OpenTransaction::hold(s, |c| Box::pin(handle_publication(c))).await;
        let db = s.ctx().db().clone();
        let mut second = tokio::spawn(async move { db.tx(async |c| handle_bonus(c).await).await });
        run_until_blocked(&mut second).await;
        first.commit().await;
        if !second.is_finished() {
            second.await.unwrap().unwrap();
        }
        assert_eq!(balances_text(s, A).await, "25.00 0.00 0.00 0.00", "the publication came first");
        assert_consistent(s).await;
    })
    .await;
    on_mariadb(async |s| {
        let first = OpenTransaction::hold(s, |c| Box::pin(handle_bonus(c))).await;
        let db = s.ctx().db().clone();
        let mut second = tokio::spawn(async move { db.tx(async |c| handle_publication(c).await).await });
        run_until_blocked(&mut second).await;
        first.commit().await;
        if !second.is_finished() {
            second.await.unwrap().unwrap();
        }
        assert_eq!(balances_text(s, A).await, "25.00 0.00 0.00 0.00", "the bonus came first");
        assert_consistent(s).await;
    })
    .await;
}

/// All operations of the service, as the database user of a deployment (`deploy/mysql/grants`). Another test tries what
/// that user may not do, for all eight services.
#[tokio::test]
async fn the_grants_of_a_deployment_are_sufficient() {
    with_grants("wallet", async |urls| {
        let variables = [("DATABASE_URL", urls.service.as_str()), ("DATABASE_MIGRATE_URL", urls.migrate.as_str())];
        let s = TestService::start_with(wallet::service(), &variables).await;
        let payment = paid(1, B, A, "500.00", "25.00");
        s.deliver_now(&refunded(9, &payment, "wallet")).await;
        s.deliver_now(&payment).await;
        let once = PaymentCompleted { referral_once_a_member: true, ..paid(2, B, A, "5000.00", "1000.00") };
        s.deliver_now(&once).await;
        s.deliver_now(&refunded(10, &once, "source")).await;
        s.deliver_now(&placed(vec![pair(A, 6, "100.00"), pair(A, 7, "100.00")])).await;
        let p = payout(50, "800.00", "300.00");
        for step in [requested(&p), requested(&p)] {
            s.deliver_now(&step).await;
        }
        s.deliver_now(&approved(&p)).await;
        s.deliver_now(&completed(&p)).await;
        s.deliver_now(&voided(vec![pair(A, 6, "100.00")])).await;
        let reserve = s.published::<EmiReserved>().await.remove(0);
        let released = EmiReleased {
            release_id: id(70).as_bytes().to_vec(),
            reserve_id: reserve.reserve_id,
            user_id: reserve.user_id,
            amount_paise: reserve.amount_paise,
            reason: "every booking is completed".into(),
            released_at: at().micros(),
        };
        s.deliver_now(&released).await;
        deposit(&s, A, "10.00").await;
        let path = format!("/wallets/{}/deposits", id(A));
        for _ in 0..2 {
            let body = json!({ "amount": "5.00", "reason": "the same again" });
            s.as_role(user(0xAD), Role::Admin).post_with_key(&path, "k1", body).await.expect(201);
        }
        for _ in 0..2 {
            s.clock.advance_secs(1_000);
            for job in s.started.jobs.iter().map(|job| job.name) {
                s.run_job(job).await;
            }
        }
        let verified = s.as_staff().get("/ledger/verify").await.expect(200);
        assert_eq!(verified["entries_sealed"], verified["entries_checked"], "{verified}");
        assert_consistent(&s).await;
        s.finish().await;
    })
    .await;
}
