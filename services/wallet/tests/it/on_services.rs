//! The same ledger on MariaDB: `TEST_MYSQL_URL` names a server whose user may create databases.

use crate::fixture::*;
use crate::guarded::refuses_changes;
use serde_json::json;
use testkit::TestService;
use testkit::mariadb::with_database;

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
        refuses_changes(s.ctx().db()).await;
        sound(s).await;
    })
    .await;
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
