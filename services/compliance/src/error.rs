//! Errors of the compliance service and their mapping to HTTP problems.

use crate::domain::challan::ChallanRefusal;
use crate::domain::document::{MAX_DOCUMENTS_PER_MEMBER, ReviewRefusal};
use crate::domain::grievance::{GrievanceRefusal, MAX_OPEN_GRIEVANCES};
use crate::store::member_records::RecordKind;
use actix_web::http::StatusCode;
use db::DbError;
use http_api::Problem;

/// An error of any use case of the service.
#[derive(Debug, thiserror::Error)]
pub enum ComplianceError {
    #[error("not found")]
    NotFound,
    #[error("a member may have at most {MAX_DOCUMENTS_PER_MEMBER} documents")]
    TooManyDocuments,
    #[error("the documents of this member are erased")]
    MemberErased,
    #[error("a grievance is assigned to an active member of staff")]
    AssigneeNotStaff,
    #[error(transparent)]
    Challan(#[from] ChallanRefusal),
    #[error("a member may have at most {MAX_OPEN_GRIEVANCES} open grievances")]
    TooManyGrievances,
    #[error("there is no such {0} of the member")]
    RecordUnknown(RecordKind),
    #[error(transparent)]
    Grievance(#[from] GrievanceRefusal),
    #[error(transparent)]
    Review(#[from] ReviewRefusal),
    #[error(transparent)]
    Db(#[from] DbError),
}

db::tx_error!(ComplianceError);

impl From<ComplianceError> for Problem {
    fn from(error: ComplianceError) -> Self {
        let text = error.to_string();
        match error {
            ComplianceError::NotFound => Self::not_found(),
            ComplianceError::TooManyDocuments => Self::conflict("compliance.too_many_documents", text),
            ComplianceError::MemberErased => Self::conflict("compliance.member_erased", text),
            ComplianceError::AssigneeNotStaff => {
                Self::unprocessable("compliance.assignee_not_staff", text).stale_if(true)
            }
            ComplianceError::TooManyGrievances => Self::conflict("compliance.too_many_grievances", text),
            ComplianceError::RecordUnknown(_) => Self::unprocessable("compliance.record_unknown", text).stale_if(true),
            ComplianceError::Grievance(refusal) => grievance_problem(refusal, text),
            ComplianceError::Challan(ChallanRefusal::Exists) => Self::conflict("compliance.challan_exists", text),
            ComplianceError::Challan(ChallanRefusal::Cancelled) => Self::conflict("compliance.challan_cancelled", text),
            ComplianceError::Review(ReviewRefusal::OwnDocument) => {
                Self::new(StatusCode::FORBIDDEN, "compliance.own", text)
            }
            ComplianceError::Review(ReviewRefusal::AlreadyDecided(_)) => {
                Self::conflict("compliance.already_reviewed", text)
            }
            ComplianceError::Db(error) => error.into(),
        }
    }
}

fn grievance_problem(refusal: GrievanceRefusal, text: String) -> Problem {
    match refusal {
        GrievanceRefusal::Own | GrievanceRefusal::NotAllowed => {
            Problem::new(StatusCode::FORBIDDEN, "compliance.own", text)
        }
        GrievanceRefusal::Closed => Problem::conflict("compliance.grievance_closed", text),
        GrievanceRefusal::NotClosed => Problem::conflict("compliance.grievance_open", text),
        GrievanceRefusal::TooLate => Problem::conflict("compliance.grievance_final", text),
    }
}
