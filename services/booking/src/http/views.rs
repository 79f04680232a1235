//! Views of bookings, payments and refunds in API responses.

use super::receipt_taxes::ReceiptTaxView;
use crate::app::create_booking::BookingQuote;
use crate::domain::aggregate::{Booking, Instalment, Payment};
use crate::domain::emi;
use crate::domain::refund::{RefundActor, Resolution};
use crate::domain::{
    BookingStatus, DocumentId, GatewayName, InstalmentStatus, PaymentStatus, RefundId, RefundStatus, RefundTo,
    VehicleId,
};
use crate::gateway::{Checkout, Gateways};
use crate::store::receipt_taxes::{self, ReceiptTax};
use crate::store::refunds::{self, Refund};
use crate::store::{bookings, instalments, payments};
use db::DbConnection;
use domain::gst::StateCode;
use domain::{BookingId, Day, Money, PaymentId, PaymentMethod, Timestamp, UserId};
use http_api::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The vehicle of a booking.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BookedVehicle {
    id: VehicleId,
    name: String,
}

/// An instalment of an EMI schedule.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InstalmentView {
    n: i64,
    /// Null until the booking is confirmed.
    due_on: Option<Day>,
    amount: Money,
    paid: Money,
    status: InstalmentStatus,
    /// The payments that paid it, in part or in full.
    paid_by: Vec<PaidByView>,
}

/// A part of an instalment that a payment paid.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PaidByView {
    payment_id: PaymentId,
    amount: Money,
}

/// The views of a booking's instalments, with what paid each. `payments` are the completed payments of the booking in
/// the order of their completion.
pub(crate) fn instalment_views(
    booking: &Booking,
    instalments: &[Instalment],
    payments: &[Payment],
) -> Vec<InstalmentView> {
    let amounts: Vec<Money> = instalments.iter().map(|i| i.amount_paise).collect();
    let due_at_booking = booking.price_paise.minus_or_zero(booking.emi_principal_paise);
    let paid: Vec<Money> = payments.iter().map(|p| p.amount_paise).collect();
    let shares = emi::payment_shares(&amounts, due_at_booking, &paid);
    let view = |(row, shares): (&Instalment, Vec<(usize, Money)>)| InstalmentView {
        n: row.n.into(),
        due_on: row.due_on,
        amount: row.amount_paise,
        paid: row.paid_paise,
        status: row.status,
        paid_by: shares
            .into_iter()
            .filter_map(|(which, amount)| Some(PaidByView { payment_id: payments.get(which)?.id, amount }))
            .collect(),
    };
    instalments.iter().zip(shares).map(view).collect()
}

/// The EMI schedule of a booking.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EmiView {
    months: i64,
    principal: Money,
    instalments: Vec<InstalmentView>,
}

/// The delivery of a booking's vehicle.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DeliveryView {
    delivered_on: Day,
    vehicle_number: Option<String>,
    document_id: Option<DocumentId>,
}

/// A booking.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BookingView {
    id: BookingId,
    /// For example `EV-261122-7K3QF9XA`.
    number: String,
    user_id: UserId,
    vehicle: BookedVehicle,
    /// The catalogue's price at booking time.
    price: Money,
    booking_amount: Money,
    total_paid: Money,
    remaining: Money,
    status: BookingStatus,
    emi: Option<EmiView>,
    /// Null until the vehicle is delivered.
    delivery: Option<DeliveryView>,
    /// Why it was cancelled or returned.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
    /// GST code of the state where the vehicle is delivered; null for the company's.
    delivery_state: Option<StateCode>,
    created_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    updated_at: Timestamp,
}

impl BookingView {
    /// `payments` as for [`instalment_views`].
    pub(crate) fn new(booking: Booking, instalments: &[Instalment], payments: &[Payment]) -> Self {
        let emi = (booking.emi_months > 0).then(|| EmiView {
            months: booking.emi_months.into(),
            principal: booking.emi_principal_paise,
            instalments: instalment_views(&booking, instalments, payments),
        });
        Self {
            id: booking.id,
            number: booking.number,
            user_id: booking.user_id,
            vehicle: BookedVehicle { id: booking.vehicle_id, name: booking.vehicle },
            price: booking.price_paise,
            booking_amount: booking.booking_amount_paise,
            total_paid: booking.total_paid_paise,
            remaining: booking.price_paise.minus_or_zero(booking.total_paid_paise),
            status: booking.status,
            emi,
            delivery: booking.delivered_on.map(|delivered_on| DeliveryView {
                delivered_on,
                vehicle_number: booking.vehicle_number,
                document_id: booking.delivery_document_id,
            }),
            reason: booking.reason,
            delivery_state: booking.place_of_supply,
            created_at: booking.created_at,
            confirmed_at: booking.confirmed_at,
            updated_at: booking.changed_at,
        }
    }
}

