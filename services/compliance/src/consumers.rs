//! Event table of the compliance service.
//!
//! Every row is inserted once by its unique key, so events may arrive twice and in any order.

use crate::app::apply_events::{self, TaxEvent};
use db::DbConnection;
use messaging::{ApplyBatch, EventConsumer, HandleError};
use proto_events::payout::v1::{PayoutCompleted, PayoutReversed};
use proto_events::platform::v1::StaffActed;

/// Applies events to the service's tables. Holds no state of its own.
pub(crate) struct Tables;

/// The events of one transaction, by effect.
#[derive(Default)]
pub(crate) struct Batch {
    tax: Vec<TaxEvent>,
    staff_actions: Vec<StaffActed>,
}

/// The events that the service subscribes to.
pub(crate) fn consumer() -> EventConsumer<Tables, Batch> {
    EventConsumer::new(Tables)
        .on::<PayoutCompleted>(|batch, event| {
            batch.tax.push(TaxEvent::Deducted(event));
            Ok(())
        })
        .on::<PayoutReversed>(|batch, event| {
            batch.tax.push(TaxEvent::Reversed(event));
            Ok(())
        })
        .on::<StaffActed>(|batch, event| {
            batch.staff_actions.push(event);
            Ok(())
        })
}

#[async_trait::async_trait]
impl ApplyBatch<Batch> for Tables {
    async fn apply(&self, c: &mut DbConnection, batch: Batch) -> Result<(), HandleError> {
        apply_events::apply_tax(c, &batch.tax).await?;
        apply_events::apply_staff_actions(c, &batch.staff_actions).await
    }
}

#[cfg(test)]
mod tests {
    use super::consumer;
    use messaging::handler::EventHandler;
    use testkit::subscriptions;

    #[test]
    fn every_subscribed_event_has_a_line_in_the_table_and_no_other() {
        subscriptions::assert_complete("compliance", consumer().types());
    }
}
