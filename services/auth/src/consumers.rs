//! What others tell of our people.
//!
//! | event | effect | kind |
//! |---|---|---|
//! | `PaymentCompleted`, `PaymentRefunded` | Active Buyer | the highest standing version wins |
//! | `PlacementMade` | the member has a place | holds in any order |
//! | `DocumentUploaded` | a document KYC may name | once a document |
//!
//! None of them depends on the order of the others, so a batch is applied as a set.

use crate::app::project::{self, MAX_KIND};
use crate::domain::kyc::Upload;
use crate::domain::standing::Fact;
use chassis::events::consumer::Consumer;
use chassis::events::{Envelope, HandleError, read};
use db::DbConnection;
use domain::UserId;
use proto_events::binary::v1::PlacementMade;
use proto_events::booking::v1::{PaymentCompleted, PaymentRefunded, Standing};
use proto_events::compliance::v1::DocumentUploaded;
use std::collections::BTreeMap;

/// The receiving end of auth's queue.
pub(crate) struct People;

impl People {
    pub(crate) const fn new() -> Self {
        Self
    }
}

/// What a batch says.
#[derive(Default)]
struct Batch {
    members: BTreeMap<UserId, Vec<Fact>>,
    documents: Vec<Upload>,
}

#[async_trait::async_trait]
impl Consumer for People {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let mut batch = Batch::default();
        for event in events {
            batch.add(event)?;
        }
        if !batch.members.is_empty() {
            project::apply_facts(c, &batch.members).await?;
        }
        if !batch.documents.is_empty() {
            project::note_documents(c, batch.documents).await?;
        }
        Ok(())
    }
}

impl Batch {
    fn add(&mut self, e: &Envelope) -> Result<(), HandleError> {
        if e.is::<PaymentCompleted>() {
            let e: PaymentCompleted = e.decode()?;
            self.paid(&e.user_id, read::part("standing", &e.standing)?, e.completed_at)
        } else if e.is::<PaymentRefunded>() {
            let e: PaymentRefunded = e.decode()?;
            self.paid(&e.user_id, read::part("standing", &e.standing)?, e.refunded_at)
        } else if e.is::<PlacementMade>() {
            let e: PlacementMade = e.decode()?;
            self.members.entry(read::id("user_id", &e.user_id)?).or_default().push(Fact::Placed);
            Ok(())
        } else if e.is::<DocumentUploaded>() {
            self.uploaded(&e.decode()?)
        } else {
            Ok(())
        }
    }

    fn paid(&mut self, user: &[u8], standing: &Standing, at: i64) -> Result<(), HandleError> {
        let fact = Fact::Paid {
            version: read::version(standing.version)?,
            is_active_buyer: standing.active_buyer_after,
            at: read::time("at", at)?,
        };
        self.members.entry(read::id("user_id", user)?).or_default().push(fact);
        Ok(())
    }

    fn uploaded(&mut self, e: &DocumentUploaded) -> Result<(), HandleError> {
        self.documents.push(Upload {
            id: read::id("document_id", &e.document_id)?,
            user_id: read::id("user_id", &e.user_id)?,
            kind: e.kind.chars().take(MAX_KIND).collect(),
            uploaded_at: read::time("uploaded_at", e.uploaded_at)?,
        });
        Ok(())
    }
}
