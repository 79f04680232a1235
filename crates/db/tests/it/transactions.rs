//! Atomicity and retries of transactions.

use crate::fixture::Fixture;
use crate::store::{
    self, StoreError, account, balance, claim, enqueue, find, id, insert, load_for_update, post, posted, posting,
    set_balance,
};
use db::{Db, DbConnection, DbError};
use diesel_async::AsyncConnection;
use domain::Money;
use std::sync::atomic::{AtomicU32, Ordering};

async fn two_accounts(f: &Fixture, paise: i64) {
    let c = &mut *f.db.write().await.unwrap();
    insert(c, &account(1, "asha", paise)).await.unwrap();
    insert(c, &account(2, "ravi", paise)).await.unwrap();
}

async fn fail_after_posting(c: &mut DbConnection, with: StoreError) -> Result<(), StoreError> {
    post(c, &posting(id(1), 1, "never")).await?;
    Err(with)
}

async fn transfer(db: &Db, from: u128, to: u128, paise: i64, reference: &str) -> Result<(), StoreError> {
    db.tx(async |c| {
        let payer = load_for_update(c, id(from)).await?;
        let payee = load_for_update(c, id(to)).await?;
        let amount = Money::from_paise(paise);
        let left = payer.balance_paise.sub(amount).map_err(|_| StoreError::InsufficientBalance)?;
        if left.is_negative() {
            return Err(StoreError::InsufficientBalance);
        }
        let gained = payee.balance_paise.add(amount).map_err(|_| StoreError::InsufficientBalance)?;
        assert!(set_balance(c, &payer, left).await?, "the row was locked");
        assert!(set_balance(c, &payee, gained).await?, "the row was locked");
        post(c, &posting(id(from), -paise, &format!("{reference}/out"))).await?;
        post(c, &posting(id(to), paise, &format!("{reference}/in"))).await?;
        Ok(())
    })
    .await
}

pub(crate) async fn an_error_rolls_back_everything(f: Fixture) {
    let f = f.migrated().await;
    two_accounts(&f, 5).await;
    let outcome = f.db.tx(async |c| fail_after_posting(c, StoreError::InsufficientBalance).await).await;
    assert!(matches!(outcome, Err(StoreError::InsufficientBalance)));
    assert_eq!(posted(&mut f.db.read().await.unwrap(), id(1)).await.unwrap(), (None, 0));
}

