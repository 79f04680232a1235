//! Events that a service has not finished with, for an operator.

use crate::schema::{inbox, outbox, waiting};
use crate::{deferred, parked};
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;

/// What is left in a service's tables of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// Published events that the bus has not confirmed.
    pub unsent: i64,
    /// When the oldest of them occurred.
    pub oldest_unsent_at: Option<Timestamp>,
    /// Received events that wait for another event.
    pub waiting: i64,
    /// Received events that this version does not know, by type.
    pub deferred: BTreeMap<String, i64>,
    /// Received events that can never be handled.
    pub parked: i64,
    /// When the service received the newest event.
    pub last_received_at: Option<Timestamp>,
}

/// Reads the backlog of the service whose database this is.
pub fn read(c: &mut DbConnection) -> BoxFuture<'_, QueryResult<Backlog>> {
    Box::pin(async move {
        let unsent = outbox::table.filter(outbox::sent_at.is_null());
        let oldest = unsent.order(outbox::position).select(outbox::occurred_at).first(c).await.optional()?;
        // Ids of events begin with their time.
        let newest = inbox::table.order(inbox::event_id.desc()).select(inbox::received_at).first(c).await.optional()?;
        Ok(Backlog {
            unsent: unsent.count().get_result(c).await?,
            oldest_unsent_at: oldest,
            waiting: waiting::table.count().get_result(c).await?,
            deferred: deferred::count_by_type(c).await?.into_iter().collect(),
            parked: parked::count(c).await?,
            last_received_at: newest,
        })
    })
}
