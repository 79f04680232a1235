//! Event table of the notification service. A unique cause, derived from each event, prevents a second notification.

use crate::domain::notice::{
    PairUpdate, PayoutSummary, booking_outcome, pairs_text, payout_text, return_text, transaction_text, with_reason,
};
use crate::domain::{Notice, NotificationKind, ReferencedId};
use crate::{NotificationState, app};
use db::DbConnection;
use domain::{BookingId, PaymentId, PayoutId, UserId};
use messaging::decode::{id, money, required, time};
use messaging::{ApplyBatch, EventConsumer, HandleError};
use proto_events::auth::v1::{KycDecided, UserRegistered};
use proto_events::binary::v1::{Pair, PairsMatched, PairsVoided, PlacementMade};
use proto_events::booking::v1::{BookingChanged, EmiOverdue, PaymentCompleted, PaymentRefunded, PaymentReturned};
use proto_events::compliance::v1::{CertificateIssued, DocumentReviewed};
use proto_events::payout::v1 as payout;
use proto_events::vocabulary::{BookingStatus, PairStatus, PayoutStatus};
use proto_events::wallet::v1::WalletChanged;
use std::collections::BTreeMap;

/// A notice and the key parts from which its cause is derived.
type NoticeWithCause = (Vec<Vec<u8>>, Notice);

/// The notices that the events of one transaction make.
#[derive(Default)]
pub(crate) struct Batch {
    notices: Vec<NoticeWithCause>,
}

impl Batch {
    /// Adds the notices of an event; none if the event does not concern a member.
    fn add(&mut self, notices: Result<Vec<NoticeWithCause>, HandleError>) -> Result<(), HandleError> {
        self.notices.extend(notices?);
        Ok(())
    }
}

/// The events that the service subscribes to.
pub(crate) fn consumer<S: ApplyBatch<Batch>>(state: S) -> EventConsumer<S, Batch> {
    use PayoutStatus::{Approved, Cancelled, Completed, Failed, Rejected, Requested, Reversed};
    EventConsumer::new(state)
        .on::<UserRegistered>(|batch, e| batch.add(on_user_registered(&e)))
        .on::<KycDecided>(|batch, e| batch.add(on_kyc_decided(&e)))
        .on::<BookingChanged>(|batch, e| batch.add(on_booking_changed(&e)))
        .on::<PaymentCompleted>(|batch, e| batch.add(on_payment_completed(&e)))
        .on::<PaymentRefunded>(|batch, e| batch.add(on_payment_refunded(&e)))
        .on::<PaymentReturned>(|batch, e| batch.add(on_payment_returned(&e)))
        .on::<EmiOverdue>(|batch, e| batch.add(on_emi_overdue(&e)))
        .on::<WalletChanged>(|batch, e| batch.add(on_wallet_changed(&e)))
        .on::<PlacementMade>(|batch, e| batch.add(on_placement_made(&e)))
        .on::<PairsMatched>(|batch, e| batch.add(on_pairs_matched(&e)))
        .on::<PairsVoided>(|batch, e| batch.add(on_pairs_voided(&e)))
        .on::<DocumentReviewed>(|batch, e| batch.add(on_document_reviewed(&e)))
        .on::<CertificateIssued>(|batch, e| batch.add(on_certificate_issued(&e)))
        .on::<payout::PayoutRequested>(|batch, e| batch.add(on_payout_changed(&e.payout, Requested)))
        .on::<payout::PayoutApproved>(|batch, e| batch.add(on_payout_changed(&e.payout, Approved)))
        .on::<payout::PayoutRejected>(|batch, e| batch.add(on_payout_changed(&e.payout, Rejected)))
        .on::<payout::PayoutCancelled>(|batch, e| batch.add(on_payout_changed(&e.payout, Cancelled)))
        .on::<payout::PayoutCompleted>(|batch, e| batch.add(on_payout_changed(&e.payout, Completed)))
        .on::<payout::PayoutFailed>(|batch, e| batch.add(on_payout_changed(&e.payout, Failed)))
        .on::<payout::PayoutReversed>(|batch, e| batch.add(on_payout_changed(&e.payout, Reversed)))
}

