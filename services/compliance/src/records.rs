//! Tax deducted from payouts, compared with the payouts.

use crate::schema::tds_records;
use db::record_source;
use db::records::RecordSource;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, MoneyError, PayoutId, UserId};

/// The amount of a reversal as that of the deduction; a reversal is negative.
fn positive(amount: Money) -> String {
    amount.neg().map_or_else(|error: MoneyError| error.to_string(), |amount| amount.to_string())
}

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "deducted tax",
        tds_records::table.filter(tds_records::reversal.eq(false)),
        tds_records::payout_id => PayoutId,
        user: tds_records::user_id => UserId,
        gross: tds_records::gross_paise => Money,
        tds: tds_records::tds_paise => Money,
    ),
    record_source!(
        "returned tax",
        tds_records::table.filter(tds_records::reversal.eq(true)),
        tds_records::payout_id => PayoutId,
        user: tds_records::user_id => UserId,
        gross: tds_records::gross_paise => Money as positive,
        tds: tds_records::tds_paise => Money as positive,
    ),
];
