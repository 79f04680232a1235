//! Handler of the list of instalments for staff.

use crate::BookingState;
use crate::domain::InstalmentStatus;
use crate::domain::aggregate::{Booking, Instalment};
use crate::store::{bookings, instalments};
use actix_web::web;
use domain::{BookingId, Day, Money, UserId};
use http_api::{Cursor, Json, Listing, Problem, Query, StaffPage, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Filter of the list of instalments.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub(crate) struct InstalmentFilter {
    /// Default: `overdue`.
    status: Option<InstalmentStatus>,
    /// Due on this day or later.
    due_from: Option<Day>,
    /// Due on this day or earlier.
    due_until: Option<Day>,
}

/// An instalment of a member.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct MemberInstalmentView {
    booking_id: BookingId,
    booking_number: String,
    user_id: UserId,
    n: u32,
    due_on: Day,
    amount: Money,
    paid: Money,
    unpaid: Money,
    status: InstalmentStatus,
}

impl MemberInstalmentView {
    fn try_new(instalment: &Instalment, bookings: &HashMap<BookingId, Booking>) -> Option<Self> {
        let booking = bookings.get(&instalment.booking_id)?;
        Some(Self {
            booking_id: booking.id,
            booking_number: booking.number.clone(),
            user_id: booking.user_id,
            n: instalment.n,
            due_on: instalment.due_on?,
            amount: instalment.amount_paise,
            paid: instalment.paid_paise,
            unpaid: instalment.unpaid(),
            status: instalment.status,
        })
    }
}

/// List instalments of all members by their due date, by default those that are overdue.
#[operation]
pub(crate) async fn list(
    state: web::Data<BookingState>,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<InstalmentFilter>,
) -> Result<Json<Listing<MemberInstalmentView>>, Problem> {
    let status = filter.status.unwrap_or(InstalmentStatus::Overdue);
    let after: Option<(_, BookingId)> = page.after_time_and_id()?;
    let after = after.map(|(at, id)| (at.day(), id));
    let due = (filter.due_from, filter.due_until);
    let mut c = state.ctx.db().read().await?;
    let rows = instalments::list_by_status(&mut c, status, due, order, after, page.fetch_limit()).await?;
    let ids: Vec<BookingId> = rows.iter().map(|row| row.booking_id).collect();
    let found = if ids.is_empty() { Vec::new() } else { bookings::list_by_ids(&mut c, &ids).await? };
    let bookings: HashMap<BookingId, Booking> = found.into_iter().map(|booking| (booking.id, booking)).collect();
    let views: Vec<_> = rows.iter().filter_map(|row| MemberInstalmentView::try_new(row, &bookings)).collect();
    let cursor = |view: &MemberInstalmentView| Cursor::time_and_id(view.due_on.starts_at(), view.booking_id.uuid());
    Ok(Json::new(page.listing(views, cursor, |view| view)))
}
