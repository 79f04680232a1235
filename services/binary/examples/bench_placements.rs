//! Benchmark of durable placements with their pairs, on the server of `TEST_MYSQL_URL`:
//! `cargo run --release -p binary --example bench_placements [MEMBERS]`; scripts/bench-core calls it.
//!
//! Measures first payments of members with random sponsors, one batch a transaction, as the consumer applies them; then
//! the same rows as plain multi-row inserts in as many transactions; then the replay of the tree from its rows.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first error")]

use binary::app::apply_events::apply_events;
use binary::app::tree_store::TreeStore;
use binary::consumers;
use binary::error::BinaryError;
use db::{Db, DbConfig};
use domain::{PaymentId, Timestamp, UserId};
use proto_events::Envelope;
use proto_events::auth::v1::{User, UserRegistered};
use proto_events::booking::v1::PaymentCompleted;
use runtime::id;
use std::io::Write;
use std::time::{Duration, Instant};
use testkit::TestService;
use testkit::mariadb::with_database;
use testkit::sql_baseline::{self, per_second, ratio};

/// Maximum number of events in a batch of the consumer.
const MAX_BATCH_EVENTS: usize = 200;
/// Every table a first payment writes to, in the order of its rows.
const TABLES: [(&str, &str); 5] =
    [("tree_log", "seq"), ("nodes", "node"), ("pairs", "ordinal"), ("payments", "payment_id"), ("outbox", "position")];

fn start() -> Timestamp {
    "2026-11-10T04:30:00Z".parse().unwrap()
}

/// Members, each referred by an earlier one, and the first payment of each.
fn events(members: usize) -> (Vec<Envelope>, Vec<Envelope>) {
    let ids: Vec<UserId> = (0..members).map(|_| id::fresh()).collect();
    let mut random = 0x2545_F491_4F6C_DD1D_usize;
    let mut registrations = Vec::with_capacity(members);
    let mut payments = Vec::with_capacity(members);
    for (n, member) in ids.iter().enumerate() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let referrer = random.checked_rem(n).and_then(|r| ids.get(r)).copied();
        let user = User {
            user_id: (*member).into(),
            version: 1,
            name: format!("Member {n}"),
            role: "user".into(),
            is_active: true,
            referrer_id: referrer.map(Into::into),
            ..User::default()
        };
        registrations.push(TestService::envelope(start(), &UserRegistered { user: Some(user) }));
        let at = start().plus_secs(i64::try_from(n / 1_000).unwrap());
        let payment = PaymentCompleted {
            payment_id: id::fresh::<PaymentId>().into(),
            booking_id: id::fresh::<UserId>().into(),
            user_id: (*member).into(),
            amount_paise: 50_000,
            method: "online".into(),
            completed_at: at.micros(),
            ..PaymentCompleted::default()
        };
        payments.push(TestService::envelope(at, &payment));
    }
    (registrations, payments)
}

async fn apply_batches(db: &Db, tree_store: &TreeStore, events: &[Envelope]) -> Duration {
    let table = consumers::table();
    let started = Instant::now();
    for batch in events.chunks(MAX_BATCH_EVENTS) {
        let batch_id = db
            .tx(async |c| {
                let read_events = table.read(batch)?;
                let mut tree_batch = tree_store.begin(c).await?;
                apply_events(c, &mut tree_batch, read_events, &table, start().plus_hours(60 * 24)).await?;
                tree_batch.save(c).await
            })
            .await;
        let batch_id: Result<u64, BinaryError> = batch_id;
        tree_store.confirm_commit(batch_id.unwrap()).await;
    }
    started.elapsed()
}

async fn measure(url: String, members: usize) {
    let mut out = std::io::stdout();
    let db = Db::connect(&DbConfig::new(url)).await.unwrap();
    db.migrate(chassis::MIGRATIONS).await.unwrap();
    db.migrate(binary::service().migrations).await.unwrap();
    let tree_store = TreeStore::default();
    let (registrations, payments) = events(members);
    apply_batches(&db, &tree_store, &registrations).await;
    let elapsed_service = apply_batches(&db, &tree_store, &payments).await;
    let mut c = db.write().await.unwrap();
    let digest = tree_store.read(&mut c).await.unwrap().tree.digest();
    let raw = sql_baseline::time_inserts(&mut c, &TABLES, members.div_ceil(MAX_BATCH_EVENTS)).await;
    writeln!(
        out,
        "placements: {members} members with pairs in {} ms, {}/s, {MAX_BATCH_EVENTS} a transaction; the same rows as plain inserts: {} ms, {}/s; ratio {}",
        elapsed_service.as_millis(),
        per_second(members, elapsed_service),
        raw.as_millis(),
        per_second(members, raw),
        ratio(raw, elapsed_service),
    )
    .unwrap();
    let follower = TreeStore::default();
    let started = Instant::now();
    let again = follower.read(&mut c).await.unwrap().tree.digest();
    let elapsed = started.elapsed();
    assert_eq!(again, digest, "the tree replayed from its rows differs");
    writeln!(
        out,
        "follower:   {members} rows of the journal in {} ms, {}/s",
        elapsed.as_millis(),
        per_second(members, elapsed)
    )
    .unwrap();
}

#[tokio::main]
async fn main() {
    let members = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(40_000);
    with_database(async |url| measure(url, members).await).await;
}
