//! What can go wrong here, and what becomes of it: a problem for a client, another try or a parked event.

use crate::domain::TreeError;
use chassis::events::HandleError;
use chassis::http::Problem;
use db::{DbError, TxError};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Another writer has added to the journal: reload and try again.
    #[error("the tree has another writer; this one steps back")]
    Fenced,
    /// What the journal or a table says makes no sense.
    #[error("the journal cannot be followed: {0}")]
    Journal(String),
    #[error(transparent)]
    Event(HandleError),
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl From<HandleError> for Failure {
    fn from(error: HandleError) -> Self {
        Self::Event(error)
    }
}

impl From<Failure> for HandleError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Db(error) => Self::Db(error),
            Failure::Event(error) => error,
            Failure::Fenced | Failure::Journal(_) => Self::transient(failure),
            Failure::Tree(TreeError::Inconsistent(_)) => Self::transient(failure),
            Failure::Tree(error) => Self::poison(error.to_string()),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Db(error) => error.into(),
            Failure::Fenced => Self::unavailable(failure),
            Failure::Tree(TreeError::SlotTaken) => Self::conflict("binary.slot_taken", "that slot is taken"),
            Failure::Tree(TreeError::AlreadyPlaced(_)) => {
                Self::conflict("binary.already_placed", "this member has a place already, for good")
            }
            Failure::Tree(TreeError::Plan(error)) => Self::unprocessable("binary.plan_invalid", error.to_string()),
            Failure::Tree(_) | Failure::Journal(_) | Failure::Event(_) => Self::internal(failure),
        }
    }
}

impl TxError for Failure {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Db(error) => error.is_retryable(),
            Self::Event(error) => TxError::is_retryable(error),
            Self::Fenced => true,
            Self::Tree(_) | Self::Journal(_) => false,
        }
    }
}
