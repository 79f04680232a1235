//! Notices to members and their texts.

use domain::{Money, Timestamp, UserId};
use proto_events::vocabulary::{BookingStatus, MatchCause, PayoutStatus, ReturnCause, TransactionType};
use std::fmt::Display;

domain::id_type! {
    /// Id of a notification.
    NotificationId,
    /// Id of the object a notification links to, such as a transaction or a document.
    ReferencedId,
}

domain::text_enum! {
    /// Kind of a notification. A member may mute any kind.
    pub enum NotificationKind {
        Welcome = "welcome",
        Kyc = "kyc",
        Booking = "booking",
        Payment = "payment",
        Emi = "emi",
        Earning = "earning",
        Wallet = "wallet",
        Tree = "tree",
        Payout = "payout",
        Document = "document",
    }
}

/// Object a notification links to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub kind: &'static str,
    pub id: String,
}

/// Content of a notification before it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub user_id: UserId,
    pub kind: NotificationKind,
    pub title: String,
    pub body: String,
    pub reference: Reference,
    /// Time of the fact.
    pub at: Timestamp,
}

const MAX_TITLE_CHARS: usize = 120;
const MAX_BODY_CHARS: usize = 500;

impl Notice {
    /// Builds a notice. Cuts the title and the body to their maximum lengths.
    pub fn new(
        user_id: UserId,
        kind: NotificationKind,
        at: Timestamp,
        reference: (&'static str, impl Display),
        title: impl Into<String>,
        body: impl Into<String>,
    ) -> Self {
        let truncate = |text: String, max_chars: usize| text.chars().take(max_chars).collect();
        let (reference_kind, id) = reference;
        Self {
            user_id,
            kind,
            title: truncate(title.into(), MAX_TITLE_CHARS),
            body: truncate(body.into(), MAX_BODY_CHARS),
            reference: Reference { kind: reference_kind, id: id.to_string() },
            at,
        }
    }
}

/// A sentence of `statement` and its reason, or of `statement` alone if `reason` is empty.
pub fn with_reason(statement: &str, reason: &str) -> String {
    match reason.trim().trim_end_matches('.') {
        "" => format!("{statement}."),
        reason => format!("{statement}: {reason}."),
    }
}

/// Data of a payout that its texts contain.
#[derive(Debug, Clone, Copy)]
pub struct PayoutSummary<'a> {
    pub requested: Money,
    /// Amount that the bank is to pay.
    pub net: Money,
    pub account_mask: &'a str,
    pub reason: &'a str,
}

/// Text about a new state of a payout. `None` for a state of which the member is not notified.
pub fn payout_text(status: PayoutStatus, summary: PayoutSummary<'_>) -> Option<String> {
    let payout = format!("Your payout of ₹{}", summary.requested);
    let with_reason = |outcome: &str| with_reason(&format!("{payout} {outcome}"), summary.reason);
    Some(match status {
        PayoutStatus::Pending | PayoutStatus::Processing => return None,
        PayoutStatus::Requested | PayoutStatus::Approved | PayoutStatus::Cancelled => format!("{payout} is {status}."),
        PayoutStatus::Completed if summary.net.is_zero() => {
            format!("{payout} is completed: there was nothing to transfer.")
        }
        PayoutStatus::Completed => format!("₹{} is on its way to {}.", summary.net, summary.account_mask),
        PayoutStatus::Rejected => with_reason("was rejected"),
        PayoutStatus::Failed => with_reason("failed and is back in your wallet"),
        PayoutStatus::Reversed => with_reason("came back from the bank and is in your wallet"),
    })
}

/// What happened to a booking that is now in this status. `None` where the member is not notified.
pub const fn booking_outcome(status: BookingStatus) -> Option<&'static str> {
    match status {
        BookingStatus::PreBooked => None,
        BookingStatus::Confirmed => Some("is confirmed"),
        BookingStatus::Completed => Some("is paid in full"),
        BookingStatus::Cancelled => Some("is cancelled"),
        BookingStatus::Expired => Some("has expired"),
    }
}

/// Text about money of a booking that was returned to the wallet. `cause` is `None` where it is unknown here.
pub fn return_text(cause: Option<ReturnCause>, amount: Money, booking_number: &str) -> String {
    match cause {
        Some(ReturnCause::SourceRefundFailed) => format!(
            "₹{amount} of your booking {booking_number} could not be sent back to its source: it goes to your wallet."
        ),
        Some(
            ReturnCause::BookingCancelled
            | ReturnCause::OrderSuperseded
            | ReturnCause::AlreadyPaid
            | ReturnCause::NotPayable
            | ReturnCause::AmountDiffers,
        )
        | None => format!(
            "₹{amount} came for your booking {booking_number}, which could not take it: it goes to your wallet."
        ),
    }
}

