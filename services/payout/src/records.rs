//! Payouts, their holds and their tax, and the balances that they rely on, compared with what other services store.

use crate::domain::payout::PayoutStatus;
use crate::schema::{bookings, members, payouts, tax_lines};
use db::records::{Record, RecordSource};
use db::{Version, record_source};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PayoutId, UserId};

/// The wallet holds the amount, or has captured it.
const HELD: [PayoutStatus; 6] = [
    PayoutStatus::Pending,
    PayoutStatus::Approved,
    PayoutStatus::Processing,
    PayoutStatus::Completed,
    PayoutStatus::Failed,
    PayoutStatus::Reversed,
];
/// The bank has paid, and maybe returned the money.
const PAID: [PayoutStatus; 2] = [PayoutStatus::Completed, PayoutStatus::Reversed];

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "payouts",
        payouts::table.select((
            payouts::id,
            payouts::version,
            payouts::status,
            payouts::requested_paise,
            payouts::tds_paise,
            payouts::emi_paise,
            payouts::net_paise,
        )),
        payouts::id => PayoutId,
        |(id, version, status, requested, tds, emi, net): (PayoutId, Version, PayoutStatus, Money, Money, Money, Money)|
            Record::new(id.uuid())
                .with("version", version)
                .with("status", status)
                .with("requested", requested)
                .with("tds", tds)
                .with("emi", emi)
                .with("net", net)
    ),
    record_source!(
        "holds",
        payouts::table
            .filter(payouts::status.eq_any(HELD))
            .select((payouts::id, payouts::user_id, payouts::requested_paise, payouts::status)),
        payouts::id => PayoutId,
        |(id, user, amount, status): (PayoutId, UserId, Money, PayoutStatus)| Record::new(id.uuid())
            .with("user", user)
            .with("amount", amount)
            .with("is_captured", status != PayoutStatus::Pending)
    ),
    record_source!(
        "completed payouts",
        payouts::table
            .filter(payouts::status.eq_any(PAID))
            .select((payouts::id, payouts::user_id, payouts::requested_paise)),
        payouts::id => PayoutId,
        |(id, user, amount): (PayoutId, UserId, Money)| Record::new(id.uuid())
            .with("user", user)
            .with("amount", amount)
    ),
    record_source!(
        "deducted tax",
        tax_lines::table
            .inner_join(payouts::table)
            .filter(payouts::status.eq_any(PAID))
            .select((tax_lines::payout_id, payouts::user_id, tax_lines::gross_paise, tax_lines::tds_paise)),
        tax_lines::payout_id => PayoutId,
        |(id, user, gross, tds): (PayoutId, UserId, Money, Money)| Record::new(id.uuid())
            .with("user", user)
            .with("gross", gross)
            .with("tds", tds)
    ),
    record_source!(
        "returned tax",
        tax_lines::table
            .inner_join(payouts::table)
            .filter(payouts::status.eq(PayoutStatus::Reversed))
            .select((tax_lines::payout_id, payouts::user_id, tax_lines::gross_paise, tax_lines::tds_paise)),
        tax_lines::payout_id => PayoutId,
        |(id, user, gross, tds): (PayoutId, UserId, Money, Money)| Record::new(id.uuid())
            .with("user", user)
            .with("gross", gross)
            .with("tds", tds)
    ),
    record_source!(
        "wallets",
        // A member without a wallet may have KYC.
        members::table.filter(members::wallet_version.gt(0)).select((
            members::user_id,
            members::wallet_version,
            members::available_paise,
            members::held_paise,
            members::clawback_due_paise,
        )),
        members::user_id => UserId,
        |(id, version, available, held, due): (UserId, Version, Money, Money, Money)| Record::new(id.uuid())
            .with("version", version)
            .with("available", available)
            .with("held", held)
            .with("clawback_due", due)
    ),
    record_source!(
        "bookings",
        bookings::table.select((bookings::id, bookings::version)),
        bookings::id => BookingId,
        |(id, version): (BookingId, Version)| Record::new(id.uuid()).with("version", version)
    ),
];
