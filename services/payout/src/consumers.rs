//! Event table of the payout service.

use crate::app::apply_hold::{HoldDecision, apply_hold_decisions};
use crate::app::apply_kyc::apply_kyc;
use crate::app::project;
use db::{Count, DbConnection};
use domain::StoredPlan;
use issued_documents::Languages;
use messaging::{ApplyBatch, EventConsumer, HandleError, decode};
use proto_events::auth::v1::{KycDecided, User, UserRegistered, UserUpdated};
use proto_events::binary::v1::{PlanPublished, PlanWithdrawn};
use proto_events::booking::v1::BookingChanged;
use proto_events::wallet::v1::{HoldDecided, WalletChanged};

/// Applies events to the service's tables. Holds no state of its own.
pub(crate) struct Tables;

/// The events of one transaction, by type.
#[derive(Default)]
pub(crate) struct Batch {
    holds: Vec<HoldDecision>,
    wallets: Vec<WalletChanged>,
    kyc: Vec<KycDecided>,
    bookings: Vec<BookingChanged>,
    languages: Languages,
    plans: Vec<StoredPlan>,
    withdrawn_plans: Vec<Count>,
}

impl Batch {
    fn add_language(&mut self, user: &Option<User>) -> Result<(), HandleError> {
        self.languages.add(decode::required("user", user)?)
    }
}

/// The events that the service subscribes to.
pub(crate) fn consumer() -> EventConsumer<Tables, Batch> {
    EventConsumer::new(Tables)
        .on::<HoldDecided>(|batch, event| {
            batch.holds.push(hold_decision(event)?);
            Ok(())
        })
        .on::<WalletChanged>(|batch, event| {
            batch.wallets.push(event);
            Ok(())
        })
        .on::<UserRegistered>(|batch, event| batch.add_language(&event.user))
        .on::<UserUpdated>(|batch, event| batch.add_language(&event.user))
        .on::<KycDecided>(|batch, event| {
            batch.kyc.push(event);
            Ok(())
        })
        .on::<BookingChanged>(|batch, event| {
            batch.bookings.push(event);
            Ok(())
        })
        .on::<PlanPublished>(|batch, event| {
            batch.plans.push(stored_plan(event)?);
            Ok(())
        })
        .on::<PlanWithdrawn>(|batch, event| {
            batch.withdrawn_plans.push(event.version.into());
            Ok(())
        })
}

#[async_trait::async_trait]
impl ApplyBatch<Batch> for Tables {
    async fn apply(&self, c: &mut DbConnection, batch: Batch) -> Result<(), HandleError> {
        // Lock order of the service: payouts, then members, then bank accounts.
        apply_hold_decisions(c, &batch.holds).await?;
        project::apply_wallets(c, &batch.wallets).await?;
        apply_kyc(c, &batch.kyc).await?;
        batch.languages.save(c).await?;
        project::apply_bookings(c, &batch.bookings).await?;
        project::apply_plans(c, batch.plans, batch.withdrawn_plans).await
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

fn stored_plan(event: PlanPublished) -> Result<StoredPlan, HandleError> {
    let effective_from = decode::time("effective_from", event.effective_from)?;
    let plan = StoredPlan::try_new(event.version, effective_from, event.plan_json);
    plan.map_err(|error| HandleError::poison(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::consumer;
    use messaging::handler::EventHandler;
    use testkit::subscriptions;

    #[test]
    fn every_subscribed_event_has_a_line_in_the_table_and_no_other() {
        subscriptions::assert_complete("payout", consumer().types());
    }
}
