//! Benchmark of durable postings on the server in `TEST_MYSQL_URL`:
//! `cargo run --release -p wallet --example bench_ledger [ENTRIES]`; scripts/bench-core calls it.
//!
//! First, referral bonuses in batches of one transaction each, as the consumer posts them, with the same company
//! account in every entry, against plain multi-row inserts of the same rows in as many transactions. Second, single
//! manual entries from concurrent clients, against the same statements without the ledger.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark stops at the first surprise")]

use db::{Db, DbConfig};
use domain::{Money, PaymentMethod, Timestamp, UserId};
use messaging::HandleError;
use proto_events::Envelope;
use runtime::clock::SystemClock;
use runtime::id;
use std::io::Write;
use std::time::{Duration, Instant};
use testkit::mariadb::with_database;
use testkit::sql_baseline::{self, per_second, ratio};
use wallet::app::posting::{self, EventWork};
use wallet::domain::Command;
use wallet::domain::entries::manual::ManualEntry;
use wallet::domain::entries::referral::ReferralBonus;
use wallet::error::WalletError;

/// Most events that the consumer handles in one transaction.
const MAX_BATCH_EVENTS: usize = 200;
const CLIENTS: usize = 32;
const TABLES: [(&str, &str); 4] =
    [("journal_entries", "position"), ("postings", "position"), ("wallets", "user_id"), ("outbox", "position")];

fn bonus(referrer_id: UserId) -> EventWork {
    let command = Command::Referral(ReferralBonus {
        payment_id: id::fresh(),
        booking_id: id::fresh(),
        booking_number: "EV-261110-00000001".into(),
        referrer_id,
        referred_id: id::fresh(),
        payment_amount: Money::from_rupees(500),
        method: PaymentMethod::Online,
        on_first_booking: true,
        net_paid_before: Money::ZERO,
        net_paid_after: Money::from_rupees(500),
        bonus: Money::from_rupees(25),
        once_a_member: false,
        plan_version: 1,
        at: Timestamp::UNIX_EPOCH,
    });
    let event = Envelope {
        id: *id::fresh::<uuid::Uuid>().as_bytes(),
        source: "booking".into(),
        event_type: "booking.v1.PaymentCompleted".into(),
        time_micros: 0,
        subject: String::new(),
        position: 0,
        traceparent: String::new(),
        data: Vec::new(),
    };
    EventWork { event, commands: vec![command] }
}

fn deposit(user_id: UserId) -> ManualEntry {
    ManualEntry {
        id: id::fresh(),
        user_id,
        amount: Money::from_rupees(1),
        reason: "for a benchmark".into(),
        actor_id: user_id,
        at: Timestamp::UNIX_EPOCH,
    }
}

/// Posts events in batches, one transaction each.
async fn post_in_batches(db: &Db, work: &[EventWork]) -> Duration {
    let started = Instant::now();
    for batch in work.chunks(MAX_BATCH_EVENTS) {
        let posted: Result<(), HandleError> = db
            .tx(async |c| posting::post_events(c, &SystemClock, batch.to_vec(), &[], &|_| Ok(Vec::new())).await)
            .await;
        posted.unwrap();
    }
    started.elapsed()
}

