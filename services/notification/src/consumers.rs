//! Event table of the notification service. A unique cause, derived from each event, prevents a second notification.

use crate::domain::delivery::MemberContact;
use crate::domain::grievance::grievance_text;
use crate::domain::notice::{
    InstalmentSummary, InstalmentUpdate, PairUpdate, PayoutSummary, Text, booking_amount_text, booking_text,
    distributor_text, document_text, instalment_text, kyc_text, pairs_text, payout_text, return_text, transaction_text,
};
use crate::domain::{Area, Locale, Notice, ReferencedId, Template};
use crate::pairs::{by_earner, earners, matched_numbers};
use crate::{NotificationState, app};
use db::DbConnection;
use domain::{BookingId, PaymentId, PayoutId, UserId};
use messaging::decode::{id, money, required, time, version, word};
use messaging::newest::insert_newer;
use messaging::{ApplyBatch, EventConsumer, HandleError};
use proto_events::auth::v1::{
    DistributorDecided, ErasureRequested, KycDecided, SessionStarted, User, UserRegistered, UserUpdated,
};
use proto_events::binary::v1::{PairsMatched, PairsVoided, PlacementMade};
use proto_events::booking::v1::{
    BookingChanged, EmiOverdue, EmiReminded, PaymentCompleted, PaymentRefunded, PaymentReturned,
};
use proto_events::compliance::v1::{CertificateIssued, DocumentReviewed, GrievanceMoved};
use proto_events::payout::v1 as payout;
use proto_events::vocabulary::PayoutStatus;
use proto_events::wallet::v1::WalletChanged;
use std::collections::{BTreeMap, BTreeSet};

/// Method of a payment with money of the wallet.
const PAID_FROM_WALLET: &str = "wallet";

/// A notice and the key parts from which its cause is derived.
type NoticeWithCause = (Vec<Vec<u8>>, Notice);

/// The notices that the events of one transaction make, the newest addresses of members, and the areas in which the
/// events change the data of members.
#[derive(Default)]
pub(crate) struct Batch {
    notices: Vec<NoticeWithCause>,
    contacts: BTreeMap<UserId, MemberContact>,
    changed: BTreeMap<UserId, BTreeSet<Area>>,
    erased: Vec<UserId>,
}

impl Batch {
    /// Adds the notices of an event; none if the event does not concern a member.
    fn add(&mut self, notices: Result<Vec<NoticeWithCause>, HandleError>) -> Result<(), HandleError> {
        self.notices.extend(notices?);
        Ok(())
    }

    /// Adds the addresses and the language of a member.
    fn add_contact(&mut self, user: &Option<User>) -> Result<(), HandleError> {
        let user = required("user", user)?;
        let user_id = id("user_id", &user.user_id)?;
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        // Empty in older events.
        let locale = if user.locale.is_empty() { Locale::English } else { word("locale", &user.locale)? };
        let contact = MemberContact {
            user_id,
            version: version(user.version)?,
            email: given(&user.email),
            mobile: given(&user.mobile),
            locale,
        };
        insert_newer(&mut self.contacts, user_id, contact, |contact| contact.version);
        Ok(())
    }

    /// Records a change of `area` for these members.
    fn change<'a>(&mut self, area: Area, members: impl IntoIterator<Item = &'a [u8]>) -> Result<(), HandleError> {
        for member in members {
            self.changed.entry(id("user_id", member)?).or_default().insert(area);
        }
        Ok(())
    }

    /// Adds the notices of an event that changes `area` for one member.
    fn add_change(
        &mut self,
        area: Area,
        member: &[u8],
        notices: Result<Vec<NoticeWithCause>, HandleError>,
    ) -> Result<(), HandleError> {
        self.change(area, [member])?;
        self.add(notices)
    }

    fn add_payout(&mut self, payout: &Option<payout::Payout>, status: PayoutStatus) -> Result<(), HandleError> {
        let payout = required("payout", payout)?;
        self.add_change(Area::Payout, &payout.user_id, on_payout_changed(payout, status))
    }
}

