//! Leases: work that only one instance of a service should do.
//!
//! A lease reduces duplicate work and does not exclude it: a holder may be suspended beyond the end of its lease. So
//! the work under a lease must be idempotent.

use crate::ctx::Ctx;
use crate::id;
use crate::schema::leases;
use db::{BackendKind, DbConnection, DbError, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Acquires or renews the lease `name` until `until`. `Ok(false)` while another holder has it.
pub async fn try_acquire(
    c: &mut DbConnection,
    name: &str,
    holder: Uuid,
    until: Timestamp,
    now: Timestamp,
) -> QueryResult<bool> {
    let holder = holder.as_bytes().to_vec();
    let free = leases::held_until.lt(now).or(leases::holder.eq(&holder));
    let updated = diesel::update(leases::table.filter(leases::name.eq(name)).filter(free))
        .set((leases::holder.eq(&holder), leases::held_until.eq(until)))
        .execute(c)
        .await?;
    if updated > 0 {
        return Ok(true);
    }
    let row = (leases::name.eq(name), leases::holder.eq(&holder), leases::held_until.eq(until));
    inserted(diesel::insert_into(leases::table).values(row).execute(c).await)
}

/// Releases the lease before its end. Does nothing when another holder has it.
pub async fn release(c: &mut DbConnection, name: &str, holder: Uuid) -> QueryResult<()> {
    let own = leases::table.filter(leases::name.eq(name)).filter(leases::holder.eq(holder.as_bytes().to_vec()));
    diesel::delete(own).execute(c).await.map(drop)
}

/// A lease as one instance sees it.
pub struct Lease {
    ctx: Ctx,
    name: String,
    holder: Uuid,
    term: Duration,
}

impl Lease {
    /// `term` is how long the lease lasts without a renewal. A SQLite database belongs to one process, so there every
    /// instance is the same holder, and a restarted process does not wait for the lease of the one before.
    pub fn new(ctx: Ctx, name: String, term: Duration) -> Self {
        let holder = match ctx.db().kind() {
            BackendKind::Sqlite => Uuid::nil(),
            BackendKind::Mysql => id::fresh(),
        };
        Self { ctx, name, holder, term }
    }

    /// Acquires or renews the lease. `Ok(false)` while another instance has it.
    pub async fn acquire(&self) -> Result<bool, DbError> {
        let now = self.ctx.now();
        let until = now.plus(chrono::TimeDelta::from_std(self.term).unwrap_or(chrono::TimeDelta::MAX));
        let mut c = self.ctx.db().write().await?;
        Ok(try_acquire(&mut c, &self.name, self.holder, until, now).await?)
    }

    /// Renews the held lease, three times per term, until `session` is cancelled. Cancels `session` when another
    /// instance has acquired the lease.
    ///
    /// While the database fails, the work goes on: stopping it would do more harm than doing it twice.
    pub async fn renew(&self, session: &CancellationToken) {
        while session.run_until_cancelled(sleep(self.term / 3)).await.is_some() {
            match self.acquire().await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(service = self.ctx.service(), lease = self.name, "lease lost");
                    session.cancel();
                }
                Err(error) => {
                    tracing::warn!(service = self.ctx.service(), lease = self.name, %error, "lease renewal failed");
                }
            }
        }
    }

    /// Releases the lease. A failure is only logged: the lease ends by itself.
    pub async fn release(&self) {
        let released: Result<(), DbError> = async {
            let mut c = self.ctx.db().write().await?;
            Ok(release(&mut c, &self.name, self.holder).await?)
        }
        .await;
        if let Err(error) = released {
            tracing::warn!(service = self.ctx.service(), lease = self.name, %error, "lease release failed");
        }
    }
}