pub(crate) async fn a_failed_inner_transaction_leaves_the_outer_one_intact(f: Fixture) {
    let f = f.migrated().await;
    two_accounts(&f, 5).await;
    f.db.tx::<_, StoreError, _>(async |c| {
        post(c, &posting(id(1), 3, "outer")).await?;
        let inner = c.transaction(async |c| fail_after_posting(c, StoreError::InsufficientBalance).await).await;
        assert!(matches!(inner, Err(StoreError::InsufficientBalance)));
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(posted(&mut f.db.read().await.unwrap(), id(1)).await.unwrap(), (Some(Money::from_paise(3)), 1));
}

pub(crate) async fn a_unique_violation_leaves_the_transaction_usable(f: Fixture) {
    let f = f.migrated().await;
    two_accounts(&f, 5).await;
    f.db.tx::<_, StoreError, _>(async |c| {
        assert!(post(c, &posting(id(1), 1, "r1")).await?);
        assert!(!post(c, &posting(id(1), 1, "r1")).await?);
        assert!(post(c, &posting(id(1), 1, "r2")).await?);
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(posted(&mut f.db.read().await.unwrap(), id(1)).await.unwrap(), (Some(Money::from_paise(2)), 2));
}

pub(crate) async fn a_panic_rolls_back_everything_and_leaves_the_pool_working(f: Fixture) {
    let f = f.migrated().await;
    two_accounts(&f, 5).await;
    let db = f.db.clone();
    let task = tokio::spawn(async move {
        db.tx::<(), StoreError, _>(async |c| {
            post(c, &posting(id(1), 1, "never")).await?;
            panic!("on purpose")
        })
        .await
    });
    assert!(task.await.unwrap_err().is_panic());
    transfer(&f.db, 1, 2, 1, "t").await.unwrap();
    assert_eq!(posted(&mut f.db.read().await.unwrap(), id(1)).await.unwrap(), (Some(Money::from_paise(-1)), 1));
}

pub(crate) async fn a_retryable_error_runs_the_closure_again(f: Fixture) {
    let f = f.migrated().await;
    two_accounts(&f, 5).await;
    let (runs, reference) = (AtomicU32::new(0), "r1".to_owned());
    let (counted, borrowed) = (&runs, &reference);
    f.db.tx(async move |c| {
        // Without the rollback, the second run would find the reference taken.
        assert!(post(c, &posting(id(1), 1, borrowed)).await?);
        if counted.fetch_add(1, Ordering::Relaxed) < 2 { Err(StoreError::TryAgain) } else { Ok(()) }
    })
    .await
    .unwrap();
    assert_eq!(runs.load(Ordering::Relaxed), 3);
    assert_eq!(posted(&mut f.db.read().await.unwrap(), id(1)).await.unwrap(), (Some(Money::from_paise(1)), 1));
}

pub(crate) async fn retries_are_limited(f: Fixture) {
    let f = f.migrated().await;
    two_accounts(&f, 5).await;
    let runs = AtomicU32::new(0);
    let outcome =
        f.db.tx(async |c| {
            runs.fetch_add(1, Ordering::Relaxed);
            fail_after_posting(c, StoreError::TryAgain).await
        })
        .await;
    assert!(matches!(outcome, Err(StoreError::TryAgain)));
    assert_eq!(runs.load(Ordering::Relaxed), 9);
    assert_eq!(posted(&mut f.db.read().await.unwrap(), id(1)).await.unwrap(), (None, 0));
}

pub(crate) async fn any_other_error_is_not_retried(f: Fixture) {
    let f = f.migrated().await;
    let runs = AtomicU32::new(0);
    let outcome =
        f.db.tx::<_, DbError, _>(async |c| {
            runs.fetch_add(1, Ordering::Relaxed);
            Ok(diesel_async::SimpleAsyncConnection::batch_execute(c, "SELECT nothing FROM nowhere").await?)
        })
        .await;
    assert!(outcome.is_err_and(|e| !e.is_transient()));
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

pub(crate) async fn opposite_transfers_keep_the_total(f: Fixture) {
    let f = f.migrated().await;
    two_accounts(&f, 1_000).await;
    let transfers: Vec<_> = (0..40)
        .map(|n| {
            let db = f.db.clone();
            // Both directions at once: each locks first the row that the other locks second.
            let (from, to) = if n % 2 == 0 { (1, 2) } else { (2, 1) };
            tokio::spawn(async move { transfer(&db, from, to, 10, &n.to_string()).await })
        })
        .collect();
    for transfer in transfers {
        transfer.await.unwrap().unwrap();
    }
    let c = &mut *f.db.read().await.unwrap();
    for n in [1, 2] {
        assert_eq!(balance(c, id(n)).await.unwrap(), Money::from_paise(1_000));
        assert_eq!(posted(c, id(n)).await.unwrap(), (Some(Money::ZERO), 40));
        assert_eq!(find(c, id(n)).await.unwrap().unwrap().version, 40);
    }
    let overdraft = transfer(&f.db, 1, 2, 1_001, "too much").await;
    assert!(matches!(overdraft, Err(StoreError::InsufficientBalance)));
}

pub(crate) async fn no_row_is_claimed_twice(f: Fixture) {
    let f = f.migrated().await;
    {
        let c = &mut *f.db.write().await.unwrap();
        for _ in 0..50 {
            enqueue(c, "t", b"x").await.unwrap();
        }
    }
    let relays: Vec<_> = (0..8)
        .map(|_| {
            let db = f.db.clone();
            tokio::spawn(async move { db.tx::<_, StoreError, _>(async |c| Ok(claim(c, 5).await?)).await })
        })
        .collect();
    let mut claimed = Vec::new();
    for relay in relays {
        claimed.extend(relay.await.unwrap().unwrap());
    }
    let count = claimed.len();
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!(claimed.len(), count, "a row was claimed twice");
    let rest = f.db.tx::<_, StoreError, _>(async |c| Ok(claim(c, 50).await?)).await.unwrap();
    assert_eq!(count + rest.len(), 50);
    assert!(store::claim(&mut f.db.write().await.unwrap(), 50).await.unwrap().is_empty());
}

pub(crate) async fn only_a_transaction_that_asks_for_it_is_reported_for_notification(f: Fixture) {
    let f = f.migrated().await;
    let asks_for_notification = async |ask: bool| {
        let committed = f.db.tx_committed::<_, StoreError, _>(async |c| {
            if ask {
                c.notify_on_commit();
            }
            Ok(())
        });
        committed.await.unwrap().notify
    };
    assert!(!asks_for_notification(false).await);
    assert!(asks_for_notification(true).await);
    // The connection is reused, without the request of the last transaction.
    assert!(!asks_for_notification(false).await);
}
