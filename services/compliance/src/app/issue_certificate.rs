//! First issue of a member's TDS certificate of a financial year.

use crate::store::certificates::{self, CertificateIssue};
use db::DbConnection;
use diesel::QueryResult;
use messaging::outbox;
use proto_events::compliance::v1::CertificateIssued;

/// Records the issue and publishes `CertificateIssued`; does nothing when this member and year has one already.
pub async fn issue_certificate(c: &mut DbConnection, issue: &CertificateIssue) -> QueryResult<()> {
    if !certificates::insert(c, issue).await? {
        return Ok(());
    }
    let issued = CertificateIssued {
        certificate_id: issue.id.into(),
        user_id: issue.user_id.into(),
        financial_year: issue.financial_year.to_string(),
        total_tds_paise: issue.total_tds_paise.paise(),
        issued_at: issue.issued_at.micros(),
    };
    outbox::publish(c, issue.id, issue.issued_at, &issued).await
}
