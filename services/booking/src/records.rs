//! Members, bookings, payments, refunds and EMI reserves, compared with what other services store of them.

use crate::domain::{BookingStatus, PaymentStatus, RefundId, RefundTo};
use crate::schema::{bookings, emi_reserves, members, payments, refunds};
use db::records::{Record, RecordSource};
use db::{Version, record_source};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentId, PaymentMethod, ReserveId, UserId};

/// The money has arrived, and maybe left again.
const PAID: [PaymentStatus; 2] = [PaymentStatus::Completed, PaymentStatus::Refunded];

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "users",
        members::table.select((members::user_id, members::referrer_id, members::active_buyer)),
        members::user_id => UserId,
        |(id, referrer, is_active_buyer): (UserId, Option<UserId>, bool)| Record::new(id.uuid())
            .with_optional("referrer", referrer)
            .with("is_active_buyer", is_active_buyer)
    ),
    record_source!(
        "bookings",
        bookings::table.select((bookings::id, bookings::version, bookings::status, bookings::price_paise)),
        bookings::id => BookingId,
        |(id, version, status, price): (BookingId, Version, BookingStatus, Money)| Record::new(id.uuid())
            .with("version", version)
            .with("status", status)
            .with("price", price)
    ),
    record_source!(
        "payments",
        payments::table
            .filter(payments::status.eq_any(PAID))
            .select((payments::id, payments::user_id, payments::amount_paise, payments::method, payments::status)),
        payments::id => PaymentId,
        |(id, user, amount, method, status): (PaymentId, UserId, Money, PaymentMethod, PaymentStatus)|
            Record::new(id.uuid())
                .with("user", user)
                .with("amount", amount)
                .with("method", method)
                .with("is_refunded", status == PaymentStatus::Refunded)
    ),
    // A payment that the booking could not accept was returned after the wallet had made it.
    record_source!(
        "payments from wallets",
        payments::table
            .filter(payments::method.eq(PaymentMethod::Wallet))
            .filter(payments::completed_at.is_not_null().or(payments::returned_at.is_not_null()))
            .select((payments::id, payments::user_id, payments::amount_paise)),
        payments::id => PaymentId,
        |(id, user, amount): (PaymentId, UserId, Money)| Record::new(id.uuid())
            .with("user", user)
            .with("amount", amount)
    ),
    record_source!(
        "refunds",
        refunds::table.select((refunds::id, refunds::user_id, refunds::amount_paise)),
        refunds::id => RefundId,
        |(id, user, amount): (RefundId, UserId, Money)| Record::new(id.uuid())
            .with("user", user)
            .with("amount", amount)
    ),
    record_source!(
        "refunds to wallets",
        refunds::table
            .filter(refunds::refund_to.ne(RefundTo::Source))
            .select((refunds::id, refunds::user_id, refunds::amount_paise)),
        refunds::id => RefundId,
        |(id, user, amount): (RefundId, UserId, Money)| Record::new(id.uuid())
            .with("user", user)
            .with("amount", amount)
    ),
    record_source!(
        "EMI reserves",
        emi_reserves::table.select((
            emi_reserves::reserve_id,
            emi_reserves::user_id,
            emi_reserves::amount_paise,
            emi_reserves::applied_paise,
            emi_reserves::released_paise,
        )),
        emi_reserves::reserve_id => ReserveId,
        |(id, user, amount, applied, released): (ReserveId, UserId, Money, Money, Money)| Record::new(id.uuid())
            .with("user", user)
            .with("amount", amount)
            .with("applied", applied)
            .with("released", released)
    ),
];
