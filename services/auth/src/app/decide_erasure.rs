//! Decision about a request to erase personal data, and the erasure itself.
//!
//! What tax law and the books need stays: the sealed PAN and bank account of approved KYC, acceptances of terms,
//! payments, payouts and certificates, and the documents that compliance retains. The member's id stays in the tree and in the ledger, without a name.

use super::end_session::{self, EndedSession};
use super::{index_search_words, publish_user};
use crate::domain::erasure::{self, ERASED_NAME, ErasureRequestId, ErasureStatus};
use crate::domain::review::ReviewDecision;
use crate::domain::user as user_rules;
use crate::error::AuthError;
use crate::store::erasure_requests::{self as requests, ErasureRequest};
use crate::store::users::{self, User};
use crate::store::{known_devices, kyc, nominees, profiles, sign_in_addresses};
use db::DbConnection;
use domain::{Timestamp, UserId};
use messaging::outbox;
use proto_events::auth::v1::ErasureRequested;

/// A decided request.
pub(crate) struct DecidedErasure {
    pub(crate) request: ErasureRequest,
    /// Sessions that the erasure ended.
    pub(crate) ended: Vec<EndedSession>,
    /// Whether this call decided it.
    pub(crate) changed: bool,
}

/// Approves or rejects a request; an approval erases the member's personal data in this service and publishes
/// `ErasureRequested` for the others.
///
/// Errors when the actor is the member or the request was decided differently.
pub(crate) async fn decide_erasure(
    c: &mut DbConnection,
    id: ErasureRequestId,
    decision: ReviewDecision<'_>,
    actor: UserId,
    now: Timestamp,
) -> Result<DecidedErasure, AuthError> {
    // Locks the member row, then the request row, in the same order as a withdrawal.
    let subject = requests::find(c, id).await?.ok_or(AuthError::NotFound)?.user_id;
    let mut user = users::lock(c, subject).await?.ok_or(AuthError::NotFound)?;
    let mut request = requests::lock(c, id).await?.ok_or(AuthError::NotFound)?;
    let before = (request.status, request.reason.as_deref());
    let Some(status) = erasure::decide_review(before, decision, actor, subject)? else {
        return Ok(DecidedErasure { request, ended: Vec::new(), changed: false });
    };
    request.status = status;
    request.pending_user_id = None;
    request.reason = decision.reason().map(str::to_owned);
    (request.decided_at, request.decided_by) = (Some(now), Some(actor));
    requests::save_decision(c, &request).await?;
    let ended = if status == ErasureStatus::Done { erase(c, &mut user, actor, now).await? } else { Vec::new() };
    Ok(DecidedErasure { request, ended, changed: true })
}

/// Erases the personal data of a locked user; returns the sessions that ended.
async fn erase(
    c: &mut DbConnection,
    user: &mut User,
    actor: UserId,
    now: Timestamp,
) -> Result<Vec<EndedSession>, AuthError> {
    let ended = end_session::end_all(c, user.id, None, now).await?;
    for identifier in [user.email.take(), user.mobile.take()].into_iter().flatten() {
        sign_in_addresses::delete_all(c, &identifier).await?;
    }
    user.email = Some(erasure::erased_email(user.id));
    known_devices::delete_all(c, user.id).await?;
    profiles::delete(c, user.id).await?;
    nominees::delete(c, user.id).await?;
    kyc::erase_details(c, user.id).await?;
    ERASED_NAME.clone_into(&mut user.name);
    user.name_folded = user_rules::fold_name(ERASED_NAME);
    user.is_active = false;
    index_search_words::update(c, user).await?;
    publish_user::save_and_publish(c, user, now).await?;
    let event =
        ErasureRequested { user_id: user.id.into(), requested_at: now.micros(), decided_by: Some(actor.into()) };
    outbox::publish(c, user.id, now, &event).await?;
    Ok(ended)
}
