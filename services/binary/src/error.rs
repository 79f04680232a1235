//! Errors of the binary service and their mapping: a problem for a client, a retry or a parked event.

use crate::domain::snapshot::SnapshotError;
use crate::domain::{TreeError, WITHDRAWAL_NOTICE_MINUTES};
use db::{DbError, TxError};
use domain::PlanError;
use http_api::Problem;
use messaging::HandleError;

/// Error of a use case.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// Another writer has moved the journal head: retry with a new batch.
    #[error("another writer has moved the journal head")]
    Fenced,
    /// A journal entry or a table row is missing or invalid.
    #[error("invalid journal: {0}")]
    Journal(String),
    #[error(transparent)]
    Event(HandleError),
    /// A snapshot cannot be saved, or is not what was saved.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

impl From<diesel::result::Error> for BinaryError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl From<HandleError> for BinaryError {
    fn from(error: HandleError) -> Self {
        Self::Event(error)
    }
}

impl From<BinaryError> for HandleError {
    fn from(error: BinaryError) -> Self {
        match error {
            BinaryError::Db(error) => Self::Db(error),
            BinaryError::Event(error) => error,
            BinaryError::Fenced | BinaryError::Journal(_) | BinaryError::Snapshot(_) => Self::transient(error),
            BinaryError::Tree(TreeError::Inconsistent(_)) => Self::transient(error),
            BinaryError::Tree(error) => Self::poison(error.to_string()),
        }
    }
}

impl From<BinaryError> for Problem {
    fn from(error: BinaryError) -> Self {
        match error {
            BinaryError::Db(error) => error.into(),
            BinaryError::Fenced => Self::unavailable(error),
            BinaryError::Tree(TreeError::SlotTaken) => Self::conflict("binary.slot_taken", "the slot is taken"),
            BinaryError::Tree(TreeError::AlreadyPlaced(_)) => {
                Self::conflict("binary.already_placed", "the member is already placed; a position never changes")
            }
            BinaryError::Tree(TreeError::Plan(PlanError::UnknownVersion(_))) => Self::not_found(),
            BinaryError::Tree(TreeError::Plan(PlanError::AlreadyEffective(_))) => {
                let detail = format!(
                    "a version can be withdrawn until {WITHDRAWAL_NOTICE_MINUTES} minutes before it takes effect"
                );
                Self::conflict("binary.plan_already_effective", detail)
            }
            BinaryError::Tree(TreeError::Plan(error)) => Self::unprocessable("binary.plan_invalid", error.to_string()),
            BinaryError::Tree(_) | BinaryError::Journal(_) | BinaryError::Snapshot(_) | BinaryError::Event(_) => {
                Self::internal(error)
            }
        }
    }
}

impl TxError for BinaryError {
    fn is_retryable(&self) -> bool {
        match self {
            Self::Db(error) => error.is_retryable(),
            Self::Event(error) => TxError::is_retryable(error),
            Self::Fenced => true,
            Self::Tree(_) | Self::Journal(_) | Self::Snapshot(_) => false,
        }
    }
}
