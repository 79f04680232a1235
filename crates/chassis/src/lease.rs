//! Who does what only one instance should do.
//!
//! A lease keeps instances out of each other's way; it proves nothing. Whoever holds one may have been asleep
//! past its end, so the work under it must do no harm when done twice.

use crate::ctx::Ctx;
use crate::id;
use crate::schema::leases;
use db::{BackendKind, DbConnection, DbError, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// Takes or prolongs the lease `name` until `until`. `Ok(false)`: somebody else has it.
pub async fn try_acquire(
    c: &mut DbConnection,
    name: &str,
    holder: Uuid,
    until: Timestamp,
    now: Timestamp,
) -> QueryResult<bool> {
    let holder = holder.as_bytes().to_vec();
    let free = leases::held_until.lt(now).or(leases::holder.eq(&holder));
    let taken = diesel::update(leases::table.filter(leases::name.eq(name)).filter(free))
        .set((leases::holder.eq(&holder), leases::held_until.eq(until)))
        .execute(c)
        .await?;
    if taken > 0 {
        return Ok(true);
    }
    let row = (leases::name.eq(name), leases::holder.eq(&holder), leases::held_until.eq(until));
    inserted(diesel::insert_into(leases::table).values(row).execute(c).await)
}

/// Gives the lease up, so that nobody has to wait for its end. Does nothing to somebody else's.
pub async fn release(c: &mut DbConnection, name: &str, holder: Uuid) -> QueryResult<()> {
    let own = leases::table.filter(leases::name.eq(name)).filter(leases::holder.eq(holder.as_bytes().to_vec()));
    diesel::delete(own).execute(c).await.map(drop)
}

/// One instance's claim to a lease.
pub(crate) struct Lease {
    ctx: Ctx,
    name: String,
    holder: Uuid,
    term: Duration,
}

impl Lease {
    /// A database in a file belongs to one process, and a process that died should not keep its successor
    /// waiting: there, every instance is the same holder.
    pub(crate) fn new(ctx: Ctx, name: String, term: Duration) -> Self {
        let holder = match ctx.db().kind() {
            BackendKind::Sqlite => Uuid::nil(),
            BackendKind::Mysql => id::fresh(),
        };
        Self { ctx, name, holder, term }
    }

    /// Takes or prolongs it.
    pub(crate) async fn hold(&self) -> Result<bool, DbError> {
        let now = self.ctx.now();
        let until = now.plus(chrono::TimeDelta::from_std(self.term).unwrap_or(chrono::TimeDelta::MAX));
        let mut c = self.ctx.db().write().await?;
        Ok(try_acquire(&mut c, &self.name, self.holder, until, now).await?)
    }

    pub(crate) async fn release(&self) {
        let released: Result<(), DbError> = async {
            let mut c = self.ctx.db().write().await?;
            Ok(release(&mut c, &self.name, self.holder).await?)
        }
        .await;
        if let Err(error) = released {
            tracing::warn!(%error, lease = self.name, "the lease was not given up; it ends by itself");
        }
    }
}
