//! Every change by staff is told to the audit log, in the transaction that makes it.

use crate::auth::Caller;
use crate::events::outbox;
use crate::id;
use db::DbConnection;
use diesel::QueryResult;
use domain::{Timestamp, UserId};
use proto_events::platform::v1::StaffActed;

/// What was done to what.
#[derive(Debug, Clone)]
pub struct Action<'a> {
    /// Namespaced: `payout.approve`.
    pub action: &'static str,
    pub subject_type: &'static str,
    pub subject_id: String,
    /// Whose it is, where it is somebody's.
    pub subject_user: Option<UserId>,
    /// What matters besides: a reason, an amount. Never a secret or personal number.
    pub detail: &'a str,
}

/// Puts a `StaffActed` in the outbox if the caller is staff; a member's own act is no audit matter.
pub async fn record(
    c: &mut DbConnection,
    service: &'static str,
    caller: &Caller,
    at: Timestamp,
    action: Action<'_>,
) -> QueryResult<()> {
    if !caller.role.is_staff() {
        return Ok(());
    }
    let acted = StaffActed {
        action_id: id::fresh::<uuid::Uuid>().as_bytes().to_vec(),
        actor_id: caller.user_id.into(),
        role: caller.role.to_string(),
        service: service.to_owned(),
        action: action.action.to_owned(),
        subject_type: action.subject_type.to_owned(),
        subject_id: action.subject_id.clone(),
        subject_user_id: action.subject_user.map(Into::into),
        detail: action.detail.to_owned(),
        request_id: caller.request_id.clone(),
        address: caller.address.clone(),
        acted_at: at.micros(),
    };
    outbox::publish(c, action.subject_id, at, &acted).await
}
