//! Submission of an application to become a distributor.

use super::accept_terms::{Acceptance, accept_terms};
use super::publish_user;
use super::review_distributor::publish_decision;
use crate::domain::distributor::{self, ApplicationRefusal, ApplicationStatus, ApprovalMode};
use crate::domain::terms::TermsKind;
use crate::error::AuthError;
use crate::store::distributor_applications::{self as applications, Application, ApplicationRow};
use crate::store::users;
use db::DbConnection;
use domain::{Timestamp, UserId};
use runtime::id;

/// Stores the acceptance and an application that is pending or, in the automatic mode, approved at once.
///
/// Errors when the accepted version is not the newest one, the member is a distributor or has a pending application, or
/// the user is no member.
pub(crate) async fn apply_distributor(
    c: &mut DbConnection,
    applicant: UserId,
    acceptance: &Acceptance,
    mode: ApprovalMode,
    now: Timestamp,
) -> Result<Application, AuthError> {
    let mut user = users::lock(c, applicant).await?.ok_or(AuthError::NotFound)?;
    let has_pending = applications::has_pending(c, applicant).await?;
    let status = distributor::decide_submission(user.role, user.is_distributor, has_pending, mode)?;
    let accepted = accept_terms(c, applicant, TermsKind::Distributor, acceptance, now).await?;
    let is_approved = status == ApplicationStatus::Approved;
    let application = ApplicationRow {
        id: id::fresh(),
        user_id: applicant,
        status,
        pending_user_id: (!is_approved).then_some(applicant),
        acceptance_id: accepted.id,
        reason: None,
        submitted_at: now,
        decided_at: is_approved.then_some(now),
        decided_by: None,
    };
    if !applications::insert(c, &application).await? {
        return Err(ApplicationRefusal::Pending.into());
    }
    if is_approved {
        user.is_distributor = true;
        publish_user::save_and_publish(c, &mut user, now).await?;
        publish_decision(c, &application).await?;
    }
    Ok((application, accepted))
}