#[async_trait::async_trait]
impl ApplyBatch<Batch> for NotificationState {
    async fn apply(&self, c: &mut DbConnection, batch: Batch) -> Result<(), HandleError> {
        self.announce_later(app::store_notices(c, batch.notices).await?);
        Ok(())
    }

    async fn committed(&self) {
        self.announce().await;
    }
}

/// One notice with the key parts of its cause.
fn single(cause: &[&[u8]], notice: Notice) -> Result<Vec<NoticeWithCause>, HandleError> {
    Ok(vec![(cause.iter().map(|part| part.to_vec()).collect(), notice)])
}

fn on_user_registered(e: &UserRegistered) -> Result<Vec<NoticeWithCause>, HandleError> {
    let user = required("user", &e.user)?;
    let user_id: UserId = id("user_id", &user.user_id)?;
    let body =
        format!("Your referral code is {}. Share it with people who want to drive electric.", user.referral_code);
    let at = time("created_at", user.created_at)?;
    single(
        &[b"welcome", &user.user_id],
        Notice::new(user_id, NotificationKind::Welcome, at, ("user", user_id), "Welcome", body),
    )
}

fn on_kyc_decided(e: &KycDecided) -> Result<Vec<NoticeWithCause>, HandleError> {
    let kyc: ReferencedId = id("kyc_id", &e.kyc_id)?;
    let (title, body) = if e.approved {
        ("KYC approved", "Your KYC is approved. You can ask for payouts now.".to_owned())
    } else {
        ("KYC rejected", format!("{} You can submit it again.", with_reason("Your KYC was rejected", &e.reason)))
    };
    let at = time("decided_at", e.decided_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, NotificationKind::Kyc, at, ("kyc", kyc), title, body);
    single(&[b"kyc", &e.kyc_id, &e.version.to_be_bytes()], notice)
}

fn on_booking_changed(e: &BookingChanged) -> Result<Vec<NoticeWithCause>, HandleError> {
    let status: Option<BookingStatus> = e.status.parse().ok();
    let Some(outcome) = status.and_then(booking_outcome) else { return Ok(Vec::new()) };
    let booking: BookingId = id("booking_id", &e.booking_id)?;
    let body = format!("Your booking {} of {} {outcome}.", e.number, e.vehicle);
    let at = time("changed_at", e.changed_at)?;
    let title = format!("Booking {}", e.status);
    let notice =
        Notice::new(id("user_id", &e.user_id)?, NotificationKind::Booking, at, ("booking", booking), title, body);
    single(&[b"booking", &e.booking_id, e.status.as_bytes()], notice)
}

fn on_payment_completed(e: &PaymentCompleted) -> Result<Vec<NoticeWithCause>, HandleError> {
    let payment: PaymentId = id("payment_id", &e.payment_id)?;
    let body = format!("We received ₹{} for your booking {}.", money(e.amount_paise), e.booking_number);
    let at = time("completed_at", e.completed_at)?;
    let notice = Notice::new(
        id("user_id", &e.user_id)?,
        NotificationKind::Payment,
        at,
        ("payment", payment),
        "Payment received",
        body,
    );
    single(&[b"payment", &e.payment_id], notice)
}

fn on_payment_refunded(e: &PaymentRefunded) -> Result<Vec<NoticeWithCause>, HandleError> {
    let payment: PaymentId = id("payment_id", &e.payment_id)?;
    let body = format!("₹{} of your booking {} is refunded.", money(e.amount_paise), e.booking_number);
    let at = time("refunded_at", e.refunded_at)?;
    let notice = Notice::new(
        id("user_id", &e.user_id)?,
        NotificationKind::Payment,
        at,
        ("payment", payment),
        "Payment refunded",
        body,
    );
    single(&[b"refund", &e.refund_id], notice)
}

