//! What others tell of our people.
//!
//! | event | effect | kind |
//! |---|---|---|
//! | `PaymentCompleted`, `PaymentRefunded` | Active Buyer | the highest standing version wins |
//! | `PlacementMade` | the member has a place | holds in any order |
//! | `DocumentUploaded` | a document KYC may name | once a document |

use crate::app::project::{self, Paid};
use chassis::events::consumer::Consumer;
use chassis::events::{Envelope, HandleError, read};
use db::DbConnection;
use proto_events::binary::v1::PlacementMade;
use proto_events::booking::v1::{PaymentCompleted, PaymentRefunded, Standing};
use proto_events::compliance::v1::DocumentUploaded;

/// The receiving end of auth's queue.
pub(crate) struct People;

impl People {
    pub(crate) const fn new() -> Self {
        Self
    }
}

#[async_trait::async_trait]
impl Consumer for People {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        for event in events {
            handle_one(c, event).await?;
        }
        Ok(())
    }
}

async fn handle_one(c: &mut DbConnection, e: &Envelope) -> Result<(), HandleError> {
    if e.is::<PaymentCompleted>() {
        return payment_completed(c, e.decode()?).await;
    }
    if e.is::<PaymentRefunded>() {
        return payment_refunded(c, e.decode()?).await;
    }
    if e.is::<PlacementMade>() {
        return placement_made(c, e.decode()?).await;
    }
    if e.is::<DocumentUploaded>() {
        return document_uploaded(c, e.decode()?).await;
    }
    Ok(())
}

async fn payment_completed(c: &mut DbConnection, e: PaymentCompleted) -> Result<(), HandleError> {
    payment(c, &e.user_id, read::part("standing", &e.standing)?, e.completed_at).await
}

async fn payment_refunded(c: &mut DbConnection, e: PaymentRefunded) -> Result<(), HandleError> {
    payment(c, &e.user_id, read::part("standing", &e.standing)?, e.refunded_at).await
}

async fn payment(c: &mut DbConnection, user: &[u8], standing: &Standing, at: i64) -> Result<(), HandleError> {
    let news = Paid {
        member: read::id("user_id", user)?,
        version: read::version(standing.version)?,
        is_active_buyer: standing.active_buyer_after,
        at: read::time("at", at)?,
    };
    Ok(project::note_payment(c, &news).await?)
}

async fn placement_made(c: &mut DbConnection, e: PlacementMade) -> Result<(), HandleError> {
    Ok(project::note_placement(c, read::id("user_id", &e.user_id)?).await?)
}

async fn document_uploaded(c: &mut DbConnection, e: DocumentUploaded) -> Result<(), HandleError> {
    let (id, owner) = (read::id("document_id", &e.document_id)?, read::id("user_id", &e.user_id)?);
    let uploaded_at = read::time("uploaded_at", e.uploaded_at)?;
    Ok(project::note_document(c, id, owner, &e.kind, uploaded_at).await?)
}
