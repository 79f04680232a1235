//! Audit log entries.

use crate::schema::audit_log;
use db::{DbConnection, insert_many, inserted, is_unique_violation};
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
}

/// Inserts the entries whose id is new.
///
/// The table refuses updates, so an upsert is not possible. Nearly always all entries are new and one statement inserts
/// them; when one is known, they are inserted one by one.
pub async fn insert_new(c: &mut DbConnection, entries: &[AuditEntry]) -> QueryResult<()> {
    match insert_many(c, audit_log::table, entries).await {
        Err(error) if is_unique_violation(&error) => {}
        done => return done.map(drop),
    }
    for entry in entries {
        inserted(diesel::insert_into(audit_log::table).values(entry).execute(c).await)?;
    }
    Ok(())
}

/// Filter and page of an audit log listing.
#[derive(Debug, Default)]
pub struct AuditCriteria {
    pub actor: Option<UserId>,
    /// Id of the object acted on, or of the user it belongs to.
    pub subject: Option<String>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Time and id of the last entry of the previous page.
    pub before: Option<(Timestamp, AuditEntryId)>,
    pub limit: i64,
}

/// Lists entries newest first: by time, then by id.
pub async fn list(c: &mut DbConnection, criteria: &AuditCriteria) -> QueryResult<Vec<AuditEntry>> {
    let Some(subject) = &criteria.subject else { return load(c, criteria, base()).await };
    let by_id = base().filter(audit_log::subject_id.eq(subject.clone()));
    let mut entries = load(c, criteria, by_id).await?;
    // No index covers both columns of a subject, so two indexed lists are merged.
    if let Ok(user) = subject.parse::<UserId>() {
        entries.extend(load(c, criteria, base().filter(audit_log::subject_user_id.eq(Some(user)))).await?);
        entries.sort_by_key(|entry| std::cmp::Reverse((entry.acted_at, entry.id)));
        entries.dedup_by_key(|entry| entry.id);
        entries.truncate(usize::try_from(criteria.limit).unwrap_or(usize::MAX));
    }
    Ok(entries)
}

type Query = audit_log::BoxedQuery<'static, db::MultiBackend>;

fn base() -> Query {
    audit_log::table.into_boxed()
}

async fn load(c: &mut DbConnection, criteria: &AuditCriteria, mut query: Query) -> QueryResult<Vec<AuditEntry>> {
    use audit_log as t;
    if let Some(actor) = criteria.actor {
        query = query.filter(t::actor_id.eq(actor));
    }
    if let Some(from) = criteria.from {
        query = query.filter(t::acted_at.ge(from));
    }
    if let Some(until) = criteria.until {
        query = query.filter(t::acted_at.le(until));
    }
    if let Some((at, id)) = criteria.before {
        query = query.filter(t::acted_at.le(at)).filter(t::acted_at.lt(at).or(t::id.lt(id)));
    }
    query.order((t::acted_at.desc(), t::id.desc())).limit(criteria.limit).select(AuditEntry::as_select()).load(c).await
}
