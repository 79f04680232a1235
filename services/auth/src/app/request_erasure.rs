//! Request of a member to erase their personal data, and its withdrawal.

use crate::domain::erasure::{self, ErasureRefusal, ErasureStatus};
use crate::error::AuthError;
use crate::store::erasure_requests::{self as requests, ErasureRequest};
use crate::store::users;
use db::DbConnection;
use domain::{Timestamp, UserId};
use runtime::id;

/// Stores a pending request. Errors when the member has one, or the user is no member.
pub(crate) async fn request_erasure(
    c: &mut DbConnection,
    member: UserId,
    now: Timestamp,
) -> Result<ErasureRequest, AuthError> {
    let user = users::lock(c, member).await?.ok_or(AuthError::NotFound)?;
    erasure::decide_request(user.role, requests::has_pending(c, member).await?)?;
    let request = ErasureRequest {
        id: id::fresh(),
        user_id: member,
        status: ErasureStatus::Pending,
        pending_user_id: Some(member),
        reason: None,
        requested_at: now,
        decided_at: None,
        decided_by: None,
    };
    if requests::insert(c, &request).await? { Ok(request) } else { Err(ErasureRefusal::Pending.into()) }
}

/// Withdraws the latest request of a member. Errors with `NotFound` without one, and when it is decided.
pub(crate) async fn withdraw_erasure(
    c: &mut DbConnection,
    member: UserId,
    now: Timestamp,
) -> Result<ErasureRequest, AuthError> {
    // Locks the member row, then the request row, in the same order as a decision.
    users::lock(c, member).await?.ok_or(AuthError::NotFound)?;
    let latest = requests::find_latest(c, member).await?.ok_or(AuthError::NotFound)?;
    let mut request = requests::lock(c, latest.id).await?.ok_or(AuthError::NotFound)?;
    if let Some(status) = erasure::decide_withdrawal(request.status)? {
        (request.status, request.pending_user_id, request.decided_at) = (status, None, Some(now));
        requests::save_decision(c, &request).await?;
    }
    Ok(request)
}
