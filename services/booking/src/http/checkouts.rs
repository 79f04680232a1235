//! Checkouts of online payments: the choice of the gateway, and the page on which the payer pays.

use super::views::PaymentView;
use crate::BookingState;
use crate::app::receive_capture;
use crate::domain::aggregate::{Payment, Refusal};
use crate::domain::gateway_choice::decide_gateway;
use crate::domain::payment::PaymentRefusal;
use crate::domain::{GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::gateway::{Checkout, Gateways, HostedPage, OrderTerms, PaymentGateway};
use crate::store::payments;
use actix_web::web;
use domain::{PaymentId, PaymentMethod};
use http_api::{Caller, FieldErrors, Json, Path, Problem, operation};
use std::sync::Arc;

/// The gateway of a new payment; `None` when it needs none, or when none is available. Errors with
/// `booking.gateway_invalid`.
pub(super) fn choose_gateway(
    gateways: &Gateways,
    method: PaymentMethod,
    chosen: Option<GatewayName>,
) -> Result<Option<Arc<dyn PaymentGateway>>, Problem> {
    match decide_gateway(method, chosen, &gateways.names()) {
        Ok(name) => Ok(name.and_then(|name| gateways.get(name)).cloned()),
        Err(refusal) => {
            let mut errors = FieldErrors::new();
            errors.require("gateway", false, refusal.rule(), refusal.to_string());
            errors.finish("booking.gateway_invalid").map(|()| None)
        }
    }
}

/// Adds the checkout of an online payment. The order is created after the payment is committed; a repeated request
/// finds it, or creates it when it is still missing.
pub(super) async fn with_checkout(
    state: &BookingState,
    mut view: PaymentView,
    is_repeated: bool,
) -> Result<PaymentView, Problem> {
    let payment = load(state, view.id).await?;
    view.status = payment.status;
    view.checkout = None;
    if payment.status != PaymentStatus::Pending {
        return Ok(view);
    }
    let (payment, checkout) = open_checkout(state, payment, is_repeated).await?;
    // A newer order may have superseded this one meanwhile; then there is no checkout.
    view.status = payment.status;
    view.checkout = checkout.filter(|_| payment.status == PaymentStatus::Pending);
    Ok(view)
}

/// Open the checkout of a pending online payment.
///
/// To continue a payment whose page was left, or whose first request got no answer from the gateway: it keeps its order.
/// 409 when the payment is not pending, when it has no checkout, or when the gateway has closed it; 503 while the gateway
/// does not answer.
#[operation]
pub(crate) async fn open(
    state: web::Data<BookingState>,
    caller: Caller,
    Path(id): Path<PaymentId>,
) -> Result<Json<Checkout>, Problem> {
    let payment = load(&state, id).await?;
    caller.require_may_see(payment.user_id)?;
    let (payment, checkout) = match payment.status {
        PaymentStatus::Pending => open_checkout(&state, payment, true).await?,
        PaymentStatus::Completed | PaymentStatus::Failed | PaymentStatus::Superseded | PaymentStatus::Refunded => {
            (payment, None)
        }
    };
    if payment.status != PaymentStatus::Pending {
        return Err(BookingError::Refused(Refusal::Payment(PaymentRefusal { status: payment.status })).into());
    }
    checkout.map(Json::new).ok_or_else(|| {
        Problem::conflict("booking.checkout_closed", "this payment has no open checkout: start another payment")
    })
}

async fn load(state: &BookingState, id: PaymentId) -> Result<Payment, Problem> {
    payments::find(&mut *state.ctx.db().read().await?, id).await?.ok_or_else(Problem::not_found)
}

/// The checkout of a pending payment with the gateway's page, and the payment as it is then. `None` when it has no
/// gateway, or when the gateway has closed the order. `may_exist` when an earlier request may have created the order.
async fn open_checkout(
    state: &BookingState,
    payment: Payment,
    may_exist: bool,
) -> Result<(Payment, Option<Checkout>), Problem> {
    let Some(name) = payment.gateway else { return Ok((payment, None)) };
    let gateway = state.gateways.get(name).ok_or(BookingError::Refused(Refusal::OnlineUnavailable))?;
    let terms = OrderTerms::from(&payment);
    let (payment, page) = match payment.gateway_order_id.clone() {
        Some(order) => (payment, gateway.find_page(&order, &terms).await?),
        None => {
            let created = gateway.create_order(&terms, may_exist).await?;
            let (id, now) = (payment.id, state.ctx.now());
            let stored = state
                .ctx
                .tx(async |c| Ok::<_, Problem>(receive_capture::attach_order(c, id, &created.id, now).await?))
                .await?;
            match &stored.gateway_order_id {
                // Another request has stored the order that it created.
                Some(order) if *order != created.id => {
                    let page = gateway.find_page(order, &terms).await?;
                    (stored, page)
                }
                Some(_) | None => (stored, created.page),
            }
        }
    };
    let checkout = payment.gateway_order_id.as_deref().and_then(|order| {
        let checkout = state.gateways.checkout(name, order, payment.id, payment.amount_paise);
        match page {
            HostedPage::Open { url, fields } => {
                Some(Checkout { redirect_url: Some(url), form_fields: fields, ..checkout })
            }
            HostedPage::Absent => Some(checkout),
            HostedPage::Closed => None,
        }
    });
    Ok((payment, checkout))
}
