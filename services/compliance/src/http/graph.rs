//! Compliance's part of the read graph: documents, tax deducted at source, and the audit log.

use super::{audit, documents, tds};
use crate::ComplianceState;
use graph::Part;
use http_api::Access::{Admin, User};
use http_api::documented;

/// All fields of this service.
pub(crate) fn part(state: ComplianceState) -> Part {
    Part::new("compliance", state)
        .query("documents", User, documented!(documents::list))
        .query("document", User, documented!(documents::get))
        .query("tds", User, documented!(tds::list))
        .query("audit_entries", Admin, documented!(audit::list))
        .query("audit_actions", Admin, documented!(audit::list_actions))
        .of_user("documents", documented!(documents::list))
        .of_user("tds", documented!(tds::list))
        .own("tds_years", documented!(tds::list_years))
}
