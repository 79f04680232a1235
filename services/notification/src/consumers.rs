//! Which events a member hears of. Every one is a keyed one-shot: its cause is unique for ever.

use crate::domain::notice::{
    AboutPayout, PairNews, PayoutNews, because, of_pairs, of_payout, of_return, of_transaction,
};
use crate::domain::{Kind, Notice, ReferencedId};
use crate::{Notification, app};
use chassis::events::consumer::Consumer;
use chassis::events::read::{id, money, part, time};
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

/// A notice and the parts its cause is derived from.
type Told = (Vec<Vec<u8>>, Notice);

#[async_trait::async_trait]
impl Consumer for Notification {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        let mut all = Vec::new();
        for event in events {
            all.extend(notices(event)?);
        }
        self.announce_later(app::store_notices(c, all).await?);
        Ok(())
    }

    async fn committed(&self) {
        self.announce().await;
    }
}

fn notices(event: &Envelope) -> Result<Vec<Told>, HandleError> {
    match event.event_type.as_str() {
        "auth.v1.UserRegistered" => registered(&event.decode()?),
        "auth.v1.KycDecided" => kyc(&event.decode()?),
        "booking.v1.BookingChanged" => booking(&event.decode()?),
        "booking.v1.PaymentCompleted" => payment(&event.decode()?),
        "booking.v1.PaymentRefunded" => refund(&event.decode()?),
        "booking.v1.PaymentReturned" => returned(&event.decode()?),
        "booking.v1.EmiOverdue" => overdue(&event.decode()?),
        "wallet.v1.WalletChanged" => wallet(&event.decode()?),
        "binary.v1.PlacementMade" => placement(&event.decode()?),
        "binary.v1.PairsMatched" => pairs_matched(&event.decode()?),
        "binary.v1.PairsVoided" => pairs_voided(&event.decode()?),
        "compliance.v1.DocumentReviewed" => document(&event.decode()?),
        "compliance.v1.CertificateIssued" => certificate(&event.decode()?),
        "payout.v1.PayoutRequested" => {
            about_payout(event.decode::<payout::PayoutRequested>()?.payout, PayoutNews::Requested)
        }
        "payout.v1.PayoutApproved" => {
            about_payout(event.decode::<payout::PayoutApproved>()?.payout, PayoutNews::Approved)
        }
        "payout.v1.PayoutRejected" => {
            about_payout(event.decode::<payout::PayoutRejected>()?.payout, PayoutNews::Rejected)
        }
        "payout.v1.PayoutCancelled" => {
            about_payout(event.decode::<payout::PayoutCancelled>()?.payout, PayoutNews::Cancelled)
        }
        "payout.v1.PayoutCompleted" => {
            about_payout(event.decode::<payout::PayoutCompleted>()?.payout, PayoutNews::Completed)
        }
        "payout.v1.PayoutFailed" => about_payout(event.decode::<payout::PayoutFailed>()?.payout, PayoutNews::Failed),
        "payout.v1.PayoutReversed" => {
            about_payout(event.decode::<payout::PayoutReversed>()?.payout, PayoutNews::Reversed)
        }
        // What is subscribed to and told to nobody would go unnoticed.
        other => Err(HandleError::poison(format!("no notification is made of {other}"))),
    }
}

fn one(cause: &[&[u8]], notice: Notice) -> Result<Vec<Told>, HandleError> {
    Ok(vec![(cause.iter().map(|part| part.to_vec()).collect(), notice)])
}

fn registered(e: &UserRegistered) -> Result<Vec<Told>, HandleError> {
    let user = part("user", &e.user)?;
    let user_id: UserId = id("user_id", &user.user_id)?;
    let body =
        format!("Your referral code is {}. Share it with people who want to drive electric.", user.referral_code);
    let at = time("created_at", user.created_at)?;
    one(&[b"welcome", &user.user_id], Notice::new(user_id, Kind::Welcome, at, ("user", user_id), "Welcome", body))
}

fn kyc(e: &KycDecided) -> Result<Vec<Told>, HandleError> {
    let kyc: ReferencedId = id("kyc_id", &e.kyc_id)?;
    let (title, body) = if e.approved {
        ("KYC approved", "Your KYC is approved. You can ask for payouts now.".to_owned())
    } else {
        ("KYC rejected", format!("{} You can submit it again.", because("Your KYC was rejected", &e.reason)))
    };
    let at = time("decided_at", e.decided_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, Kind::Kyc, at, ("kyc", kyc), title, body);
    one(&[b"kyc", &e.kyc_id, &e.version.to_be_bytes()], notice)
}

