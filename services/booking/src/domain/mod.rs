//! Pure decisions of the booking service: no clock, no database, no network.

pub mod aggregate;
pub mod booking;
pub mod capture;
pub mod emi;
pub mod gateway_choice;
pub mod gateway_event;
pub mod list_comparison;
pub mod payment;
pub mod received_money;
pub mod reconciliation;
pub mod refund;
pub mod reserve;
pub mod retry;
pub mod stock;
pub mod text;
pub mod vehicle_number;
pub mod webhook;

pub use booking::{BookingAmounts, BookingStatus};
pub use capture::CaptureOutcome;
pub use emi::{InstalmentStatus, ReminderKind};
pub use payment::PaymentStatus;
pub use received_money::ReturnCause;
pub use refund::{RefundStatus, RefundTo};
pub use webhook::WebhookState;

domain::text_enum! {
    /// A payment gateway.
    pub enum GatewayName {
        /// Simulated gateway: a message signed with its secret is a capture.
        Sandbox = "sandbox",
        Razorpay = "razorpay",
        Stripe = "stripe",
    }
}

impl GatewayName {
    /// Whether orders, refunds and lists of this gateway need calls over the network.
    pub const fn needs_api_calls(self) -> bool {
        match self {
            Self::Sandbox => false,
            Self::Razorpay | Self::Stripe => true,
        }
    }
}

domain::id_type! {
    VehicleId,
    RefundId,
    /// A document of compliance.
    DocumentId,
    /// A change of a vehicle's stock by staff.
    StockAdjustmentId,
    /// A refund reported by a gateway.
    GatewayRefundId,
    /// A stored webhook event.
    WebhookEventId,
    /// The part of an EMI reserve that became a payment.
    ApplicationId,
    /// The part of an EMI reserve that was released to the member.
    ReleaseId,
}
