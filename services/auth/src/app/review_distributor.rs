//! Review of an application to become a distributor.

use super::publish_user;
use crate::domain::distributor::{self, ApplicationStatus, DistributorApplicationId};
use crate::domain::review::ReviewDecision;
use crate::error::AuthError;
use crate::store::distributor_applications::{self as applications, ApplicationRow};
use crate::store::users;
use db::DbConnection;
use domain::{Timestamp, UserId};
use messaging::outbox;
use proto_events::auth::v1::DistributorDecided;

/// Approves or rejects an application; an approval makes the member a distributor. Returns the application and whether
/// this call decided it.
///
/// Errors when the reviewer is the applicant or the application was decided differently.
pub(crate) async fn review_distributor(
    c: &mut DbConnection,
    id: DistributorApplicationId,
    decision: ReviewDecision<'_>,
    reviewer: UserId,
    now: Timestamp,
) -> Result<(ApplicationRow, bool), AuthError> {
    // Locks the member row, then the application row, in the same order as a submission.
    let (ApplicationRow { user_id: subject, .. }, _) = applications::find(c, id).await?.ok_or(AuthError::NotFound)?;
    let mut user = users::lock(c, subject).await?.ok_or(AuthError::NotFound)?;
    let mut application = applications::lock(c, id).await?.ok_or(AuthError::NotFound)?;
    let before = (application.status, application.reason.as_deref());
    let Some(status) = distributor::decide_review(before, decision, reviewer, subject)? else {
        return Ok((application, false));
    };
    application.status = status;
    application.pending_user_id = None;
    application.reason = decision.reason().map(str::to_owned);
    application.decided_at = Some(now);
    application.decided_by = Some(reviewer);
    applications::save_decision(c, &application).await?;
    publish_decision(c, &application).await?;
    // An administrator may have set the label in the meantime.
    if status == ApplicationStatus::Approved && !user.is_distributor {
        user.is_distributor = true;
        publish_user::save_and_publish(c, &mut user, now).await?;
    }
    Ok((application, true))
}

/// Publishes the decision on an application; nothing for a pending one.
pub(super) async fn publish_decision(c: &mut DbConnection, application: &ApplicationRow) -> Result<(), AuthError> {
    let Some(decided_at) = application.decided_at else { return Ok(()) };
    let event = DistributorDecided {
        application_id: application.id.into(),
        user_id: application.user_id.into(),
        approved: application.status == ApplicationStatus::Approved,
        reason: application.reason.clone().unwrap_or_default(),
        decided_by: application.decided_by.map(Into::into),
        decided_at: decided_at.micros(),
    };
    Ok(outbox::publish(c, application.user_id, decided_at, &event).await?)
}
