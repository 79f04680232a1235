//! Review of a KYC application by staff.

use super::publish_user;
use crate::domain::kyc::{self, KycId, KycRefusal};
use crate::domain::review::ReviewDecision;
use crate::error::AuthError;
use crate::store::kyc::{self as applications, KycApplication};
use crate::store::users;
use db::{DbConnection, Version};
use domain::{KycStatus, Timestamp, UserId};
use messaging::outbox;
use proto_events::auth::v1::KycDecided;

/// Approves or rejects an application, updates the user and publishes `KycDecided`. Returns the application and whether
/// this call decided it.
///
/// Errors when the reviewer is the applicant, the application was decided differently, or its PAN is approved for
/// another member.
pub(crate) async fn review_kyc(
    c: &mut DbConnection,
    id: KycId,
    decision: ReviewDecision<'_>,
    reviewer: UserId,
    now: Timestamp,
) -> Result<(KycApplication, bool), AuthError> {
    // Locks the member row, then the application row, in the same order as `submit_kyc`.
    let subject = applications::find(c, id).await?.ok_or(AuthError::NotFound)?.user_id;
    let mut user = users::lock(c, subject).await?.ok_or(AuthError::NotFound)?;
    let mut application = applications::lock(c, id).await?.ok_or(AuthError::NotFound)?;
    let before = (application.status, application.reason.as_deref());
    let Some(status) = kyc::decide_review(before, decision, reviewer, subject)? else {
        return Ok((application, false));
    };
    let is_approved = status == KycStatus::Approved;
    application.status = status;
    application.open_user_id = is_approved.then_some(subject);
    application.approved_pan_index = is_approved.then(|| application.pan_index.clone());
    application.reason = decision.reason().map(str::to_owned);
    application.decided_at = Some(now);
    application.decided_by = Some(reviewer);
    if !applications::save_decision(c, &application).await? {
        return Err(KycRefusal::PanTaken.into());
    }
    user.kyc_status = status;
    user.kyc_version = Version::new(user.kyc_version.get() + 1);
    publish_user::save_and_publish(c, &mut user, now).await?;
    outbox::publish(c, subject, now, &kyc_decided(&application, user.kyc_version, reviewer, now)).await?;
    Ok((application, true))
}

fn kyc_decided(application: &KycApplication, version: Version, reviewer: UserId, now: Timestamp) -> KycDecided {
    KycDecided {
        kyc_id: application.id.into(),
        user_id: application.user_id.into(),
        version: version.get(),
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
