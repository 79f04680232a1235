//! Of each booking, the instalment that EMI auto-fill may pay.

use crate::domain::instalment::Instalment;
use crate::schema::bookings;
use db::{DbConnection, LockExt, upsert_newer};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Day, Money, UserId};

#[derive(Debug, Clone, PartialEq, Eq, Insertable)]
#[diesel(table_name = bookings, treat_none_as_default_value = false)]
pub struct Booking {
    pub id: BookingId,
    pub user_id: UserId,
    pub version: i64,
    pub due_on: Option<Day>,
    pub unpaid_paise: Money,
}

/// Stores those that are newer than what is there; one row a booking.
pub async fn put(c: &mut DbConnection, rows: &[Booking]) -> QueryResult<()> {
    use bookings as t;
    let columns = &[t::user_id::NAME, t::due_on::NAME, t::unpaid_paise::NAME];
    upsert_newer(c, t::table, rows, &[t::id::NAME], columns, t::version::NAME).await
}

/// The due instalment of each of the member's bookings.
pub async fn instalments(c: &mut DbConnection, user_id: UserId) -> QueryResult<Vec<Instalment>> {
    let rows = due(user_id).load::<(Option<Day>, Money)>(c).await?;
    Ok(rows.into_iter().filter_map(instalment).collect())
}

/// The same, locked until the transaction ends.
pub async fn lock_instalments(c: &mut DbConnection, user_id: UserId) -> QueryResult<Vec<Instalment>> {
    let rows = due(user_id).lock().get_results::<(Option<Day>, Money)>(c).await?;
    Ok(rows.into_iter().filter_map(instalment).collect())
}

#[diesel::dsl::auto_type(no_type_alias)]
fn due(user_id: UserId) -> _ {
    bookings::table
        .filter(bookings::user_id.eq(user_id))
        .filter(bookings::due_on.is_not_null())
        .order(bookings::id)
        .select((bookings::due_on, bookings::unpaid_paise))
}

fn instalment((due_on, unpaid): (Option<Day>, Money)) -> Option<Instalment> {
    Some(Instalment { due_on: due_on?, unpaid })
}
