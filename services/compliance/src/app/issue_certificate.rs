//! A member's certificate of a year is given out for the first time.

use crate::store::certificates;
use chassis::events::outbox;
use db::DbConnection;
use diesel::QueryResult;
use proto_events::compliance::v1::CertificateIssued;

pub use crate::store::certificates::{CertificateId, Issue};

/// Records the issue and tells of it, once a member and year.
pub async fn issue_certificate(c: &mut DbConnection, issue: &Issue) -> QueryResult<()> {
    if !certificates::add(c, issue).await? {
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