/// Money that no booking could accept, or a refund that failed at its source. It is in the payer's wallet.
fn on_payment_returned(e: &PaymentReturned) -> Result<Vec<NoticeWithCause>, HandleError> {
    let payment: PaymentId = id("payment_id", &e.payment_id)?;
    let body = return_text(e.cause.parse().ok(), money(e.amount_paise), &e.booking_number);
    let at = time("returned_at", e.returned_at)?;
    let notice = Notice::new(
        id("user_id", &e.user_id)?,
        NotificationKind::Payment,
        at,
        ("payment", payment),
        "Payment returned",
        body,
    );
    single(&[b"return", &e.return_id], notice)
}

fn on_emi_overdue(e: &EmiOverdue) -> Result<Vec<NoticeWithCause>, HandleError> {
    let booking: BookingId = id("booking_id", &e.booking_id)?;
    let body = format!(
        "Instalment {} of your booking {}, ₹{}, was due on {}.",
        e.n,
        e.booking_number,
        money(e.unpaid_paise),
        e.due_on
    );
    let at = time("noticed_at", e.noticed_at)?;
    let notice = Notice::new(
        id("user_id", &e.user_id)?,
        NotificationKind::Emi,
        at,
        ("booking", booking),
        "Instalment overdue",
        body,
    );
    single(&[b"overdue", &e.booking_id, &e.n.to_be_bytes()], notice)
}

fn on_wallet_changed(e: &WalletChanged) -> Result<Vec<NoticeWithCause>, HandleError> {
    let user: UserId = id("user_id", &e.user_id)?;
    let mut notices = Vec::new();
    for line in &e.transactions {
        let amount = money(line.amount_paise);
        if let Some((kind, title, body)) = line.r#type.parse().ok().and_then(|kind| transaction_text(kind, amount)) {
            let transaction: ReferencedId = id("transaction_id", &line.transaction_id)?;
            let at = time("created_at", line.created_at)?;
            let notice = Notice::new(user, kind, at, ("transaction", transaction), title, body);
            notices.extend(single(&[b"transaction", &line.transaction_id], notice)?);
        }
    }
    Ok(notices)
}

fn on_placement_made(e: &PlacementMade) -> Result<Vec<NoticeWithCause>, HandleError> {
    let user: UserId = id("user_id", &e.user_id)?;
    let at = time("placed_at", e.placed_at)?;
    let body = format!("You are in the tree now, on level {}.", e.depth);
    single(
        &[b"placement", &e.user_id],
        Notice::new(user, NotificationKind::Tree, at, ("user", user), "You are placed", body),
    )
}

/// Pairs that were matched without a placement: one notice for each earner.
fn on_pairs_matched(e: &PairsMatched) -> Result<Vec<NoticeWithCause>, HandleError> {
    let at = time("matched_at", e.matched_at)?;
    let mut notices = Vec::new();
    for (earner, pairs) in by_earner(&e.pairs) {
        let matched: Vec<u32> = pairs.iter().filter(|pair| is_matched(pair)).map(|pair| pair.number).collect();
        if !matched.is_empty() {
            let user: UserId = id("earner_id", earner)?;
            let body = pairs_text(PairUpdate::Matched(e.cause.parse().ok()), &matched);
            let notice = Notice::new(user, NotificationKind::Tree, at, ("user", user), "Pairs matched", body);
            notices.extend(single(&[b"pairs_matched", &e.sequence.to_be_bytes(), &e.cause_id, earner], notice)?);
        }
    }
    Ok(notices)
}

