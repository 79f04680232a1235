//! Errors of the wallet service, mapped to HTTP problems and to the handling of events.

use crate::domain::{LedgerError, RejectionReason};
use db::DbError;
use domain::{MoneyError, StoredPlanError};
use http_api::Problem;
use messaging::HandleError;

/// An error of the wallet service.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A manual entry that the balances do not allow.
    #[error("rejected: {0}")]
    Rejected(RejectionReason),
    #[error(transparent)]
    Db(#[from] DbError),
    /// Each epoch row was deleted while the transaction waited for its lock.
    #[error("no posting epoch could be locked")]
    NoPostingEpoch,
    /// A stored number that its type cannot hold, such as a negative version.
    #[error("a number is out of range")]
    OutOfRange(#[from] std::num::TryFromIntError),
    #[error(transparent)]
    StoredPlan(#[from] StoredPlanError),
    #[error("a value cannot be read or written as JSON")]
    Json(#[source] serde_json::Error),
}

db::tx_error!(WalletError);

impl From<MoneyError> for WalletError {
    fn from(error: MoneyError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<WalletError> for Problem {
    fn from(error: WalletError) -> Self {
        match error {
            WalletError::Ledger(LedgerError::InvalidAmount(_)) => {
                Self::unprocessable("wallet.invalid_amount", "that amount cannot be posted")
            }
            WalletError::Ledger(LedgerError::Money(_)) => {
                Self::unprocessable("wallet.invalid_amount", "the amount is too large")
            }
            WalletError::Rejected(RejectionReason::InsufficientReserve) => {
                Self::unprocessable("wallet.insufficient_reserve", "the reserve holds less than that")
            }
            WalletError::Rejected(_) => {
                Self::unprocessable("wallet.insufficient_funds", "the available balance is smaller than that")
            }
            WalletError::Db(error) => error.into(),
            WalletError::NoPostingEpoch => Self::unavailable(error),
            other @ (WalletError::Ledger(_)
            | WalletError::OutOfRange(_)
            | WalletError::StoredPlan(_)
            | WalletError::Json(_)) => Self::internal(other),
        }
    }
}

impl From<WalletError> for HandleError {
    fn from(error: WalletError) -> Self {
        match error {
            // Another consumer has posted the same cause at the same time; the retry finds it posted.
            WalletError::Db(DbError::Query(e)) if db::is_unique_violation(&e) => Self::transient(e),
            WalletError::Db(error) => Self::Db(error),
            WalletError::NoPostingEpoch => Self::transient(error),
            // No correct sender sends such an event, and a retry cannot succeed.
            other @ (WalletError::Ledger(_)
            | WalletError::Rejected(_)
            | WalletError::OutOfRange(_)
            | WalletError::StoredPlan(_)
            | WalletError::Json(_)) => Self::poison(other.to_string()),
        }
    }
}
