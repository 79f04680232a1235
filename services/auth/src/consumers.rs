//! Event consumer of the auth service.
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
use chassis::events::handler::EventHandler;
use chassis::events::{Envelope, HandleError, decode};
use db::DbConnection;
use domain::UserId;
use proto_events::binary::v1::PlacementMade;
use proto_events::booking::v1::{PaymentCompleted, PaymentRefunded, Standing};
use proto_events::compliance::v1::DocumentUploaded;
use std::collections::BTreeMap;

/// Consumer of auth's event queue.
pub(crate) struct EventConsumer;

impl EventConsumer {
    pub(crate) const fn new() -> Self {
        Self
    }
}

/// Decoded events of one batch, by what they apply to.
#[derive(Default)]
struct EventBatch {
    members: BTreeMap<UserId, Vec<MemberEvent>>,
    documents: Vec<UploadedDocument>,
}

#[async_trait::async_trait]
impl EventHandler for EventConsumer {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let mut batch = EventBatch::default();
        for event in events {
            batch.add(event)?;
        }
        if !batch.members.is_empty() {
            apply_events::apply_member_events(c, &batch.members).await?;
        }
        if !batch.documents.is_empty() {
            apply_events::record_documents(c, batch.documents).await?;
        }
        Ok(())
    }
}

impl EventBatch {
    fn add(&mut self, event: &Envelope) -> Result<(), HandleError> {
        if event.is::<PaymentCompleted>() {
            let completed: PaymentCompleted = event.decode()?;
            let standing = decode::required("standing", &completed.standing)?;
            self.add_buyer_status(&completed.user_id, standing, completed.completed_at)
        } else if event.is::<PaymentRefunded>() {
            let refunded: PaymentRefunded = event.decode()?;
            let standing = decode::required("standing", &refunded.standing)?;
            self.add_buyer_status(&refunded.user_id, standing, refunded.refunded_at)
        } else if event.is::<PlacementMade>() {
            let placement: PlacementMade = event.decode()?;
            self.members.entry(decode::id("user_id", &placement.user_id)?).or_default().push(MemberEvent::Placed);
            Ok(())
        } else if event.is::<DocumentUploaded>() {
            self.add_document(&event.decode()?)
        } else {
            Ok(())
        }
    }

    fn add_buyer_status(&mut self, user: &[u8], standing: &Standing, at: i64) -> Result<(), HandleError> {
        let event = MemberEvent::BuyerStatusChanged {
            version: decode::version(standing.version)?,
            is_active_buyer: standing.active_buyer_after,
            at: decode::time("at", at)?,
        };
        self.members.entry(decode::id("user_id", user)?).or_default().push(event);
        Ok(())
    }

    fn add_document(&mut self, uploaded: &DocumentUploaded) -> Result<(), HandleError> {
        self.documents.push(UploadedDocument {
            id: decode::id("document_id", &uploaded.document_id)?,
            user_id: decode::id("user_id", &uploaded.user_id)?,
            kind: uploaded.kind.chars().take(MAX_DOCUMENT_KIND_CHARS).collect(),
            uploaded_at: decode::time("uploaded_at", uploaded.uploaded_at)?,
        });
        Ok(())
    }
}
