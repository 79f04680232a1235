//! Errors of the compliance service and their mapping to HTTP problems.

use crate::domain::document::{MAX_DOCUMENTS_PER_MEMBER, ReviewRefusal};
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
