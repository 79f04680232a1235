//! First issue of a member's TDS certificate of a financial year.

use crate::store::certificate_counters;
use crate::store::certificates::{self, CertificateIssue, find};
use db::DbConnection;
use diesel::QueryResult;
use messaging::outbox;
use proto_events::compliance::v1::CertificateIssued;

/// Records the issue, gives it the next number of its financial year and publishes `CertificateIssued`. Does nothing
/// when this member and year has a numbered one already. Returns the number.
///
/// The counter stays locked until the transaction ends, so numbers are given in the order of the commits, and one that
/// is rolled back is given again.
pub async fn issue_certificate(c: &mut DbConnection, issue: &CertificateIssue) -> QueryResult<i64> {
    let (user, year) = (issue.user_id, issue.financial_year);
    if let Some(number) = find(c, user, year).await?.and_then(|found| found.number) {
        return Ok(number);
    }
    let next = certificate_counters::lock(c, year).await? + 1;
    // Another transaction may have issued it before this one got the counter.
    match find(c, user, year).await? {
        Some(CertificateIssue { number: Some(number), .. }) => return Ok(number),
        Some(unnumbered) => certificates::set_number(c, unnumbered.id, next).await?,
        None => publish_first(c, &CertificateIssue { number: Some(next), ..issue.clone() }).await?,
    }
    certificate_counters::set(c, year, next).await?;
    Ok(next)
}

async fn publish_first(c: &mut DbConnection, issue: &CertificateIssue) -> QueryResult<()> {
    certificates::insert(c, issue).await?;
    let issued = CertificateIssued {
        certificate_id: issue.id.into(),
        user_id: issue.user_id.into(),
        financial_year: issue.financial_year.to_string(),
        total_tds_paise: issue.total_tds_paise.paise(),
        issued_at: issue.issued_at.micros(),
    };
    outbox::publish(c, issue.id, issue.issued_at, &issued).await
}
