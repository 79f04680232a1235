//! English texts, one for each template.

use super::{Text, counted, text};
use crate::domain::Template as T;

/// Word before a reason.
pub(super) const REASON: &str = "Reason:";

pub(super) const TEXTS: &[Text] = &[
    text(
        T::Welcome,
        "Welcome",
        "Your referral code is {referral_code}. Share it with people who want to drive electric.",
    ),
    text(T::KycApproved, "KYC approved", "Your KYC is approved. You can ask for payouts now."),
    text(T::KycRejected, "KYC rejected", "Your KYC was rejected. You can apply again."),
    text(T::DistributorApproved, "You are a distributor", "Your application to become a distributor is approved."),
    text(
        T::DistributorRejected,
        "Application rejected",
        "Your application to become a distributor was rejected. You can apply again.",
    ),
    text(T::BookingConfirmed, "Booking confirmed", "Your booking {booking_number} of {vehicle} is confirmed."),
    text(T::BookingCompleted, "Booking completed", "Your booking {booking_number} of {vehicle} is paid in full."),
    text(T::BookingCancelled, "Booking cancelled", "Your booking {booking_number} of {vehicle} is cancelled."),
    text(T::BookingExpired, "Booking expired", "Your booking {booking_number} of {vehicle} has expired."),
    text(T::BookingDelivered, "Vehicle delivered", "Your booking {booking_number} of {vehicle} is delivered."),
    text(
        T::BookingReturned,
        "Vehicle returned",
        "Your booking {booking_number} of {vehicle} is returned, and what you paid is refunded.",
    ),
    text(T::PaymentReceived, "Payment received", "We received ₹{amount} for your booking {booking_number}."),
    text(T::WalletPayment, "Wallet payment", "₹{amount} of your wallet paid for your booking {booking_number}."),
    text(T::PaymentRefunded, "Payment refunded", "₹{amount} of your booking {booking_number} is refunded."),
    text(
        T::PaymentReturned,
        "Payment returned",
        "₹{amount} came for your booking {booking_number}, which could not take it: it goes to your \
         wallet.",
    ),
    text(
        T::RefundReturned,
        "Refund returned",
        "₹{amount} of your booking {booking_number} could not be sent back to its source: it goes to \
         your wallet.",
    ),
    text(
        T::InstalmentOverdue,
        "Instalment overdue",
        "Instalment {n} of your booking {booking_number}, ₹{amount}, was due on {due_on}.",
    ),
    text(
        T::InstalmentComing,
        "Instalment due soon",
        "Instalment {n} of your booking {booking_number}, ₹{amount}, is due on {due_on}.",
    ),
    text(
        T::InstalmentDueToday,
        "Instalment due today",
        "Instalment {n} of your booking {booking_number}, ₹{amount}, is due today, {due_on}.",
    ),
    text(T::ReferralBonus, "Referral bonus", "₹{amount} for a payment of a member you referred."),
    text(T::PairEarning, "Pair matched", "₹{amount} for a matched pair."),
    text(T::EarningReversed, "Earning reversed", "₹{amount}, because the payment behind it was refunded."),
    text(T::EarningRecovered, "Recovered", "₹{amount} of an earning that was reversed."),
    text(T::Deposit, "Deposit", "₹{amount} was added to your wallet."),
    text(T::Refund, "Refund", "₹{amount} came back to your wallet."),
    text(T::ReserveReleased, "Reserve released", "₹{amount} is available now."),
    text(T::Adjustment, "Adjustment", "₹{amount} by the company."),
    text(T::MemberPlaced, "You are placed", "You are in the tree now, on level {level}."),
    counted(
        T::PairsMatchedInPeriod,
        "Pairs matched",
        "Your pair {numbers} was matched as a new period opened.",
        "Your pairs {numbers} were matched as a new period opened.",
    ),
    counted(
        T::PairsRematched,
        "Pairs matched",
        "Your pair {numbers} was matched with a member that an earlier pair set free.",
        "Your pairs {numbers} were matched with members that earlier pairs set free.",
    ),
    counted(
        T::PairsMatched,
        "Pairs matched",
        "Your pair {numbers} was matched as a member counts again.",
        "Your pairs {numbers} were matched as a member counts again.",
    ),
    counted(
        T::PairsVoided,
        "Pairs taken back",
        "Your pair {numbers} was taken back, because the payment of a member in it was refunded.",
        "Your pairs {numbers} were taken back, because the payment of a member in them was refunded.",
    ),
    text(T::DocumentVerified, "Document verified", "Your document is verified."),
    text(T::DocumentRejected, "Document rejected", "Your document was rejected."),
    text(
        T::GrievanceFiled,
        "Grievance received",
        "Your grievance {number} is received. You get an acknowledgement within 48 hours.",
    ),
    text(T::GrievanceAcknowledged, "Grievance acknowledged", "Your grievance {number} is being worked on."),
    text(T::GrievanceReplied, "Reply to your grievance", "There is a reply to your grievance {number}."),
    text(
        T::GrievanceEscalated,
        "Grievance escalated",
        "Your grievance {number} is with the officer for grievances now.",
    ),
    text(
        T::GrievanceClosed,
        "Grievance closed",
        "Your grievance {number} is closed. You can reopen it within 30 days.",
    ),
    text(T::GrievanceReopened, "Grievance reopened", "Your grievance {number} is open again."),
    text(T::CertificateIssued, "TDS certificate", "Your TDS certificate for {financial_year} is ready."),
    text(T::PayoutRequested, "Payout requested", "Your payout of ₹{amount} is requested."),
    text(T::PayoutApproved, "Payout approved", "Your payout of ₹{amount} is approved."),
    text(T::PayoutCancelled, "Payout cancelled", "Your payout of ₹{amount} is cancelled."),
    text(T::PayoutCompleted, "Payout completed", "₹{net} is on its way to {account}."),
    text(
        T::PayoutCompletedEmpty,
        "Payout completed",
        "Your payout of ₹{amount} is completed: there was nothing to transfer.",
    ),
    text(T::PayoutRejected, "Payout rejected", "Your payout of ₹{amount} was rejected."),
    text(T::PayoutFailed, "Payout failed", "Your payout of ₹{amount} failed and is back in your wallet."),
    text(
        T::PayoutReversed,
        "Payout reversed",
        "Your payout of ₹{amount} came back from the bank and is in your wallet.",
    ),
    text(
        T::NewDevice,
        "Sign-in from a new device",
        "A sign-in to your account with {device} from {network} at {at}. If it was not you, end the \
         session in your profile and contact us.",
    ),
];
