//! Audit log listings for administrators, and for staff about members' things.

use crate::ComplianceState;
use crate::domain::audit::{AuditChange, readable_by_staff};
use crate::store::audit_log::{self, AuditAction, AuditEntry, AuditEntryId, AuditQuery};
use actix_web::web;
use domain::{Role, Timestamp, UserId};
use http_api::{Cursor, Json, Listing, Path, Problem, Query, StaffPage, TimeRange, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most actions in a list of actions.
const MAX_ACTIONS: usize = 200;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct AuditFilter {
    /// The staff member who acted.
    pub(super) actor: Option<UserId>,
    /// Id of the object acted on, or of the user it belongs to.
    pub(super) subject: Option<String>,
    /// Type of the object acted on, such as `payout`.
    pub(super) subject_type: Option<String>,
    /// Such as `payout.approve`.
    pub(super) action: Option<String>,
    /// The service that the action belongs to.
    pub(super) service: Option<String>,
    /// Role of the staff member at the time.
    pub(super) role: Option<Role>,
    /// First day or time, inclusive.
    pub(super) from: Option<String>,
    /// Last day or time, inclusive.
    pub(super) to: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct SubjectAuditFilter {
    /// Type of the object acted on, such as `payout`.
    subject_type: Option<String>,
    /// Such as `payout.approve`.
    action: Option<String>,
    /// The service that the action belongs to.
    service: Option<String>,
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
    /// What the action changed, as far as the log may have it.
    changes: Vec<ChangeView>,
}

/// A field that an action changed.
#[derive(Debug, Serialize, JsonSchema)]
struct ChangeView {
    field: String,
    before: String,
    after: String,
}

impl From<AuditChange> for ChangeView {
    fn from(AuditChange { field, before, after }: AuditChange) -> Self {
        Self { field, before, after }
    }
}

/// What an entry changed; nothing for one of an earlier release.
pub(super) fn changes_of(entry: &AuditEntry) -> Vec<AuditChange> {
    entry.changes.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

impl From<AuditEntry> for AuditEntryView {
    fn from(entry: AuditEntry) -> Self {
        let changes = changes_of(&entry).into_iter().map(ChangeView::from).collect();
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
            changes,
        }
    }
}

/// List the actions of staff.
///
/// 422 when `from` is after `to`.
#[operation]
pub(super) async fn list(
    state: web::Data<ComplianceState>,
    Query(filter): Query<AuditFilter>,
    page: StaffPage,
) -> Result<Json<Listing<AuditEntryView>>, Problem> {
    let subject_types = filter.subject_type.clone().map(|subject_type| vec![subject_type]);
    read_page(&state, filter, subject_types, page).await
}

/// List the actions of staff about one subject.
///
/// The subject is the id of an object, or of the user it belongs to. Only entries about members' things, such as payouts
/// and documents. 422 when `from` is after `to`.
#[operation]
pub(super) async fn list_of_subject(
    state: web::Data<ComplianceState>,
    Path(subject): Path<String>,
    Query(filter): Query<SubjectAuditFilter>,
    page: StaffPage,
) -> Result<Json<Listing<AuditEntryView>>, Problem> {
    let subject_types = readable_by_staff(filter.subject_type.as_deref());
    let SubjectAuditFilter { subject_type, action, service, from, to } = filter;
    let filter =
        AuditFilter { actor: None, subject: Some(subject), subject_type, action, service, role: None, from, to };
    read_page(&state, filter, Some(subject_types), page).await
}

async fn read_page(
    state: &ComplianceState,
    filter: AuditFilter,
    subject_types: Option<Vec<String>>,
    StaffPage { page, order }: StaffPage,
) -> Result<Json<Listing<AuditEntryView>>, Problem> {
    let query = AuditQuery {
        order,
        after: page.after_time_and_id()?,
        limit: page.fetch_limit(),
        ..query_of(filter, subject_types)?
    };
    let mut c = state.ctx.db().replica().await?;
    let rows = audit_log::list(&mut c, &query).await?;
    Ok(Json::new(page.listing(rows, |row| Cursor::time_and_id(row.acted_at, row.id.uuid()), AuditEntryView::from)))
}

/// The conditions of a filter; 422 when `from` is after `to`.
pub(super) fn query_of(filter: AuditFilter, subject_types: Option<Vec<String>>) -> Result<AuditQuery, Problem> {
    let range = TimeRange::parse(filter.from.as_deref(), filter.to.as_deref(), "compliance.range_backwards")?;
    Ok(AuditQuery {
        actor: filter.actor,
        subject: filter.subject,
        subject_types,
        action: filter.action,
        service: filter.service,
        role: filter.role,
        from: range.from,
        until: range.until,
        ..AuditQuery::default()
    })
}

/// Actions in the audit log.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AuditActionsView {
    /// In the order of the alphabet, at most 200.
    items: Vec<AuditActionView>,
}

/// An action with the service and the type of subject of its first entry.
#[derive(Debug, Serialize, JsonSchema)]
struct AuditActionView {
    action: String,
    service: String,
    subject_type: String,
}

impl From<AuditAction> for AuditActionView {
    fn from(found: AuditAction) -> Self {
        Self { action: found.action, service: found.service, subject_type: found.subject_type }
    }
}

/// The distinct actions in the audit log.
#[operation]
pub(super) async fn list_actions(state: web::Data<ComplianceState>) -> Result<Json<AuditActionsView>, Problem> {
    let mut c = state.ctx.db().replica().await?;
    let mut items: Vec<AuditActionView> = Vec::new();
    // One search of the index an action: the log has many entries and few actions.
    while items.len() < MAX_ACTIONS {
        let last = items.last().map(|item| item.action.as_str()).unwrap_or_default();
        let Some(next) = audit_log::find_next_action(&mut c, last).await? else { break };
        items.push(next.into());
    }
    Ok(Json::new(AuditActionsView { items }))
}