/// Change of pairs.
#[derive(Debug, Clone, Copy)]
pub enum PairUpdate {
    /// Matched without a placement; `None` where the cause is unknown here.
    Matched(Option<MatchCause>),
    /// Voided because the payment of a member in the pair was refunded.
    Voided,
}

/// Text about the change of the pairs with these numbers.
pub fn pairs_text(update: PairUpdate, numbers: &[u32]) -> String {
    let list = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let (pairs, were) = if numbers.len() == 1 { ("pair", "was") } else { ("pairs", "were") };
    let why = match update {
        PairUpdate::Matched(Some(MatchCause::PeriodOpened)) => "matched as a new period opened",
        PairUpdate::Matched(Some(MatchCause::Rematched)) => "matched with a member that an earlier pair set free",
        PairUpdate::Matched(Some(MatchCause::CountedAgain | MatchCause::Labelled) | None) => {
            "matched as a member counts again"
        }
        PairUpdate::Voided => "taken back, because the payment of a member in it was refunded",
    };
    format!("Your {pairs} {list} {were} {why}.")
}

/// Kind, title and text for a wallet transaction. `None` if another notice covers the transaction.
pub fn transaction_text(
    transaction_type: TransactionType,
    amount: Money,
) -> Option<(NotificationKind, &'static str, String)> {
    use NotificationKind::{Earning, Wallet};
    let (kind, title, rest) = match transaction_type {
        TransactionType::ReferralBonus => (Earning, "Referral bonus", "for a payment of a member you referred."),
        TransactionType::BinaryPair => (Earning, "Pair matched", "for a matched pair."),
        TransactionType::Clawback => (Wallet, "Recovered", "of an earning that was reversed."),
        TransactionType::Reversal => (Wallet, "Earning reversed", "because the payment behind it was refunded."),
        TransactionType::Deposit => (Wallet, "Deposit", "was added to your wallet."),
        TransactionType::Refund => (Wallet, "Refund", "came back to your wallet."),
        TransactionType::EmiRelease | TransactionType::ReserveRelease => {
            (Wallet, "Reserve released", "is available now.")
        }
        TransactionType::Adjustment => (Wallet, "Adjustment", "by the company."),
        TransactionType::EmiDeduction
        | TransactionType::ReserveDeduction
        | TransactionType::Payout
        | TransactionType::BookingPayment => return None,
    };
    Some((kind, title, format!("₹{amount} {rest}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payout_text_is_a_sentence_with_and_without_a_reason() {
        let text = |status, reason| {
            let (requested, net) = (Money::from_rupees(1_000), Money::from_rupees(950));
            payout_text(status, PayoutSummary { requested, net, account_mask: "xxxxxx4321", reason })
        };
        for (status, reason, sentence) in [
            (PayoutStatus::Requested, "", "Your payout of ₹1000.00 is requested."),
            (PayoutStatus::Completed, "", "₹950.00 is on its way to xxxxxx4321."),
            (PayoutStatus::Rejected, "the name differs", "Your payout of ₹1000.00 was rejected: the name differs."),
            (PayoutStatus::Rejected, "", "Your payout of ₹1000.00 was rejected."),
            (PayoutStatus::Failed, "", "Your payout of ₹1000.00 failed and is back in your wallet."),
            (PayoutStatus::Failed, " closed. ", "Your payout of ₹1000.00 failed and is back in your wallet: closed."),
            (
                PayoutStatus::Reversed,
                "closed",
                "Your payout of ₹1000.00 came back from the bank and is in your wallet: closed.",
            ),
        ] {
            assert_eq!(text(status, reason).as_deref(), Some(sentence));
        }
    }

    #[test]
    fn a_payout_with_a_net_amount_of_zero_has_no_transfer_text() {
        let (requested, net) = (Money::from_rupees(1_000), Money::ZERO);
        let summary = PayoutSummary { requested, net, account_mask: "xxxxxx4321", reason: "" };
        let sentence = payout_text(PayoutStatus::Completed, summary);
        assert_eq!(sentence.as_deref(), Some("Your payout of ₹1000.00 is completed: there was nothing to transfer."));
    }
}