fn booking(e: &BookingChanged) -> Result<Vec<Told>, HandleError> {
    let words = match e.status.as_str() {
        "confirmed" => "is confirmed",
        "completed" => "is paid in full",
        "cancelled" => "is cancelled",
        "expired" => "has expired",
        _ => return Ok(Vec::new()),
    };
    let booking: BookingId = id("booking_id", &e.booking_id)?;
    let body = format!("Your booking {} of {} {words}.", e.number, e.vehicle);
    let at = time("changed_at", e.changed_at)?;
    let title = format!("Booking {}", e.status);
    let notice = Notice::new(id("user_id", &e.user_id)?, Kind::Booking, at, ("booking", booking), title, body);
    one(&[b"booking", &e.booking_id, e.status.as_bytes()], notice)
}

fn payment(e: &PaymentCompleted) -> Result<Vec<Told>, HandleError> {
    let payment: PaymentId = id("payment_id", &e.payment_id)?;
    let body = format!("We received ₹{} for your booking {}.", money(e.amount_paise), e.booking_number);
    let at = time("completed_at", e.completed_at)?;
    let notice =
        Notice::new(id("user_id", &e.user_id)?, Kind::Payment, at, ("payment", payment), "Payment received", body);
    one(&[b"payment", &e.payment_id], notice)
}

fn refund(e: &PaymentRefunded) -> Result<Vec<Told>, HandleError> {
    let payment: PaymentId = id("payment_id", &e.payment_id)?;
    let body = format!("₹{} of your booking {} is refunded.", money(e.amount_paise), e.booking_number);
    let at = time("refunded_at", e.refunded_at)?;
    let notice =
        Notice::new(id("user_id", &e.user_id)?, Kind::Payment, at, ("payment", payment), "Payment refunded", body);
    one(&[b"refund", &e.refund_id], notice)
}

/// Money that no booking could take, or a refund that failed at its source: it is in the payer's wallet.
fn returned(e: &PaymentReturned) -> Result<Vec<Told>, HandleError> {
    let payment: PaymentId = id("payment_id", &e.payment_id)?;
    let body = of_return(&e.cause, money(e.amount_paise), &e.booking_number);
    let at = time("returned_at", e.returned_at)?;
    let notice =
        Notice::new(id("user_id", &e.user_id)?, Kind::Payment, at, ("payment", payment), "Payment returned", body);
    one(&[b"return", &e.return_id], notice)
}

fn overdue(e: &EmiOverdue) -> Result<Vec<Told>, HandleError> {
    let booking: BookingId = id("booking_id", &e.booking_id)?;
    let body = format!(
        "Instalment {} of your booking {}, ₹{}, was due on {}.",
        e.n,
        e.booking_number,
        money(e.unpaid_paise),
        e.due_on
    );
    let at = time("noticed_at", e.noticed_at)?;
    let notice =
        Notice::new(id("user_id", &e.user_id)?, Kind::Emi, at, ("booking", booking), "Instalment overdue", body);
    one(&[b"overdue", &e.booking_id, &e.n.to_be_bytes()], notice)
}

fn wallet(e: &WalletChanged) -> Result<Vec<Told>, HandleError> {
    let user: UserId = id("user_id", &e.user_id)?;
    let mut told = Vec::new();
    for line in &e.transactions {
        if let Some((kind, title, body)) = of_transaction(&line.r#type, money(line.amount_paise)) {
            let transaction: ReferencedId = id("transaction_id", &line.transaction_id)?;
            let at = time("created_at", line.created_at)?;
            let notice = Notice::new(user, kind, at, ("transaction", transaction), title, body);
            told.extend(one(&[b"transaction", &line.transaction_id], notice)?);
        }
    }
    Ok(told)
}

fn placement(e: &PlacementMade) -> Result<Vec<Told>, HandleError> {
    let user: UserId = id("user_id", &e.user_id)?;
    let at = time("placed_at", e.placed_at)?;
    let body = format!("You are in the tree now, on level {}.", e.depth);
    one(&[b"placement", &e.user_id], Notice::new(user, Kind::Tree, at, ("user", user), "You are placed", body))
}

