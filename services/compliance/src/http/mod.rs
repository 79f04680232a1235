//! Route table of the compliance service. Handlers may read through `store`; every write goes through `app`.

mod audit;
mod audit_export;
mod certificate;
mod challans;
mod cover;
mod documents;
pub(crate) mod graph;
mod grievance_office;
mod grievance_views;
mod grievances;
mod queues;
mod return_file;
mod statement;
mod statement_access;
mod tds;
mod upload;

use crate::ComplianceState;
use crate::domain::challan::ChallanId;
use crate::domain::document::DocumentId;
use crate::domain::grievance::GrievanceId;
use chassis::audit::AuditSubject;
use domain::{FinancialYear, Quarter, UserId};
use http_api::{Access, Routes, documented};

/// All routes, with their access rules.
pub(crate) fn routes(state: ComplianceState) -> Routes {
    let (user, staff) = (Access::User, Access::Staff);
    Routes::new("compliance")
        .data(state)
        .get("/compliance/tds", user, documented!(tds::list))
        .get("/compliance/tds/years", user, documented!(tds::list_years))
        .get("/compliance/tds/{fy}/certificate", user, documented!(certificate::get))
        .get("/compliance/tds/{fy}/{quarter}/statement", staff, documented!(statement::get))
        .get("/compliance/tds/{fy}/{quarter}/cover", staff, documented!(cover::get))
        .post("/compliance/challans", staff, documented!(challans::create))
        .get("/compliance/challans", staff, documented!(challans::list))
        .post("/compliance/challans/{id}/correct", staff, documented!(challans::correct))
        .post("/compliance/challans/{id}/cancel", staff, documented!(challans::cancel))
        .get("/compliance/challans/{id}/changes", staff, documented!(challans::list_changes))
        .get("/grievance-officer", Access::Public, documented!(grievances::get_officer))
        .post("/grievances", user, documented!(grievances::create))
        .get("/grievances", user, documented!(grievances::list))
        .get("/grievances/register", staff, documented!(grievance_office::register))
        .get("/grievances/{id}", user, documented!(grievances::get))
        .post("/grievances/{id}/reopen", user, documented!(grievances::reopen))
        .post("/grievances/{id}/acknowledge", staff, documented!(grievance_office::acknowledge))
        .post("/grievances/{id}/assign", staff, documented!(grievance_office::assign))
        .post("/grievances/{id}/reply", staff, documented!(grievance_office::reply))
        .post("/grievances/{id}/escalate", staff, documented!(grievance_office::escalate))
        .post("/grievances/{id}/close", staff, documented!(grievance_office::close))
        .get("/documents/verify/C-{code}", Access::Public, documented!(certificate::verify))
        .get("/audit", Access::Admin, documented!(audit::list))
        .get("/audit/subjects/{subject}", staff, documented!(audit::list_of_subject))
        .get("/audit-log", Access::Admin, documented!(audit_export::export))
        .get("/audit/actions", Access::Admin, documented!(audit::list_actions))
        .get("/compliance/document-kinds", user, documented!(documents::list_kinds))
        .post("/compliance/documents", user, documented!(upload::create))
        .get("/compliance/documents", user, documented!(documents::list))
        .get("/compliance/documents/queue-counts", staff, documented!(queues::count))
        .get("/compliance/documents/{id}", user, documented!(documents::get))
        .get("/compliance/documents/{id}/content", user, documented!(documents::get_content))
        .post("/compliance/documents/{id}/verify", staff, documented!(documents::verify))
        .post("/compliance/documents/{id}/reject", staff, documented!(documents::reject))
}

/// Subject of an audit record, with its owner.
#[derive(Clone, Copy)]
enum Subject {
    Document(DocumentId, UserId),
    Certificate(UserId, FinancialYear),
    Challan(ChallanId),
    Statement(FinancialYear, Quarter),
    AuditLog,
    Grievance(GrievanceId, UserId),
    GrievanceRegister,
    /// The member whose file was refused.
    Uploader(UserId),
}

impl AuditSubject for Subject {
    const SERVICE: &'static str = "compliance";

    fn into_parts(self) -> (&'static str, String, Option<UserId>) {
        match self {
            Self::Document(id, owner) => ("document", id.to_string(), Some(owner)),
            Self::Certificate(user, year) => ("tds_certificate", format!("{user}-{year}"), Some(user)),
            Self::Challan(id) => ("tds_challan", id.to_string(), None),
            Self::Grievance(id, owner) => ("grievance", id.to_string(), Some(owner)),
            Self::GrievanceRegister => ("grievance_register", String::new(), None),
            Self::Uploader(id) => ("user", id.to_string(), Some(id)),
            Self::AuditLog => ("audit_log", String::new(), None),
            Self::Statement(year, quarter) => ("tds_statement", format!("{year}-{quarter}"), None),
        }
    }
}
