//! Errors of the booking service, and their HTTP problems.

use crate::domain::booking::BookingRefusal;
use crate::domain::emi::EmiRefusal;
use crate::domain::payment::{MAX_ORDERS_PER_DAY, MAX_PENDING_PAYMENTS, PaymentRefusal};
use chassis::events::HandleError;
use chassis::http::Problem;
use db::{DbError, TxError};
use domain::{MoneyError, PlanError};

/// Why a request or an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum BookingError {
    #[error("not found")]
    NotFound,
    #[error("no vehicle with that id is on sale")]
    VehicleNotOnSale,
    #[error(transparent)]
    Booking(#[from] BookingRefusal),
    #[error(transparent)]
    Payment(#[from] PaymentRefusal),
    #[error(transparent)]
    Emi(#[from] EmiRefusal),
    #[error("the method must be online, bank_transfer, cash or wallet")]
    MethodNotAllowed,
    #[error("only the booking's owner may pay from the wallet")]
    WalletOwnerOnly,
    #[error("no payment gateway is configured")]
    OnlineUnavailable,
    #[error("only cash and bank transfers are confirmed by staff")]
    NotConfirmedByStaff,
    #[error("this payment was refunded to another destination")]
    RefundedElsewhere,
    #[error("a booking can have at most {max} online orders in 24 hours", max = MAX_ORDERS_PER_DAY)]
    TooManyOrders { retry_after_secs: u64 },
    #[error("a booking can have at most {max} pending payments", max = MAX_PENDING_PAYMENTS)]
    TooManyPending,
    #[error("this refund's outcome is known, or has been unknown for less than a day")]
    RefundNotResolvable,
    #[error("another member of staff has proposed a different resolution")]
    RefundProposalDiffers,
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The stored data is inconsistent.
    #[error("{0}")]
    Inconsistent(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for BookingError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl TxError for BookingError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}

impl From<BookingError> for Problem {
    fn from(error: BookingError) -> Self {
        let detail = error.to_string();
        match error {
            BookingError::NotFound => Self::not_found(),
            BookingError::VehicleNotOnSale => Self::unprocessable("booking.vehicle_not_on_sale", detail),
            BookingError::Booking(refusal) => booking_problem(&refusal, detail),
            BookingError::Payment(_) => Self::conflict("booking.payment_state", detail),
            BookingError::Emi(EmiRefusal::Months { .. }) => Self::unprocessable("booking.emi_months", detail),
            BookingError::Emi(EmiRefusal::TooLittle(_)) => Self::unprocessable("booking.emi_too_little", detail),
            BookingError::Emi(EmiRefusal::Exists) => Self::conflict("booking.emi_exists", detail),
            BookingError::Emi(EmiRefusal::BookingClosed) => Self::conflict("booking.state", detail),
            BookingError::MethodNotAllowed => Self::unprocessable("booking.method_not_allowed", detail),
            BookingError::WalletOwnerOnly => Self::unprocessable("booking.wallet_owner_only", detail),
            BookingError::OnlineUnavailable => Self::unprocessable("booking.online_unavailable", detail),
            BookingError::NotConfirmedByStaff => Self::conflict("booking.not_confirmed_by_staff", detail),
            BookingError::RefundedElsewhere => Self::conflict("booking.refunded_elsewhere", detail),
            BookingError::TooManyOrders { retry_after_secs } => {
                Self::too_many("booking.too_many_orders", detail, retry_after_secs)
            }
            BookingError::TooManyPending => Self::unprocessable("booking.too_many_pending", detail),
            BookingError::RefundNotResolvable => Self::conflict("booking.refund_not_resolvable", detail),
            BookingError::RefundProposalDiffers => Self::conflict("booking.refund_proposal_differs", detail),
            BookingError::Plan(_) | BookingError::Money(_) | BookingError::Inconsistent(_) => Self::internal(detail),
            BookingError::Db(error) => error.into(),
        }
    }
}

fn booking_problem(refusal: &BookingRefusal, detail: String) -> Problem {
    match refusal {
        BookingRefusal::AbovePayable(_) => Problem::unprocessable("booking.above_payable", detail),
        BookingRefusal::NotPositive => Problem::unprocessable("booking.amount_not_positive", detail),
        BookingRefusal::BookingAmountTooSmall(_) => Problem::unprocessable("booking.booking_amount_too_small", detail),
        BookingRefusal::BookingAmountAbovePrice(_) => {
            Problem::unprocessable("booking.booking_amount_above_price", detail)
        }
        BookingRefusal::TakesNoPayments(_)
        | BookingRefusal::NotCancellable(_)
        | BookingRefusal::DoesNotExpire(_)
        | BookingRefusal::NotRevivable(_) => Problem::conflict("booking.state", detail),
        BookingRefusal::Money(_) => Problem::internal(detail),
    }
}

impl From<BookingError> for HandleError {
    fn from(error: BookingError) -> Self {
        match error {
            BookingError::Db(error) => Self::Db(error),
            BookingError::NotFound
            | BookingError::VehicleNotOnSale
            | BookingError::Booking(_)
            | BookingError::Payment(_)
            | BookingError::Emi(_)
            | BookingError::MethodNotAllowed
            | BookingError::WalletOwnerOnly
            | BookingError::OnlineUnavailable
            | BookingError::NotConfirmedByStaff
            | BookingError::RefundedElsewhere
            | BookingError::TooManyOrders { .. }
            | BookingError::TooManyPending
            | BookingError::RefundNotResolvable
            | BookingError::RefundProposalDiffers
            | BookingError::Plan(_)
            | BookingError::Money(_)
            | BookingError::Inconsistent(_) => Self::poison(error.to_string()),
        }
    }
}
