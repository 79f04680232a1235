//! Event table of the auth service.
//!
//! | event | effect | ordering |
//! |---|---|---|
//! | `PaymentCompleted`, `PaymentRefunded` | sets the Active Buyer flag | the highest standing version wins |
//! | `PlacementMade` | marks the member as placed | any order |
//! | `DocumentUploaded` | makes the document available to KYC applications | once per document |
//!
//! No handler depends on the order of events, so a batch is applied as a set.

use crate::app::apply_events::{self, MAX_DOCUMENT_KIND_CHARS};
use crate::domain::kyc::UploadedDocument;
use crate::domain::member_state::MemberEvent;
use db::DbConnection;
use domain::UserId;
use messaging::{ApplyBatch, EventConsumer, HandleError, decode};
use proto_events::binary::v1::PlacementMade;
use proto_events::booking::v1::{PaymentCompleted, PaymentRefunded, Standing};
use proto_events::compliance::v1::DocumentUploaded;
use std::collections::BTreeMap;

/// What the events of one transaction change.
#[derive(Default)]
pub(crate) struct Batch {
    members: BTreeMap<UserId, Vec<MemberEvent>>,
    documents: Vec<UploadedDocument>,
}

/// Applies events to the service's tables. Holds no state of its own.
pub(crate) struct Tables;

#[async_trait::async_trait]
impl ApplyBatch<Batch> for Tables {
    async fn apply(&self, c: &mut DbConnection, batch: Batch) -> Result<(), HandleError> {
        if !batch.members.is_empty() {
            apply_events::apply_member_events(c, &batch.members).await?;
        }
        if !batch.documents.is_empty() {
            apply_events::record_documents(c, batch.documents).await?;
        }
        Ok(())
    }
}

/// The events that the service subscribes to.
pub(crate) fn consumer() -> EventConsumer<Tables, Batch> {
    EventConsumer::new(Tables)
        .on::<PaymentCompleted>(|batch, completed| {
            batch.add_buyer_status(&completed.user_id, &completed.standing, completed.completed_at)
        })
        .on::<PaymentRefunded>(|batch, refunded| {
            batch.add_buyer_status(&refunded.user_id, &refunded.standing, refunded.refunded_at)
        })
        .on::<PlacementMade>(|batch, placement| batch.add_member_event(&placement.user_id, MemberEvent::Placed))
        .on::<DocumentUploaded>(Batch::add_document)
}

impl Batch {
    fn add_member_event(&mut self, user: &[u8], event: MemberEvent) -> Result<(), HandleError> {
        self.members.entry(decode::id("user_id", user)?).or_default().push(event);
        Ok(())
    }

    fn add_buyer_status(&mut self, user: &[u8], standing: &Option<Standing>, at: i64) -> Result<(), HandleError> {
        let standing = decode::required("standing", standing)?;
        let event = MemberEvent::BuyerStatusChanged {
            version: decode::version(standing.version)?,
            is_active_buyer: standing.active_buyer_after,
            at: decode::time("at", at)?,
        };
        self.add_member_event(user, event)
    }

    fn add_document(&mut self, uploaded: DocumentUploaded) -> Result<(), HandleError> {
        self.documents.push(UploadedDocument {
            id: decode::id("document_id", &uploaded.document_id)?,
            user_id: decode::id("user_id", &uploaded.user_id)?,
            kind: uploaded.kind.chars().take(MAX_DOCUMENT_KIND_CHARS).collect(),
            uploaded_at: decode::time("uploaded_at", uploaded.uploaded_at)?,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::consumer;
    use messaging::handler::EventHandler;
    use testkit::subscriptions;

    #[test]
    fn every_subscribed_event_has_a_line_in_the_table_and_no_other() {
        subscriptions::assert_complete("auth", consumer().types());
    }
}
