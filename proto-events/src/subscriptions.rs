//! Subscriptions of all services: the only source of queues and bindings.

/// Event types that a service's queue receives.
#[derive(Debug, Clone, Copy)]
pub struct Subscription {
    /// Name of the service.
    pub service: &'static str,
    /// Subscribed event types.
    pub types: &'static [&'static str],
}

/// All subscriptions of the platform.
pub const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription {
        service: "auth",
        types: &[
            "booking.v1.PaymentCompleted",
            "booking.v1.PaymentRefunded",
            "binary.v1.PlacementMade",
            "compliance.v1.DocumentUploaded",
        ],
    },
    Subscription {
        service: "booking",
        types: &[
            "auth.v1.SessionRevoked",
            "auth.v1.UserRegistered",
            "auth.v1.UserUpdated",
            "wallet.v1.EmiReserved",
            "wallet.v1.WalletPaymentDecided",
            "binary.v1.PlanPublished",
            "binary.v1.PlanWithdrawn",
            "compliance.v1.DocumentUploaded",
        ],
    },
    Subscription {
        service: "wallet",
        types: &[
            "auth.v1.SessionRevoked",
            "auth.v1.UserRegistered",
            "auth.v1.UserUpdated",
            "booking.v1.PaymentCompleted",
            "booking.v1.PaymentRefunded",
            "booking.v1.PaymentReturned",
            "booking.v1.ClawbackRequested",
            "booking.v1.WalletPaymentRequested",
            "booking.v1.EmiApplied",
            "booking.v1.EmiReleased",
            "binary.v1.PlacementMade",
            "binary.v1.PairsMatched",
            "binary.v1.PairsVoided",
            "binary.v1.PlanPublished",
            "payout.v1.PayoutRequested",
            "payout.v1.PayoutApproved",
            "payout.v1.PayoutRejected",
            "payout.v1.PayoutCancelled",
            "payout.v1.PayoutCompleted",
            "payout.v1.PayoutFailed",
            "payout.v1.PayoutReversed",
        ],
    },
    Subscription {
        service: "binary",
        types: &[
            "auth.v1.SessionRevoked",
            "auth.v1.UserRegistered",
            "auth.v1.UserUpdated",
            "booking.v1.PaymentCompleted",
            "booking.v1.PaymentRefunded",
            "booking.v1.DayStarted",
        ],
    },
    Subscription {
        service: "payout",
        types: &[
            "auth.v1.SessionRevoked",
            "auth.v1.UserRegistered",
            "auth.v1.UserUpdated",
            "auth.v1.KycDecided",
            "wallet.v1.WalletChanged",
            "wallet.v1.HoldDecided",
            "booking.v1.BookingChanged",
            "binary.v1.PlanPublished",
            "binary.v1.PlanWithdrawn",
        ],
    },
    Subscription {
        service: "notification",
        types: &[
            "auth.v1.SessionRevoked",
            "auth.v1.SessionStarted",
            "auth.v1.UserRegistered",
            "auth.v1.UserUpdated",
            "auth.v1.KycDecided",
            "auth.v1.DistributorDecided",
            "auth.v1.ErasureRequested",
            "booking.v1.BookingChanged",
            "booking.v1.PaymentCompleted",
            "booking.v1.PaymentRefunded",
            "booking.v1.PaymentReturned",
            "booking.v1.EmiOverdue",
            "booking.v1.EmiReminded",
            "wallet.v1.WalletChanged",
            "binary.v1.PlacementMade",
            "binary.v1.PairsMatched",
            "binary.v1.PairsVoided",
            "payout.v1.PayoutRequested",
            "payout.v1.PayoutApproved",
            "payout.v1.PayoutRejected",
            "payout.v1.PayoutCancelled",
            "payout.v1.PayoutCompleted",
            "payout.v1.PayoutFailed",
            "payout.v1.PayoutReversed",
            "compliance.v1.DocumentReviewed",
            "compliance.v1.CertificateIssued",
            "compliance.v1.GrievanceMoved",
        ],
    },
    Subscription {
        service: "compliance",
        types: &[
            "auth.v1.SessionRevoked",
            "auth.v1.UserRegistered",
            "auth.v1.UserUpdated",
            "auth.v1.ErasureRequested",
            "booking.v1.BookingChanged",
            "payout.v1.PayoutRequested",
            "payout.v1.PayoutCompleted",
            "payout.v1.PayoutReversed",
            "platform.v1.StaffActed",
        ],
    },
    Subscription {
        service: "reports",
        types: &[
            "auth.v1.SessionRevoked",
            "auth.v1.UserRegistered",
            "auth.v1.UserUpdated",
            "booking.v1.BookingChanged",
            "booking.v1.PaymentCompleted",
            "booking.v1.PaymentRefunded",
            "booking.v1.PaymentReturned",
            "booking.v1.ReceiptNumbered",
            "wallet.v1.WalletChanged",
            "binary.v1.PlacementMade",
            "binary.v1.PairsMatched",
            "binary.v1.PairsVoided",
            "binary.v1.PlanPublished",
            "binary.v1.PlanWithdrawn",
            "payout.v1.PayoutRequested",
            "payout.v1.PayoutApproved",
            "payout.v1.PayoutRejected",
            "payout.v1.PayoutCancelled",
            "payout.v1.PayoutProcessing",
            "payout.v1.PayoutCompleted",
            "payout.v1.PayoutFailed",
            "payout.v1.PayoutReversed",
        ],
    },
];

/// Event types that a service subscribes to; empty for an unknown service.
pub fn for_service(service: &str) -> &'static [&'static str] {
    SUBSCRIPTIONS.iter().find(|s| s.service == service).map_or(&[], |s| s.types)
}
