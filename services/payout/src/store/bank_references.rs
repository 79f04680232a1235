//! Table of bank references (UTR): each belongs to one payout.

use crate::schema::bank_references as t;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::PayoutId;

/// Inserts the reference of a paid payout. Returns false if another payout has the reference, in whatever case, or if
/// this payout has one.
pub async fn insert(c: &mut DbConnection, utr: &str, payout: PayoutId) -> QueryResult<bool> {
    let row = (t::utr.eq(utr.to_ascii_uppercase()), t::payout_id.eq(payout));
    inserted(diesel::insert_into(t::table).values(row).execute(c).await)
}
