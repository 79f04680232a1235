//! Required role of every route of the platform.
//!
//! Add new routes here: [`crate::roles`] compares this table with the OpenAPI documents.

use Access::{Admin, Member, Public, SelfAuthenticated, Staff};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Public,
    /// Any signed-in user, for their own data.
    Member,
    /// Staff and administrators.
    Staff,
    Admin,
    /// The route authenticates its callers itself: by a webhook signature, or by the first message on a socket.
    SelfAuthenticated,
}

/// Method, path below `/api/v1` (below the root where it starts with `//`), and required access.
pub(crate) type Route = (&'static str, &'static str, Access);

pub(crate) const SERVICES: [(&str, &[Route]); 8] = [
    ("auth", AUTH),
    ("booking", BOOKING),
    ("wallet", WALLET),
    ("binary", BINARY),
    ("payout", PAYOUT),
    ("notification", NOTIFICATION),
    ("compliance", COMPLIANCE),
    ("reports", REPORTS),
];

const AUTH: &[Route] = &[
    ("GET", "//.well-known/jwks.json", Public),
    ("POST", "/auth/keys/rotate", Admin),
    ("POST", "/auth/logout", Member),
    ("POST", "/auth/otp", Public),
    ("POST", "/auth/otp/verify", Public),
    ("POST", "/auth/refresh", Public),
    ("GET", "/auth/sessions", Member),
    ("DELETE", "/auth/sessions/{id}", Member),
    ("POST", "/auth/signup", Public),
    ("POST", "/auth/signup/verify", Public),
    ("GET", "/kyc", Staff),
    ("GET", "/kyc/{id}", Staff),
    ("POST", "/kyc/{id}/approve", Staff),
    ("POST", "/kyc/{id}/reject", Staff),
    ("GET", "/users", Staff),
    ("POST", "/users", Admin),
    ("GET", "/users/me", Member),
    ("PATCH", "/users/me", Member),
    ("GET", "/users/me/kyc", Member),
    ("POST", "/users/me/kyc", Member),
    ("GET", "/users/me/nominee", Member),
    ("PUT", "/users/me/nominee", Member),
    ("DELETE", "/users/me/nominee", Member),
    ("GET", "/users/me/referral-link", Member),
    ("GET", "/users/me/referrals", Member),
    ("GET", "/users/{id}", Staff),
    ("PATCH", "/users/{id}", Admin),
];

const BOOKING: &[Route] = &[
    ("GET", "/bookings", Member),
    ("POST", "/bookings", Member),
    ("GET", "/bookings/{id}", Member),
    ("POST", "/bookings/{id}/cancel", Member),
    ("GET", "/bookings/{id}/emi", Member),
    ("POST", "/bookings/{id}/emi", Member),
    ("POST", "/bookings/{id}/payments", Member),
    ("GET", "/payments", Member),
    ("POST", "/payments/webhooks/{gateway}", SelfAuthenticated),
    ("GET", "/payments/captures", Staff),
    ("GET", "/payments/gateway-refunds", Staff),
    ("GET", "/payments/webhook-events", Staff),
    ("POST", "/payments/webhook-events/{id}/retry", Staff),
    ("GET", "/payments/{id}", Member),
    ("POST", "/payments/{id}/confirm", Staff),
    ("POST", "/payments/{id}/fail", Staff),
    ("GET", "/payments/{id}/receipt", Member),
    ("POST", "/payments/{id}/refund", Admin),
    ("GET", "/refunds", Staff),
    ("POST", "/refunds/{id}/resolve", Staff),
    ("GET", "/vehicles", Public),
    ("POST", "/vehicles", Admin),
    ("GET", "/vehicles/{id}", Public),
    ("PATCH", "/vehicles/{id}", Admin),
];

