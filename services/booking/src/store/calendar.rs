//! Queries of the table `calendar_days`: the opened business days.

use crate::schema::calendar_days;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Timestamp};

/// The last opened day.
pub async fn find_last_day(c: &mut DbConnection) -> QueryResult<Option<Day>> {
    calendar_days::table.select(calendar_days::day).order(calendar_days::day.desc()).first(c).await.optional()
}

/// Opens a day. False when it was opened already.
pub async fn open(c: &mut DbConnection, day: Day, now: Timestamp) -> QueryResult<bool> {
    let row = (calendar_days::day.eq(day), calendar_days::opened_at.eq(now));
    inserted(diesel::insert_into(calendar_days::table).values(row).execute(c).await)
}
