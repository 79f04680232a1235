//! Notices to members and their texts.

use domain::{Money, Timestamp, UserId};
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

domain::text_enum! {
    /// New state of a payout.
    pub enum PayoutUpdate {
        Requested = "requested",
        Approved = "approved",
        Rejected = "rejected",
        Cancelled = "cancelled",
        Completed = "completed",
        Failed = "failed",
        Reversed = "reversed",
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

/// Text about a new state of a payout.
pub fn payout_text(update: PayoutUpdate, summary: PayoutSummary<'_>) -> String {
    let payout = format!("Your payout of ₹{}", summary.requested);
    let with_reason = |outcome: &str| with_reason(&format!("{payout} {outcome}"), summary.reason);
    match update {
        PayoutUpdate::Requested | PayoutUpdate::Approved | PayoutUpdate::Cancelled => format!("{payout} is {update}."),
        PayoutUpdate::Completed if summary.net.is_zero() => {
            format!("{payout} is completed: there was nothing to transfer.")
        }
        PayoutUpdate::Completed => format!("₹{} is on its way to {}.", summary.net, summary.account_mask),
        PayoutUpdate::Rejected => with_reason("was rejected"),
        PayoutUpdate::Failed => with_reason("failed and is back in your wallet"),
        PayoutUpdate::Reversed => with_reason("came back from the bank and is in your wallet"),
    }
}

/// Text about money of a booking that was returned to the wallet. `cause` is the cause code of the event.
pub fn return_text(cause: &str, amount: Money, booking_number: &str) -> String {
    match cause {
        "source_refund_failed" => {
            format!(
                "₹{amount} of your booking {booking_number} could not be sent back to its source: it goes to your \
                 wallet."
            )
        }
        _ => format!(
            "₹{amount} came for your booking {booking_number}, which could not take it: it goes to your wallet."
        ),
    }
}

/// Change of pairs.
#[derive(Debug, Clone, Copy)]
pub enum PairUpdate<'a> {
    /// Matched without a placement; `cause` is the cause code of the event.
    Matched { cause: &'a str },
    /// Voided because the payment of a member in the pair was refunded.
    Voided,
}

/// Text about the change of the pairs with these numbers.
pub fn pairs_text(update: PairUpdate<'_>, numbers: &[u32]) -> String {
    let list = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let (pairs, were) = if numbers.len() == 1 { ("pair", "was") } else { ("pairs", "were") };
    let why = match update {
        PairUpdate::Matched { cause: "period_opened" } => "matched as a new period opened",
        PairUpdate::Matched { cause: "rematched" } => "matched with a member that an earlier pair set free",
        PairUpdate::Matched { .. } => "matched as a member counts again",
        PairUpdate::Voided => "taken back, because the payment of a member in it was refunded",
    };
    format!("Your {pairs} {list} {were} {why}.")
}

/// Kind, title and text for a wallet transaction of type `kind`. `None` if another notice covers the transaction.
pub fn transaction_text(kind: &str, amount: Money) -> Option<(NotificationKind, &'static str, String)> {
    let text = |kind, title, rest: &str| Some((kind, title, format!("₹{amount} {rest}")));
    match kind {
        "REFERRAL_BONUS" => {
            text(NotificationKind::Earning, "Referral bonus", "for a payment of a member you referred.")
        }
        "BINARY_PAIR" => text(NotificationKind::Earning, "Pair matched", "for a matched pair."),
        "CLAWBACK" => text(NotificationKind::Wallet, "Recovered", "of an earning that was reversed."),
        "REVERSAL" => text(NotificationKind::Wallet, "Earning reversed", "because the payment behind it was refunded."),
        "DEPOSIT" => text(NotificationKind::Wallet, "Deposit", "was added to your wallet."),
        "REFUND" => text(NotificationKind::Wallet, "Refund", "came back to your wallet."),
        "EMI_RELEASE" | "RESERVE_RELEASE" => text(NotificationKind::Wallet, "Reserve released", "is available now."),
        "ADJUSTMENT" => text(NotificationKind::Wallet, "Adjustment", "by the company."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payout_text_is_a_sentence_with_and_without_a_reason() {
        let text = |update, reason| {
            let (requested, net) = (Money::from_rupees(1_000), Money::from_rupees(950));
            payout_text(update, PayoutSummary { requested, net, account_mask: "xxxxxx4321", reason })
        };
        for (update, reason, sentence) in [
            (PayoutUpdate::Requested, "", "Your payout of ₹1000.00 is requested."),
            (PayoutUpdate::Completed, "", "₹950.00 is on its way to xxxxxx4321."),
            (PayoutUpdate::Rejected, "the name differs", "Your payout of ₹1000.00 was rejected: the name differs."),
            (PayoutUpdate::Rejected, "", "Your payout of ₹1000.00 was rejected."),
            (PayoutUpdate::Failed, "", "Your payout of ₹1000.00 failed and is back in your wallet."),
            (PayoutUpdate::Failed, " closed. ", "Your payout of ₹1000.00 failed and is back in your wallet: closed."),
            (
                PayoutUpdate::Reversed,
                "closed",
                "Your payout of ₹1000.00 came back from the bank and is in your wallet: closed.",
            ),
        ] {
            assert_eq!(text(update, reason), sentence);
        }
    }

    #[test]
    fn a_payout_with_a_net_amount_of_zero_has_no_transfer_text() {
        let (requested, net) = (Money::from_rupees(1_000), Money::ZERO);
        let summary = PayoutSummary { requested, net, account_mask: "xxxxxx4321", reason: "" };
        let sentence = payout_text(PayoutUpdate::Completed, summary);
        assert_eq!(sentence, "Your payout of ₹1000.00 is completed: there was nothing to transfer.");
    }
}
