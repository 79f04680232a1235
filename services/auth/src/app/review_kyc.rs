//! Staff decide a KYC application.

use super::publish_user;
use crate::domain::kyc::{self, Decision, KycId, KycRefused};
use crate::error::AuthError;
use crate::store::kyc::{self as applications, Application};
use crate::store::users;
use chassis::events::outbox;
use db::DbConnection;
use domain::{KycStatus, Timestamp, UserId};
use proto_events::auth::v1::KycDecided;

/// What a review comes to.
pub(crate) enum Reviewed {
    Now(Application),
    /// It was decided so before; nothing has changed.
    Before(Application),
}

pub(crate) async fn review_kyc(
    c: &mut DbConnection,
    id: KycId,
    decision: Decision<'_>,
    reviewer: UserId,
    now: Timestamp,
) -> Result<Reviewed, AuthError> {
    // The member comes before the application, as when applying.
    let subject = applications::find(c, id).await?.ok_or(AuthError::NotFound)?.user_id;
    let mut user = users::lock(c, subject).await?.ok_or(AuthError::NotFound)?;
    let mut application = applications::lock(c, id).await?.ok_or(AuthError::NotFound)?;
    let before = (application.status, application.reason.as_deref());
    let Some(status) = kyc::review(before, decision, reviewer, subject)? else {
        return Ok(Reviewed::Before(application));
    };
    let approved = status == KycStatus::Approved;
    application.status = status;
    application.open_user_id = approved.then_some(subject);
    application.approved_pan_index = approved.then(|| application.pan_index.clone());
    application.reason = match decision {
        Decision::Approve => None,
        Decision::Reject { reason } => Some(reason.to_owned()),
    };
    application.decided_at = Some(now);
    application.decided_by = Some(reviewer);
    if !applications::save_decision(c, &application).await? {
        return Err(KycRefused::PanTaken.into());
    }
    user.kyc_status = status;
    user.kyc_version += 1;
    publish_user::updated(c, &mut user, now).await?;
    outbox::publish(c, subject, now, &decided(&application, user.kyc_version, reviewer, now)).await?;
    Ok(Reviewed::Now(application))
}

fn decided(application: &Application, version: i64, reviewer: UserId, now: Timestamp) -> KycDecided {
    KycDecided {
        kyc_id: application.id.into(),
        user_id: application.user_id.into(),
        version: u64::try_from(version).unwrap_or(0),
        approved: application.status == KycStatus::Approved,
        reason: application.reason.clone().unwrap_or_default(),
        pan_sealed: application.pan_sealed.clone(),
        pan_index: application.pan_index.clone(),
        pan_mask: application.pan_mask.clone(),
        account_sealed: application.account_sealed.clone(),
        account_index: application.account_index.clone(),
        account_mask: application.account_mask.clone(),
        ifsc: application.ifsc.clone(),
        holder_name: application.holder_name.clone(),
        bank_name: application.bank_name.clone(),
        decided_by: reviewer.into(),
        decided_at: now.micros(),
    }
}
