//! TDS records and the audit log.

use crate::schema::{audit_log, tds_records};
use db::{DbConnection, inserted, sum_i64};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{FinancialYear, Money, PayoutId, Quarter, Role, Timestamp, UserId};

domain::id_type! { RecordId, ActionId }

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = tds_records, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct TdsRecord {
    pub(crate) id: RecordId,
    pub(crate) payout_id: PayoutId,
    /// The bank returned the payout: amounts are negative.
    pub(crate) reversal: bool,
    pub(crate) user_id: UserId,
    pub(crate) financial_year: FinancialYear,
    pub(crate) quarter: Quarter,
    pub(crate) rule_id: String,
    pub(crate) section: String,
    pub(crate) rate: String,
    pub(crate) gross_paise: Money,
    pub(crate) paid_before_paise: Money,
    pub(crate) tds_paise: Money,
    pub(crate) pan_sealed: Vec<u8>,
    pub(crate) pan_index: Vec<u8>,
    pub(crate) pan_mask: String,
    pub(crate) holder_name: String,
    pub(crate) deducted_at: Timestamp,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Action {
    pub(crate) id: ActionId,
    pub(crate) actor_id: UserId,
    pub(crate) role: Role,
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) subject_type: String,
    pub(crate) subject_id: String,
    pub(crate) subject_user_id: Option<UserId>,
    pub(crate) detail: String,
    pub(crate) request_id: String,
    pub(crate) address: String,
    pub(crate) acted_at: Timestamp,
}

/// `false` when the payout's deduction, or its reversal, is recorded already.
pub(crate) async fn add_record(c: &mut DbConnection, record: &TdsRecord) -> QueryResult<bool> {
    inserted(diesel::insert_into(tds_records::table).values(record).execute(c).await)
}

pub(crate) async fn add_action(c: &mut DbConnection, action: &Action) -> QueryResult<bool> {
    inserted(diesel::insert_into(audit_log::table).values(action).execute(c).await)
}

/// Of one member, or of everybody.
pub(crate) async fn records(
    c: &mut DbConnection,
    user: Option<UserId>,
    year: FinancialYear,
    before: Option<RecordId>,
    limit: i64,
) -> QueryResult<Vec<TdsRecord>> {
    let mut query = tds_records::table
        .filter(tds_records::financial_year.eq(year))
        .select(TdsRecord::as_select())
        .order(tds_records::id.desc())
        .limit(limit)
        .into_boxed::<db::MultiBackend>();
    if let Some(user) = user {
        query = query.filter(tds_records::user_id.eq(user));
    }
    if let Some(before) = before {
        query = query.filter(tds_records::id.lt(before));
    }
    query.load(c).await
}

/// Gross and tax of the whole year.
pub(crate) async fn totals(
    c: &mut DbConnection,
    user: Option<UserId>,
    year: FinancialYear,
) -> QueryResult<(Money, Money)> {
    let mut query = tds_records::table
        .filter(tds_records::financial_year.eq(year))
        .select((sum_i64(tds_records::gross_paise), sum_i64(tds_records::tds_paise)))
        .into_boxed::<db::MultiBackend>();
    if let Some(user) = user {
        query = query.filter(tds_records::user_id.eq(user));
    }
    let (gross, tds): (Option<Money>, Option<Money>) = query.first(c).await?;
    Ok((gross.unwrap_or_default(), tds.unwrap_or_default()))
}

/// What of the audit log is asked for.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    pub(crate) actor: Option<UserId>,
    /// An id of what was acted on, or of whose it is.
    pub(crate) subject: Option<String>,
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) before: Option<ActionId>,
    pub(crate) limit: i64,
}

pub(crate) async fn actions(c: &mut DbConnection, sought: &Sought) -> QueryResult<Vec<Action>> {
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
        query = query.filter(audit_log::acted_at.lt(until));
    }
    if let Some(before) = sought.before {
        query = query.filter(audit_log::id.lt(before));
    }
    query.load(c).await
}
