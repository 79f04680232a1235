//! The audit log.

use crate::schema::audit_log;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Role, Timestamp, UserId};

domain::id_type! { ActionId }

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Action {
    pub id: ActionId,
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

/// `false` when the action is recorded already.
pub async fn add(c: &mut DbConnection, action: &Action) -> QueryResult<bool> {
    inserted(diesel::insert_into(audit_log::table).values(action).execute(c).await)
}

/// What of the audit log is asked for.
#[derive(Debug, Default)]
pub struct Sought {
    pub actor: Option<UserId>,
    /// An id of what was acted on, or of whose it is.
    pub subject: Option<String>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// Of the last row of the page before.
    pub before: Option<(Timestamp, ActionId)>,
    pub limit: i64,
}

/// Newest first: by time, and by id among what was done at the same instant.
pub async fn list(c: &mut DbConnection, sought: &Sought) -> QueryResult<Vec<Action>> {
    let Some(subject) = &sought.subject else { return load(c, sought, base()).await };
    let by_id = base().filter(audit_log::subject_id.eq(subject.clone()));
    let mut found = load(c, sought, by_id).await?;
    // Two lists, each in the order of its own index, are merged: no index has both.
    if let Ok(user) = subject.parse::<UserId>() {
        found.extend(load(c, sought, base().filter(audit_log::subject_user_id.eq(Some(user)))).await?);
        found.sort_by_key(|action| std::cmp::Reverse((action.acted_at, action.id)));
        found.dedup_by_key(|action| action.id);
        found.truncate(usize::try_from(sought.limit).unwrap_or(usize::MAX));
    }
    Ok(found)
}

type Query = audit_log::BoxedQuery<'static, db::MultiBackend>;

fn base() -> Query {
    audit_log::table.into_boxed()
}

async fn load(c: &mut DbConnection, sought: &Sought, mut query: Query) -> QueryResult<Vec<Action>> {
    use audit_log as t;
    if let Some(actor) = sought.actor {
        query = query.filter(t::actor_id.eq(actor));
    }
    if let Some(from) = sought.from {
        query = query.filter(t::acted_at.ge(from));
    }
    if let Some(until) = sought.until {
        query = query.filter(t::acted_at.le(until));
    }
    if let Some((at, id)) = sought.before {
        query = query.filter(t::acted_at.le(at)).filter(t::acted_at.lt(at).or(t::id.lt(id)));
    }
    query.order((t::acted_at.desc(), t::id.desc())).limit(sought.limit).select(Action::as_select()).load(c).await
}
