//! Table of certificates that were issued.

use crate::schema::certificates;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{FinancialYear, Money, Timestamp, UserId};

domain::id_type! { CertificateId }

/// First issue of a member's certificate of a financial year.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = certificates, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct CertificateIssue {
    pub id: CertificateId,
    pub user_id: UserId,
    pub financial_year: FinancialYear,
    /// The total at the time of the issue; later deductions of a current year are not included.
    pub total_tds_paise: Money,
    pub issued_at: Timestamp,
    /// Gap-free in each financial year, from 1; `None` for an issue of an earlier release.
    pub number: Option<i64>,
}

/// Inserts an issue. Returns false if the member's certificate of this year was issued before.
pub async fn insert(c: &mut DbConnection, issue: &CertificateIssue) -> QueryResult<bool> {
    inserted(diesel::insert_into(certificates::table).values(issue.clone()).execute(c).await)
}

/// Finds the issue of a member's certificate of a year.
pub async fn find(c: &mut DbConnection, user: UserId, year: FinancialYear) -> QueryResult<Option<CertificateIssue>> {
    certificates::table
        .filter(certificates::user_id.eq(user))
        .filter(certificates::financial_year.eq(year))
        .select(CertificateIssue::as_select())
        .first(c)
        .await
        .optional()
}

/// Gives a number to an issue that has none.
pub async fn set_number(c: &mut DbConnection, id: CertificateId, number: i64) -> QueryResult<()> {
    diesel::update(certificates::table.find(id)).set(certificates::number.eq(number)).execute(c).await.map(drop)
}
