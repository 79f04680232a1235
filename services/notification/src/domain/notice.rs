//! Notices to members and their texts.

use super::Template;
use super::texts::{self, Locale, Rendered};
use domain::{Money, Timestamp, UserId};
use proto_events::vocabulary::{BookingStatus, MatchCause, PayoutStatus, ReminderKind, ReturnCause, TransactionType};
use std::collections::BTreeMap;
use std::fmt::Display;
use uuid::Uuid;

domain::id_type! {
    /// Id of a notification.
    NotificationId,
    /// Id of the object a notification links to, such as a transaction or a document.
    ReferencedId,
}

domain::text_enum! {
    /// Kind of a notification, for which a member chooses the channels.
    pub enum NotificationKind {
        /// Sign-ins.
        Security = "security",
        Welcome = "welcome",
        Kyc = "kyc",
        /// Decisions on applications to become a distributor.
        Distributor = "distributor",
        Booking = "booking",
        Payment = "payment",
        Emi = "emi",
        Earning = "earning",
        Wallet = "wallet",
        Tree = "tree",
        Payout = "payout",
        Document = "document",
        Grievance = "grievance",
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

/// Template of a notice and the values in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    template: Template,
    params: Params,
}

impl Text {
    /// A text of the template with these values, each under its name.
    pub fn new<'a>(template: Template, params: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        Self { template, params: params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect() }
    }
}

/// Content of a notification before it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub user_id: UserId,
    pub template: Template,
    pub params: Params,
    pub reference: Reference,
    /// Time of the fact.
    pub at: Timestamp,
}

/// Limit of each value in a text.
const MAX_VALUE_CHARS: usize = 300;
/// Limit of the body in English.
const MAX_BODY_CHARS: usize = 500;

impl Notice {
    /// Title and body in English, cut to the length of its column.
    pub fn english(&self) -> Rendered {
        let Rendered { title, body } = texts::render(Locale::English, self.template, &self.params);
        Rendered { title, body: body.chars().take(MAX_BODY_CHARS).collect() }
    }

