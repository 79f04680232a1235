//! Routes of the compliance service.

mod audit;
mod certificate;
mod certificate_pdf;
mod documents;
mod statement;
mod tds;
mod upload;

use crate::ComplianceState;
use chassis::auth::Access;
use chassis::documented;
use chassis::http::Routes;

/// All routes, with their access rules and documentation.
pub(crate) fn routes(state: ComplianceState) -> Routes {
    let (user, staff) = (Access::User, Access::Staff);
    Routes::new("compliance")
        .data(state)
        .get("/compliance/tds", user, documented!(tds::list))
        .get("/compliance/tds/{fy}/certificate", user, documented!(certificate::get))
        .get("/compliance/tds/{fy}/{quarter}/statement", staff, documented!(statement::get))
        .get("/audit", Access::Admin, documented!(audit::list))
        .post("/compliance/documents", user, documented!(upload::create))
        .get("/compliance/documents", user, documented!(documents::list))
        .get("/compliance/documents/{id}", user, documented!(documents::get))
        .get("/compliance/documents/{id}/content", user, documented!(documents::download))
        .post("/compliance/documents/{id}/verify", staff, documented!(documents::verify))
        .post("/compliance/documents/{id}/reject", staff, documented!(documents::reject))
}
