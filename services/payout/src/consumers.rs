//! Consumers of the payout service.

use crate::app::apply_hold::{HoldDecision, apply_hold_decisions};
use crate::app::project;
use chassis::events::handler::EventHandler;
use chassis::events::{Envelope, HandleError, decode};
use chassis::id;
use db::DbConnection;
use proto_events::auth::v1::KycDecided;
use proto_events::binary::v1::PlanPublished;
use proto_events::booking::v1::BookingChanged;
use proto_events::wallet::v1::{HoldDecided, WalletChanged};

/// Applies consumed events to the database. Holds no state of its own.
pub struct EventConsumer;

/// A batch of events, grouped by type.
#[derive(Default)]
struct EventBatch {
    holds: Vec<HoldDecision>,
    wallets: Vec<WalletChanged>,
    kyc: Vec<KycDecided>,
    bookings: Vec<BookingChanged>,
    plans: Vec<PlanPublished>,
}

#[async_trait::async_trait]
impl EventHandler for EventConsumer {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let batch = EventBatch::decode(events)?;
        // Lock order of the service: payouts, then members, then bank accounts.
        apply_hold_decisions(c, &batch.holds).await?;
        project::apply_wallets(c, &batch.wallets).await?;
        for event in &batch.kyc {
            project::apply_kyc(c, event, id::fresh()).await?;
        }
        project::apply_bookings(c, &batch.bookings).await?;
        for event in &batch.plans {
            project::apply_plan(c, event).await?;
        }
        Ok(())
    }
}

impl EventBatch {
    fn decode(events: &[Envelope]) -> Result<Self, HandleError> {
        let mut batch = Self::default();
        for e in events {
            if e.is::<WalletChanged>() {
                batch.wallets.push(e.decode()?);
            } else if e.is::<HoldDecided>() {
                batch.holds.push(hold_decision(e.decode()?)?);
            } else if e.is::<KycDecided>() {
                batch.kyc.push(e.decode()?);
            } else if e.is::<BookingChanged>() {
                batch.bookings.push(e.decode()?);
            } else if e.is::<PlanPublished>() {
                batch.plans.push(e.decode()?);
            }
        }
        Ok(batch)
    }
}

fn hold_decision(event: HoldDecided) -> Result<HoldDecision, HandleError> {
    Ok(HoldDecision {
        payout_id: decode::id("payout_id", &event.payout_id)?,
        at: decode::time("decided_at", event.decided_at)?,
        placed: event.placed,
        reason: event.reason,
    })
}
