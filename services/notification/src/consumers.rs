//! Consumers of the notification service. A unique cause, derived from each event, prevents a second notification.

use crate::domain::notice::{
    PairUpdate, PayoutSummary, PayoutUpdate, pairs_text, payout_text, return_text, transaction_text, with_reason,
};
use crate::domain::{Notice, NotificationKind, ReferencedId};
use crate::{NotificationState, app};
use chassis::events::decode::{id, money, required, time};
use chassis::events::handler::EventHandler;
use chassis::events::{Envelope, HandleError};
use db::DbConnection;
use domain::{BookingId, PaymentId, PayoutId, UserId};
use proto_events::auth::v1::{KycDecided, UserRegistered};
use proto_events::binary::v1::{Pair, PairsMatched, PairsVoided, PlacementMade};
use proto_events::booking::v1::{BookingChanged, EmiOverdue, PaymentCompleted, PaymentRefunded, PaymentReturned};
use proto_events::compliance::v1::{CertificateIssued, DocumentReviewed};
use proto_events::payout::v1 as payout;
use proto_events::wallet::v1::WalletChanged;
use std::collections::BTreeMap;

/// A notice and the key parts from which its cause is derived.
type NoticeWithCause = (Vec<Vec<u8>>, Notice);

/// Turns consumed events into notifications and announces them after the commit.
pub(crate) struct EventConsumer(pub(crate) NotificationState);

#[async_trait::async_trait]
impl EventHandler for EventConsumer {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let mut notices = Vec::new();
        for event in events {
            notices.extend(notices_of(event)?);
        }
        self.0.announce_later(app::store_notices(c, notices).await?);
        Ok(())
    }

    async fn committed(&self) {
        self.0.announce().await;
    }
}

/// The notices of an event, none if the event does not concern a member. Errors for an event type without notification.
fn notices_of(event: &Envelope) -> Result<Vec<NoticeWithCause>, HandleError> {
    match event.event_type.as_str() {
        "auth.v1.UserRegistered" => on_user_registered(&event.decode()?),
        "auth.v1.KycDecided" => on_kyc_decided(&event.decode()?),
        "booking.v1.BookingChanged" => on_booking_changed(&event.decode()?),
        "booking.v1.PaymentCompleted" => on_payment_completed(&event.decode()?),
        "booking.v1.PaymentRefunded" => on_payment_refunded(&event.decode()?),
        "booking.v1.PaymentReturned" => on_payment_returned(&event.decode()?),
        "booking.v1.EmiOverdue" => on_emi_overdue(&event.decode()?),
        "wallet.v1.WalletChanged" => on_wallet_changed(&event.decode()?),
        "binary.v1.PlacementMade" => on_placement_made(&event.decode()?),
        "binary.v1.PairsMatched" => on_pairs_matched(&event.decode()?),
        "binary.v1.PairsVoided" => on_pairs_voided(&event.decode()?),
        "compliance.v1.DocumentReviewed" => on_document_reviewed(&event.decode()?),
        "compliance.v1.CertificateIssued" => on_certificate_issued(&event.decode()?),
        "payout.v1.PayoutRequested" => {
            on_payout_changed(event.decode::<payout::PayoutRequested>()?.payout, PayoutUpdate::Requested)
        }
        "payout.v1.PayoutApproved" => {
            on_payout_changed(event.decode::<payout::PayoutApproved>()?.payout, PayoutUpdate::Approved)
        }
        "payout.v1.PayoutRejected" => {
            on_payout_changed(event.decode::<payout::PayoutRejected>()?.payout, PayoutUpdate::Rejected)
        }
        "payout.v1.PayoutCancelled" => {
            on_payout_changed(event.decode::<payout::PayoutCancelled>()?.payout, PayoutUpdate::Cancelled)
        }
        "payout.v1.PayoutCompleted" => {
            on_payout_changed(event.decode::<payout::PayoutCompleted>()?.payout, PayoutUpdate::Completed)
        }
        "payout.v1.PayoutFailed" => {
            on_payout_changed(event.decode::<payout::PayoutFailed>()?.payout, PayoutUpdate::Failed)
        }
        "payout.v1.PayoutReversed" => {
            on_payout_changed(event.decode::<payout::PayoutReversed>()?.payout, PayoutUpdate::Reversed)
        }
        // A subscribed event without a notification is a mistake, so the event is parked.
        other => Err(HandleError::poison(format!("no notification is defined for {other}"))),
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
    let outcome = match e.status.as_str() {
        "confirmed" => "is confirmed",
        "completed" => "is paid in full",
        "cancelled" => "is cancelled",
        "expired" => "has expired",
        _ => return Ok(Vec::new()),
    };
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
    let body = return_text(&e.cause, money(e.amount_paise), &e.booking_number);
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
        if let Some((kind, title, body)) = transaction_text(&line.r#type, money(line.amount_paise)) {
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
        let matched: Vec<u32> = pairs.iter().filter(|pair| pair.status == "matched").map(|pair| pair.number).collect();
        if !matched.is_empty() {
            let user: UserId = id("earner_id", earner)?;
            let body = pairs_text(PairUpdate::Matched { cause: &e.cause }, &matched);
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
    payout: Option<payout::Payout>,
    update: PayoutUpdate,
) -> Result<Vec<NoticeWithCause>, HandleError> {
    let payout = required("payout", &payout)?.clone();
    let payout_id: PayoutId = id("payout_id", &payout.payout_id)?;
    let summary = PayoutSummary {
        requested: money(payout.requested_paise),
        net: money(payout.net_paise),
        account_mask: &payout.account_mask,
        reason: &payout.reason,
    };
    let at = time("changed_at", payout.changed_at)?;
    let (title, body) = (format!("Payout {update}"), payout_text(update, summary));
    let user = id("user_id", &payout.user_id)?;
    single(
        &[b"payout", &payout.payout_id, update.as_str().as_bytes()],
        Notice::new(user, NotificationKind::Payout, at, ("payout", payout_id), title, body),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto_events::subscriptions;

    #[test]
    fn every_subscribed_event_has_a_notification_and_no_other() {
        let event = |event_type: &str| Envelope {
            id: [0; 16],
            source: String::new(),
            event_type: event_type.to_owned(),
            time_micros: 0,
            subject: String::new(),
            position: 1,
            traceparent: String::new(),
            data: Vec::new(),
        };
        let unknown = |event_type: &str| {
            notices_of(&event(event_type)).is_err_and(|error| error.to_string().contains("no notification is defined"))
        };
        // The chassis handles revoked sessions.
        for known in subscriptions::for_service("notification")
            .iter()
            .filter(|event_type| **event_type != "auth.v1.SessionRevoked")
        {
            assert!(!unknown(known), "{known}");
        }
        assert!(unknown("auth.v1.UserUpdated"));
    }
}
