//! Audit log listing for administrators.

use crate::ComplianceState;
use crate::store::audit_log::{self, AuditEntry, AuditEntryId, AuditQuery};
use actix_web::web;
use domain::{Role, Timestamp, UserId};
use http_api::{Cursor, Json, Listing, Page, Problem, Query, TimeRange, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AuditFilter {
    /// The staff member who acted.
    actor: Option<UserId>,
    /// Id of the object acted on, or of the user it belongs to.
    subject: Option<String>,
    /// First day or time, inclusive.
    from: Option<String>,
    /// Last day or time, inclusive.
    to: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AuditEntryView {
    id: AuditEntryId,
    actor_id: UserId,
    role: Role,
    service: String,
    action: String,
    subject_type: String,
    subject_id: String,
    subject_user_id: Option<UserId>,
    detail: String,
    request_id: String,
    address: String,
    acted_at: Timestamp,
}

impl From<AuditEntry> for AuditEntryView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id,
            actor_id: entry.actor_id,
            role: entry.role,
            service: entry.service,
            action: entry.action,
            subject_type: entry.subject_type,
            subject_id: entry.subject_id,
            subject_user_id: entry.subject_user_id,
            detail: entry.detail,
            request_id: entry.request_id,
            address: entry.address,
            acted_at: entry.acted_at,
        }
    }
}

/// Audit log of staff actions, newest first.
///
/// 422 when `from` is after `to`.
#[operation]
pub(super) async fn list(
    state: web::Data<ComplianceState>,
    Query(filter): Query<AuditFilter>,
    page: Page,
) -> Result<Json<Listing<AuditEntryView>>, Problem> {
    let range = TimeRange::parse(filter.from.as_deref(), filter.to.as_deref(), "compliance.range_backwards")?;
    let query = AuditQuery {
        actor: filter.actor,
        subject: filter.subject,
        from: range.from,
        until: range.until,
        after: page.after_time_and_id()?,
        limit: page.fetch_limit(),
    };
    let mut c = state.ctx.db().replica().await?;
    let rows = audit_log::list(&mut c, &query).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::time_and_id(row.acted_at, row.id.uuid()), AuditEntryView::from)))
}
