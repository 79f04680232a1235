//! Many recent entries in the wallet's ledger before the load begins, posted by the wallet's own code.
//!
//! A job whose cost grows with the backlog shows itself only where there is one.

use chassis::clock::{Clock, SystemClock};
use chassis::events::{Envelope, HandleError};
use chassis::service::BootError;
use chassis::{Env, id};
use db::{Db, DbConnection, DbError};
use diesel::sql_query;
use diesel::sql_types::{Text, Timestamp as SqlTimestamp};
use diesel_async::RunQueryDsl;
use domain::{Money, Timestamp, UserId};
use uuid::Uuid;
use wallet::app::post::{self, Work};
use wallet::domain::Command;
use wallet::domain::command::Manual;

/// Entries posted in one transaction.
const BATCH: usize = 5_000;
/// Wallets that share the entries.
const MEMBERS: usize = 64;

/// Posts so many deposits into the wallet's database. Their events count as sent long ago: nobody is to hear of them.
pub async fn run(env: &Env, entries: usize) -> Result<String, BootError> {
    let failed = |e: &dyn std::fmt::Display| BootError::Failed(e.to_string());
    let db = Db::connect(&chassis::boot::database(env, "wallet")?).await?;
    let members: Vec<UserId> = (0..MEMBERS).map(|_| id::fresh()).collect();
    let mut left = entries;
    while left > 0 {
        let count = left.min(BATCH);
        let at = SystemClock.now();
        let work: Vec<Work> = members.iter().copied().cycle().take(count).map(|member| deposit(member, at)).collect();
        let members = members.as_slice();
        let posted: Result<(), HandleError> = db
            .tx(async |c| {
                post::events(c, &SystemClock, work.clone(), &[], |_| Ok(Vec::new())).await?;
                Ok(mark_sent(c, members).await?)
            })
            .await;
        posted.map_err(|e| failed(&e))?;
        left -= count;
    }
    Ok(format!("{entries} entries are posted"))
}

/// The members are new, so no event of anybody else has one of them for its subject.
async fn mark_sent(c: &mut DbConnection, members: &[UserId]) -> Result<(), DbError> {
    let now = SystemClock.now();
    for member in members {
        let mark = sql_query("UPDATE outbox SET sent_at = ? WHERE sent_at IS NULL AND subject = ?");
        mark.bind::<SqlTimestamp, _>(now).bind::<Text, _>(member.to_string()).execute(c).await?;
    }
    Ok(())
}

fn deposit(user_id: UserId, at: Timestamp) -> Work {
    let cause: Uuid = id::fresh();
    let manual = Manual {
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
    Work { event, commands: vec![Command::Deposit(manual)] }
}
