//! Audit records of changes by staff, written in the transaction of the change.

use db::{DbConnection, DbError};
use domain::{Timestamp, UserId};
use http_api::Caller;
use messaging::outbox;
use proto_events::platform::v1::{FieldChange, StaffActed};
use runtime::id;

/// The resources of a service on which staff act.
pub trait AuditSubject {
    /// The service.
    const SERVICE: &'static str;
    /// Type of the resource (`payout`), its id, and its owner, if it has one.
    fn into_parts(self) -> (&'static str, String, Option<UserId>);
}

/// A field of the changed resource, before and after. Never one with a secret or a personal number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    field: &'static str,
    before: String,
    after: String,
}

impl Change {
    /// A change of a field; `None` when the value stays.
    pub fn new<T: PartialEq + ToString>(field: &'static str, before: &T, after: &T) -> Option<Self> {
        (before != after).then(|| Self { field, before: before.to_string(), after: after.to_string() })
    }
}

/// Adds a `StaffActed` event to the outbox if the caller is staff. Does nothing for a member.
///
/// `action` is namespaced: `payout.approve`. `detail` is further information, such as a reason or an amount, and never a
/// secret or personal number.
pub async fn record<S: AuditSubject>(
    c: &mut DbConnection,
    caller: &Caller,
    at: Timestamp,
    action: &'static str,
    subject: S,
    detail: &str,
) -> Result<(), DbError> {
    record_changes(c, caller, at, action, (subject, Vec::new()), detail).await
}

/// Like [`record`], with what the action changed of the subject.
pub async fn record_changes<S: AuditSubject>(
    c: &mut DbConnection,
    caller: &Caller,
    at: Timestamp,
    action: &'static str,
    (subject, changes): (S, Vec<Change>),
    detail: &str,
) -> Result<(), DbError> {
    if !caller.role.is_staff() {
        return Ok(());
    }
    record_of_anyone(c, caller, at, action, (subject, changes), detail).await
}

/// Like [`record_changes`], also for a member: an act that staff have to see.
pub async fn record_of_anyone<S: AuditSubject>(
    c: &mut DbConnection,
    caller: &Caller,
    at: Timestamp,
    action: &'static str,
    (subject, changes): (S, Vec<Change>),
    detail: &str,
) -> Result<(), DbError> {
    let (subject_type, subject_id, owner) = subject.into_parts();
    let acted = StaffActed {
        action_id: id::fresh::<uuid::Uuid>().as_bytes().to_vec(),
        actor_id: caller.user_id.into(),
        role: caller.role.to_string(),
        service: S::SERVICE.to_owned(),
        action: action.to_owned(),
        subject_type: subject_type.to_owned(),
        subject_id: subject_id.clone(),
        subject_user_id: owner.map(Into::into),
        detail: detail.to_owned(),
        request_id: caller.request_id.clone(),
        address: caller.address.clone(),
        acted_at: at.micros(),
        changes: changes.into_iter().map(field_change).collect(),
    };
    Ok(outbox::publish(c, subject_id, at, &acted).await?)
}

fn field_change(Change { field, before, after }: Change) -> FieldChange {
    FieldChange { field: field.to_owned(), before, after }
}
