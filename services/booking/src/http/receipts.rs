//! Receipt of a payment as a PDF.

use super::documents;
use super::payments::load_visible_payment;
use super::receipt_taxes;
use crate::BookingState;
use crate::app::number_receipts;
use crate::domain::PaymentStatus;
use crate::domain::aggregate::Payment;
use crate::error::BookingError;
use crate::store::{bookings, receipt_taxes as taxes};
use ::documents::papers::Receipt;
use ::documents::verification::Issuer;
use actix_web::web;
use db::DbConnection;
use domain::{PaymentId, Timestamp};
use http_api::{Caller, Download, Path, Problem, Query, operation};
use issued_documents::{DocumentFilter, Issued, NewIssue, PdfFile, file, issue, language_for};
use std::time::Duration;

/// `Retry-After` while a receipt has no number.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Download the receipt of a payment, as a PDF.
///
/// 409 with `booking.no_receipt` for a payment that is neither completed nor refunded, and with
/// `booking.receipt_pending` while its number is not given yet: try again after `Retry-After`.
#[operation]
pub(crate) async fn get(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<PaymentId>,
    Query(filter): Query<DocumentFilter>,
) -> Result<Download<PdfFile>, Problem> {
    let mut payment = load_visible_payment(&state, &caller, id).await?;
    match payment.status {
        PaymentStatus::Completed | PaymentStatus::Refunded => {}
        PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded => {
            let detail = format!("a payment that is {} has no receipt", payment.status);
            return Err(Problem::conflict("booking.no_receipt", detail));
        }
    }
    if payment.needs_receipt {
        // The job would do it within seconds; who asks need not wait for it.
        let gst = state.config.gst.as_ref();
        while state.ctx.tx(async |c| number_receipts::number_receipts(c, gst).await).await? {}
        payment = load_visible_payment(&state, &caller, id).await?;
    }
    let number = payment.receipt().ok_or_else(|| {
        let detail = "the number of this receipt is not given yet";
        Problem::conflict("booking.receipt_pending", detail).with_retry_after(RETRY_AFTER)
    })?;
    let now = state.ctx.now();
    let issued = state.ctx.tx(async |c| issue_receipt(c, &state, &number, &payment, now).await).await?;
    let language = language_for(&mut *state.ctx.db().read().await?, filter.lang, payment.user_id).await?;
    let document = issued.snapshot.document(language, Some(issued.proof));
    file(&state.documents, &format!("receipt-{}", number.replace('/', "-")), document).await
}

/// Issues the receipt: once, and once more after a refund.
async fn issue_receipt(
    c: &mut DbConnection,
    state: &BookingState,
    number: &str,
    payment: &Payment,
    now: Timestamp,
) -> Result<Issued<Receipt>, Problem> {
    let booking = bookings::find(c, payment.booking_id).await?.ok_or_else(Problem::not_found)?;
    let member = documents::member(c, payment.user_id).await?;
    let tax = taxes::find(c, payment.id).await?;
    let tax_lines = tax.as_ref().map(receipt_taxes::lines).transpose().map_err(BookingError::from)?;
    let paid_on = payment.completed_at.unwrap_or(payment.created_at).day();
    let refunded_on = match payment.status {
        PaymentStatus::Refunded => payment.closed_at.map(Timestamp::day),
        PaymentStatus::Completed | PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded => None,
    };
    let snapshot = Receipt {
        company: state.documents.company.clone(),
        number: number.to_owned(),
        paid_on,
        member: member.clone(),
        booking_number: booking.number,
        vehicle: booking.vehicle,
        price: booking.price_paise,
        amount: payment.amount_paise,
        method: payment.method,
        reference: payment.reference.clone().or_else(|| payment.gateway_payment_id.clone()),
        refunded_on,
        tax: tax_lines.unwrap_or_default(),
        supply: tax.as_ref().map(receipt_taxes::supply).unwrap_or_default(),
    };
    let new = NewIssue {
        issuer: Issuer::Booking,
        kind: "receipt",
        subject: payment.id.to_string(),
        state: payment.status.to_string(),
        number: number.to_owned(),
        owner_id: Some(payment.user_id),
        name: &member.name,
        issued_on: paid_on,
        amount: payment.amount_paise,
        snapshot,
        at: now,
    };
    issue(c, &state.documents, new).await
}
