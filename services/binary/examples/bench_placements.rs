//! How fast placements with their pairs become durable, on the server that `TEST_MYSQL_URL` names:
//! `cargo run --release -p binary --example bench_placements [MEMBERS]`; scripts/bench-core calls it.
//!
//! First payments of members with random sponsors, a batch a transaction, as the consumer takes them in; then the same
//! rows as plain multi-row inserts, in as many transactions; then the tree once more from its rows.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use binary::app::absorb::absorb;
use binary::app::facts;
use binary::app::keeper::Keeper;
use binary::error::Failure;
use chassis::events::Envelope;
use chassis::id;
use db::{Db, DbConfig};
use domain::{PaymentId, Timestamp, UserId};
use proto_events::auth::v1::{User, UserRegistered};
use proto_events::booking::v1::PaymentCompleted;
use std::io::Write;
use std::time::{Duration, Instant};
use testkit::TestService;
use testkit::mariadb::with_database;
use testkit::raw::{self, each_second, ratio};

/// What the consumer takes in at most.
const BATCH: usize = 200;
/// Every table a first payment writes to, in the order of its rows.
const TABLES: [(&str, &str); 5] =
    [("tree_log", "seq"), ("nodes", "node"), ("pairs", "ordinal"), ("payments", "payment_id"), ("outbox", "position")];

fn start() -> Timestamp {
    "2026-11-10T04:30:00Z".parse().unwrap()
}

/// Members of whom each was referred by somebody before, and the first payment of each.
fn events(members: usize) -> (Vec<Envelope>, Vec<Envelope>) {
    let ids: Vec<UserId> = (0..members).map(|_| id::fresh()).collect();
    let mut random = 0x2545_F491_4F6C_DD1D_usize;
    let mut told = Vec::with_capacity(members);
    let mut paid = Vec::with_capacity(members);
    for (n, who) in ids.iter().enumerate() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let referrer = random.checked_rem(n).and_then(|r| ids.get(r)).copied();
        let user = User {
            user_id: (*who).into(),
            version: 1,
            name: format!("Member {n}"),
            role: "user".into(),
            is_active: true,
            referrer_id: referrer.map(Into::into),
            ..User::default()
        };
        told.push(TestService::envelope(start(), &UserRegistered { user: Some(user) }));
        let at = start().plus_secs(i64::try_from(n / 1_000).unwrap());
        let payment = PaymentCompleted {
            payment_id: id::fresh::<PaymentId>().into(),
            booking_id: id::fresh::<UserId>().into(),
            user_id: (*who).into(),
            amount_paise: 50_000,
            method: "online".into(),
            completed_at: at.micros(),
            ..PaymentCompleted::default()
        };
        paid.push(TestService::envelope(at, &payment));
    }
    (told, paid)
}

async fn take_in(db: &Db, keeper: &Keeper, events: &[Envelope]) -> Duration {
    let started = Instant::now();
    for batch in events.chunks(BATCH) {
        let ticket = db
            .tx(async |c| {
                let mut arrived = Vec::with_capacity(batch.len());
                for event in batch {
                    arrived.extend(facts::read(event)?);
                }
                let mut open = keeper.begin(c).await?;
                absorb(c, &mut open, arrived, start().plus_hours(60 * 24)).await?;
                open.save(c).await
            })
            .await;
        let ticket: Result<u64, Failure> = ticket;
        keeper.committed(ticket.unwrap()).await;
    }
    started.elapsed()
}

async fn measure(url: String, members: usize) {
    let mut out = std::io::stdout();
    let db = Db::connect(&DbConfig::new(url)).await.unwrap();
    db.migrate(chassis::MIGRATIONS).await.unwrap();
    db.migrate(binary::service().migrations).await.unwrap();
    let keeper = Keeper::default();
    let (told, paid) = events(members);
    take_in(&db, &keeper, &told).await;
    let ours = take_in(&db, &keeper, &paid).await;
    let mut c = db.write().await.unwrap();
    let digest = keeper.read(&mut c).await.unwrap().tree.digest();
    let raw = raw::insert_again(&mut c, &TABLES, members.div_ceil(BATCH)).await;
    writeln!(
        out,
        "placements: {members} members with pairs in {} ms, {}/s, {BATCH} a transaction; the same rows as plain inserts: {} ms, {}/s; ratio {}",
        ours.as_millis(),
        each_second(members, ours),
        raw.as_millis(),
        each_second(members, raw),
        ratio(raw, ours),
    )
    .unwrap();
    let follower = Keeper::default();
    let started = Instant::now();
    let again = follower.read(&mut c).await.unwrap().tree.digest();
    let took = started.elapsed();
    assert_eq!(again, digest, "the tree from its rows is another");
    writeln!(
        out,
        "follower:   {members} rows of the journal in {} ms, {}/s",
        took.as_millis(),
        each_second(members, took)
    )
    .unwrap();
}

#[tokio::main]
async fn main() {
    let members = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(40_000);
    with_database(async |url| measure(url, members).await).await;
}
