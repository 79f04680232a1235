//! One thing a member should hear of.

use domain::{Money, Timestamp, UserId};
use std::fmt::Display;

domain::id_type! {
    NotificationId,
    /// Whatever a notification leads to: a transaction, a document.
    ReferencedId,
}

domain::text_enum! {
    /// What a notification is about; a member may mute any of them.
    pub enum Kind {
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

/// What a notification leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub kind: &'static str,
    pub id: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub user_id: UserId,
    pub kind: Kind,
    pub title: String,
    pub body: String,
    pub reference: Reference,
    pub at: Timestamp,
}

/// Most characters of a title and of a body.
const TITLE: usize = 120;
const BODY: usize = 500;

impl Notice {
    pub fn new(
        user_id: UserId,
        kind: Kind,
        at: Timestamp,
        reference: (&'static str, impl Display),
        title: impl Into<String>,
        body: impl Into<String>,
    ) -> Self {
        let bounded = |text: String, most: usize| text.chars().take(most).collect();
        let (reference_kind, id) = reference;
        Self {
            user_id,
            kind,
            title: bounded(title.into(), TITLE),
            body: bounded(body.into(), BODY),
            reference: Reference { kind: reference_kind, id: id.to_string() },
            at,
        }
    }
}

/// A sentence that says why, where somebody said why.
pub fn because(what: &str, reason: &str) -> String {
    match reason.trim().trim_end_matches('.') {
        "" => format!("{what}."),
        reason => format!("{what}: {reason}."),
    }
}

domain::text_enum! {
    /// What became of a payout.
    pub enum PayoutNews {
        Requested = "requested",
        Approved = "approved",
        Rejected = "rejected",
        Cancelled = "cancelled",
        Completed = "completed",
        Failed = "failed",
        Reversed = "reversed",
    }
}

/// What a payout is to the member who asked for it.
#[derive(Debug, Clone, Copy)]
pub struct AboutPayout<'a> {
    pub requested: Money,
    /// What the bank is to pay.
    pub net: Money,
    pub account_mask: &'a str,
    pub reason: &'a str,
}

/// The words for what became of a payout.
pub fn of_payout(news: PayoutNews, about: AboutPayout<'_>) -> String {
    let payout = format!("Your payout of ₹{}", about.requested);
    let because = |what: &str| because(&format!("{payout} {what}"), about.reason);
    match news {
        PayoutNews::Requested | PayoutNews::Approved | PayoutNews::Cancelled => format!("{payout} is {news}."),
        PayoutNews::Completed if about.net.is_zero() => {
            format!("{payout} is completed: there was nothing to transfer.")
        }
        PayoutNews::Completed => format!("₹{} is on its way to {}.", about.net, about.account_mask),
        PayoutNews::Rejected => because("was rejected"),
        PayoutNews::Failed => because("failed and is back in your wallet"),
        PayoutNews::Reversed => because("came back from the bank and is in your wallet"),
    }
}

/// The words for money of a booking that went to the wallet, by why it did.
pub fn of_return(cause: &str, amount: Money, booking_number: &str) -> String {
    match cause {
        "source_refund_failed" => {
            format!(
                "₹{amount} of your booking {booking_number} could not be sent back to its source: it goes to your wallet."
            )
        }
        _ => format!(
            "₹{amount} came for your booking {booking_number}, which could not take it: it goes to your wallet."
        ),
    }
}

/// What became of pairs.
#[derive(Debug, Clone, Copy)]
pub enum PairNews<'a> {
    /// Not by a placement; `cause` says by what.
    Matched { cause: &'a str },
    /// A member of them counts no longer.
    Voided,
}

/// The words for what became of the pairs with these numbers.
pub fn of_pairs(news: PairNews<'_>, numbers: &[u32]) -> String {
    let list = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let (pairs, were) = if numbers.len() == 1 { ("pair", "was") } else { ("pairs", "were") };
    let why = match news {
        PairNews::Matched { cause: "period_opened" } => "matched as a new period opened",
        PairNews::Matched { cause: "rematched" } => "matched with a member that an earlier pair set free",
        PairNews::Matched { .. } => "matched as a member counts again",
        PairNews::Voided => "taken back, because the payment of a member in it was refunded",
    };
    format!("Your {pairs} {list} {were} {why}.")
}

/// The words for a line of the wallet, or nothing where another notice tells of it already.
pub fn of_transaction(kind: &str, amount: Money) -> Option<(Kind, &'static str, String)> {
    let words = |kind, title, rest: &str| Some((kind, title, format!("₹{amount} {rest}")));
    match kind {
        "REFERRAL_BONUS" => words(Kind::Earning, "Referral bonus", "for a payment of a member you referred."),
        "BINARY_PAIR" => words(Kind::Earning, "Pair matched", "for a matched pair."),
        "CLAWBACK" => words(Kind::Wallet, "Recovered", "of an earning that was reversed."),
        "REVERSAL" => words(Kind::Wallet, "Earning reversed", "because the payment behind it was refunded."),
        "DEPOSIT" => words(Kind::Wallet, "Deposit", "was added to your wallet."),
        "REFUND" => words(Kind::Wallet, "Refund", "came back to your wallet."),
        "EMI_RELEASE" | "RESERVE_RELEASE" => words(Kind::Wallet, "Reserve released", "is available now."),
        "ADJUSTMENT" => words(Kind::Wallet, "Adjustment", "by the company."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payout_is_told_of_in_a_sentence_with_and_without_a_reason() {
        let say = |news, reason| {
            let (requested, net) = (Money::from_rupees(1_000), Money::from_rupees(950));
            of_payout(news, AboutPayout { requested, net, account_mask: "xxxxxx4321", reason })
        };
        for (news, reason, sentence) in [
            (PayoutNews::Requested, "", "Your payout of ₹1000.00 is requested."),
            (PayoutNews::Completed, "", "₹950.00 is on its way to xxxxxx4321."),
            (PayoutNews::Rejected, "the name differs", "Your payout of ₹1000.00 was rejected: the name differs."),
            (PayoutNews::Rejected, "", "Your payout of ₹1000.00 was rejected."),
            (PayoutNews::Failed, "", "Your payout of ₹1000.00 failed and is back in your wallet."),
            (PayoutNews::Failed, " closed. ", "Your payout of ₹1000.00 failed and is back in your wallet: closed."),
            (
                PayoutNews::Reversed,
                "closed",
                "Your payout of ₹1000.00 came back from the bank and is in your wallet: closed.",
            ),
        ] {
            assert_eq!(say(news, reason), sentence);
        }
    }

    #[test]
    fn a_payout_of_which_nothing_was_left_is_not_on_its_way() {
        let (requested, net) = (Money::from_rupees(1_000), Money::ZERO);
        let about = AboutPayout { requested, net, account_mask: "xxxxxx4321", reason: "" };
        let sentence = of_payout(PayoutNews::Completed, about);
        assert_eq!(sentence, "Your payout of ₹1000.00 is completed: there was nothing to transfer.");
    }
}
