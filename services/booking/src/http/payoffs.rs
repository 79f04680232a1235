//! Handler of the quote of what is left to pay of a booking.

use super::bookings::load_visible_owner;
use crate::BookingState;
use crate::app::quote_payoff;
use crate::domain::InstalmentStatus;
use crate::domain::aggregate::{Instalment, Payoff};
use crate::error::BookingError;
use actix_web::web;
use domain::{BookingId, Day, Money};
use http_api::{Caller, Json, Path, Problem, operation};
use schemars::JsonSchema;
use serde::Serialize;

/// An instalment that is not paid in full.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct UnpaidInstalmentView {
    n: u32,
    /// Null until the booking is confirmed.
    due_on: Option<Day>,
    amount: Money,
    paid: Money,
    unpaid: Money,
    status: InstalmentStatus,
}

impl From<&Instalment> for UnpaidInstalmentView {
    fn from(instalment: &Instalment) -> Self {
        Self {
            n: instalment.n,
            due_on: instalment.due_on,
            amount: instalment.amount_paise,
            paid: instalment.paid_paise,
            unpaid: instalment.unpaid(),
            status: instalment.status,
        }
    }
}

/// What is left to pay of a booking.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PayoffView {
    booking_id: BookingId,
    /// The price less what is paid: the instalments with the part that is in none.
    remaining: Money,
    /// Payments that are not confirmed yet, without an open online order.
    pending: Money,
    /// What can be paid now by cash, bank transfer or wallet: all that is left and not pending.
    payable: Money,
    /// What can be paid online now; an open online order is replaced.
    payable_online: Money,
    /// The unpaid part of the instalments that are overdue.
    overdue: Money,
    /// The part that is in no instalment, such as the rest of the booking amount.
    unscheduled: Money,
    /// The instalments that are not paid, oldest first. A payment of any amount pays them in this order, without interest
    /// or a fee, before they are due too.
    instalments: Vec<UnpaidInstalmentView>,
}

impl PayoffView {
    fn try_new(booking_id: BookingId, payoff: &Payoff) -> Result<Self, BookingError> {
        Ok(Self {
            booking_id,
            remaining: payoff.remaining,
            pending: payoff.pending,
            payable: payoff.payable(),
            payable_online: payoff.payable_online(),
            overdue: payoff.overdue()?,
            unscheduled: payoff.unscheduled,
            instalments: payoff.instalments.iter().map(UnpaidInstalmentView::from).collect(),
        })
    }
}

/// Quote what is left to pay of a booking, by instalment, and what paying all of it takes today.
///
/// It is paid by an ordinary payment. 404 when the booking does not exist or the caller may not see it; 409 with
/// `booking.state` when it accepts no payments.
#[operation]
pub(crate) async fn get(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<BookingId>,
) -> Result<Json<PayoffView>, Problem> {
    load_visible_owner(&state, &caller, id).await?;
    let payoff = quote_payoff::quote(&mut *state.ctx.db().read().await?, id, state.ctx.now()).await?;
    Ok(Json::new(PayoffView::try_new(id, &payoff)?))
}
