//! What booking decides, as functions of what is known: no clock, no database, no network.

pub mod booking;
pub mod capture;
pub mod emi;
pub mod payment;
pub mod reconciliation;
pub mod refund;
pub mod reserve;
pub mod retry;
pub mod text;
pub mod webhook;

pub use booking::{BookingStatus, Figures};
pub use capture::{CaptureOutcome, ReturnCause};
pub use emi::InstalmentStatus;
pub use payment::PaymentStatus;
pub use refund::{RefundStatus, RefundTo};
pub use webhook::WebhookState;

domain::text_enum! {
    /// Who takes money online.
    pub enum GatewayName {
        /// Stands in for a gateway where there is none: anybody who has its secret may say that money came.
        Sandbox = "sandbox",
        Razorpay = "razorpay",
    }
}

impl GatewayName {
    /// Whether it has to be asked over the network for an order or a refund.
    pub const fn needs_calls(self) -> bool {
        match self {
            Self::Sandbox => false,
            Self::Razorpay => true,
        }
    }
}

domain::id_type! {
    VehicleId,
    RefundId,
    /// A refund as a gateway reported it.
    GatewayRefundId,
    /// A message of a gateway, as it was received.
    WebhookEventId,
    /// One part of a reserve that became a payment.
    ApplicationId,
    /// One part of a reserve that went back to the member.
    ReleaseId,
}
