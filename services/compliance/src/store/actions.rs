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
    pub before: Option<ActionId>,
    pub limit: i64,
}

pub async fn list(c: &mut DbConnection, sought: &Sought) -> QueryResult<Vec<Action>> {
    let mut query = audit_log::table
        .select(Action::as_select())
        .order(audit_log::id.desc())
        .limit(sought.limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(actor) = sought.actor {
        query = query.filter(audit_log::actor_id.eq(actor));
    }
    if let Some(subject) = &sought.subject {
        let id_matches = audit_log::subject_id.eq(subject);
        query = match subject.parse::<UserId>() {
            Ok(user) => query.filter(id_matches.or(audit_log::subject_user_id.assume_not_null().eq(user))),
            Err(_) => query.filter(id_matches),
        };
    }
    if let Some(from) = sought.from {
        query = query.filter(audit_log::acted_at.ge(from));
    }
    if let Some(until) = sought.until {
        query = query.filter(audit_log::acted_at.le(until));
    }
    if let Some(before) = sought.before {
        query = query.filter(audit_log::id.lt(before));
    }
    query.load(c).await
}
