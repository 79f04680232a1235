//! Members, bookings, payments, refunds and EMI reserves, compared with what other services store of them.

use crate::domain::{BookingStatus, PaymentStatus, RefundId, RefundTo};
use crate::schema::{bookings, emi_reserves, members, payments, refunds};
use db::records::{RecordSource, optional};
use db::{Version, record_source};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentId, PaymentMethod, ReserveId, UserId};

/// The money has arrived, and maybe left again.
const PAID: [PaymentStatus; 2] = [PaymentStatus::Completed, PaymentStatus::Refunded];

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "users",
        members::table,
        members::user_id => UserId,
        referrer: members::referrer_id => Option<UserId> as optional,
        is_active_buyer: members::active_buyer => bool,
    ),
    record_source!(
        "bookings",
        bookings::table,
        bookings::id => BookingId,
        version: bookings::version => Version,
        status: bookings::status => BookingStatus,
        price: bookings::price_paise => Money,
    ),
    record_source!(
        "payments",
        payments::table.filter(payments::status.eq_any(PAID)),
        payments::id => PaymentId,
        user: payments::user_id => UserId,
        amount: payments::amount_paise => Money,
        method: payments::method => PaymentMethod,
        is_refunded: payments::status => PaymentStatus as |status: PaymentStatus| status == PaymentStatus::Refunded,
    ),
    // A payment that the booking could not accept was returned after the wallet had made it.
    record_source!(
        "payments from wallets",
        payments::table
            .filter(payments::method.eq(PaymentMethod::Wallet))
            .filter(payments::completed_at.is_not_null().or(payments::returned_at.is_not_null())),
        payments::id => PaymentId,
        user: payments::user_id => UserId,
        amount: payments::amount_paise => Money,
    ),
    record_source!(
        "refunds",
        refunds::table,
        refunds::id => RefundId,
        user: refunds::user_id => UserId,
        amount: refunds::amount_paise => Money,
    ),
    record_source!(
        "refunds to wallets",
        refunds::table.filter(refunds::refund_to.ne(RefundTo::Source)),
        refunds::id => RefundId,
        user: refunds::user_id => UserId,
        amount: refunds::amount_paise => Money,
    ),
    record_source!(
        "EMI reserves",
        emi_reserves::table,
        emi_reserves::reserve_id => ReserveId,
        user: emi_reserves::user_id => UserId,
        amount: emi_reserves::amount_paise => Money,
        applied: emi_reserves::applied_paise => Money,
        released: emi_reserves::released_paise => Money,
    ),
];
