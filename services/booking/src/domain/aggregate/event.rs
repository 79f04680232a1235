//! Events of the booking service, as values of the domain.

use super::entity::{Booking, Instalment, Payment};
use crate::domain::refund::RefundActor;
use crate::domain::{ApplicationId, GatewayName, RefundId, RefundTo, ReleaseId, ReminderKind, ReturnCause};
use domain::plan::BonusReversal;
use domain::{BookingId, Day, Money, PaymentId, ReserveId, Timestamp, UserId};
use uuid::Uuid;

/// A change that is published to other services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookingEvent {
    DayStarted(Day),
    /// The booking's whole state after a change.
    BookingChanged {
        booking: Booking,
        instalments: Vec<Instalment>,
    },
    /// Published once for each instalment.
    EmiOverdue {
        user_id: UserId,
        booking_number: String,
        instalment: Instalment,
        at: Timestamp,
    },
    /// Published once for each instalment and kind.
    EmiReminded {
        user_id: UserId,
        booking_number: String,
        instalment: Instalment,
        kind: ReminderKind,
        at: Timestamp,
    },
    WalletPaymentRequested {
        payment: PaymentRef,
        amount: Money,
        at: Timestamp,
    },
    PaymentCompleted(PaymentCompleted),
    /// Published once for each payment.
    ReceiptNumbered {
        payment: Payment,
        booking_number: String,
        at: Timestamp,
    },
    PaymentRefunded(PaymentRefunded),
    PaymentReturned(PaymentReturned),
    ClawbackRequested(ClawbackRequested),
    EmiApplied(EmiApplied),
    EmiReleased {
        release_id: ReleaseId,
        reserve_id: ReserveId,
        user_id: UserId,
        amount: Money,
        at: Timestamp,
    },
}

/// A payment with its booking and its payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRef {
    pub payment_id: PaymentId,
    pub booking_id: BookingId,
    pub user_id: UserId,
    pub booking_number: String,
}

impl PaymentRef {
    /// The reference to `payment`, which is one of the booking with this number.
    pub fn new(payment: &Payment, booking_number: &str) -> Self {
        Self {
            payment_id: payment.id,
            booking_id: payment.booking_id,
            user_id: payment.user_id,
            booking_number: booking_number.to_owned(),
        }
    }

    /// The reference of money that has neither a payment nor a booking, under the id of its return.
    pub fn of_return(return_id: Uuid, user_id: UserId) -> Self {
        let (payment_id, booking_id) = (return_id.into(), Uuid::nil().into());
        Self { payment_id, booking_id, user_id, booking_number: String::new() }
    }
}

/// The member's net payments and Active Buyer status before and after a payment or a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub net_paid_before: Money,
    pub net_paid_after: Money,
    pub active_before: bool,
    pub active_after: bool,
    pub version: u64,
}

/// A payment is completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentCompleted {
    pub payment: Payment,
    pub booking_number: String,
    pub referrer_id: Option<UserId>,
    pub on_first_booking: bool,
    pub referral_bonus: Money,
    pub is_bonus_once_a_member: bool,
    pub standing: Standing,
    pub plan_version: u32,
    pub completed_at: Timestamp,
}

/// A whole payment is refunded; the call to its gateway may still have to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRefunded {
    pub refund_id: RefundId,
    pub payment: Payment,
    pub booking_number: String,
    pub to: RefundTo,
    pub reason: String,
    pub requested_by: RefundActor,
    pub referrer_id: Option<UserId>,
    pub reversed_bonuses: BonusReversal,
    pub standing: Standing,
    pub plan_version: u32,
    pub refunded_at: Timestamp,
}

/// Money that no booking accepts, or that could not be refunded at its source, goes to the payer's wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentReturned {
    /// The same for the same money, so that consumers apply it once.
    pub return_id: Uuid,
    pub payment: PaymentRef,
    pub amount: Money,
    pub cause: ReturnCause,
    pub returned_at: Timestamp,
}

/// Money was refunded at the source and credited to the wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClawbackRequested {
    pub clawback_id: Uuid,
    pub payment: PaymentRef,
    pub amount: Money,
    pub gateway: GatewayName,
    pub gateway_refund_id: String,
    pub credit: CreditSource,
    pub requested_at: Timestamp,
}

/// The event that credited the payer's wallet, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreditSource {
    /// A `PaymentReturned`.
    Return(Uuid),
    /// A `PaymentRefunded`.
    Refund(RefundId),
}

/// A part of an EMI reserve became a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmiApplied {
    pub application_id: ApplicationId,
    pub reserve_id: ReserveId,
    pub payment: PaymentRef,
    pub amount: Money,
    /// Number of the instalment; 0 for the remaining amount of the booking.
    pub instalment: u32,
    pub applied_at: Timestamp,
}
