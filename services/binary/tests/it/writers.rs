//! Order of events within a batch, batches that do not commit, and concurrent writers.

use crate::fixture::{counts_and_pairs, digest, join, me, payment, refund_of, register, start};
use binary::app::apply_events::apply_events;
use binary::app::tree_store::TreeStore;
use binary::consumers;
use binary::error::BinaryError;
use binary::store::journal;
use db::DbError;
use domain::PaymentId;
use messaging::waiting;
use runtime::id;
use testkit::TestService;

fn rolled_back() -> BinaryError {
    BinaryError::Db(DbError::Query(diesel::result::Error::RollbackTransaction))
}

#[tokio::test]
async fn a_refund_that_comes_before_its_payment_in_a_batch_takes_effect_in_that_batch() {
    let s = start().await;
    let (tree_store, table) = (TreeStore::default(), consumers::table());
    let (a, _) = join(&s, "A", None).await;
    let b = register(&s, "B", Some(a)).await;
    let (paid, unknown) = (payment(b, 500, "cash", s.now()), id::fresh());
    let events = [
        TestService::envelope(s.now(), &refund_of(&paid, s.now())),
        TestService::envelope(s.now(), &payment(unknown, 500, "cash", s.now())),
        TestService::envelope(s.now(), &paid),
    ];
    let (tree_store, table, events) = (&tree_store, &table, &events);
    let applied: Result<u64, BinaryError> = s
        .ctx()
        .tx(async |c| {
            let mut batch = tree_store.begin(c).await?;
            apply_events(c, &mut batch, table.read(events)?, table, s.ctx().now()).await?;
            batch.save(c).await
        })
        .await;
    tree_store.confirm_commit(applied.unwrap()).await;
    me(&s, b).await;
    assert_eq!(counts_and_pairs(&s, a).await, (0, 0, 0), "it is placed, and does not count");
    let mut c = s.ctx().db().read().await.unwrap();
    assert_eq!(waiting::count(&mut c, &format!("payment:{}", id_of(&paid.payment_id))).await.unwrap(), 0);
    assert_eq!(waiting::count(&mut c, &format!("user:{unknown}")).await.unwrap(), 1, "its member is not known");
    drop(c);
    s.finish().await;
}

fn id_of(bytes: &[u8]) -> PaymentId {
    bytes.try_into().unwrap()
}

#[tokio::test]
async fn a_batch_that_does_not_commit_leaves_no_trace_in_memory() {
    let s = start().await;
    let (tree_store, table) = (TreeStore::default(), consumers::table());
    let (a, _) = join(&s, "A", None).await;
    let b = register(&s, "B", Some(a)).await;
    let before = digest(&s).await;
    let paid = TestService::envelope(s.now(), &payment(b, 500, "cash", s.now()));
    for _ in 0..3 {
        let (tree_store, table, paid) = (&tree_store, &table, &paid);
        let result = s
            .ctx()
            .tx(async |c| {
                let mut batch = tree_store.begin(c).await?;
                apply_events(c, &mut batch, table.read(std::slice::from_ref(paid))?, table, s.ctx().now()).await?;
                assert!(batch.tree().find(b).is_some());
                batch.save(c).await?;
                Err::<(), BinaryError>(rolled_back())
            })
            .await;
        assert!(result.is_err());
    }
    let mut c = s.ctx().db().read().await.unwrap();
    let tree_state = tree_store.read(&mut c).await.unwrap();
    assert!(tree_state.tree.find(b).is_none());
    assert_eq!(format!("{:016x}", tree_state.tree.digest()), before["digest"].as_str().unwrap());
    drop((tree_state, c));
    // The same event then takes effect through the service, which has a tree of its own.
    s.deliver_envelope(paid).await;
    assert_eq!(counts_and_pairs(&s, a).await, (1, 0, 0));
    s.finish().await;
}

#[tokio::test]
async fn two_writers_in_turn_each_build_on_what_the_other_committed() {
    let s = start().await;
    let (other, table) = (TreeStore::default(), consumers::table());
    let (a, _) = join(&s, "A", None).await;
    for n in 0..6 {
        let id = register(&s, &format!("M{n}"), Some(a)).await;
        let paid = TestService::envelope(s.now(), &payment(id, 500, "cash", s.now()));
        if n % 2 == 0 {
            s.deliver_envelope(paid).await;
        } else {
            let (other, table, paid) = (&other, &table, &paid);
            let batch_id = s
                .ctx()
                .tx(async |c| {
                    let mut batch = other.begin(c).await?;
                    apply_events(c, &mut batch, table.read(std::slice::from_ref(paid))?, table, s.ctx().now()).await?;
                    batch.save(c).await
                })
                .await
                .unwrap();
            // An unconfirmed commit must do no harm.
            if n == 1 {
                other.confirm_commit(batch_id).await;
            }
        }
    }
    assert_eq!(counts_and_pairs(&s, a).await, (3, 3, 3));
    let mut c = s.ctx().db().read().await.unwrap();
    let digest_of_other = other.read(&mut c).await.unwrap().tree.digest();
    drop(c);
    assert_eq!(format!("{digest_of_other:016x}"), digest(&s).await["digest"].as_str().unwrap());
    s.finish().await;
}

#[tokio::test]
async fn the_fence_refuses_a_writer_that_is_behind() {
    let s = start().await;
    join(&s, "A", None).await;
    let head = digest(&s).await["seq"].as_i64().unwrap();
    let moved =
        s.ctx().db().tx(async |c| Ok::<_, DbError>(journal::advance_head(c, head - 1, 1).await?)).await.unwrap();
    assert!(!moved);
    assert_eq!(digest(&s).await["seq"].as_i64(), Some(head));
    s.finish().await;
}
