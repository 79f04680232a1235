//! Notices to members and their texts.

use super::Template;
use domain::{Money, Timestamp, UserId};
use proto_events::vocabulary::{BookingStatus, MatchCause, PayoutStatus, ReminderKind, ReturnCause, TransactionType};
use std::collections::BTreeMap;
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

/// Values in a text by name.
pub type Params = BTreeMap<String, String>;

/// Text of a notice in English, with its template and the values in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    template: Template,
    params: Params,
    body: String,
}

impl Text {
    /// A text of the template. `params` are the values that `body` contains, each under its name in the template.
    pub fn new<'a>(
        template: Template,
        params: impl IntoIterator<Item = (&'a str, String)>,
        body: impl Into<String>,
    ) -> Self {
        let params = params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { template, params, body: body.into() }
    }
}

/// Content of a notification before it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub user_id: UserId,
    pub kind: NotificationKind,
    pub template: Template,
    pub params: Params,
    pub body: String,
    pub reference: Reference,
    /// Time of the fact.
    pub at: Timestamp,
}

/// Limit of the body and of each value in it.
const MAX_BODY_CHARS: usize = 500;

impl Notice {
    /// Builds a notice. Cuts the body and the values in it to their maximum length.
    pub fn new(
        user_id: UserId,
        kind: NotificationKind,
        at: Timestamp,
        reference: (&'static str, impl Display),
        text: Text,
    ) -> Self {
        let truncate = |text: String| text.chars().take(MAX_BODY_CHARS).collect();
        let (reference_kind, id) = reference;
        Self {
            user_id,
            kind,
            template: text.template,
            params: text.params.into_iter().map(|(name, value)| (name, truncate(value))).collect(),
            body: truncate(text.body),
            reference: Reference { kind: reference_kind, id: id.to_string() },
            at,
        }
    }
}

/// `reason` as the texts contain it: without spaces and stops at its end.
fn trimmed(reason: &str) -> &str {
    reason.trim().trim_end_matches('.')
}

/// A sentence of `statement` and its reason, or of `statement` alone if `reason` is empty.
fn with_reason(statement: &str, reason: &str) -> String {
    match trimmed(reason) {
        "" => format!("{statement}."),
        reason => format!("{statement}: {reason}."),
    }
}

/// Text about a decision on a member's KYC.
pub fn kyc_text(approved: bool, reason: &str) -> Text {
    if approved {
        return Text::new(Template::KycApproved, [], "Your KYC is approved. You can ask for payouts now.");
    }
    let body = format!("{} You can submit it again.", with_reason("Your KYC was rejected", reason));
    Text::new(Template::KycRejected, [("reason", trimmed(reason).to_owned())], body)
}

/// Text about the check of a member's document.
pub fn document_text(verified: bool, reason: &str) -> Text {
    if verified {
        return Text::new(Template::DocumentVerified, [], "Your document is verified.");
    }
    let body = with_reason("Your document was rejected", reason);
    Text::new(Template::DocumentRejected, [("reason", trimmed(reason).to_owned())], body)
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
pub fn payout_text(status: PayoutStatus, summary: PayoutSummary<'_>) -> Option<Text> {
    let PayoutSummary { requested, net, account_mask, reason } = summary;
    let payout = format!("Your payout of ₹{requested}");
    let amount = || ("amount", requested.to_string());
    let plain = |template| Text::new(template, [amount()], format!("{payout} is {status}."));
    let with_reason = |template, outcome: &str| {
        let body = with_reason(&format!("{payout} {outcome}"), reason);
        Text::new(template, [amount(), ("reason", trimmed(reason).to_owned())], body)
    };
    Some(match status {
        PayoutStatus::Pending | PayoutStatus::Processing => return None,
        PayoutStatus::Requested => plain(Template::PayoutRequested),
        PayoutStatus::Approved => plain(Template::PayoutApproved),
        PayoutStatus::Cancelled => plain(Template::PayoutCancelled),
        PayoutStatus::Completed if net.is_zero() => {
            let body = format!("{payout} is completed: there was nothing to transfer.");
            Text::new(Template::PayoutCompletedEmpty, [amount()], body)
        }
        PayoutStatus::Completed => {
            let params = [("net", net.to_string()), ("account", account_mask.to_owned())];
            Text::new(Template::PayoutCompleted, params, format!("₹{net} is on its way to {account_mask}."))
        }
        PayoutStatus::Rejected => with_reason(Template::PayoutRejected, "was rejected"),
        PayoutStatus::Failed => with_reason(Template::PayoutFailed, "failed and is back in your wallet"),
        PayoutStatus::Reversed => {
            with_reason(Template::PayoutReversed, "came back from the bank and is in your wallet")
        }
    })
}

/// Text about a booking that is now in this status. `None` where the member is not notified.
pub fn booking_text(status: BookingStatus, number: &str, vehicle: &str) -> Option<Text> {
    let (template, outcome) = match status {
        BookingStatus::PreBooked => return None,
        BookingStatus::Confirmed => (Template::BookingConfirmed, "is confirmed"),
        BookingStatus::Completed => (Template::BookingCompleted, "is paid in full"),
        BookingStatus::Cancelled => (Template::BookingCancelled, "is cancelled"),
        BookingStatus::Expired => (Template::BookingExpired, "has expired"),
        BookingStatus::Delivered => (Template::BookingDelivered, "is delivered"),
        BookingStatus::Returned => (Template::BookingReturned, "is returned, and what you paid is refunded"),
    };
    let params = [("booking_number", number.to_owned()), ("vehicle", vehicle.to_owned())];
    Some(Text::new(template, params, format!("Your booking {number} of {vehicle} {outcome}.")))
}

/// Text about an amount of a booking.
pub fn booking_amount_text(template: Template, amount: Money, booking_number: &str, body: String) -> Text {
    Text::new(template, [("amount", amount.to_string()), ("booking_number", booking_number.to_owned())], body)
}

/// Text about money of a booking that was returned to the wallet.
pub fn return_text(cause: ReturnCause, amount: Money, booking_number: &str) -> Text {
    let (template, what) = match cause {
        ReturnCause::SourceRefundFailed => {
            (Template::RefundReturned, format!("of your booking {booking_number} could not be sent back to its source"))
        }
        ReturnCause::BookingCancelled
        | ReturnCause::OrderSuperseded
        | ReturnCause::AlreadyPaid
        | ReturnCause::NotPayable
        | ReturnCause::AmountDiffers
        | ReturnCause::SoldOut => {
            (Template::PaymentReturned, format!("came for your booking {booking_number}, which could not take it"))
        }
    };
    booking_amount_text(template, amount, booking_number, format!("₹{amount} {what}: it goes to your wallet."))
}

/// What happened to an instalment.
#[derive(Debug, Clone, Copy)]
pub enum InstalmentUpdate {
    Overdue,
    Reminded(ReminderKind),
}

/// Data of an instalment that its texts contain.
#[derive(Debug, Clone, Copy)]
pub struct InstalmentSummary<'a> {
    pub n: u32,
    pub booking_number: &'a str,
    pub unpaid: Money,
    pub due_on: &'a str,
}

/// Text about an instalment that is overdue or due soon.
pub fn instalment_text(update: InstalmentUpdate, instalment: InstalmentSummary<'_>) -> Text {
    let InstalmentSummary { n, booking_number, unpaid, due_on } = instalment;
    let what = format!("Instalment {n} of your booking {booking_number}, ₹{unpaid},");
    let (template, body) = match update {
        InstalmentUpdate::Overdue => (Template::InstalmentOverdue, format!("{what} was due on {due_on}.")),
        InstalmentUpdate::Reminded(ReminderKind::Ahead) => {
            (Template::InstalmentComing, format!("{what} is due on {due_on}."))
        }
        InstalmentUpdate::Reminded(ReminderKind::DueToday) => {
            (Template::InstalmentDueToday, format!("{what} is due today, {due_on}."))
        }
    };
    let params = [
        ("n", n.to_string()),
        ("booking_number", booking_number.to_owned()),
        ("amount", unpaid.to_string()),
        ("due_on", due_on.to_owned()),
    ];
    Text::new(template, params, body)
}

/// Change of pairs.
#[derive(Debug, Clone, Copy)]
pub enum PairUpdate {
    /// Matched without a placement.
    Matched(MatchCause),
    /// Voided because the payment of a member in the pair was refunded.
    Voided,
}

/// Text about the change of the pairs with these numbers.
pub fn pairs_text(update: PairUpdate, numbers: &[u32]) -> Text {
    let list = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let (pairs, were) = if numbers.len() == 1 { ("pair", "was") } else { ("pairs", "were") };
    let (template, why) = match update {
        PairUpdate::Matched(MatchCause::PeriodOpened) => {
            (Template::PairsMatchedInPeriod, "matched as a new period opened")
        }
        PairUpdate::Matched(MatchCause::Rematched) => {
            (Template::PairsRematched, "matched with a member that an earlier pair set free")
        }
        PairUpdate::Matched(MatchCause::CountedAgain | MatchCause::Labelled) => {
            (Template::PairsMatched, "matched as a member counts again")
        }
        PairUpdate::Voided => (Template::PairsVoided, "taken back, because the payment of a member in it was refunded"),
    };
    let body = format!("Your {pairs} {list} {were} {why}.");
    Text::new(template, [("numbers", list), ("count", numbers.len().to_string())], body)
}

/// Kind and text of a notice about a wallet transaction. `None` if another notice covers the transaction.
pub fn transaction_text(transaction_type: TransactionType, amount: Money) -> Option<(NotificationKind, Text)> {
    use NotificationKind::{Earning, Wallet};
    let (kind, template, rest) = match transaction_type {
        TransactionType::ReferralBonus => (Earning, Template::ReferralBonus, "for a payment of a member you referred."),
        TransactionType::BinaryPair => (Earning, Template::PairEarning, "for a matched pair."),
        TransactionType::Clawback => (Wallet, Template::EarningRecovered, "of an earning that was reversed."),
        TransactionType::Reversal => (Wallet, Template::EarningReversed, "because the payment behind it was refunded."),
        TransactionType::Deposit => (Wallet, Template::Deposit, "was added to your wallet."),
        TransactionType::Refund => (Wallet, Template::Refund, "came back to your wallet."),
        TransactionType::EmiRelease | TransactionType::ReserveRelease => {
            (Wallet, Template::ReserveReleased, "is available now.")
        }
        TransactionType::Adjustment => (Wallet, Template::Adjustment, "by the company."),
        TransactionType::EmiDeduction
        | TransactionType::ReserveDeduction
        | TransactionType::Payout
        | TransactionType::BookingPayment => return None,
    };
    Some((kind, Text::new(template, [("amount", amount.to_string())], format!("₹{amount} {rest}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payout_text_is_a_sentence_with_and_without_a_reason() {
        let text = |status, reason| {
            let (requested, net) = (Money::from_rupees(1_000), Money::from_rupees(950));
            let summary = PayoutSummary { requested, net, account_mask: "xxxxxx4321", reason };
            payout_text(status, summary).map(|text| text.body)
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
        let sentence = payout_text(PayoutStatus::Completed, summary).map(|text| text.body);
        assert_eq!(sentence.as_deref(), Some("Your payout of ₹1000.00 is completed: there was nothing to transfer."));
    }

    /// Every text that a function of this module builds.
    fn all_texts() -> Vec<Text> {
        let (requested, net) = (Money::from_rupees(1_000), Money::from_rupees(950));
        let mut texts = vec![kyc_text(true, ""), document_text(true, "")];
        for reason in ["", "the name differs. "] {
            texts.extend([kyc_text(false, reason), document_text(false, reason)]);
            for net in [net, Money::ZERO] {
                let summary = PayoutSummary { requested, net, account_mask: "xxxxxx4321", reason };
                texts.extend(PayoutStatus::ALL.iter().filter_map(|status| payout_text(*status, summary)));
            }
        }
        texts.extend(BookingStatus::ALL.iter().filter_map(|status| booking_text(*status, "EV-1", "Scooter")));
        texts.extend(ReturnCause::ALL.iter().map(|cause| return_text(*cause, net, "EV-1")));
        for numbers in [&[3][..], &[3, 4]] {
            let matched = MatchCause::ALL.iter().map(|cause| PairUpdate::Matched(*cause));
            texts.extend(matched.chain([PairUpdate::Voided]).map(|update| pairs_text(update, numbers)));
        }
        texts.extend(TransactionType::ALL.iter().filter_map(|of| transaction_text(*of, net)).map(|(_, text)| text));
        texts
    }

    #[test]
    fn a_template_has_the_same_parameters_in_every_text_and_each_is_part_of_the_body() {
        let mut names = BTreeMap::new();
        for text in all_texts() {
            let own: Vec<String> = text.params.keys().cloned().collect();
            assert_eq!(names.entry(text.template).or_insert_with(|| own.clone()), &own, "{}", text.template);
            for (name, value) in text.params.iter().filter(|(name, _)| *name != "count") {
                assert!(text.body.contains(value), "{}: {name} = {value}: {}", text.template, text.body);
            }
        }
    }

    #[test]
    fn the_body_and_every_parameter_are_cut_to_their_maximum_length() {
        for (chars, kept) in [(499, 499), (500, 500), (501, 500)] {
            let long = "₹".repeat(chars);
            let text = Text::new(Template::KycRejected, [("reason", long.clone())], long);
            let user = UserId::from(uuid::Uuid::nil());
            let notice = Notice::new(user, NotificationKind::Kyc, Timestamp::UNIX_EPOCH, ("kyc", user), text);
            let lengths = notice.params.values().chain([&notice.body]).map(|text| text.chars().count());
            assert_eq!(lengths.collect::<Vec<_>>(), [kept, kept]);
        }
    }
}
