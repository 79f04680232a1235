//! What the service listens to, and who takes it in.

use crate::app::{learn, take_hold};
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

#[async_trait::async_trait]
impl Consumer for Listener {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        for event in events {
            dispatch(c, event).await?;
        }
        Ok(())
    }
}

async fn dispatch(c: &mut DbConnection, e: &Envelope) -> Result<(), HandleError> {
    if e.is::<WalletChanged>() {
        learn::wallet(c, &e.decode()?).await
    } else if e.is::<HoldDecided>() {
        hold(c, &e.decode()?).await
    } else if e.is::<KycDecided>() {
        learn::kyc(c, &e.decode()?, id::fresh()).await
    } else if e.is::<BookingChanged>() {
        learn::booking(c, &e.decode()?).await
    } else if e.is::<PlanPublished>() {
        learn::plan(c, &e.decode()?).await
    } else {
        Ok(())
    }
}

async fn hold(c: &mut DbConnection, event: &HoldDecided) -> Result<(), HandleError> {
    let payout = read::id("payout_id", &event.payout_id)?;
    let at = read::time("decided_at", event.decided_at)?;
    Ok(take_hold::take_hold(c, payout, event.placed, &event.reason, at).await?)
}
