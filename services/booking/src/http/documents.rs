//! Documents of a booking, and the verification of all documents that this service issues.

use super::bookings::load_visible_owner;
use crate::BookingState;
use crate::store::{bookings, instalments, members};
use actix_web::web;
use db::DbConnection;
use documents::papers::{BookingConfirmation, EmiSchedule, Member, ScheduledInstalment};
use documents::verification::Issuer;
use domain::{BookingId, UserId};
use http_api::{Caller, Download, Json, Path, Problem, Query, operation};
use issued_documents::{DocumentFilter, NewIssue, PdfFile, VerifiedDocument, file, issue, language_for};

/// The member as printed.
pub(super) async fn member(c: &mut DbConnection, user_id: UserId) -> Result<Member, Problem> {
    let name = members::find_name(c, user_id).await?.unwrap_or_default();
    Ok(Member { name, lines: Vec::new() })
}

/// Download the confirmation of a booking, as a PDF.
///
/// 404 when it does not exist or the caller may not see it; 409 with `booking.no_confirmation` while it is not
/// confirmed.
#[operation]
pub(crate) async fn get_confirmation(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
    Query(filter): Query<DocumentFilter>,
) -> Result<Download<PdfFile>, Problem> {
    let owner = load_visible_owner(&state, &caller, id).await?;
    let now = state.ctx.now();
    let issued = state
        .ctx
        .tx(async |c| {
            let booking = bookings::find(c, id).await?.ok_or_else(Problem::not_found)?;
            let confirmed_at = booking.confirmed_at.ok_or_else(|| {
                Problem::conflict("booking.no_confirmation", "a booking has a confirmation once it is confirmed")
            })?;
            let member = member(c, owner).await?;
            let snapshot = BookingConfirmation {
                company: state.documents.company.clone(),
                booking_number: booking.number.clone(),
                booked_on: booking.created_at.day(),
                confirmed_on: confirmed_at.day(),
                vehicle: booking.vehicle.clone(),
                price: booking.price_paise,
                booking_amount: booking.booking_amount_paise,
                paid: booking.total_paid_paise,
                emi_months: booking.emi_months,
                member: member.clone(),
            };
            let new = NewIssue {
                issuer: Issuer::Booking,
                kind: "booking_confirmation",
                subject: id.to_string(),
                state: "confirmed".to_owned(),
                number: booking.number.clone(),
                owner_id: Some(owner),
                name: &member.name,
                issued_on: confirmed_at.day(),
                amount: booking.price_paise,
                snapshot,
                at: now,
            };
            issue(c, &state.documents, new).await
        })
        .await?;
    let language = language_for(&mut *state.ctx.db().read().await?, filter.lang, owner).await?;
    let document = issued.snapshot.document(language, Some(issued.proof));
    file(&state.documents, &format!("booking-{}", issued.snapshot.booking_number), document).await
}

/// Download the EMI schedule of a booking as it is today, as a PDF.
///
/// 404 when the booking does not exist or the caller may not see it; 409 with `booking.no_emi_schedule` when it has no
/// schedule, or no due dates yet.
#[operation]
pub(crate) async fn get_emi_schedule(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
    Query(filter): Query<DocumentFilter>,
) -> Result<Download<PdfFile>, Problem> {
    let owner = load_visible_owner(&state, &caller, id).await?;
    let now = state.ctx.now();
    let issued = state
        .ctx
        .tx(async |c| {
            let booking = bookings::find(c, id).await?.ok_or_else(Problem::not_found)?;
            let rows = instalments::list_for_booking(c, id).await?;
            let scheduled = |row: &crate::domain::aggregate::Instalment| {
                Some(ScheduledInstalment {
                    number: row.n,
                    due_on: row.due_on?,
                    amount: row.amount_paise,
                    paid: row.paid_paise,
                })
            };
            let scheduled: Vec<_> = rows.iter().filter_map(scheduled).collect();
            if scheduled.is_empty() {
                let detail = "the booking has no EMI schedule with due dates";
                return Err(Problem::conflict("booking.no_emi_schedule", detail));
            }
            let member = member(c, owner).await?;
            let snapshot = EmiSchedule {
                company: state.documents.company.clone(),
                member: member.clone(),
                as_of: now.day(),
                booking_number: booking.number.clone(),
                vehicle: booking.vehicle.clone(),
                price: booking.price_paise,
                principal: booking.emi_principal_paise,
                instalments: scheduled,
            };
            let new = NewIssue {
                issuer: Issuer::Booking,
                kind: "emi_schedule",
                subject: id.to_string(),
                // A day on which nothing changed is issued once.
                state: format!("{} {}", now.day(), booking.version),
                number: booking.number.clone(),
                owner_id: Some(owner),
                name: &member.name,
                issued_on: now.day(),
                amount: booking.emi_principal_paise,
                snapshot,
                at: now,
            };
            issue(c, &state.documents, new).await
        })
        .await?;
    let language = language_for(&mut *state.ctx.db().read().await?, filter.lang, owner).await?;
    let document = issued.snapshot.document(language, Some(issued.proof));
    file(&state.documents, &format!("emi-{}", issued.snapshot.booking_number), document).await
}

/// Verify a document by its code.
///
/// What the document with this code states, if this platform issued it; 404 for every other code. The letters after
/// `B-` may have any case and separators.
#[operation]
pub(crate) async fn verify(
    state: web::Data<BookingState>,
    Path(code): Path<String>,
) -> Result<Json<VerifiedDocument>, Problem> {
    let mut c = state.ctx.db().read().await?;
    Ok(Json::new(issued_documents::verify(&mut c, &state.documents, Issuer::Booking, &code).await?))
}
