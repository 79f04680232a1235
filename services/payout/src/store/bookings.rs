//! Table of bookings: the oldest unpaid instalment of each, for EMI auto-fill.

use crate::domain::instalment::Instalment;
use crate::schema::bookings;
use db::{DbConnection, LockExt, upsert_newer};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Day, Money, UserId};

/// A booking as the booking service published it last.
#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = bookings, treat_none_as_default_value = false)]
pub struct BookingRow {
    pub id: BookingId,
    pub user_id: UserId,
    pub version: i64,
    /// Due date of the oldest unpaid instalment; `None` if there is none.
    pub due_on: Option<Day>,
    pub unpaid_paise: Money,
}

/// Saves the rows that are newer than the stored ones. `rows` has at most one row a booking.
pub async fn save_newer(c: &mut DbConnection, rows: &[BookingRow]) -> QueryResult<()> {
    use bookings as t;
    let columns = &[t::user_id::NAME, t::due_on::NAME, t::unpaid_paise::NAME];
    upsert_newer(c, t::table, rows, &[t::id::NAME], columns, t::version::NAME).await
}

/// Lists the oldest unpaid instalment of each of the member's bookings.
pub async fn list_due_instalments(c: &mut DbConnection, user_id: UserId) -> QueryResult<Vec<Instalment>> {
    let rows = due_instalments(user_id).load::<(Option<Day>, Money)>(c).await?;
    Ok(rows.into_iter().filter_map(to_instalment).collect())
}

/// Locks the rows until the transaction ends and lists the same.
pub async fn lock_due_instalments(c: &mut DbConnection, user_id: UserId) -> QueryResult<Vec<Instalment>> {
    let rows = due_instalments(user_id).lock().get_results::<(Option<Day>, Money)>(c).await?;
    Ok(rows.into_iter().filter_map(to_instalment).collect())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn due_instalments(user_id: UserId) -> _ {
    bookings::table
        .filter(bookings::user_id.eq(user_id))
        .filter(bookings::due_on.is_not_null())
        .order(bookings::id)
        .select((bookings::due_on, bookings::unpaid_paise))
}

fn to_instalment((due_on, unpaid): (Option<Day>, Money)) -> Option<Instalment> {
    Some(Instalment { due_on: due_on?, unpaid })
}
