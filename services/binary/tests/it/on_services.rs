//! Concurrent writers on MariaDB. `TEST_MYSQL_URL` is the URL of a server on which the user may create databases.

use crate::fixture::{payment, refund_of, user};
use binary::app::apply_events::apply_events;
use binary::app::tree_store::TreeStore;
use binary::consumers;
use binary::error::BinaryError;
use db::{Db, DbConfig, DbError};
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};
use proto_events::Envelope;
use proto_events::auth::v1::UserRegistered;
use proto_events::booking::v1::DayStarted;
use runtime::id;
use testkit::TestService;
use testkit::mariadb::with_database;

fn start() -> Timestamp {
    "2026-11-10T04:30:00Z".parse().unwrap()
}

/// Members with different referral chains, a payment of each, refunds of some, and the end of the month.
fn events() -> Vec<Envelope> {
    let mut members: Vec<UserId> = Vec::new();
    let mut all = Vec::new();
    for n in 0_i64..60 {
        let at = start().plus_secs(n);
        let referrer = usize::try_from(n * 7 % 5).ok().and_then(|back| members.iter().rev().nth(back)).copied();
        let member: UserId = id::fresh();
        members.push(member);
        let registration = UserRegistered { user: Some(user(member, &format!("M{n}"), referrer)) };
        all.push(TestService::envelope(at, &registration));
        let paid = payment(member, 500, "cash", at);
        all.push(TestService::envelope(at, &paid));
        if n % 4 == 3 {
            all.push(TestService::envelope(at, &refund_of(&paid, at)));
        }
    }
    let midnight: Timestamp = "2026-11-30T18:30:00Z".parse().unwrap();
    all.push(TestService::envelope(midnight, &DayStarted { day: "2026-12-01".into(), started_at: midnight.micros() }));
    all
}

/// Applies batches of five events, every `every`-th from `first`; each batch is rolled back once before it commits.
async fn write(db: &Db, tree_store: &TreeStore, events: &[Envelope], every: usize, first: usize) {
    let table = consumers::table();
    for batch in events.chunks(5).skip(first).step_by(every) {
        for rolls_back in [true, false] {
            let result = db
                .tx(async |c| {
                    let read_events = table.read(batch)?;
                    let mut tree_batch = tree_store.begin(c).await?;
                    apply_events(c, &mut tree_batch, read_events, &table, start().plus_hours(60 * 24)).await?;
                    let batch_id = tree_batch.save(c).await?;
                    if rolls_back {
                        return Err(BinaryError::Db(DbError::Query(diesel::result::Error::RollbackTransaction)));
                    }
                    Ok(batch_id)
                })
                .await;
            match (rolls_back, result) {
                (false, Ok(batch_id)) => tree_store.confirm_commit(batch_id).await,
                (true, Err(_)) => {}
                (_, other) => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_at_once_and_a_follower_end_with_one_tree() {
    with_database(race).await;
}

async fn race(url: String) {
    let db = Db::connect(&DbConfig::new(url)).await.unwrap();
    db.migrate(chassis::MIGRATIONS).await.unwrap();
    db.migrate(binary::service().migrations).await.unwrap();
    let (one, two, follower) = (TreeStore::default(), TreeStore::default(), TreeStore::default());
    let events = events();
    tokio::join!(write(&db, &one, &events, 2, 0), write(&db, &two, &events, 2, 1));
    let mut c = db.read().await.unwrap();
    let mut digests = Vec::new();
    for tree_store in [&one, &two, &follower] {
        let tree_state = tree_store.read(&mut c).await.unwrap();
        assert_eq!(tree_state.tree.members().len(), 60);
        digests.push(tree_state.tree.digest());
    }
    digests.dedup();
    assert_eq!(digests.len(), 1, "the writers and the follower disagree");
    for statement in ["UPDATE tree_log SET kind = 'paid'", "DELETE FROM nodes"] {
        let error = diesel::sql_query(statement).execute(&mut *c).await.unwrap_err();
        assert!(db::is_append_only_violation(&error), "{statement}: {error}");
    }
}
