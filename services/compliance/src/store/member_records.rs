//! Table of members' bookings and payouts, which their grievances may name.

use crate::schema::member_records;
use db::DbConnection;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;
use uuid::Uuid;

domain::text_enum! {
    /// Kind of a record.
    pub enum RecordKind { Booking = "booking", Payout = "payout" }
}
domain::id_type! { RecordId }

/// A booking or a payout, and whose it is.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = member_records, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub struct MemberRecord {
    pub id: RecordId,
    pub kind: RecordKind,
    pub user_id: UserId,
}

/// Inserts the records that are new.
pub async fn insert_new(c: &mut DbConnection, records: &[MemberRecord]) -> QueryResult<()> {
    db::insert_new(c, member_records::table, records).await.map(drop)
}

/// Whether a record of this kind is the member's.
pub async fn is_own(c: &mut DbConnection, id: Uuid, kind: RecordKind, user: UserId) -> QueryResult<bool> {
    let own = member_records::table.find(RecordId::from(id)).filter(member_records::kind.eq(kind));
    diesel::select(diesel::dsl::exists(own.filter(member_records::user_id.eq(user)))).get_result(c).await
}
