//! Checks of the amounts in a command.

use crate::domain::LedgerError;
use domain::Money;

/// Errors with `InvalidAmount` when `amount` is not above zero.
pub(super) fn require_positive(amount: Money) -> Result<Money, LedgerError> {
    if amount.is_positive() { Ok(amount) } else { Err(LedgerError::InvalidAmount(amount)) }
}

/// Errors with `InvalidAmount`, for the first of `amounts` that is below zero.
pub(super) fn require_no_negative(amounts: &[Money]) -> Result<(), LedgerError> {
    match amounts.iter().find(|amount| amount.is_negative()) {
        None => Ok(()),
        Some(negative) => Err(LedgerError::InvalidAmount(*negative)),
    }
}

/// Errors with `PartsMismatch` when `parts` do not add up to `total`, and with `Money` when their sum overflows.
pub(super) fn require_total(parts: [Money; 3], total: Money) -> Result<(), LedgerError> {
    if Money::total(parts)? == total { Ok(()) } else { Err(LedgerError::PartsMismatch) }
}
