//! Facts of reports, compared with the services that own them.

use crate::domain::{PairStatus, ReceiptKind};
use crate::schema::{bookings, members, pair_facts, payouts, placements, receipts, wallets};
use crate::store::receipts::FactId;
use crate::store::tree::PairId;
use db::records::{RecordSource, optional};
use db::{Version, record_source};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentMethod, PayoutId, Side, UserId};
use proto_events::vocabulary::{BookingStatus, PayoutStatus};

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "users",
        members::table,
        members::user_id => UserId,
        referrer: members::referrer_id => Option<UserId> as optional,
        is_active_buyer: members::is_active_buyer => bool,
    ),
    record_source!(
        "bookings",
        bookings::table,
        bookings::booking_id => BookingId,
        version: bookings::version => Version,
        status: bookings::status => BookingStatus,
        price: bookings::price_paise => Money,
    ),
    record_source!(
        "payments",
        receipts::table.filter(receipts::kind.eq(ReceiptKind::Payment)),
        receipts::fact_id => FactId,
        user: receipts::user_id => UserId,
        amount: receipts::amount_paise => Money,
        method: receipts::method => Option<PaymentMethod> as optional,
    ),
    record_source!(
        "refunds",
        receipts::table.filter(receipts::kind.eq(ReceiptKind::Refund)),
        receipts::fact_id => FactId,
        user: receipts::user_id => UserId,
        amount: receipts::amount_paise => Money,
    ),
    record_source!(
        "wallets",
        wallets::table,
        wallets::user_id => UserId,
        version: wallets::version => Version,
        available: wallets::available_paise => Money,
        held: wallets::held_paise => Money,
        emi_reserve: wallets::emi_reserve_paise => Money,
        reserve: wallets::reserve_paise => Money,
        clawback_due: wallets::clawback_due_paise => Money,
    ),
    record_source!(
        "payouts",
        payouts::table,
        payouts::payout_id => PayoutId,
        version: payouts::version => Version,
        status: payouts::status => PayoutStatus,
        requested: payouts::requested_paise => Money,
        tds: payouts::tds_paise => Money,
        emi: payouts::emi_paise => Money,
        net: payouts::net_paise => Money,
    ),
    record_source!(
        "placements",
        placements::table,
        placements::user_id => UserId,
        side: placements::side => Side,
        is_manual: placements::manual => bool,
    ),
    record_source!(
        "earning pairs",
        pair_facts::table
            .filter(pair_facts::fact.eq(PairStatus::Matched))
            .filter(pair_facts::gross_paise.gt(Money::ZERO)),
        pair_facts::pair_id => PairId,
        user: pair_facts::earner_id => UserId,
        amount: pair_facts::gross_paise => Money,
    ),
    record_source!(
        "voided pairs",
        pair_facts::table
            .filter(pair_facts::fact.eq(PairStatus::Voided))
            .filter(pair_facts::gross_paise.gt(Money::ZERO)),
        pair_facts::pair_id => PairId,
        user: pair_facts::earner_id => UserId,
        amount: pair_facts::gross_paise => Money,
    ),
];
