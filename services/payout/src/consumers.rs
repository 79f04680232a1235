//! Consumed events and what each batch of them changes.

use crate::app::learn;
use crate::app::take_hold::{HoldDecision, take_holds};
use chassis::events::consumer::Consumer;
use chassis::events::{Envelope, HandleError, read};
use chassis::id;
use db::DbConnection;
use proto_events::auth::v1::KycDecided;
use proto_events::binary::v1::PlanPublished;
use proto_events::booking::v1::BookingChanged;
use proto_events::wallet::v1::{HoldDecided, WalletChanged};

/// Takes events in; all of its state is in the database.
pub struct Listener;

/// A batch of events by type.
#[derive(Default)]
struct Batch {
    holds: Vec<HoldDecision>,
    wallets: Vec<WalletChanged>,
    kyc: Vec<KycDecided>,
    bookings: Vec<BookingChanged>,
    plans: Vec<PlanPublished>,
}

#[async_trait::async_trait]
impl Consumer for Listener {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let batch = Batch::read(events)?;
        // Rows are locked as everybody locks them: payouts before members, members before accounts.
        take_holds(c, &batch.holds).await?;
        learn::wallets(c, &batch.wallets).await?;
        for event in &batch.kyc {
            learn::kyc(c, event, id::fresh()).await?;
        }
        learn::bookings(c, &batch.bookings).await?;
        for event in &batch.plans {
            learn::plan(c, event).await?;
        }
        Ok(())
    }
}

impl Batch {
    fn read(events: &[Envelope]) -> Result<Self, HandleError> {
        let mut batch = Self::default();
        for e in events {
            if e.is::<WalletChanged>() {
                batch.wallets.push(e.decode()?);
            } else if e.is::<HoldDecided>() {
                batch.holds.push(hold(e.decode()?)?);
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

fn hold(event: HoldDecided) -> Result<HoldDecision, HandleError> {
    Ok(HoldDecision {
        payout_id: read::id("payout_id", &event.payout_id)?,
        at: read::time("decided_at", event.decided_at)?,
        placed: event.placed,
        reason: event.reason,
    })
}
