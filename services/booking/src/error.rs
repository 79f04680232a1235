//! Why booking does not do what it is asked, and how that is told.

use crate::domain::booking::BookingRefusal;
use crate::domain::emi::EmiRefusal;
use crate::domain::payment::PaymentRefusal;
use chassis::events::HandleError;
use chassis::http::Problem;
use db::{DbError, TxError};
use domain::{MoneyError, PlanError};

#[derive(Debug, thiserror::Error)]
pub enum BookingError {
    #[error("there is nothing here")]
    NotFound,
    #[error("no vehicle with that id is on sale")]
    VehicleNotOnSale,
    #[error(transparent)]
    Booking(#[from] BookingRefusal),
    #[error(transparent)]
    Payment(#[from] PaymentRefusal),
    #[error(transparent)]
    Emi(#[from] EmiRefusal),
    #[error("members pay online, by bank_transfer, in cash or from the wallet")]
    MethodNotAllowed,
    #[error("a wallet is paid from by its owner only")]
    WalletOwnerOnly,
    #[error("no online payments are taken here")]
    OnlineUnavailable,
    #[error("staff confirm cash and bank transfers only")]
    NotConfirmedByStaff,
    #[error("this payment was refunded to somewhere else")]
    RefundedElsewhere,
    #[error("a booking takes at most {max} online orders a day", max = crate::domain::payment::MAX_ORDERS_A_DAY)]
    TooManyOrders { retry_after_secs: u64 },
    #[error("at most {max} payments of a booking wait at once", max = crate::domain::payment::MAX_PENDING)]
    TooManyPending,
    #[error("the outcome of this refund is not unknown, or not for long enough")]
    RefundNotResolvable,
    #[error("another member of staff has proposed something else for this refund")]
    RefundProposalDiffers,
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// What is stored contradicts itself.
    #[error("{0}")]
    Broken(String),
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
        let said = error.to_string();
        match error {
            BookingError::NotFound => Self::not_found(),
            BookingError::VehicleNotOnSale => Self::unprocessable("booking.vehicle_not_on_sale", said),
            BookingError::Booking(refusal) => of_booking(&refusal, said),
            BookingError::Payment(_) => Self::conflict("booking.payment_state", said),
            BookingError::Emi(EmiRefusal::Months { .. }) => Self::unprocessable("booking.emi_months", said),
            BookingError::Emi(EmiRefusal::TooLittle(_)) => Self::unprocessable("booking.emi_too_little", said),
            BookingError::Emi(EmiRefusal::Exists) => Self::conflict("booking.emi_exists", said),
            BookingError::Emi(EmiRefusal::BookingClosed) => Self::conflict("booking.state", said),
            BookingError::MethodNotAllowed => Self::unprocessable("booking.method_not_allowed", said),
            BookingError::WalletOwnerOnly => Self::unprocessable("booking.wallet_owner_only", said),
            BookingError::OnlineUnavailable => Self::unprocessable("booking.online_unavailable", said),
            BookingError::NotConfirmedByStaff => Self::conflict("booking.not_confirmed_by_staff", said),
            BookingError::RefundedElsewhere => Self::conflict("booking.refunded_elsewhere", said),
            BookingError::TooManyOrders { retry_after_secs } => {
                Self::too_many("booking.too_many_orders", said, retry_after_secs)
            }
            BookingError::TooManyPending => Self::unprocessable("booking.too_many_pending", said),
            BookingError::RefundNotResolvable => Self::conflict("booking.refund_not_resolvable", said),
            BookingError::RefundProposalDiffers => Self::conflict("booking.refund_proposal_differs", said),
            BookingError::Plan(_) | BookingError::Money(_) | BookingError::Broken(_) => Self::internal(said),
            BookingError::Db(error) => error.into(),
        }
    }
}

fn of_booking(refusal: &BookingRefusal, said: String) -> Problem {
    match refusal {
        BookingRefusal::AbovePayable(_) => Problem::unprocessable("booking.above_payable", said),
        BookingRefusal::NotPositive => Problem::unprocessable("booking.amount_not_positive", said),
        BookingRefusal::BookingAmountTooSmall(_) => Problem::unprocessable("booking.booking_amount_too_small", said),
        BookingRefusal::BookingAmountAbovePrice(_) => {
            Problem::unprocessable("booking.booking_amount_above_price", said)
        }
        BookingRefusal::TakesNoPayments(_)
        | BookingRefusal::NotCancellable(_)
        | BookingRefusal::DoesNotExpire(_)
        | BookingRefusal::NotRevivable(_) => Problem::conflict("booking.state", said),
        BookingRefusal::Money(_) => Problem::internal(said),
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
            | BookingError::Broken(_) => Self::poison(error.to_string()),
        }
    }
}