const WALLET: &[Route] = &[
    ("GET", "/ledger/accounts", Staff),
    ("GET", "/ledger/trial-balance", Staff),
    ("GET", "/ledger/verify", Staff),
    ("GET", "/wallet", Member),
    ("GET", "/wallet/forfeits", Member),
    ("GET", "/wallet/statement", Member),
    ("GET", "/wallet/transactions", Member),
    ("GET", "/wallet/transactions/{id}/explain", Member),
    ("GET", "/wallets/{user_id}", Staff),
    ("POST", "/wallets/{user_id}/adjustments", Admin),
    ("POST", "/wallets/{user_id}/deposits", Admin),
    ("POST", "/wallets/{user_id}/reserve-release", Admin),
];

const BINARY: &[Route] = &[
    ("GET", "/binary/digest", Staff),
    ("GET", "/binary/earnings", Member),
    ("GET", "/binary/log", Staff),
    ("GET", "/binary/me", Member),
    ("GET", "/binary/nodes/{user_id}", Member),
    ("GET", "/binary/pairs", Member),
    ("POST", "/binary/placements", Admin),
    ("GET", "/binary/tree", Member),
    ("GET", "/binary/verify", Staff),
    ("GET", "/plan", Member),
    ("POST", "/plan/simulate", Admin),
    ("GET", "/plan/versions", Staff),
    ("POST", "/plan/versions", Admin),
    ("GET", "/users/me/preferred-side", Member),
    ("PUT", "/users/me/preferred-side", Member),
];

const PAYOUT: &[Route] = &[
    ("POST", "/payout-batches", Staff),
    ("GET", "/payout-batches/{id}", Staff),
    ("POST", "/payout-batches/{id}/answer", Staff),
    ("GET", "/payout-batches/{id}/file", Staff),
    ("GET", "/payouts", Member),
    ("POST", "/payouts", Member),
    ("GET", "/payouts/bank-accounts", Member),
    ("POST", "/payouts/bank-accounts", Member),
    ("DELETE", "/payouts/bank-accounts/{id}", Member),
    ("POST", "/payouts/bank-accounts/{id}/verify", Member),
    ("POST", "/payouts/quote", Member),
    ("GET", "/payouts/{id}", Member),
    ("POST", "/payouts/{id}/approve", Staff),
    ("POST", "/payouts/{id}/cancel", Member),
    ("POST", "/payouts/{id}/reject", Staff),
    ("POST", "/payouts/{id}/return", Staff),
    ("POST", "/payouts/{id}/settle", Staff),
    ("GET", "/tax-rules", Staff),
    ("POST", "/tax-rules", Admin),
];

const NOTIFICATION: &[Route] = &[
    ("GET", "/notifications", Member),
    ("GET", "/notifications/preferences", Member),
    ("PUT", "/notifications/preferences", Member),
    ("POST", "/notifications/read-all", Member),
    ("GET", "/notifications/stream", SelfAuthenticated),
    ("GET", "/notifications/unread-count", Member),
    ("POST", "/notifications/{id}/read", Member),
];

const COMPLIANCE: &[Route] = &[
    ("GET", "/audit", Admin),
    ("GET", "/compliance/documents", Member),
    ("POST", "/compliance/documents", Member),
    ("GET", "/compliance/documents/{id}", Member),
    ("GET", "/compliance/documents/{id}/content", Member),
    ("POST", "/compliance/documents/{id}/reject", Staff),
    ("POST", "/compliance/documents/{id}/verify", Staff),
    ("GET", "/compliance/tds", Member),
    ("GET", "/compliance/tds/{fy}/certificate", Member),
    ("GET", "/compliance/tds/{fy}/{quarter}/statement", Staff),
];

const REPORTS: &[Route] = &[
    ("GET", "/reports/binary", Staff),
    ("GET", "/reports/dashboard", Staff),
    ("GET", "/reports/me", Member),
    ("GET", "/reports/payouts", Staff),
    ("GET", "/reports/sales", Staff),
    ("GET", "/reports/users", Staff),
    ("GET", "/reports/wallet", Staff),
];
