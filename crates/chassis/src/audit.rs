//! Audit records of changes by staff, written in the transaction of the change.

use db::DbConnection;
use diesel::QueryResult;
use domain::{Timestamp, UserId};
use http_api::Caller;
use messaging::outbox;
use proto_events::platform::v1::StaffActed;
use runtime::id;

/// An action of a member of staff, and its subject.
#[derive(Debug, Clone)]
pub struct StaffAction<'a> {
    /// Namespaced: `payout.approve`.
    pub action: &'static str,
    /// The kind of resource: `payout`.
    pub subject_type: &'static str,
    /// The id of the resource.
    pub subject_id: String,
    /// The owner of the resource, if it has one.
    pub subject_user: Option<UserId>,
    /// Further information, such as a reason or an amount. Never a secret or personal number.
    pub detail: &'a str,
}

/// Adds a `StaffActed` event to the outbox if the caller is staff. Does nothing for a member.
pub async fn record(
    c: &mut DbConnection,
    service: &'static str,
    caller: &Caller,
    at: Timestamp,
    action: StaffAction<'_>,
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
