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
