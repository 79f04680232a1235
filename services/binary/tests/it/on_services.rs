//! The same tree on MariaDB: `TEST_MYSQL_URL` names a server whose user may create databases.

use crate::people::{payment, refund_of, user};
use binary::app::absorb::absorb;
use binary::app::facts;
use binary::app::keeper::Keeper;
use binary::error::Failure;
use chassis::events::Envelope;
use chassis::id;
use db::{Db, DbConfig, DbError};
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};
use proto_events::auth::v1::UserRegistered;
use proto_events::booking::v1::DayStarted;
use testkit::TestService;
use testkit::mariadb::with_database;

fn start() -> Timestamp {
    "2026-11-10T04:30:00Z".parse().unwrap()
}

/// Members in chains and bushes, each with a payment, some refunded, a month's end at the end.
fn events() -> Vec<Envelope> {
    let mut members: Vec<UserId> = Vec::new();
    let mut all = Vec::new();
    for n in 0_i64..60 {
        let at = start().plus_secs(n);
        let referrer = usize::try_from(n * 7 % 5).ok().and_then(|back| members.iter().rev().nth(back)).copied();
        let who: UserId = id::fresh();
        members.push(who);
        let told = UserRegistered { user: Some(user(who, &format!("M{n}"), referrer)) };
        all.push(TestService::envelope(at, &told));
        let paid = payment(who, 500, "cash", at);
        all.push(TestService::envelope(at, &paid));
        if n % 4 == 3 {
            all.push(TestService::envelope(at, &refund_of(&paid, at)));
        }
    }
    let midnight: Timestamp = "2026-11-30T18:30:00Z".parse().unwrap();
    all.push(TestService::envelope(midnight, &DayStarted { day: "2026-12-01".into(), started_at: midnight.micros() }));
    all
}

/// Takes in every second batch, of five; each batch is given up once before it is done for good.
async fn write(db: &Db, keeper: &Keeper, events: &[Envelope], every: usize, first: usize) {
    for batch in events.chunks(5).skip(first).step_by(every) {
        for give_up in [true, false] {
            let done = db
                .tx(async |c| {
                    let arrived = batch.iter().filter_map(|e| facts::read(e).unwrap()).collect();
                    let mut open = keeper.begin(c).await?;
                    absorb(c, &mut open, arrived, start().plus_hours(60 * 24)).await?;
                    let ticket = open.save(c).await?;
                    if give_up {
                        return Err(Failure::Db(DbError::Query(diesel::result::Error::RollbackTransaction)));
                    }
                    Ok(ticket)
                })
                .await;
            match (give_up, done) {
                (false, Ok(ticket)) => keeper.committed(ticket).await,
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
    let (one, two, follower) = (Keeper::default(), Keeper::default(), Keeper::default());
    let events = events();
    tokio::join!(write(&db, &one, &events, 2, 0), write(&db, &two, &events, 2, 1));
    let mut c = db.read().await.unwrap();
    let mut digests = Vec::new();
    for keeper in [&one, &two, &follower] {
        let held = keeper.read(&mut c).await.unwrap();
        assert_eq!(held.tree.arena().len(), 60);
        digests.push(held.tree.digest());
    }
    digests.dedup();
    assert_eq!(digests.len(), 1, "the writers and the follower disagree");
    for statement in ["UPDATE tree_log SET kind = 'paid'", "DELETE FROM nodes"] {
        let error = diesel::sql_query(statement).execute(&mut *c).await.unwrap_err();
        assert!(db::is_append_only_violation(&error), "{statement}: {error}");
    }
}