/// The events that the service subscribes to.
pub(crate) fn consumer<S: ApplyBatch<Batch>>(state: S) -> EventConsumer<S, Batch> {
    use Area::{Booking, Kyc, Tree, Wallet};
    use PayoutStatus::{Approved, Cancelled, Completed, Failed, Rejected, Requested, Reversed};
    EventConsumer::new(state)
        .on::<UserRegistered>(|batch, e| {
            batch.change(Tree, e.user.as_ref().and_then(|user| user.referrer_id.as_deref()))?;
            batch.add_contact(&e.user)?;
            batch.add(on_user_registered(&e))
        })
        .on::<UserUpdated>(|batch, e| batch.add_contact(&e.user))
        .on::<SessionStarted>(|batch, e| batch.add(on_session_started(&e)))
        .on::<KycDecided>(|batch, e| batch.add_change(Kyc, &e.user_id, on_kyc_decided(&e)))
        .on::<DistributorDecided>(|batch, e| batch.add(on_distributor_decided(&e)))
        .on::<ErasureRequested>(|batch, e| {
            batch.erased.push(id("user_id", &e.user_id)?);
            Ok(())
        })
        .on::<BookingChanged>(|batch, e| batch.add_change(Booking, &e.user_id, on_booking_changed(&e)))
        .on::<PaymentCompleted>(|batch, e| batch.add_change(Booking, &e.user_id, on_payment_completed(&e)))
        .on::<PaymentRefunded>(|batch, e| batch.add_change(Booking, &e.user_id, on_payment_refunded(&e)))
        .on::<PaymentReturned>(|batch, e| batch.add_change(Booking, &e.user_id, on_payment_returned(&e)))
        .on::<EmiOverdue>(|batch, e| batch.add_change(Booking, &e.user_id, on_emi_overdue(&e)))
        .on::<EmiReminded>(|batch, e| batch.add_change(Booking, &e.user_id, on_emi_reminded(&e)))
        .on::<WalletChanged>(|batch, e| batch.add_change(Wallet, &e.user_id, on_wallet_changed(&e)))
        .on::<PlacementMade>(|batch, e| {
            let above = [e.parent_user_id.as_deref(), e.sponsor_id.as_deref()];
            batch.change(Tree, above.into_iter().flatten().chain(earners(&e.pairs)))?;
            batch.add_change(Tree, &e.user_id, on_placement_made(&e))
        })
        .on::<PairsMatched>(|batch, e| {
            batch.change(Tree, earners(&e.pairs))?;
            batch.add(on_pairs_matched(&e))
        })
        .on::<PairsVoided>(|batch, e| {
            batch.change(Tree, earners(&e.pairs))?;
            batch.add(on_pairs_voided(&e))
        })
        .on::<DocumentReviewed>(|batch, e| batch.add_change(Kyc, &e.user_id, on_document_reviewed(&e)))
        .on::<GrievanceMoved>(|batch, e| batch.add(on_grievance_moved(&e)))
        .on::<CertificateIssued>(|batch, e| batch.add(on_certificate_issued(&e)))
        .on::<payout::PayoutRequested>(|batch, e| batch.add_payout(&e.payout, Requested))
        .on::<payout::PayoutApproved>(|batch, e| batch.add_payout(&e.payout, Approved))
        .on::<payout::PayoutRejected>(|batch, e| batch.add_payout(&e.payout, Rejected))
        .on::<payout::PayoutCancelled>(|batch, e| batch.add_payout(&e.payout, Cancelled))
        .on::<payout::PayoutCompleted>(|batch, e| batch.add_payout(&e.payout, Completed))
        .on::<payout::PayoutFailed>(|batch, e| batch.add_payout(&e.payout, Failed))
        .on::<payout::PayoutReversed>(|batch, e| batch.add_payout(&e.payout, Reversed))
}

