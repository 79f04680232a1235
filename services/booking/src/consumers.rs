//! What booking hears: who registers, what the wallet did, what is put aside for EMI, and new plans.

use crate::app::learn;
use crate::app::reserve::{self, Reserved};
use crate::app::wallet_answer::{self, Answer};
use chassis::events::consumer::Consumer;
use chassis::events::{Envelope, HandleError, read};
use db::DbConnection;
use proto_events::auth::v1::UserRegistered;
use proto_events::binary::v1::PlanPublished;
use proto_events::wallet::v1::{EmiReserved, WalletPaymentDecided};

pub struct BookingConsumer;

#[async_trait::async_trait]
impl Consumer for BookingConsumer {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        // Reserves that follow each other are decided together.
        let mut reserves = Vec::new();
        for event in events {
            if event.is::<EmiReserved>() {
                reserves.push(emi_reserved(&event.decode()?)?);
            } else {
                receive(c, std::mem::take(&mut reserves)).await?;
                dispatch(c, event).await?;
            }
        }
        receive(c, reserves).await
    }
}

async fn receive(c: &mut DbConnection, mut reserves: Vec<Reserved>) -> Result<(), HandleError> {
    match (reserves.len(), reserves.pop()) {
        (1, Some(one)) => Ok(reserve::receive(c, one).await?),
        (_, Some(last)) => {
            reserves.push(last);
            Ok(reserve::receive_all(c, reserves).await?)
        }
        (_, None) => Ok(()),
    }
}

async fn dispatch(c: &mut DbConnection, event: &Envelope) -> Result<(), HandleError> {
    if event.is::<WalletPaymentDecided>() {
        wallet_decided(c, &event.decode()?).await
    } else if event.is::<UserRegistered>() {
        user_registered(c, &event.decode()?).await
    } else if event.is::<PlanPublished>() {
        plan_published(c, &event.decode()?).await
    } else {
        Ok(())
    }
}

async fn wallet_decided(c: &mut DbConnection, told: &WalletPaymentDecided) -> Result<(), HandleError> {
    let answer = Answer {
        payment_id: read::id("payment_id", &told.payment_id)?,
        amount: read::money(told.amount_paise),
        paid: told.paid,
        reason: told.reason.clone(),
        at: read::time("decided_at", told.decided_at)?,
    };
    Ok(wallet_answer::answer(c, &answer).await?)
}

fn emi_reserved(told: &EmiReserved) -> Result<Reserved, HandleError> {
    let amount = read::money(told.amount_paise);
    if !amount.is_positive() {
        return Err(HandleError::poison("a reserve must be more than 0.00"));
    }
    Ok(Reserved {
        id: read::id("reserve_id", &told.reserve_id)?,
        user_id: read::id("user_id", &told.user_id)?,
        amount,
        source_kind: told.source_kind.clone(),
        source_id: told.source_id.clone(),
        at: read::time("reserved_at", told.reserved_at)?,
    })
}

async fn user_registered(c: &mut DbConnection, told: &UserRegistered) -> Result<(), HandleError> {
    let user = read::part("user", &told.user)?;
    let id = read::id("user_id", &user.user_id)?;
    let referrer = read::optional_id("referrer_id", user.referrer_id.as_deref())?;
    Ok(learn::member(c, id, &user.name, referrer).await?)
}

async fn plan_published(c: &mut DbConnection, told: &PlanPublished) -> Result<(), HandleError> {
    let from = read::time("effective_from", told.effective_from)?;
    Ok(learn::plan(c, told.version, from, &told.plan_json).await?)
}
