//! Why compliance refuses, and how that is answered.

use crate::blobs::BlobError;
use crate::domain::document::{MOST_DOCUMENTS, ReviewRefused};
use actix_web::http::StatusCode;
use chassis::http::Problem;
use db::{DbError, TxError};

#[derive(Debug, thiserror::Error)]
pub enum ComplianceError {
    #[error("there is no such thing")]
    NotFound,
    #[error("a member has at most {MOST_DOCUMENTS} documents")]
    TooManyDocuments,
    #[error(transparent)]
    Review(#[from] ReviewRefused),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for ComplianceError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl TxError for ComplianceError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}

impl From<ComplianceError> for Problem {
    fn from(error: ComplianceError) -> Self {
        let text = error.to_string();
        match error {
            ComplianceError::NotFound => Self::not_found(),
            ComplianceError::TooManyDocuments => Self::conflict("compliance.too_many_documents", text),
            ComplianceError::Review(ReviewRefused::Own) => Self::new(StatusCode::FORBIDDEN, "compliance.own", text),
            ComplianceError::Review(ReviewRefused::Decided(_)) => Self::conflict("compliance.already_reviewed", text),
            ComplianceError::Db(error) => error.into(),
        }
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        match error {
            // A row names bytes that are not there: no other try mends it.
            BlobError::Missing => Self::internal(error),
            BlobError::Resting(open) => Self::unavailable(open).with_retry_after(open.after),
            BlobError::Taken | BlobError::Refused(_) | BlobError::Unavailable(_) => Self::unavailable(error),
        }
    }
}
