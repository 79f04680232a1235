//! Facts of reports, compared with the services that own them.

use crate::domain::{PairStatus, ReceiptKind};
use crate::schema::{bookings, members, pair_facts, payouts, placements, receipts, wallets};
use crate::store::receipts::FactId;
use crate::store::tree::PairId;
use db::records::{Record, RecordSource};
use db::{Version, record_source};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Money, PaymentMethod, PayoutId, Side, UserId};
use proto_events::vocabulary::{BookingStatus, PayoutStatus};

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "users",
        members::table.select((members::user_id, members::referrer_id, members::is_active_buyer)),
        members::user_id => UserId,
        |(id, referrer, is_active_buyer): (UserId, Option<UserId>, bool)| Record::new(id.uuid())
            .with_optional("referrer", referrer)
            .with("is_active_buyer", is_active_buyer)
    ),
    record_source!(
        "bookings",
        bookings::table.select((bookings::booking_id, bookings::version, bookings::status, bookings::price_paise)),
        bookings::booking_id => BookingId,
        |(id, version, status, price): (BookingId, Version, BookingStatus, Money)| Record::new(id.uuid())
            .with("version", version)
            .with("status", status)
            .with("price", price)
    ),
    record_source!(
        "payments",
        receipts::table
            .filter(receipts::kind.eq(ReceiptKind::Payment))
            .select((receipts::fact_id, receipts::user_id, receipts::amount_paise, receipts::method)),
        receipts::fact_id => FactId,
        |(id, user, amount, method): (FactId, UserId, Money, Option<PaymentMethod>)| Record::new(id.uuid())
            .with("user", user)
            .with("amount", amount)
            .with_optional("method", method)
    ),
    record_source!(
        "refunds",
        receipts::table
            .filter(receipts::kind.eq(ReceiptKind::Refund))
            .select((receipts::fact_id, receipts::user_id, receipts::amount_paise)),
        receipts::fact_id => FactId,
        |(id, user, amount): (FactId, UserId, Money)| Record::new(id.uuid())
            .with("user", user)
            .with("amount", amount)
    ),
    record_source!(
        "wallets",
        wallets::table.select((
            wallets::user_id,
            wallets::version,
            wallets::available_paise,
            wallets::held_paise,
            wallets::emi_reserve_paise,
            wallets::reserve_paise,
            wallets::clawback_due_paise,
        )),
        wallets::user_id => UserId,
        |(id, version, available, held, emi_reserve, reserve, due): (UserId, Version, Money, Money, Money, Money, Money)|
            Record::new(id.uuid())
                .with("version", version)
                .with("available", available)
                .with("held", held)
                .with("emi_reserve", emi_reserve)
                .with("reserve", reserve)
                .with("clawback_due", due)
    ),
    record_source!(
        "payouts",
        payouts::table.select((
            payouts::payout_id,
            payouts::version,
            payouts::status,
            payouts::requested_paise,
            payouts::tds_paise,
            payouts::emi_paise,
            payouts::net_paise,
        )),
        payouts::payout_id => PayoutId,
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
        "placements",
        placements::table.select((placements::user_id, placements::side, placements::manual)),
        placements::user_id => UserId,
        |(id, side, is_manual): (UserId, Side, bool)| Record::new(id.uuid())
            .with("side", side)
            .with("is_manual", is_manual)
    ),
    record_source!(
        "earning pairs",
        pair_facts::table
            .filter(pair_facts::fact.eq(PairStatus::Matched))
            .filter(pair_facts::gross_paise.gt(Money::ZERO))
            .select((pair_facts::pair_id, pair_facts::earner_id, pair_facts::gross_paise)),
        pair_facts::pair_id => PairId,
        |(id, earner, gross): (PairId, UserId, Money)| Record::new(id.uuid())
            .with("user", earner)
            .with("amount", gross)
    ),
    record_source!(
        "voided pairs",
        pair_facts::table
            .filter(pair_facts::fact.eq(PairStatus::Voided))
            .filter(pair_facts::gross_paise.gt(Money::ZERO))
            .select((pair_facts::pair_id, pair_facts::earner_id, pair_facts::gross_paise)),
        pair_facts::pair_id => PairId,
        |(id, earner, gross): (PairId, UserId, Money)| Record::new(id.uuid())
            .with("user", earner)
            .with("amount", gross)
    ),
];
