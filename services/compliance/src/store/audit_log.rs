//! Table of the audit log.

use crate::schema::audit_log;
use db::{AnyOfExt, DbConnection, SortOrder, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Role, Timestamp, UserId};

domain::id_type! { AuditEntryId }

/// One action of a staff member.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct AuditEntry {
    pub id: AuditEntryId,
    pub actor_id: UserId,
    pub role: Role,
    pub service: String,
    pub action: String,
    pub subject_type: String,
    pub subject_id: String,
    pub subject_user_id: Option<UserId>,
    pub detail: String,
    pub request_id: String,
    pub address: String,
    pub acted_at: Timestamp,
    /// JSON list of what the action changed: field, before and after.
    pub changes: Option<String>,
}

/// Inserts the entries whose id is new.
pub async fn insert_new(c: &mut DbConnection, entries: &[AuditEntry]) -> QueryResult<()> {
    db::insert_new(c, audit_log::table, entries).await.map(drop)
}

/// Finds entries by their ids.
pub async fn list_by_ids(c: &mut DbConnection, ids: &[AuditEntryId]) -> QueryResult<Vec<AuditEntry>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    audit_log::table.filter(audit_log::id.any_of(ids)).select(AuditEntry::as_select()).load(c).await
}

/// Lists ids of all entries in order, after the id `after`.
pub async fn list_ids(c: &mut DbConnection, after: AuditEntryId, limit: i64) -> QueryResult<Vec<AuditEntryId>> {
    audit_log::table
        .filter(audit_log::id.gt(after))
        .order(audit_log::id)
        .limit(limit)
        .select(audit_log::id)
        .load(c)
        .await
}

/// Conditions and page of a list of entries; `None` means any.
#[derive(Debug, Default)]
pub struct AuditQuery {
    pub actor: Option<UserId>,
    /// Id of the object acted on, or of the user it belongs to.
    pub subject: Option<String>,
    /// Any of these types of subjects.
    pub subject_types: Option<Vec<String>>,
    pub action: Option<String>,
    pub service: Option<String>,
    pub role: Option<Role>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub order: SortOrder,
    /// Time and id of the last entry of the previous page.
    pub after: Option<(Timestamp, AuditEntryId)>,
    pub limit: i64,
}

/// Lists entries by time, then by id.
pub async fn list(c: &mut DbConnection, query: &AuditQuery) -> QueryResult<Vec<AuditEntry>> {
    let Some(subject) = &query.subject else { return load(c, query, base()).await };
    let by_id = base().filter(audit_log::subject_id.eq(subject.clone()));
    let mut entries = load(c, query, by_id).await?;
    // No index covers both columns of a subject, so two indexed lists are merged.
    if let Ok(user) = subject.parse::<UserId>() {
        entries.extend(load(c, query, base().filter(audit_log::subject_user_id.eq(Some(user)))).await?);
        query.order.sort_by_key(&mut entries, |entry| (entry.acted_at, entry.id));
        entries.dedup_by_key(|entry| entry.id);
    }
    Ok((0..query.limit).zip(entries).map(|(_, entry)| entry).collect())
}

type Entries = audit_log::BoxedQuery<'static, db::MultiBackend>;

fn base() -> Entries {
    audit_log::table.into_boxed()
}

async fn load(c: &mut DbConnection, query: &AuditQuery, mut entries: Entries) -> QueryResult<Vec<AuditEntry>> {
    use audit_log as t;
    if let Some(actor) = query.actor {
        entries = entries.filter(t::actor_id.eq(actor));
    }
    if let Some(types) = &query.subject_types {
        entries = entries.filter(t::subject_type.any_of(types));
    }
    if let Some(action) = &query.action {
        entries = entries.filter(t::action.eq(action.clone()));
    }
    if let Some(service) = &query.service {
        entries = entries.filter(t::service.eq(service.clone()));
    }
    if let Some(role) = query.role {
        entries = entries.filter(t::role.eq(role));
    }
    if let Some(from) = query.from {
        entries = entries.filter(t::acted_at.ge(from));
    }
    if let Some(until) = query.until {
        entries = entries.filter(t::acted_at.le(until));
    }
    let page = keyset!(entries, query.order, (t::acted_at, t::id), query.after);
    page.limit(query.limit).select(AuditEntry::as_select()).load(c).await
}

/// An action with the service and the type of subject of its first entry.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = audit_log, check_for_backend(db::MultiBackend))]
pub struct AuditAction {
    pub action: String,
    pub service: String,
    pub subject_type: String,
}

/// Finds the action that comes after `after` in the order of the alphabet.
pub async fn find_next_action(c: &mut DbConnection, after: &str) -> QueryResult<Option<AuditAction>> {
    audit_log::table
        .filter(audit_log::action.gt(after))
        .order((audit_log::action, audit_log::acted_at, audit_log::id))
        .select(AuditAction::as_select())
        .first(c)
        .await
        .optional()
}
