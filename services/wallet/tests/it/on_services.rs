//! The same ledger on MariaDB: `TEST_MYSQL_URL` names a server whose user may create databases.

use crate::fixture::*;
use crate::guarded::{refuses_to_go_below_zero, whatever_is_changed_is_named};
use crate::listed::odd_questions_are_answered;
use domain::Role;
use proto_events::booking::v1::{EmiReleased, PaymentCompleted};
use proto_events::wallet::v1::EmiReserved;
use serde_json::json;
use testkit::TestService;
use testkit::mariadb::{with_database, with_grants};

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
async fn a_history_makes_the_same_books_on_mariadb() {
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
        assert_eq!(short(s, A).await, "0.00 0.00 400.00 0.00");
        assert_eq!(short(s, B).await, "500.00 0.00 0.00 0.00");
        let list = s.as_user(user(A)).get("/wallet/transactions?from=2026-11-01&type=REVERSAL").await.expect(200);
        assert_eq!(list["items"].as_array().unwrap().len(), 2);
        s.clock.advance_secs(1_000);
        s.run_job("seal").await;
        s.run_job("close").await;
        refuses_to_go_below_zero(s.ctx().db()).await;
        sound(s).await;
    })
    .await;
}

#[tokio::test]
async fn odd_questions_are_answered_all_the_same() {
    on_mariadb(odd_questions_are_answered).await;
}

#[tokio::test]
async fn whatever_is_changed_behind_the_platforms_back_is_named() {
    on_mariadb(whatever_is_changed_is_named).await;
}

#[tokio::test]
async fn concurrent_debits_and_credits_of_one_wallet_lose_nothing() {
    on_mariadb(async |s| {
        deposit(s, A, "1000.00").await;
        let admin = s.as_admin();
        let path = format!("/wallets/{}/adjustments", id(A));
        let asks: Vec<_> = (0..24)
            .map(|n| {
                let (admin, path) = (admin.clone(), path.clone());
                let amount = if n % 3 == 0 { "50.00" } else { "-100.00" };
                let body = json!({ "amount": amount, "reason": "a race" });
                tokio::spawn(async move { (n % 3 == 0, admin.post(&path, body).await.status) })
            })
            .collect();
        let mut expected = 100_000;
        for ask in asks {
            match ask.await.unwrap() {
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
        sound(s).await;
    })
    .await;
}

/// Everything the service does, as the user a deployment gives it (`deploy/mysql/grants`); what that user may not do is
/// tried for all eight services together.
#[tokio::test]
async fn the_rights_of_a_deployment_are_enough() {
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
        sound(&s).await;
        s.finish().await;
    })
    .await;
}
