//! Payouts, their holds and their tax, and the balances that they rely on, compared with what other services store.

use crate::domain::payout::PayoutStatus;
use crate::schema::{bookings, members, payouts, tax_lines};
use db::records::RecordSource;
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
        payouts::table,
        payouts::id => PayoutId,
        version: payouts::version => Version,
        status: payouts::status => PayoutStatus,
        requested: payouts::requested_paise => Money,
        tds: payouts::tds_paise => Money,
        emi: payouts::emi_paise => Money,
        net: payouts::net_paise => Money,
    ),
    record_source!(
        "holds",
        payouts::table.filter(payouts::status.eq_any(HELD)),
        payouts::id => PayoutId,
        user: payouts::user_id => UserId,
        amount: payouts::requested_paise => Money,
        is_captured: payouts::status => PayoutStatus as |status: PayoutStatus| status != PayoutStatus::Pending,
    ),
    record_source!(
        "completed payouts",
        payouts::table.filter(payouts::status.eq_any(PAID)),
        payouts::id => PayoutId,
        user: payouts::user_id => UserId,
        amount: payouts::requested_paise => Money,
    ),
    record_source!(
        "deducted tax",
        tax_lines::table
            .inner_join(payouts::table)
            .filter(payouts::status.eq_any(PAID)),
        tax_lines::payout_id => PayoutId,
        user: payouts::user_id => UserId,
        gross: tax_lines::gross_paise => Money,
        tds: tax_lines::tds_paise => Money,
    ),
    record_source!(
        "returned tax",
        tax_lines::table
            .inner_join(payouts::table)
            .filter(payouts::status.eq(PayoutStatus::Reversed)),
        tax_lines::payout_id => PayoutId,
        user: payouts::user_id => UserId,
        gross: tax_lines::gross_paise => Money,
        tds: tax_lines::tds_paise => Money,
    ),
    record_source!(
        "wallets",
        // A member without a wallet may have KYC.
        members::table.filter(members::wallet_version.gt(0)),
        members::user_id => UserId,
        version: members::wallet_version => Version,
        available: members::available_paise => Money,
        held: members::held_paise => Money,
        clawback_due: members::clawback_due_paise => Money,
    ),
    record_source!(
        "bookings",
        bookings::table,
        bookings::id => BookingId,
        version: bookings::version => Version,
    ),
];
