//! Stored state of members, bookings, payments, instalments and EMI reserves.

use crate::domain::stock::StockUse;
use crate::domain::{BookingStatus, DocumentId, GatewayName, InstalmentStatus, PaymentStatus, ReminderKind, VehicleId};
use domain::gst::StateCode;
use domain::plan::OneTimeBonus;
use domain::{BookingId, Day, Money, PaymentId, PaymentMethod, ReserveId, Timestamp, UserId};

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub user_id: UserId,
    pub referrer_id: Option<UserId>,
    pub name: Option<String>,
    /// Version of the name; 0 for one that an earlier release stored.
    pub profile_version: i64,
    /// Completed payments less refunds of all bookings, without EMI deductions.
    pub net_paid_paise: Money,
    pub active_buyer: bool,
    /// Number of the member's payments and refunds so far, in the order in which they took effect.
    pub standing_version: u64,
    /// The booking that received the first completed payment; never changes.
    pub first_booking_id: Option<BookingId>,
    /// Both or neither: see [`Member::once_bonus`].
    pub once_bonus_payment_id: Option<PaymentId>,
    pub once_bonus_threshold_paise: Option<Money>,
}

impl Member {
    /// A member without a payment, whose name and referrer are not known.
    pub const fn new(user_id: UserId) -> Self {
        Self {
            user_id,
            referrer_id: None,
            name: None,
            profile_version: 0,
            net_paid_paise: Money::ZERO,
            active_buyer: false,
            standing_version: 0,
            first_booking_id: None,
            once_bonus_payment_id: None,
            once_bonus_threshold_paise: None,
        }
    }
    /// The referral bonus that is paid once for this member, if it was earned and not reversed.
    pub fn once_bonus(&self) -> Option<OneTimeBonus> {
        let payment_id = self.once_bonus_payment_id?;
        Some(OneTimeBonus { payment_id, threshold: self.once_bonus_threshold_paise? })
    }
    /// Stores or clears that bonus.
    pub(super) fn set_once_bonus(&mut self, bonus: Option<OneTimeBonus>) {
        self.once_bonus_payment_id = bonus.map(|b| b.payment_id);
        self.once_bonus_threshold_paise = bonus.map(|b| b.threshold);
    }
}

/// A booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    pub id: BookingId,
    pub number: String,
    pub user_id: UserId,
    pub vehicle_id: VehicleId,
    pub vehicle: String,
    pub price_paise: Money,
    pub booking_amount_paise: Money,
    /// The sum of the completed payments, recalculated with each of them.
    pub total_paid_paise: Money,
    pub status: BookingStatus,
    /// 0 without an EMI schedule.
    pub emi_months: u32,
    pub emi_principal_paise: Money,
    /// Starts at 1 and grows by 1 with every `BookingChanged`.
    pub version: u64,
    /// Why it was cancelled; else empty.
    pub reason: String,
    pub created_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    pub changed_at: Timestamp,
    pub stock_use: StockUse,
    pub delivered_on: Option<Day>,
    /// Number of the delivered vehicle.
    pub vehicle_number: Option<String>,
    /// The document of compliance that proves the delivery.
    pub delivery_document_id: Option<DocumentId>,
    /// The state where the vehicle is delivered; none = that of the company.
    pub place_of_supply: Option<StateCode>,
}

/// A payment of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub id: PaymentId,
    pub booking_id: BookingId,
    pub user_id: UserId,
    pub amount_paise: Money,
    pub method: PaymentMethod,
    pub status: PaymentStatus,
    /// Why it failed or was superseded; else empty.
    pub reason: String,
    /// Number of the bank transfer or the cash receipt.
    pub reference: Option<String>,
    pub gateway: Option<GatewayName>,
    pub gateway_order_id: Option<String>,
    /// The gateway's id of the captured payment.
    pub gateway_payment_id: Option<String>,
    /// The booking while this payment is its open online order; unique.
    pub open_order_of: Option<BookingId>,
    pub reserve_id: Option<ReserveId>,
    /// The version that decided its bonus; none before it is completed.
    pub plan_version: Option<i64>,
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    /// When it failed, was superseded or was refunded.
    pub closed_at: Option<Timestamp>,
    /// When money received for it was returned to the payer's wallet.
    pub returned_at: Option<Timestamp>,
    /// Whether it is completed and its receipt has no number yet.
    pub needs_receipt: bool,
    /// Financial year and number of its receipt: see [`Payment::receipt`].
    pub receipt_year: Option<String>,
    pub receipt_number: Option<i64>,
}

impl Payment {
    /// A payment of `booking` that waits for its money.
    pub(super) fn pending(
        id: PaymentId,
        booking: &Booking,
        amount: Money,
        method: PaymentMethod,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            booking_id: booking.id,
            user_id: booking.user_id,
            amount_paise: amount,
            method,
            status: PaymentStatus::Pending,
            reason: String::new(),
            reference: None,
            gateway: None,
            gateway_order_id: None,
            gateway_payment_id: None,
            open_order_of: None,
            reserve_id: None,
            plan_version: None,
            created_at,
            completed_at: None,
            closed_at: None,
            returned_at: None,
            needs_receipt: false,
            receipt_year: None,
            receipt_number: None,
        }
    }
    /// The number of its receipt, if it has one: `2026-27/000042`.
    pub fn receipt(&self) -> Option<String> {
        Some(format!("{}/{:06}", self.receipt_year.as_ref()?, self.receipt_number?))
    }
    /// The part that counts in the member's net payments: nothing of an EMI deduction.
    pub fn own_money(&self) -> Money {
        if self.method.is_paid_by_member() { self.amount_paise } else { Money::ZERO }
    }
}

/// An instalment of an EMI schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instalment {
    pub booking_id: BookingId,
    /// From 1.
    pub n: u32,
    /// None until the booking is confirmed.
    pub due_on: Option<Day>,
    pub amount_paise: Money,
    pub paid_paise: Money,
    pub status: InstalmentStatus,
    /// When `EmiOverdue` was published for it.
    pub noticed_at: Option<Timestamp>,
    /// The last reminder of it.
    pub reminded: Option<ReminderKind>,
}

impl Instalment {
    /// The part that is not paid.
    pub fn unpaid(&self) -> Money {
        self.amount_paise.minus_or_zero(self.paid_paise)
    }
}

/// An EMI reserve: money that wallet set aside for a member's EMI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserve {
    pub reserve_id: ReserveId,
    pub user_id: UserId,
    pub amount_paise: Money,
    /// The part that is not allocated yet: `amount = waiting + applied + released`.
    pub waiting_paise: Money,
    pub applied_paise: Money,
    pub released_paise: Money,
    pub source_kind: String,
    pub source_id: Vec<u8>,
    pub reserved_at: Timestamp,
}
