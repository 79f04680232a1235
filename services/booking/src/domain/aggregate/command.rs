//! Commands on a booking, what they need from outside, and why they are refused.

use crate::domain::booking::BookingRefusal;
use crate::domain::emi::EmiRefusal;
use crate::domain::payment::{MAX_ORDERS_PER_DAY, MAX_PENDING_PAYMENTS, PaymentRefusal};
use crate::domain::received_money::MoneySource;
use crate::domain::refund::{RefundActor, RefundPreference};
use crate::domain::stock::{StockUse, UnitOffer};
use crate::domain::vehicle_number::VehicleNumber;
use crate::domain::{DocumentId, GatewayName, VehicleId};
use domain::gst::StateCode;
use domain::{BookingId, Day, Money, MoneyError, PaymentId, PaymentMethod, Plan, PlanError, Timestamp, UserId};
use std::sync::Arc;
use uuid::Uuid;

/// Times, plan and ids that a command needs from outside.
#[derive(Debug, Clone)]
pub struct Context {
    /// When the cause of the change happened; decides the plan version and the completion time of a payment.
    pub occurred_at: Timestamp,
    /// When the change takes effect in this service.
    pub now: Timestamp,
    /// The plan in force at `occurred_at`.
    pub plan: Arc<Plan>,
    pub plan_version: u32,
    /// Makes an id that no other value has.
    pub fresh_id: fn() -> Uuid,
}

/// A booking to open.
#[derive(Debug, Clone)]
pub struct NewBooking {
    pub id: BookingId,
    pub number: String,
    pub user_id: UserId,
    pub vehicle_id: VehicleId,
    pub vehicle: String,
    pub price: Money,
    pub booking_amount: Money,
    pub emi_months: Option<u32>,
    /// What it uses of the vehicle's stock.
    pub stock_use: StockUse,
    pub place_of_supply: Option<StateCode>,
}

/// A payment to start.
#[derive(Debug, Clone)]
pub struct NewPayment {
    pub id: PaymentId,
    pub amount: Money,
    pub method: PaymentMethod,
    /// Whether the booking's owner pays. Staff may record payments for a member, but not spend from the member's
    /// wallet.
    pub by_owner: bool,
    /// The gateway of an online payment, and its order id when that is known without a call.
    pub gateway: Option<(GatewayName, Option<String>)>,
}

/// Money that arrived for a payment.
#[derive(Debug, Clone)]
pub struct ReceivedMoney {
    pub payment: PaymentId,
    pub source: MoneySource,
    pub amount: Money,
    /// Number of the bank transfer or the cash receipt.
    pub reference: Option<String>,
    /// The gateway's id of the captured payment.
    pub gateway_payment_id: Option<String>,
    /// The id under which it is returned to the wallet when the payment does not accept it.
    pub return_id: Uuid,
    /// Whether the vehicle has a unit, if the booking expired and would need one again.
    pub unit: UnitOffer,
}

impl ReceivedMoney {
    /// Money without evidence, returned under the id of the payment.
    pub const fn new(payment: PaymentId, source: MoneySource, amount: Money) -> Self {
        Self {
            payment,
            source,
            amount,
            reference: None,
            gateway_payment_id: None,
            return_id: payment.uuid(),
            unit: UnitOffer::NotCounted,
        }
    }
}

/// Reason, preferred destination and requester of a refund.
#[derive(Debug, Clone)]
pub struct RefundTerms {
    pub reason: String,
    pub preference: RefundPreference,
    /// The configured gateways; only through these can money be refunded at its source.
    pub gateways: Vec<GatewayName>,
    pub requested_by: RefundActor,
}

/// Delivery of a vehicle.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub on: Day,
    pub vehicle_number: VehicleNumber,
    /// The document of compliance that proves it.
    pub document_id: Option<DocumentId>,
}

/// A command on a booking.
#[derive(Debug, Clone)]
pub enum Command<'a> {
    /// Start a payment, which reserves its amount. An online payment supersedes the booking's open order.
    StartPayment {
        new: &'a NewPayment,
        /// Creation times of the booking's newest online orders in the last 24 hours.
        recent_orders: &'a [Timestamp],
    },
    /// Store the order that a gateway created for a payment; one that is stored already is kept.
    AttachOrder { payment: PaymentId, order_id: &'a str },
    /// Decide about money that arrived.
    ReceiveMoney(&'a ReceivedMoney),
    /// Fail a payment by a decision of staff. Refused unless it is pending or failed.
    FailPayment { payment: PaymentId, reason: &'a str },
    /// Fail a pending payment for which the gateway or the wallet reported a failure; any other stays unchanged.
    ReportFailure { payment: PaymentId, reason: &'a str },
    /// Refund a whole payment.
    RefundPayment { payment: PaymentId, terms: &'a RefundTerms },
    /// Cancel the booking: close its pending payments and refund its completed ones.
    Cancel(&'a RefundTerms),
    /// Fail the online orders created up to `before`, then expire the booking when it is that old and nothing is paid
    /// or pending.
    Expire { before: Timestamp },
    /// Hand over the vehicle of a booking that is paid in full. A delivered booking stays unchanged.
    Deliver(&'a Delivery),
    /// Accept the return of the vehicle and refund the payments, as a cancellation does.
    Return(&'a RefundTerms),
    /// Add an EMI schedule.
    ScheduleEmi { months: u32 },
    /// Update the instalments to today.
    Refresh,
    /// Remind the member of the instalments that are due soon, as on this day.
    Remind { today: Day },
}

/// Why a command is refused. A refused command changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Booking(#[from] BookingRefusal),
    #[error(transparent)]
    Payment(#[from] PaymentRefusal),
    #[error(transparent)]
    Emi(#[from] EmiRefusal),
    #[error("the booking has no such payment")]
    UnknownPayment,
    #[error("the method must be online, bank_transfer, cash or wallet")]
    MethodNotAllowed,
    #[error("only the booking's owner may pay from the wallet")]
    WalletOwnerOnly,
    #[error("no payment gateway is configured")]
    OnlineUnavailable,
    #[error("a booking can have at most {max} online orders in 24 hours", max = MAX_ORDERS_PER_DAY)]
    TooManyOrders { retry_after_secs: u64 },
    #[error("a booking can have at most {max} pending payments", max = MAX_PENDING_PAYMENTS)]
    TooManyPending,
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Money(#[from] MoneyError),
}