/// An instalment of a quote.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct QuotedInstalmentView {
    n: u32,
    due_on: Option<Day>,
    amount: Money,
}

/// A quote of a booking.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BookingQuoteView {
    price: Money,
    booking_amount: Money,
    /// The price less the booking amount, or less what is paid when that is more.
    principal: Money,
    months_min: u32,
    months_max: u32,
    /// Empty without an EMI.
    instalments: Vec<QuotedInstalmentView>,
    /// GST code of the state in which the vehicle is taxed unless `delivery_state` says otherwise; null where receipts show
    /// no tax, and for a booking that exists.
    taxed_in: Option<StateCode>,
}

impl From<BookingQuote> for BookingQuoteView {
    fn from(quote: BookingQuote) -> Self {
        let BookingQuote { booking, instalments, emi_months: (months_min, months_max) } = quote;
        let view = |i: Instalment| QuotedInstalmentView { n: i.n, due_on: i.due_on, amount: i.amount_paise };
        Self {
            price: booking.price_paise,
            booking_amount: booking.booking_amount_paise,
            principal: booking.price_paise.minus_or_zero(booking.total_paid_paise.max(booking.booking_amount_paise)),
            months_min,
            months_max,
            instalments: instalments.into_iter().map(view).collect(),
            taxed_in: None,
        }
    }
}

impl BookingQuoteView {
    /// Adds the state in which the vehicle is taxed.
    pub(crate) fn taxed_in(self, state: Option<StateCode>) -> Self {
        Self { taxed_in: state, ..self }
    }
}

/// The view of a booking. Errors with 404 when it does not exist.
pub(crate) async fn booking(c: &mut DbConnection, id: BookingId) -> Result<BookingView, Problem> {
    let booking = bookings::find(c, id).await?.ok_or_else(Problem::not_found)?;
    let mut views = bookings(c, vec![booking]).await?;
    views.pop().ok_or_else(Problem::not_found)
}

/// The views of a booking's instalments. Errors with 404 when the booking does not exist.
pub(crate) async fn instalments(c: &mut DbConnection, id: BookingId) -> Result<Vec<InstalmentView>, Problem> {
    Ok(booking(c, id).await?.emi.map(|emi| emi.instalments).unwrap_or_default())
}

/// The views of bookings, in the given order.
pub(crate) async fn bookings(c: &mut DbConnection, rows: Vec<Booking>) -> Result<Vec<BookingView>, Problem> {
    let ids: Vec<BookingId> = rows.iter().filter(|b| b.emi_months > 0).map(|b| b.id).collect();
    let (mut instalments, mut payments) = (Vec::new(), Vec::new());
    if !ids.is_empty() {
        instalments = instalments::list_for_bookings(c, &ids).await?;
        payments = payments::list_completed(c, &ids).await?;
    }
    let view = |booking: Booking| {
        let own: Vec<Instalment> = instalments.iter().filter(|i| i.booking_id == booking.id).cloned().collect();
        let paid: Vec<Payment> = payments.iter().filter(|p| p.booking_id == booking.id).cloned().collect();
        BookingView::new(booking, &own, &paid)
    };
    Ok(rows.into_iter().map(view).collect())
}

/// A refund of a payment.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct RefundView {
    id: RefundId,
    refund_to: RefundTo,
    status: RefundStatus,
    reason: String,
    requested_at: Timestamp,
    payment_id: PaymentId,
    amount: Money,
    requested_by: RefundActor,
    /// The gateway's id of the refund.
    gateway_refund_id: Option<String>,
    /// The amount credited to the wallet.
    credited: Money,
    /// Time since which the outcome at the gateway is unknown.
    unknown_since: Option<Timestamp>,
    settled_at: Option<Timestamp>,
    /// A proposed resolution, which another member of staff approves.
    proposal: Option<ProposalView>,
}

