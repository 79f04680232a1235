//! Of each booking, the instalment that EMI auto-fill may pay.

use crate::domain::instalment::Instalment;
use crate::schema::bookings;
use db::{DbConnection, LockExt, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{BookingId, Day, Money, UserId};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(
    table_name = bookings,
    treat_none_as_default_value = false,
    treat_none_as_null = true,
    check_for_backend(db::MultiBackend)
)]
pub struct Booking {
    pub id: BookingId,
    pub user_id: UserId,
    pub version: i64,
    pub due_on: Option<Day>,
    pub unpaid_paise: Money,
}

/// Keeps the highest version.
pub async fn put(c: &mut DbConnection, booking: &Booking) -> QueryResult<()> {
    if inserted(diesel::insert_into(bookings::table).values(booking).execute(c).await)? {
        return Ok(());
    }
    let older = bookings::table.find(booking.id).filter(bookings::version.lt(booking.version));
    diesel::update(older).set(booking).execute(c).await.map(drop)
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
