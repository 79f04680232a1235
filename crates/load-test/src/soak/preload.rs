//! Preloading of the wallet's ledger with many recent entries, posted by the wallet's own code.
//!
//! A job whose cost grows with the number of entries is only visible in a large ledger.

use chassis::service::BootError;
use db::{Db, DbConnection, DbError};
use diesel::sql_query;
use diesel::sql_types::{Text, Timestamp as SqlTimestamp};
use diesel_async::RunQueryDsl;
use domain::{Money, Timestamp, UserId};
use messaging::HandleError;
use proto_events::Envelope;
use runtime::clock::{Clock, SystemClock};
use runtime::{Env, id};
use uuid::Uuid;
use wallet::app::posting::{self, EventWork};
use wallet::domain::Command;
use wallet::domain::entries::manual::ManualEntry;

/// Entries posted in one transaction.
const BATCH: usize = 5_000;
/// Wallets that share the entries.
const MEMBERS: usize = 64;

/// Posts `entries` deposits to the wallet's database. Consumers receive the events of the last ones alone, which have the
/// balances of all members; the others are marked as sent. Errors when the database fails.
pub async fn run(env: &Env, entries: usize) -> Result<String, BootError> {
    let failed = |e: &dyn std::fmt::Display| BootError::Failed(e.to_string());
    let db = Db::connect(&chassis::boot::database_config(env, "wallet")?).await?;
    let members: Vec<UserId> = (0..MEMBERS).map(|_| id::fresh()).collect();
    let mut left = entries;
    while left > 0 {
        let is_last = left <= MEMBERS;
        let count = if is_last { left } else { left.saturating_sub(MEMBERS).min(BATCH) };
        let at = SystemClock.now();
        let work: Vec<EventWork> =
            members.iter().copied().cycle().take(count).map(|member| deposit(member, at)).collect();
        let members = members.as_slice();
        let posted: Result<(), HandleError> = db
            .tx(async |c| {
                posting::post_events(c, &SystemClock, work.clone(), &[], &|_| Ok(Vec::new())).await?;
                if !is_last {
                    mark_sent(c, members).await?;
                }
                Ok(())
            })
            .await;
        posted.map_err(|e| failed(&e))?;
        left -= count;
    }
    Ok(format!("{entries} entries posted"))
}

/// Marks the events of these members as sent. The members are new, so no other event has one of them as its subject.
async fn mark_sent(c: &mut DbConnection, members: &[UserId]) -> Result<(), DbError> {
    let now = SystemClock.now();
    for member in members {
        let mark = sql_query("UPDATE outbox SET sent_at = ? WHERE sent_at IS NULL AND subject = ?");
        mark.bind::<SqlTimestamp, _>(now).bind::<Text, _>(member.to_string()).execute(c).await?;
    }
    Ok(())
}

fn deposit(user_id: UserId, at: Timestamp) -> EventWork {
    let cause: Uuid = id::fresh();
    let manual = ManualEntry {
        id: id::fresh(),
        user_id,
        amount: Money::from_rupees(1),
        reason: "before the soak test".into(),
        actor_id: user_id,
        at,
    };
    let event = Envelope {
        id: *cause.as_bytes(),
        source: "soak".into(),
        event_type: String::new(),
        time_micros: at.micros(),
        subject: user_id.to_string(),
        position: 0,
        traceparent: String::new(),
        data: Vec::new(),
    };
    EventWork { event, commands: vec![Command::Deposit(manual)] }
}
