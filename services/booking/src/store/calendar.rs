//! The business days that were opened.

use crate::schema::calendar_days;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Timestamp};

pub async fn last_day(c: &mut DbConnection) -> QueryResult<Option<Day>> {
    calendar_days::table.select(calendar_days::day).order(calendar_days::day.desc()).first(c).await.optional()
}

/// False where the day was opened already.
pub async fn open(c: &mut DbConnection, day: Day, now: Timestamp) -> QueryResult<bool> {
    let row = (calendar_days::day.eq(day), calendar_days::opened_at.eq(now));
    inserted(diesel::insert_into(calendar_days::table).values(row).execute(c).await)
}