    /// Builds a notice. Cuts the values to their maximum length.
    pub fn new(user_id: UserId, at: Timestamp, reference: (&'static str, impl Display), text: Text) -> Self {
        let truncate = |text: String| text.chars().take(MAX_VALUE_CHARS).collect();
        let (reference_kind, id) = reference;
        Self {
            user_id,
            template: text.template,
            params: text.params.into_iter().map(|(name, value)| (name, truncate(value))).collect(),
            reference: Reference { kind: reference_kind, id: id.to_string() },
            at,
        }
    }
}

/// Decides whether a fact is still shown. One that is older than read notifications are kept may have been read and
/// deleted before, so its event, sent again, must not show it anew.
pub fn decide_keep(at: Timestamp, keep_read_days: Option<i64>, now: Timestamp) -> bool {
    keep_read_days.is_none_or(|days| at.plus_hours(24 * days) >= now)
}

/// Id of a member's next notification: `fresh`, or the one after `last` if another process has a faster clock. Ids thus
/// grow in the order of the commits, while the member is locked.
pub fn next_id(last: Option<NotificationId>, fresh: NotificationId) -> NotificationId {
    match last {
        Some(last) if last >= fresh => NotificationId::from(Uuid::from_u128(last.uuid().as_u128().saturating_add(1))),
        Some(_) | None => fresh,
    }
}

/// `reason` as the texts contain it: without spaces and stops at its end.
pub(super) fn trimmed(reason: &str) -> String {
    reason.trim().trim_end_matches('.').to_owned()
}

/// Text about a decision on a member's KYC.
pub fn kyc_text(approved: bool, reason: &str) -> Text {
    if approved {
        Text::new(Template::KycApproved, [])
    } else {
        Text::new(Template::KycRejected, [("reason", trimmed(reason))])
    }
}

/// Text about a decision on a member's application to become a distributor.
pub fn distributor_text(approved: bool, reason: &str) -> Text {
    if approved {
        Text::new(Template::DistributorApproved, [])
    } else {
        Text::new(Template::DistributorRejected, [("reason", trimmed(reason))])
    }
}

/// Text about the check of a member's document.
pub fn document_text(verified: bool, reason: &str) -> Text {
    if verified {
        return Text::new(Template::DocumentVerified, []);
    }
    Text::new(Template::DocumentRejected, [("reason", trimmed(reason))])
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
    let amount = || ("amount", requested.to_string());
    let plain = |template| Text::new(template, [amount()]);
    let with_reason = |template| Text::new(template, [amount(), ("reason", trimmed(reason))]);
    Some(match status {
        PayoutStatus::Pending | PayoutStatus::Processing => return None,
        PayoutStatus::Requested => plain(Template::PayoutRequested),
        PayoutStatus::Approved => plain(Template::PayoutApproved),
        PayoutStatus::Cancelled => plain(Template::PayoutCancelled),
        PayoutStatus::Completed if net.is_zero() => plain(Template::PayoutCompletedEmpty),
        PayoutStatus::Completed => {
            let params = [("net", net.to_string()), ("account", account_mask.to_owned())];
            Text::new(Template::PayoutCompleted, params)
        }
        PayoutStatus::Rejected => with_reason(Template::PayoutRejected),
        PayoutStatus::Failed => with_reason(Template::PayoutFailed),
        PayoutStatus::Reversed => with_reason(Template::PayoutReversed),
    })
}

/// Text about a booking that is now in this status. `None` where the member is not notified.
pub fn booking_text(status: BookingStatus, number: &str, vehicle: &str) -> Option<Text> {
    let template = match status {
        BookingStatus::PreBooked => return None,
        BookingStatus::Confirmed => Template::BookingConfirmed,
        BookingStatus::Completed => Template::BookingCompleted,
        BookingStatus::Cancelled => Template::BookingCancelled,
        BookingStatus::Expired => Template::BookingExpired,
        BookingStatus::Delivered => Template::BookingDelivered,
        BookingStatus::Returned => Template::BookingReturned,
    };
    Some(Text::new(template, [("booking_number", number.to_owned()), ("vehicle", vehicle.to_owned())]))
}

/// Text about an amount of a booking.
pub fn booking_amount_text(template: Template, amount: Money, booking_number: &str) -> Text {
    Text::new(template, [("amount", amount.to_string()), ("booking_number", booking_number.to_owned())])
}

/// Text about money of a booking that was returned to the wallet.
pub fn return_text(cause: ReturnCause, amount: Money, booking_number: &str) -> Text {
    let template = match cause {
        ReturnCause::SourceRefundFailed => Template::RefundReturned,
        ReturnCause::BookingCancelled
        | ReturnCause::OrderSuperseded
        | ReturnCause::AlreadyPaid
        | ReturnCause::NotPayable
        | ReturnCause::AmountDiffers
        | ReturnCause::SoldOut => Template::PaymentReturned,
    };
    booking_amount_text(template, amount, booking_number)
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
    let template = match update {
        InstalmentUpdate::Overdue => Template::InstalmentOverdue,
        InstalmentUpdate::Reminded(ReminderKind::Ahead) => Template::InstalmentComing,
        InstalmentUpdate::Reminded(ReminderKind::DueToday) => Template::InstalmentDueToday,
    };
    let params = [
        ("n", n.to_string()),
        ("booking_number", booking_number.to_owned()),
        ("amount", unpaid.to_string()),
        ("due_on", due_on.to_owned()),
    ];
    Text::new(template, params)
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
    let template = match update {
        PairUpdate::Matched(MatchCause::PeriodOpened) => Template::PairsMatchedInPeriod,
        PairUpdate::Matched(MatchCause::Rematched) => Template::PairsRematched,
        PairUpdate::Matched(MatchCause::CountedAgain | MatchCause::Labelled) => Template::PairsMatched,
        PairUpdate::Voided => Template::PairsVoided,
    };
    Text::new(template, [("numbers", list), ("count", numbers.len().to_string())])
}

/// Text about a wallet transaction. `None` if another notice covers the transaction.
pub fn transaction_text(transaction_type: TransactionType, amount: Money) -> Option<Text> {
    let template = match transaction_type {
        TransactionType::ReferralBonus => Template::ReferralBonus,
        TransactionType::BinaryPair => Template::PairEarning,
        TransactionType::Clawback => Template::EarningRecovered,
        TransactionType::Reversal => Template::EarningReversed,
        TransactionType::Deposit => Template::Deposit,
        TransactionType::Refund => Template::Refund,
        TransactionType::EmiRelease | TransactionType::ReserveRelease => Template::ReserveReleased,
        TransactionType::Adjustment => Template::Adjustment,
        TransactionType::EmiDeduction
        | TransactionType::ReserveDeduction
        | TransactionType::Payout
        | TransactionType::BookingPayment => return None,
    };
    Some(Text::new(template, [("amount", amount.to_string())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: Text) -> String {
        let user = UserId::from(uuid::Uuid::nil());
        Notice::new(user, Timestamp::UNIX_EPOCH, ("user", user), text).english().body
    }

    #[test]
    fn a_payout_text_is_a_sentence_with_and_without_a_reason() {
        let text = |status, reason| {
            let (requested, net) = (Money::from_rupees(1_000), Money::from_rupees(950));
            payout_text(status, PayoutSummary { requested, net, account_mask: "xxxxxx4321", reason }).map(body)
        };
        for (status, reason, sentence) in [
            (PayoutStatus::Requested, "", "Your payout of ₹1,000.00 is requested."),
            (PayoutStatus::Completed, "", "₹950.00 is on its way to xxxxxx4321."),
            (
                PayoutStatus::Rejected,
                "the name differs",
                "Your payout of ₹1,000.00 was rejected. Reason: the name differs",
            ),
            (PayoutStatus::Rejected, "", "Your payout of ₹1,000.00 was rejected."),
            (
                PayoutStatus::Failed,
                " closed. ",
                "Your payout of ₹1,000.00 failed and is back in your wallet. Reason: closed",
            ),
            (PayoutStatus::Reversed, "", "Your payout of ₹1,000.00 came back from the bank and is in your wallet."),
        ] {
            assert_eq!(text(status, reason).as_deref(), Some(sentence));
        }
    }

    #[test]
    fn a_payout_with_a_net_amount_of_zero_has_no_transfer_text() {
        let (requested, net) = (Money::from_rupees(1_000), Money::ZERO);
        let summary = PayoutSummary { requested, net, account_mask: "xxxxxx4321", reason: "" };
        let sentence = payout_text(PayoutStatus::Completed, summary).map(body);
        assert_eq!(sentence.as_deref(), Some("Your payout of ₹1,000.00 is completed: there was nothing to transfer."));
    }

    #[test]
    fn a_fact_as_old_as_deleted_notifications_is_not_shown_again() {
        let at = Timestamp::UNIX_EPOCH;
        let end = at.plus_hours(48);
        assert!(decide_keep(at, Some(2), end) && !decide_keep(at, Some(2), end.plus_secs(1)));
        assert!(decide_keep(at, None, end.plus_hours(100_000)));
    }

    #[test]
    fn ids_of_a_member_grow_even_if_the_clock_does_not() {
        let id = |number| NotificationId::from(Uuid::from_u128(number));
        assert_eq!(next_id(None, id(5)), id(5));
        assert_eq!(next_id(Some(id(4)), id(5)), id(5));
        assert_eq!((next_id(Some(id(5)), id(5)), next_id(Some(id(9)), id(5))), (id(6), id(10)));
    }

    /// Every text that a function of this module builds.
    fn all_texts() -> Vec<Text> {
        let (requested, net) = (Money::from_rupees(100), Money::from_rupees(95));
        let mut texts = vec![kyc_text(true, ""), distributor_text(true, ""), document_text(true, "")];
        for reason in ["", "the name differs"] {
            texts.extend([kyc_text(false, reason), distributor_text(false, reason), document_text(false, reason)]);
            for net in [net, Money::ZERO] {
                let summary = PayoutSummary { requested, net, account_mask: "xxxxxx4321", reason };
                texts.extend(PayoutStatus::ALL.iter().filter_map(|status| payout_text(*status, summary)));
            }
        }
        texts.extend(BookingStatus::ALL.iter().filter_map(|status| booking_text(*status, "EV-1", "Scooter")));
        let instalment = InstalmentSummary { n: 3, booking_number: "EV-1", unpaid: net, due_on: "2026-12-10" };
        let reminded = ReminderKind::ALL.iter().map(|kind| InstalmentUpdate::Reminded(*kind));
        texts.extend(reminded.chain([InstalmentUpdate::Overdue]).map(|update| instalment_text(update, instalment)));
        texts.extend(ReturnCause::ALL.iter().map(|cause| return_text(*cause, net, "EV-1")));
        for numbers in [&[3][..], &[3, 4]] {
            let matched = MatchCause::ALL.iter().map(|cause| PairUpdate::Matched(*cause));
            texts.extend(matched.chain([PairUpdate::Voided]).map(|update| pairs_text(update, numbers)));
        }
        texts.extend(TransactionType::ALL.iter().filter_map(|of| transaction_text(*of, net)));
        texts
    }

    #[test]
    fn a_template_has_the_same_parameters_in_every_text_and_each_is_part_of_the_body_in_each_language() {
        let mut names = BTreeMap::new();
        for text in all_texts() {
            let own: Vec<String> = text.params.keys().cloned().collect();
            assert_eq!(names.entry(text.template).or_insert_with(|| own.clone()), &own, "{}", text.template);
            for locale in [Locale::English, Locale::Hindi] {
                let body = texts::render(locale, text.template, &text.params).body;
                assert!(!body.is_empty() && !body.contains(['{', '}']), "{}: {body}", text.template);
                for (name, value) in text.params.iter().filter(|(name, _)| *name != "count") {
                    assert!(body.contains(&texts::written(name, value)), "{}: {name} = {value}: {body}", text.template);
                }
            }
        }
    }

    #[test]
    fn the_body_and_every_parameter_are_cut_to_their_maximum_length() {
        for (chars, kept) in [(299, 299), (300, 300), (301, 300)] {
            let long = "₹".repeat(chars);
            let text = Text::new(Template::BookingConfirmed, [("booking_number", long.clone()), ("vehicle", long)]);
            let user = UserId::from(uuid::Uuid::nil());
            let notice = Notice::new(user, Timestamp::UNIX_EPOCH, ("kyc", user), text);
            let lengths = notice.params.values().map(|text| text.chars().count());
            assert_eq!(lengths.collect::<Vec<_>>(), [kept, kept]);
            assert_eq!(notice.english().body.chars().count(), MAX_BODY_CHARS);
        }
    }
}
