//! Tax deducted from payouts, compared with the payouts.

use crate::schema::tds_records;
use db::record_source;
use db::records::{Record, RecordSource};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Money, MoneyError, PayoutId, UserId};

fn record(id: PayoutId, user: UserId, gross: impl std::fmt::Display, tds: impl std::fmt::Display) -> Record {
    Record::new(id.uuid()).with("user", user).with("gross", gross).with("tds", tds)
}

/// The amount of a reversal as that of the deduction; a reversal is negative.
fn positive(amount: Money) -> String {
    amount.neg().map_or_else(|error: MoneyError| error.to_string(), |amount| amount.to_string())
}

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "deducted tax",
        tds_records::table.filter(tds_records::reversal.eq(false)).select((
            tds_records::payout_id,
            tds_records::user_id,
            tds_records::gross_paise,
            tds_records::tds_paise,
        )),
        tds_records::payout_id => PayoutId,
        |(id, user, gross, tds): (PayoutId, UserId, Money, Money)| record(id, user, gross, tds)
    ),
    record_source!(
        "returned tax",
        tds_records::table.filter(tds_records::reversal.eq(true)).select((
            tds_records::payout_id,
            tds_records::user_id,
            tds_records::gross_paise,
            tds_records::tds_paise,
        )),
        tds_records::payout_id => PayoutId,
        |(id, user, gross, tds): (PayoutId, UserId, Money, Money)| record(id, user, positive(gross), positive(tds))
    ),
];
