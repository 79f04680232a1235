//! What can go wrong, as an HTTP problem and as the fate of an event.

use crate::domain::{ForfeitReason, LedgerError};
use chassis::events::HandleError;
use chassis::http::Problem;
use db::{DbError, TxError};

#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A request by hand that the balances do not allow.
    #[error("refused: {0}")]
    Refused(ForfeitReason),
    #[error(transparent)]
    Db(#[from] DbError),
    /// Every row that was waited for was removed meanwhile.
    #[error("there is no posting epoch to join")]
    NoEpoch,
    #[error("a stored or storable value is not JSON")]
    Json(#[source] serde_json::Error),
}
impl From<diesel::result::Error> for WalletError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl TxError for WalletError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}

impl From<WalletError> for Problem {
    fn from(error: WalletError) -> Self {
        match error {
            WalletError::Ledger(LedgerError::BadAmount(_)) => {
                Self::unprocessable("wallet.invalid_amount", "that amount cannot be posted")
            }
            WalletError::Ledger(LedgerError::Money(_)) => {
                Self::unprocessable("wallet.invalid_amount", "the amount is too large")
            }
            WalletError::Refused(ForfeitReason::InsufficientReserve) => {
                Self::unprocessable("wallet.insufficient_reserve", "the reserve holds less than that")
            }
            WalletError::Refused(_) => {
                Self::unprocessable("wallet.insufficient_funds", "the available balance is smaller than that")
            }
            WalletError::Db(error) => error.into(),
            WalletError::NoEpoch => Self::unavailable(error),
            other @ (WalletError::Ledger(_) | WalletError::Json(_)) => Self::internal(other),
        }
    }
}

impl From<WalletError> for HandleError {
    fn from(error: WalletError) -> Self {
        match error {
            // Two consumers overlapped and the other one posted the cause: the next try finds it posted.
            WalletError::Db(DbError::Query(e)) if db::is_unique_violation(&e) => Self::transient(e),
            WalletError::Db(error) => Self::Db(error),
            WalletError::NoEpoch => Self::transient(error),
            // Nothing a correct sender sends; the same event will not do better later.
            other @ (WalletError::Ledger(_) | WalletError::Refused(_) | WalletError::Json(_)) => {
                Self::poison(other.to_string())
            }
        }
    }
}