#[async_trait::async_trait]
impl ApplyBatch<Batch> for NotificationState {
    async fn apply(&self, c: &mut DbConnection, batch: Batch) -> Result<(), HandleError> {
        app::notify::save_contacts(c, batch.contacts.into_values().collect()).await?;
        let notified = app::notify::store_notices(c, batch.notices, &self.policy, self.ctx.now()).await?;
        app::erase_member::erase_members(c, &batch.erased).await?;
        self.announce_later(notified, batch.changed);
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
    let text = Text::new(Template::Welcome, [("referral_code", user.referral_code.clone())]);
    let at = time("created_at", user.created_at)?;
    single(&[b"welcome", &user.user_id], Notice::new(user_id, at, ("user", user_id), text))
}

/// A sign-in from a device that is not known; none for a known one.
fn on_session_started(e: &SessionStarted) -> Result<Vec<NoticeWithCause>, HandleError> {
    if !e.new_device {
        return Ok(Vec::new());
    }
    let session: ReferencedId = id("session_id", &e.session_id)?;
    let at = time("started_at", e.started_at)?;
    let params = [("device", e.device_label.clone()), ("network", e.address_prefix.clone()), ("at", at.to_string())];
    let text = Text::new(Template::NewDevice, params);
    single(&[b"session", &e.session_id], Notice::new(id("user_id", &e.user_id)?, at, ("session", session), text))
}

fn on_kyc_decided(e: &KycDecided) -> Result<Vec<NoticeWithCause>, HandleError> {
    let kyc: ReferencedId = id("kyc_id", &e.kyc_id)?;
    let text = kyc_text(e.approved, &e.reason);
    let at = time("decided_at", e.decided_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, at, ("kyc", kyc), text);
    single(&[b"kyc", &e.kyc_id, &e.version.to_be_bytes()], notice)
}

fn on_distributor_decided(e: &DistributorDecided) -> Result<Vec<NoticeWithCause>, HandleError> {
    let user: UserId = id("user_id", &e.user_id)?;
    let at = time("decided_at", e.decided_at)?;
    let text = distributor_text(e.approved, &e.reason);
    let application: ReferencedId = id("application_id", &e.application_id)?;
    single(&[b"distributor", &e.application_id], Notice::new(user, at, ("distributor", application), text))
}

fn on_booking_changed(e: &BookingChanged) -> Result<Vec<NoticeWithCause>, HandleError> {
    let Some(text) = booking_text(word("status", &e.status)?, &e.number, &e.vehicle) else {
        return Ok(Vec::new());
    };
    let booking: BookingId = id("booking_id", &e.booking_id)?;
    let at = time("changed_at", e.changed_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, at, ("booking", booking), text);
    single(&[b"booking", &e.booking_id, e.status.as_bytes()], notice)
}

fn on_payment_completed(e: &PaymentCompleted) -> Result<Vec<NoticeWithCause>, HandleError> {
    let payment: PaymentId = id("payment_id", &e.payment_id)?;
    let amount = money(e.amount_paise);
    let is_from_wallet = e.method == PAID_FROM_WALLET;
    let template = if is_from_wallet { Template::WalletPayment } else { Template::PaymentReceived };
    let text = booking_amount_text(template, amount, &e.booking_number);
    let at = time("completed_at", e.completed_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, at, ("payment", payment), text);
    single(&[b"payment", &e.payment_id], notice)
}

fn on_payment_refunded(e: &PaymentRefunded) -> Result<Vec<NoticeWithCause>, HandleError> {
    let payment: PaymentId = id("payment_id", &e.payment_id)?;
    let amount = money(e.amount_paise);
    let text = booking_amount_text(Template::PaymentRefunded, amount, &e.booking_number);
    let at = time("refunded_at", e.refunded_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, at, ("payment", payment), text);
    single(&[b"refund", &e.refund_id], notice)
}

/// Money that no booking could accept, or a refund that failed at its source. It is in the payer's wallet.
fn on_payment_returned(e: &PaymentReturned) -> Result<Vec<NoticeWithCause>, HandleError> {
    let payment: PaymentId = id("payment_id", &e.payment_id)?;
    let text = return_text(word("cause", &e.cause)?, money(e.amount_paise), &e.booking_number);
    let at = time("returned_at", e.returned_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, at, ("payment", payment), text);
    single(&[b"return", &e.return_id], notice)
}

fn on_emi_overdue(e: &EmiOverdue) -> Result<Vec<NoticeWithCause>, HandleError> {
    let booking: BookingId = id("booking_id", &e.booking_id)?;
    let instalment = InstalmentSummary {
        n: e.n,
        booking_number: &e.booking_number,
        unpaid: money(e.unpaid_paise),
        due_on: &e.due_on,
    };
    let text = instalment_text(InstalmentUpdate::Overdue, instalment);
    let at = time("noticed_at", e.noticed_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, at, ("booking", booking), text);
    single(&[b"overdue", &e.booking_id, &e.n.to_be_bytes()], notice)
}

fn on_emi_reminded(e: &EmiReminded) -> Result<Vec<NoticeWithCause>, HandleError> {
    let booking: BookingId = id("booking_id", &e.booking_id)?;
    let instalment = InstalmentSummary {
        n: e.n,
        booking_number: &e.booking_number,
        unpaid: money(e.unpaid_paise),
        due_on: &e.due_on,
    };
    let text = instalment_text(InstalmentUpdate::Reminded(word("kind", &e.kind)?), instalment);
    let at = time("reminded_at", e.reminded_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, at, ("booking", booking), text);
    single(&[b"reminded", &e.booking_id, &e.n.to_be_bytes(), e.kind.as_bytes()], notice)
}

fn on_wallet_changed(e: &WalletChanged) -> Result<Vec<NoticeWithCause>, HandleError> {
    let user: UserId = id("user_id", &e.user_id)?;
    let mut notices = Vec::new();
    for line in &e.transactions {
        let amount = money(line.amount_paise);
        if let Some(text) = transaction_text(word("type", &line.r#type)?, amount) {
            let transaction: ReferencedId = id("transaction_id", &line.transaction_id)?;
            let at = time("created_at", line.created_at)?;
            let notice = Notice::new(user, at, ("transaction", transaction), text);
            notices.extend(single(&[b"transaction", &line.transaction_id], notice)?);
        }
    }
    Ok(notices)
}

fn on_placement_made(e: &PlacementMade) -> Result<Vec<NoticeWithCause>, HandleError> {
    let user: UserId = id("user_id", &e.user_id)?;
    let at = time("placed_at", e.placed_at)?;
    let text = Text::new(Template::MemberPlaced, [("level", e.depth.to_string())]);
    single(&[b"placement", &e.user_id], Notice::new(user, at, ("user", user), text))
}

/// Pairs that were matched without a placement: one notice for each earner.
fn on_pairs_matched(e: &PairsMatched) -> Result<Vec<NoticeWithCause>, HandleError> {
    let at = time("matched_at", e.matched_at)?;
    let mut notices = Vec::new();
    for (earner, pairs) in by_earner(&e.pairs) {
        let matched = matched_numbers(&pairs)?;
        if !matched.is_empty() {
            let user: UserId = id("earner_id", earner)?;
            let text = pairs_text(PairUpdate::Matched(word("cause", &e.cause)?), &matched);
            let notice = Notice::new(user, at, ("user", user), text);
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
        let text = pairs_text(PairUpdate::Voided, &voided);
        let notice = Notice::new(user, at, ("user", user), text);
        notices.extend(single(&[b"pairs_voided", &e.sequence.to_be_bytes(), &e.refund_id, earner], notice)?);
    }
    Ok(notices)
}

fn on_document_reviewed(e: &DocumentReviewed) -> Result<Vec<NoticeWithCause>, HandleError> {
    let document: ReferencedId = id("document_id", &e.document_id)?;
    let text = document_text(e.verified, &e.reason);
    let at = time("reviewed_at", e.reviewed_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, at, ("document", document), text);
    single(&[b"document", &e.document_id, &[u8::from(e.verified)]], notice)
}

fn on_grievance_moved(e: &GrievanceMoved) -> Result<Vec<NoticeWithCause>, HandleError> {
    let grievance: ReferencedId = id("grievance_id", &e.grievance_id)?;
    let Some(text) = grievance_text(word("step", &e.step)?, &e.number, &e.text) else { return Ok(Vec::new()) };
    let at = time("moved_at", e.moved_at)?;
    let notice = Notice::new(id("user_id", &e.user_id)?, at, ("grievance", grievance), text);
    single(&[b"grievance", &e.grievance_id, &e.step_number.to_be_bytes()], notice)
}

fn on_certificate_issued(e: &CertificateIssued) -> Result<Vec<NoticeWithCause>, HandleError> {
    let certificate: ReferencedId = id("certificate_id", &e.certificate_id)?;
    let text = Text::new(Template::CertificateIssued, [("financial_year", e.financial_year.clone())]);
    let at = time("issued_at", e.issued_at)?;
    let reference = ("certificate", certificate);
    let notice = Notice::new(id("user_id", &e.user_id)?, at, reference, text);
    single(&[b"certificate", &e.certificate_id], notice)
}

fn on_payout_changed(payout: &payout::Payout, status: PayoutStatus) -> Result<Vec<NoticeWithCause>, HandleError> {
    let payout_id: PayoutId = id("payout_id", &payout.payout_id)?;
    let summary = PayoutSummary {
        requested: money(payout.requested_paise),
        net: money(payout.net_paise),
        account_mask: &payout.account_mask,
        reason: &payout.reason,
    };
    let at = time("changed_at", payout.changed_at)?;
    let Some(text) = payout_text(status, summary) else { return Ok(Vec::new()) };
    let user = id("user_id", &payout.user_id)?;
    single(
        &[b"payout", &payout.payout_id, status.as_str().as_bytes()],
        Notice::new(user, at, ("payout", payout_id), text),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging::handler::EventHandler;
    use testkit::subscriptions;

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
        subscriptions::assert_complete("notification", consumer(NoState).types());
    }
}
