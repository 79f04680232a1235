//! Which certificates were given out.

use crate::schema::certificates;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{FinancialYear, Money, Timestamp, UserId};

domain::id_type! { CertificateId }

/// The first issue of a member's certificate of a year.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = certificates, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct Issue {
    pub id: CertificateId,
    pub user_id: UserId,
    pub financial_year: FinancialYear,
    /// As it was then: a year that is not over goes on.
    pub total_tds_paise: Money,
    pub issued_at: Timestamp,
}

/// `false` when it was issued before.
pub async fn add(c: &mut DbConnection, issue: &Issue) -> QueryResult<bool> {
    inserted(diesel::insert_into(certificates::table).values(issue).execute(c).await)
}

pub async fn is_issued(c: &mut DbConnection, user: UserId, year: FinancialYear) -> QueryResult<bool> {
    let issued =
        certificates::table.filter(certificates::user_id.eq(user)).filter(certificates::financial_year.eq(year));
    diesel::select(diesel::dsl::exists(issued)).get_result(c).await
}