/// Posts single entries, one transaction each, from clients that each have their own wallets.
async fn post_singly(db: &Db, entries: usize) -> Duration {
    let started = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                let wallets: Vec<UserId> = (0..16).map(|_| id::fresh()).collect();
                for n in 0..entries / CLIENTS {
                    let user = wallets[n % wallets.len()];
                    let manual = &deposit(user);
                    let posted: Result<_, WalletError> = db
                        .tx(async |c| posting::post_manual(c, &SystemClock, user, Command::Deposit, manual).await)
                        .await;
                    drop(posted.unwrap());
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    started.elapsed()
}

async fn measure(url: String, entries: usize) {
    let mut out = std::io::stdout();
    let config = DbConfig { pool_size: CLIENTS, ..DbConfig::new(url.clone()) };
    let db = Db::connect(&config).await.unwrap();
    db.migrate(chassis::MIGRATIONS).await.unwrap();
    db.migrate(wallet::service().migrations).await.unwrap();

    let members: Vec<UserId> = (0..entries / 4).map(|_| id::fresh()).collect();
    let work: Vec<EventWork> =
        (0..entries).map(|n| bonus(members[n.wrapping_mul(2_654_435_761) % members.len()])).collect();
    let ledger_time = post_in_batches(&db, &work).await;
    let mut c = db.write().await.unwrap();
    let raw_time = sql_baseline::time_inserts(&mut c, &TABLES, entries.div_ceil(MAX_BATCH_EVENTS)).await;
    drop(c);
    writeln!(
        out,
        "ledger: {entries} entries in {} ms, {} postings/s, {MAX_BATCH_EVENTS} entries a transaction, one company account in each; the same rows as plain inserts: {} ms; ratio {}",
        ledger_time.as_millis(),
        per_second(entries * 2, ledger_time),
        raw_time.as_millis(),
        ratio(raw_time, ledger_time),
    )
    .unwrap();

    let single = entries / 2;
    post_singly(&db, CLIENTS * 16).await;
    let ledger_time = post_singly(&db, single).await;
    let raw_time = sql_baseline::time_clients(&url, CLIENTS, single / CLIENTS, statements).await;
    writeln!(
        out,
        "ledger: {single} single entries by {CLIENTS} clients in {} ms, {} transactions/s; the same statements bare: {} ms, {}/s; ratio {}",
        ledger_time.as_millis(),
        per_second(single, ledger_time),
        raw_time.as_millis(),
        per_second(single, raw_time),
        ratio(raw_time, ledger_time),
    )
    .unwrap();
}

/// The statements of one manual entry on an existing wallet, as plain SQL.
fn statements(wallet: uuid::Uuid) -> Vec<String> {
    let hex = |id: uuid::Uuid| format!("x'{}'", id.simple());
    let (wallet, entry, cause) = (hex(wallet), hex(id::fresh()), hex(id::fresh()));
    let now = "'2026-11-10 04:30:00.000000'";
    let inputs = "x".repeat(260);
    let payload = "00".repeat(220);
    let event = hex(id::fresh());
    vec![
        "BEGIN".into(),
        format!("SELECT user_id FROM wallets WHERE user_id IN ({wallet})"),
        format!("SELECT * FROM wallets WHERE user_id IN ({wallet}) ORDER BY user_id FOR UPDATE"),
        format!("SELECT id, member_id, amount_paise, plan_version FROM journal_entries WHERE id IN ({entry})"),
        format!("SELECT id FROM forfeits WHERE id IN ({entry})"),
        format!(
            "INSERT INTO journal_entries (id, kind, cause_id, member_id, amount_paise, inputs, at, posted_at) \
             VALUES ({entry}, 'deposit', {cause}, {wallet}, 100, '{inputs}', {now}, {now})"
        ),
        format!(
            "INSERT INTO postings (entry_id, line, owner_id, account, amount_paise, account_after_paise, \
             transaction_type, balance_before_paise, description, at, posted_at) VALUES \
             ({entry}, 0, x'00000000000000000000000000000000', 'bank', -100, NULL, NULL, NULL, NULL, {now}, {now}), \
             ({entry}, 1, {wallet}, 'available', 100, 100, 'DEPOSIT', 0, 'for a benchmark', {now}, {now})"
        ),
        format!(
            "INSERT INTO outbox (event_id, event_type, subject, occurred_at, traceparent, payload) VALUES \
             ({event}, 'wallet.v1.WalletChanged', '01a2034e-2ff2-7000-8000-000000000004', {now}, '', x'{payload}')"
        ),
        format!(
            "INSERT INTO wallets VALUES ({wallet}, 100, 0, 0, 0, 0, 0, 0, 1, 1, {now}) ON DUPLICATE KEY UPDATE \
             available_paise = available_paise + 100, transactions = transactions + 1, version = version + 1, \
             changed_at = VALUES(changed_at)"
        ),
        "COMMIT".into(),
    ]
}

#[tokio::main]
async fn main() {
    let entries = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(40_000);
    with_database(async |url| measure(url, entries).await).await;
}