/// A proposed resolution of a refund.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ProposalView {
    outcome: Resolution,
    reference: Option<String>,
    reason: String,
    proposed_at: Option<Timestamp>,
}

impl From<Refund> for RefundView {
    fn from(refund: Refund) -> Self {
        Self {
            id: refund.id,
            refund_to: refund.refund_to,
            status: refund.status,
            reason: refund.reason,
            requested_at: refund.requested_at,
            payment_id: refund.payment_id,
            amount: refund.amount_paise,
            requested_by: refund.requested_by,
            gateway_refund_id: refund.gateway_refund_id,
            credited: refund.credited_paise,
            unknown_since: refund.unknown_since,
            settled_at: refund.settled_at,
            proposal: refund.proposed_resolution.map(|outcome| ProposalView {
                outcome,
                reference: refund.proposed_reference,
                reason: refund.proposed_reason.unwrap_or_default(),
                proposed_at: refund.proposed_at,
            }),
        }
    }
}

/// A payment. `Deserialize` is needed to add the checkout to a stored response.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct PaymentView {
    pub(crate) id: PaymentId,
    booking_id: BookingId,
    user_id: UserId,
    amount: Money,
    method: PaymentMethod,
    pub(crate) status: PaymentStatus,
    /// Why it failed or was superseded.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
    reference: Option<String>,
    gateway: Option<GatewayName>,
    gateway_payment_id: Option<String>,
    /// Number of the receipt, a few seconds after the completion: `2026-27/000042`.
    #[serde(default)]
    receipt_number: Option<String>,
    /// The tax in the amount, once the receipt has its number; null where no tax is shown.
    #[serde(default)]
    tax: Option<ReceiptTaxView>,
    refund: Option<RefundView>,
    created_at: Timestamp,
    completed_at: Option<Timestamp>,
    /// Checkout data of a pending online payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checkout: Option<Checkout>,
}

impl PaymentView {
    pub(crate) fn new(payment: Payment, refund: Option<Refund>, gateways: &Gateways) -> Self {
        let open = payment.status == PaymentStatus::Pending;
        let receipt_number = payment.receipt();
        let checkout = payment
            .gateway
            .zip(payment.gateway_order_id.as_deref())
            .filter(|_| open)
            .map(|(gateway, order)| gateways.checkout(gateway, order, payment.id, payment.amount_paise));
        Self {
            id: payment.id,
            booking_id: payment.booking_id,
            user_id: payment.user_id,
            amount: payment.amount_paise,
            method: payment.method,
            status: payment.status,
            reason: payment.reason,
            reference: payment.reference,
            gateway: payment.gateway,
            gateway_payment_id: payment.gateway_payment_id,
            receipt_number,
            tax: None,
            refund: refund.map(Into::into),
            created_at: payment.created_at,
            completed_at: payment.completed_at,
            checkout,
        }
    }

    /// Adds the tax of its receipt.
    pub(crate) fn with_tax(mut self, tax: Option<ReceiptTax>) -> Self {
        self.tax = tax.map(Into::into);
        self
    }
}

/// The views of payments, in the given order.
pub(crate) async fn payments(
    c: &mut DbConnection,
    rows: Vec<Payment>,
    gateways: &Gateways,
) -> Result<Vec<PaymentView>, Problem> {
    let ids: Vec<PaymentId> = rows.iter().map(|payment| payment.id).collect();
    let refunds = refunds::list_for_payments(c, &ids).await?;
    let taxes = receipt_taxes::list_for_payments(c, &ids).await?;
    let view = |payment: Payment| {
        let refund = refunds.iter().find(|r| r.payment_id == payment.id).cloned();
        let tax = taxes.iter().find(|t| t.payment_id == payment.id).cloned();
        PaymentView::new(payment, refund, gateways).with_tax(tax)
    };
    Ok(rows.into_iter().map(view).collect())
}

/// The view of a payment. Errors with 404 when it does not exist.
pub(crate) async fn payment(c: &mut DbConnection, id: PaymentId, gateways: &Gateways) -> Result<PaymentView, Problem> {
    let payment = payments::find(c, id).await?.ok_or_else(Problem::not_found)?;
    let refund = refunds::find_for_payment(c, id).await?;
    let tax = receipt_taxes::find(c, id).await?;
    Ok(PaymentView::new(payment, refund, gateways).with_tax(tax))
}
