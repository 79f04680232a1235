//! Consumers of the booking service.

use crate::app::apply_event;
use crate::app::apply_reserve::{self, NewReserve};
use crate::app::apply_wallet_decision::{self, WalletDecision};
use chassis::events::handler::EventHandler;
use chassis::events::{Envelope, HandleError, decode};
use db::DbConnection;
use proto_events::auth::v1::UserRegistered;
use proto_events::binary::v1::PlanPublished;
use proto_events::wallet::v1::{EmiReserved, WalletPaymentDecided};

/// Consumes `UserRegistered`, `WalletPaymentDecided`, `EmiReserved` and `PlanPublished`.
pub struct EventConsumer;

#[async_trait::async_trait]
impl EventHandler for EventConsumer {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        // Consecutive reserves are allocated in one batch.
        let mut reserves = Vec::new();
        for event in events {
            if event.is::<EmiReserved>() {
                reserves.push(parse_reserve(&event.decode()?)?);
            } else {
                apply_reserves(c, std::mem::take(&mut reserves)).await?;
                on_event(c, event).await?;
            }
        }
        apply_reserves(c, reserves).await
    }
}

async fn apply_reserves(c: &mut DbConnection, mut reserves: Vec<NewReserve>) -> Result<(), HandleError> {
    match (reserves.len(), reserves.pop()) {
        (1, Some(one)) => Ok(apply_reserve::receive(c, one).await?),
        (_, Some(last)) => {
            reserves.push(last);
            Ok(apply_reserve::receive_all(c, reserves).await?)
        }
        (_, None) => Ok(()),
    }
}

async fn on_event(c: &mut DbConnection, event: &Envelope) -> Result<(), HandleError> {
    if event.is::<WalletPaymentDecided>() {
        on_wallet_payment_decided(c, &event.decode()?).await
    } else if event.is::<UserRegistered>() {
        on_user_registered(c, &event.decode()?).await
    } else if event.is::<PlanPublished>() {
        on_plan_published(c, &event.decode()?).await
    } else {
        Ok(())
    }
}

async fn on_wallet_payment_decided(c: &mut DbConnection, decided: &WalletPaymentDecided) -> Result<(), HandleError> {
    let decision = WalletDecision {
        payment_id: decode::id("payment_id", &decided.payment_id)?,
        amount: decode::money(decided.amount_paise),
        is_paid: decided.paid,
        reason: decided.reason.clone(),
        at: decode::time("decided_at", decided.decided_at)?,
    };
    Ok(apply_wallet_decision::apply(c, &decision).await?)
}

fn parse_reserve(reserved: &EmiReserved) -> Result<NewReserve, HandleError> {
    let amount = decode::money(reserved.amount_paise);
    if !amount.is_positive() {
        return Err(HandleError::poison("the amount of an EMI reserve must be positive"));
    }
    Ok(NewReserve {
        id: decode::id("reserve_id", &reserved.reserve_id)?,
        user_id: decode::id("user_id", &reserved.user_id)?,
        amount,
        source_kind: reserved.source_kind.clone(),
        source_id: reserved.source_id.clone(),
        at: decode::time("reserved_at", reserved.reserved_at)?,
    })
}

async fn on_user_registered(c: &mut DbConnection, registered: &UserRegistered) -> Result<(), HandleError> {
    let user = decode::required("user", &registered.user)?;
    let id = decode::id("user_id", &user.user_id)?;
    let referrer = decode::optional_id("referrer_id", user.referrer_id.as_deref())?;
    Ok(apply_event::apply_user_registered(c, id, &user.name, referrer).await?)
}

async fn on_plan_published(c: &mut DbConnection, published: &PlanPublished) -> Result<(), HandleError> {
    let from = decode::time("effective_from", published.effective_from)?;
    Ok(apply_event::apply_plan_published(c, published.version, from, &published.plan_json).await?)
}
