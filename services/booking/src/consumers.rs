//! Event table of the booking service.

use crate::app::apply_event::{self, MemberProfile, UploadedDocument};
use crate::app::apply_reserve::{self, NewReserve};
use crate::app::apply_wallet_decision::{self, WalletDecision};
use db::{Count, DbConnection};
use domain::StoredPlan;
use issued_documents::Languages;
use messaging::{ApplyBatch, EventConsumer, HandleError, decode};
use proto_events::auth::v1::{User, UserRegistered, UserUpdated};
use proto_events::binary::v1::{PlanPublished, PlanWithdrawn};
use proto_events::compliance::v1::DocumentUploaded;
use proto_events::wallet::v1::{EmiReserved, WalletPaymentDecided};

/// The events that booking handles.
pub(crate) fn consumer() -> EventConsumer<DatabaseOnly, Batch> {
    EventConsumer::new(DatabaseOnly)
        .on::<PlanPublished>(Batch::add_plan)
        .on::<PlanWithdrawn>(Batch::add_withdrawal)
        .on::<UserRegistered>(|batch, event| batch.add_member(&event.user))
        .on::<UserUpdated>(|batch, event| batch.add_member(&event.user))
        .on::<WalletPaymentDecided>(Batch::add_decision)
        .on::<EmiReserved>(Batch::add_reserve)
        .on::<DocumentUploaded>(Batch::add_document)
}

/// What the events of a transaction hold, each type in the order of its events.
#[derive(Default)]
pub(crate) struct Batch {
    plans: Vec<StoredPlan>,
    withdrawn_plans: Vec<Count>,
    members: Vec<MemberProfile>,
    languages: Languages,
    decisions: Vec<WalletDecision>,
    reserves: Vec<NewReserve>,
    documents: Vec<UploadedDocument>,
}

/// Applies batches. It needs nothing but the database.
pub(crate) struct DatabaseOnly;

#[async_trait::async_trait]
impl ApplyBatch<Batch> for DatabaseOnly {
    /// Plans and referrers come first, because payments are decided by them.
    async fn apply(&self, c: &mut DbConnection, batch: Batch) -> Result<(), HandleError> {
        let Batch { plans, withdrawn_plans, members, languages, decisions, reserves, documents } = batch;
        apply_event::apply_plans(c, plans, withdrawn_plans).await?;
        apply_event::apply_profiles(c, &members).await?;
        languages.save(c).await?;
        apply_event::record_documents(c, documents).await?;
        apply_wallet_decision::apply_all(c, &decisions).await?;
        Ok(apply_reserve::receive_all(c, reserves).await?)
    }
}

impl Batch {
    fn add_plan(&mut self, published: PlanPublished) -> Result<(), HandleError> {
        let effective_from = decode::time("effective_from", published.effective_from)?;
        let plan = StoredPlan::try_new(published.version, effective_from, published.plan_json);
        self.plans.push(plan.map_err(|error| HandleError::poison(error.to_string()))?);
        Ok(())
    }

    fn add_withdrawal(&mut self, withdrawn: PlanWithdrawn) -> Result<(), HandleError> {
        self.withdrawn_plans.push(withdrawn.version.into());
        Ok(())
    }

    fn add_member(&mut self, user: &Option<User>) -> Result<(), HandleError> {
        let user = decode::required("user", user)?;
        self.languages.add(user)?;
        self.members.push(MemberProfile {
            id: decode::id("user_id", &user.user_id)?,
            name: user.name.clone(),
            version: decode::version(user.version)?,
            referrer: decode::optional_id("referrer_id", user.referrer_id.as_deref())?,
        });
        Ok(())
    }

    fn add_decision(&mut self, decided: WalletPaymentDecided) -> Result<(), HandleError> {
        self.decisions.push(WalletDecision {
            payment_id: decode::id("payment_id", &decided.payment_id)?,
            amount: decode::money(decided.amount_paise),
            is_paid: decided.paid,
            reason: decided.reason,
            at: decode::time("decided_at", decided.decided_at)?,
        });
        Ok(())
    }

    fn add_document(&mut self, uploaded: DocumentUploaded) -> Result<(), HandleError> {
        self.documents.push(UploadedDocument {
            id: decode::id("document_id", &uploaded.document_id)?,
            user_id: decode::id("user_id", &uploaded.user_id)?,
            at: decode::time("uploaded_at", uploaded.uploaded_at)?,
        });
        Ok(())
    }

    fn add_reserve(&mut self, reserved: EmiReserved) -> Result<(), HandleError> {
        let amount = decode::money(reserved.amount_paise);
        if !amount.is_positive() {
            return Err(HandleError::poison("the amount of an EMI reserve must be positive"));
        }
        self.reserves.push(NewReserve {
            id: decode::id("reserve_id", &reserved.reserve_id)?,
            user_id: decode::id("user_id", &reserved.user_id)?,
            amount,
            source_kind: reserved.source_kind,
            source_id: reserved.source_id,
            at: decode::time("reserved_at", reserved.reserved_at)?,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging::handler::EventHandler;
    use proto_events::auth::v1::SessionRevoked;
    use proto_events::{Event, subscriptions};
    use std::collections::BTreeSet;

    #[test]
    fn the_table_has_the_subscribed_events_and_no_other() {
        let mut types: BTreeSet<String> = consumer().types().into_iter().collect();
        // The framework handles this one.
        types.insert(SessionRevoked::event_type());
        let subscribed = subscriptions::for_service("booking").iter().map(|event_type| (*event_type).to_owned());
        assert_eq!(types, subscribed.collect());
    }
}
