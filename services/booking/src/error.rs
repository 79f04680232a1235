//! Errors of the booking service, and their HTTP problems.

use crate::domain::aggregate::Refusal;
use crate::domain::booking::BookingRefusal;
use crate::domain::capture::CaptureRefusal;
use crate::domain::emi::EmiRefusal;
use crate::domain::stock::AdjustmentRefusal;
use db::DbError;
use domain::{MoneyError, PlanError, StoredPlanError};
use http_api::Problem;
use messaging::HandleError;

/// Why a request or an event was not applied.
#[derive(Debug, thiserror::Error)]
pub enum BookingError {
    #[error("not found")]
    NotFound,
    #[error("no vehicle with that id is on sale")]
    VehicleNotOnSale,
    #[error("no unit of this vehicle is left")]
    SoldOut,
    #[error("the day of delivery must be between the booking and today")]
    DeliveryDay,
    #[error("a vehicle may have at most {0} pictures")]
    TooManyPictures(usize),
    #[error("the document must be one of the buyer that proves no other delivery")]
    DeliveryDocument,
    #[error("a vehicle with this number is delivered for another booking")]
    VehicleNumberUsed,
    #[error(transparent)]
    Adjustment(#[from] AdjustmentRefusal),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("only cash and bank transfers are confirmed by staff")]
    NotConfirmedByStaff,
    #[error("this payment was refunded to another destination")]
    RefundedElsewhere,
    #[error("this refund's outcome is known, or has been unknown for less than a day")]
    RefundNotResolvable,
    #[error("another member of staff has proposed a different resolution")]
    RefundProposalDiffers,
    #[error(transparent)]
    Capture(#[from] CaptureRefusal),
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

db::tx_error!(BookingError);

impl From<StoredPlanError> for BookingError {
    fn from(error: StoredPlanError) -> Self {
        Self::Inconsistent(error.to_string())
    }
}

impl From<BookingError> for Problem {
    fn from(error: BookingError) -> Self {
        let detail = error.to_string();
        match error {
            BookingError::NotFound => Self::not_found(),
            BookingError::VehicleNotOnSale => Self::unprocessable("booking.vehicle_not_on_sale", detail),
            BookingError::SoldOut => Self::conflict("booking.sold_out", detail),
            BookingError::DeliveryDay => Self::unprocessable("booking.delivery_invalid", detail),
            BookingError::TooManyPictures(_) => Self::conflict("booking.too_many_pictures", detail),
            // The event of the upload may arrive after the delivery that names the document.
            BookingError::DeliveryDocument => Self::unprocessable("booking.delivery_document", detail).stale_if(true),
            BookingError::VehicleNumberUsed => Self::conflict("booking.vehicle_number_used", detail),
            BookingError::Adjustment(AdjustmentRefusal::BelowReserved { .. }) => {
                Self::conflict("booking.stock_reserved", detail)
            }
            BookingError::Adjustment(AdjustmentRefusal::TooMany) => {
                Self::unprocessable("booking.stock_invalid", detail)
            }
            BookingError::Refused(refusal) => refusal_problem(&refusal, detail),
            BookingError::NotConfirmedByStaff => Self::conflict("booking.not_confirmed_by_staff", detail),
            BookingError::RefundedElsewhere => Self::conflict("booking.refunded_elsewhere", detail),
            BookingError::RefundNotResolvable => Self::conflict("booking.refund_not_resolvable", detail),
            BookingError::RefundProposalDiffers => Self::conflict("booking.refund_proposal_differs", detail),
            BookingError::Capture(refusal) => capture_problem(&refusal, detail),
            BookingError::Plan(_) | BookingError::Money(_) | BookingError::Inconsistent(_) => Self::internal(detail),
            BookingError::Db(error) => error.into(),
        }
    }
}

fn capture_problem(refusal: &CaptureRefusal, detail: String) -> Problem {
    match refusal {
        CaptureRefusal::NotUnknown(_) | CaptureRefusal::NotAcceptable => {
            Problem::conflict("booking.capture_state", detail)
        }
        CaptureRefusal::NotPending(_) => Problem::conflict("booking.payment_state", detail),
        CaptureRefusal::OtherGateway => Problem::unprocessable("booking.capture_other_gateway", detail),
        CaptureRefusal::AmountDiffers { .. } => Problem::unprocessable("booking.capture_amount_differs", detail),
    }
}

fn refusal_problem(refusal: &Refusal, detail: String) -> Problem {
    match refusal {
        Refusal::Booking(refusal) => booking_problem(refusal, detail),
        Refusal::Payment(_) => Problem::conflict("booking.payment_state", detail),
        Refusal::Emi(EmiRefusal::Months { .. }) => Problem::unprocessable("booking.emi_months", detail),
        Refusal::Emi(EmiRefusal::TooLittle(_)) => Problem::unprocessable("booking.emi_too_little", detail),
        Refusal::Emi(EmiRefusal::Exists) => Problem::conflict("booking.emi_exists", detail),
        Refusal::Emi(EmiRefusal::BookingClosed) => Problem::conflict("booking.state", detail),
        Refusal::UnknownPayment => Problem::not_found(),
        Refusal::MethodNotAllowed => Problem::unprocessable("booking.method_not_allowed", detail),
        Refusal::WalletOwnerOnly => Problem::unprocessable("booking.wallet_owner_only", detail),
        Refusal::OnlineUnavailable => Problem::unprocessable("booking.online_unavailable", detail),
        Refusal::TooManyOrders { retry_after_secs } => {
            Problem::too_many("booking.too_many_orders", detail, *retry_after_secs)
        }
        Refusal::TooManyPending => Problem::unprocessable("booking.too_many_pending", detail),
        Refusal::Plan(_) | Refusal::Money(_) => Problem::internal(detail),
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
        | BookingRefusal::NotRevivable(_)
        | BookingRefusal::NotDeliverable(_)
        | BookingRefusal::NotReturnable(_)
        | BookingRefusal::Delivered => Problem::conflict("booking.state", detail),
        BookingRefusal::Money(_) => Problem::internal(detail),
    }
}

impl From<BookingError> for HandleError {
    fn from(error: BookingError) -> Self {
        if let BookingError::Db(error) = error { Self::Db(error) } else { Self::poison(error.to_string()) }
    }
}
