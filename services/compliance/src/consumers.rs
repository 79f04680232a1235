//! Event table of the compliance service.
//!
//! Every row is inserted once by its unique key, so events may arrive twice and in any order.

use crate::app::apply_events::{self, MemberRecord, RecordKind, TaxEvent, Users, member_record};
use crate::app::erase_documents::{Erasure, erase_documents};
use db::DbConnection;
use messaging::{ApplyBatch, EventConsumer, HandleError, decode};
use proto_events::auth::v1::{ErasureRequested, UserRegistered, UserUpdated};
use proto_events::booking::v1::BookingChanged;
use proto_events::payout::v1::{PayoutCompleted, PayoutRequested, PayoutReversed};
use proto_events::platform::v1::StaffActed;

/// Applies events to the service's tables. Holds no state of its own.
pub(crate) struct Tables;

/// The events of one transaction, by effect.
#[derive(Default)]
pub(crate) struct Batch {
    tax: Vec<TaxEvent>,
    staff_actions: Vec<StaffActed>,
    records: Vec<MemberRecord>,
    users: Users,
    erasures: Vec<Erasure>,
}

/// The events that the service subscribes to.
pub(crate) fn consumer() -> EventConsumer<Tables, Batch> {
    EventConsumer::new(Tables)
        .on::<UserRegistered>(|batch, event| batch.users.add(&event.user))
        .on::<UserUpdated>(|batch, event| batch.users.add(&event.user))
        .on::<ErasureRequested>(|batch, event| {
            batch.erasures.push(erasure(&event)?);
            Ok(())
        })
        .on::<BookingChanged>(|batch, event| {
            batch.records.push(member_record(RecordKind::Booking, &event.booking_id, &event.user_id)?);
            Ok(())
        })
        .on::<PayoutRequested>(|batch, event| {
            let payout = decode::required("payout", &event.payout)?;
            batch.records.push(member_record(RecordKind::Payout, &payout.payout_id, &payout.user_id)?);
            Ok(())
        })
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
        batch.users.save(c).await?;
        for erasure in &batch.erasures {
            erase_documents(c, erasure).await?;
        }
        apply_events::apply_records(c, batch.records).await?;
        apply_events::apply_tax(c, &batch.tax).await?;
        apply_events::apply_staff_actions(c, &batch.staff_actions).await
    }
}

fn erasure(event: &ErasureRequested) -> Result<Erasure, HandleError> {
    Ok(Erasure {
        user_id: decode::id("user_id", &event.user_id)?,
        decided_by: decode::optional_id("decided_by", event.decided_by.as_deref())?,
        requested_at: decode::time("requested_at", event.requested_at)?,
    })
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
