//! What this service hears: members, payments, refunds and days. All of it goes to the tree, a batch at a time.

use crate::app::absorb::absorb;
use crate::app::facts;
use crate::error::Failure;
use crate::state::Binary;
use chassis::events::consumer::Consumer;
use chassis::events::{Envelope, HandleError};
use db::DbConnection;
use std::sync::atomic::{AtomicU64, Ordering};

/// A ticket no batch has.
const NONE: u64 = 0;

pub struct Listener {
    app: Binary,
    /// The batch handed over last.
    ticket: AtomicU64,
}

impl Listener {
    pub const fn new(app: Binary) -> Self {
        Self { app, ticket: AtomicU64::new(NONE) }
    }

    async fn take_in(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), Failure> {
        // Until this one is written there is no batch that a commit could be about.
        self.ticket.store(NONE, Ordering::Release);
        let mut arrived = Vec::with_capacity(events.len());
        for event in events {
            arrived.extend(facts::read(event)?);
        }
        if arrived.is_empty() {
            return Ok(());
        }
        let mut batch = self.app.keeper.begin(c).await?;
        absorb(c, &mut batch, arrived, self.app.ctx.now()).await?;
        let ticket = batch.save(c).await?;
        self.ticket.store(ticket, Ordering::Release);
        Ok(())
    }
}

#[async_trait::async_trait]
impl Consumer for Listener {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        Ok(self.take_in(c, events).await?)
    }

    async fn committed(&self) {
        self.app.keeper.committed(self.ticket.load(Ordering::Acquire)).await;
    }
}