fn on_pairs_voided(e: &PairsVoided) -> Result<Vec<NoticeWithCause>, HandleError> {
    let at = time("voided_at", e.voided_at)?;
    let mut notices = Vec::new();
    for (earner, pairs) in by_earner(&e.pairs) {
        let user: UserId = id("earner_id", earner)?;
        let voided: Vec<u32> = pairs.iter().map(|pair| pair.number).collect();
        let body = pairs_text(PairUpdate::Voided, &voided);
        let notice = Notice::new(user, NotificationKind::Tree, at, ("user", user), "Pairs taken back", body);
        notices.extend(single(&[b"pairs_voided", &e.sequence.to_be_bytes(), &e.refund_id, earner], notice)?);
    }
    Ok(notices)
}

fn is_matched(pair: &Pair) -> bool {
    pair.status == PairStatus::Matched.as_str()
}

fn by_earner(pairs: &[Pair]) -> BTreeMap<&[u8], Vec<&Pair>> {
    let mut groups: BTreeMap<&[u8], Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        groups.entry(&pair.earner_id).or_default().push(pair);
    }
    groups
}

fn on_document_reviewed(e: &DocumentReviewed) -> Result<Vec<NoticeWithCause>, HandleError> {
    let document: ReferencedId = id("document_id", &e.document_id)?;
    let (title, body) = if e.verified {
        ("Document verified", "Your document is verified.".to_owned())
    } else {
        ("Document rejected", with_reason("Your document was rejected", &e.reason))
    };
    let at = time("reviewed_at", e.reviewed_at)?;
    let notice =
        Notice::new(id("user_id", &e.user_id)?, NotificationKind::Document, at, ("document", document), title, body);
    single(&[b"document", &e.document_id, &[u8::from(e.verified)]], notice)
}

fn on_certificate_issued(e: &CertificateIssued) -> Result<Vec<NoticeWithCause>, HandleError> {
    let certificate: ReferencedId = id("certificate_id", &e.certificate_id)?;
    let body = format!("Your TDS certificate for {} is ready.", e.financial_year);
    let at = time("issued_at", e.issued_at)?;
    let notice = Notice::new(
        id("user_id", &e.user_id)?,
        NotificationKind::Document,
        at,
        ("certificate", certificate),
        "TDS certificate",
        body,
    );
    single(&[b"certificate", &e.certificate_id], notice)
}

fn on_payout_changed(
    payout: &Option<payout::Payout>,
    status: PayoutStatus,
) -> Result<Vec<NoticeWithCause>, HandleError> {
    let payout = required("payout", payout)?;
    let payout_id: PayoutId = id("payout_id", &payout.payout_id)?;
    let summary = PayoutSummary {
        requested: money(payout.requested_paise),
        net: money(payout.net_paise),
        account_mask: &payout.account_mask,
        reason: &payout.reason,
    };
    let at = time("changed_at", payout.changed_at)?;
    let Some(body) = payout_text(status, summary) else { return Ok(Vec::new()) };
    let title = format!("Payout {status}");
    let user = id("user_id", &payout.user_id)?;
    single(
        &[b"payout", &payout.payout_id, status.as_str().as_bytes()],
        Notice::new(user, NotificationKind::Payout, at, ("payout", payout_id), title, body),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging::handler::EventHandler;
    use proto_events::subscriptions;

    /// State of a consumer that gets no event.
    struct NoState;

    #[async_trait::async_trait]
    impl ApplyBatch<Batch> for NoState {
        async fn apply(&self, _: &mut DbConnection, _: Batch) -> Result<(), HandleError> {
            Ok(())
        }
    }

    #[test]
    fn every_subscribed_event_has_a_line_in_the_table_and_no_other() {
        let mut types = consumer(NoState).types();
        // The framework handles revoked sessions.
        types.push("auth.v1.SessionRevoked".to_owned());
        types.sort_unstable();
        let mut subscribed = subscriptions::for_service("notification").to_vec();
        subscribed.sort_unstable();
        assert_eq!(types, subscribed);
    }
}