/// Pairs that no placement made: one notice an earner, however many there are.
fn pairs_matched(e: &PairsMatched) -> Result<Vec<Told>, HandleError> {
    let at = time("matched_at", e.matched_at)?;
    let mut told = Vec::new();
    for (earner, pairs) in by_earner(&e.pairs) {
        let matched: Vec<u32> = pairs.iter().filter(|pair| pair.status == "matched").map(|pair| pair.number).collect();
        if !matched.is_empty() {
            let user: UserId = id("earner_id", earner)?;
            let body = of_pairs(PairNews::Matched { cause: &e.cause }, &matched);
            let notice = Notice::new(user, Kind::Tree, at, ("user", user), "Pairs matched", body);
            told.extend(one(&[b"pairs_matched", &e.sequence.to_be_bytes(), &e.cause_id, earner], notice)?);
        }
    }
    Ok(told)
}

fn pairs_voided(e: &PairsVoided) -> Result<Vec<Told>, HandleError> {
    let at = time("voided_at", e.voided_at)?;
    let mut told = Vec::new();
    for (earner, pairs) in by_earner(&e.pairs) {
        let user: UserId = id("earner_id", earner)?;
        let voided: Vec<u32> = pairs.iter().map(|pair| pair.number).collect();
        let body = of_pairs(PairNews::Voided, &voided);
        let notice = Notice::new(user, Kind::Tree, at, ("user", user), "Pairs taken back", body);
        told.extend(one(&[b"pairs_voided", &e.sequence.to_be_bytes(), &e.refund_id, earner], notice)?);
    }
    Ok(told)
}

fn by_earner(pairs: &[Pair]) -> BTreeMap<&[u8], Vec<&Pair>> {
    let mut of: BTreeMap<&[u8], Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        of.entry(&pair.earner_id).or_default().push(pair);
    }
    of
}

fn document(e: &DocumentReviewed) -> Result<Vec<Told>, HandleError> {
    let document: ReferencedId = id("document_id", &e.document_id)?;
    let (title, body) = if e.verified {
        ("Document verified", "Your document is verified.".to_owned())
    } else {
        ("Document rejected", because("Your document was rejected", &e.reason))
    };
    let at = time("reviewed_at", e.reviewed_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, Kind::Document, at, ("document", document), title, body);
    one(&[b"document", &e.document_id, &[u8::from(e.verified)]], notice)
}

fn certificate(e: &CertificateIssued) -> Result<Vec<Told>, HandleError> {
    let certificate: ReferencedId = id("certificate_id", &e.certificate_id)?;
    let body = format!("Your TDS certificate for {} is ready.", e.financial_year);
    let at = time("issued_at", e.issued_at)?;
    let notice = Notice::new(
        id("user_id", &e.user_id)?,
        Kind::Document,
        at,
        ("certificate", certificate),
        "TDS certificate",
        body,
    );
    one(&[b"certificate", &e.certificate_id], notice)
}

fn about_payout(payout: Option<payout::Payout>, news: PayoutNews) -> Result<Vec<Told>, HandleError> {
    let payout = part("payout", &payout)?.clone();
    let payout_id: PayoutId = id("payout_id", &payout.payout_id)?;
    let about = AboutPayout {
        requested: money(payout.requested_paise),
        net: money(payout.net_paise),
        account_mask: &payout.account_mask,
        reason: &payout.reason,
    };
    let at = time("changed_at", payout.changed_at)?;
    let (title, body) = (format!("Payout {news}"), of_payout(news, about));
    let user = id("user_id", &payout.user_id)?;
    one(
        &[b"payout", &payout.payout_id, news.as_str().as_bytes()],
        Notice::new(user, Kind::Payout, at, ("payout", payout_id), title, body),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto_events::subscriptions;

    #[test]
    fn every_event_that_is_listened_to_is_known_and_no_other() {
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
        let unknown =
            |of: &str| notices(&event(of)).is_err_and(|error| error.to_string().contains("no notification is made"));
        // Ended sessions are the chassis' to hear of.
        for known in subscriptions::of("notification").iter().filter(|of| **of != "auth.v1.SessionRevoked") {
            assert!(!unknown(known), "{known}");
        }
        assert!(unknown("auth.v1.UserUpdated"));
    }
}
