//! Events that wait are handed over again after some time, whatever their makers missed.

use super::world::{World, envelope, once};
use chassis::events::{consumer, waiting};
use chassis::schema::waiting as table;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use std::sync::atomic::{AtomicU32, Ordering};

async fn put(world: &World, subject: &str, secs_ago: i64) {
    let since = world.receiver.now().plus_secs(-secs_ago);
    let mut c = world.receiver.db().write().await.unwrap();
    waiting::put(&mut c, "key", &envelope(subject), since).await.unwrap();
}

async fn left(world: &World) -> Vec<String> {
    let mut c = world.receiver.db().read().await.unwrap();
    table::table.order(table::subject).select(table::subject).load(&mut c).await.unwrap()
}

async fn revisit(world: &World) {
    consumer::revisit_waiting(world.effects.clone(), world.receiver.clone()).await.unwrap();
}

#[tokio::test]
async fn an_event_that_has_waited_for_some_time_is_handed_over_again() {
    let world = World::new().await;
    put(&world, "long", 40).await;
    put(&world, "short", 5).await;
    revisit(&world).await;
    assert_eq!(world.effects().await, once(&["long".to_owned()]));
    assert_eq!(left(&world).await, ["short"]);
    assert_eq!(
        AtomicU32::load(&world.effects.committed, Ordering::SeqCst),
        1,
        "a consumer with state in memory hears of it"
    );
    revisit(&world).await;
    assert_eq!(world.effects().await, once(&["long".to_owned()]), "taken once");
}

#[tokio::test]
async fn one_that_fails_keeps_no_other_from_being_handed_over() {
    let world = World::new().await;
    for subject in ["good1", "poison-1", "good2"] {
        put(&world, subject, 40).await;
    }
    revisit(&world).await;
    assert_eq!(world.effects().await, once(&["good1".to_owned(), "good2".to_owned()]));
    assert_eq!(left(&world).await, ["poison-1"], "it goes on waiting");
    world.effects.cured.store(true, Ordering::SeqCst);
    revisit(&world).await;
    assert!(left(&world).await.is_empty());
}

#[tokio::test]
async fn more_than_one_chunk_is_handed_over() {
    let world = World::new().await;
    let subjects = super::world::subjects("user", 450);
    for subject in &subjects {
        put(&world, subject, 40).await;
    }
    revisit(&world).await;
    assert_eq!(world.effects().await, once(&subjects));
}
