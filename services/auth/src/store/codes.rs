//! `one_time_codes`: the last code sent to an identifier for a purpose, as a keyed hash.

use crate::domain::identifier::Identifier;
use crate::domain::otp::{Purpose, Sent};
use crate::schema::one_time_codes as t;
use db::{DbConnection, LockExt, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::Timestamp;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Code {
    pub(crate) purpose: Purpose,
    pub(crate) identifier: String,
    pub(crate) code_hash: Vec<u8>,
    pub(crate) attempts: i64,
    pub(crate) sent_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
}

impl Code {
    pub(crate) fn sent(&self) -> Sent {
        Sent {
            attempts: self.attempts,
            sent_at: self.sent_at,
            expires_at: self.expires_at,
            used: self.used_at.is_some(),
        }
    }
}

pub(crate) async fn lock(c: &mut DbConnection, purpose: Purpose, identifier: &Identifier) -> QueryResult<Option<Code>> {
    t::table.find((purpose, identifier.as_str())).select(Code::as_select()).lock().get_result(c).await.optional()
}

/// `false` where there is one already.
pub(crate) async fn insert(c: &mut DbConnection, code: &Code) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(code).execute(c).await)
}

/// Puts `code` in the place of the one there.
pub(crate) async fn replace(c: &mut DbConnection, code: &Code) -> QueryResult<()> {
    diesel::update(t::table.find((code.purpose, code.identifier.as_str())))
        .set((
            t::code_hash.eq(&code.code_hash),
            t::attempts.eq(code.attempts),
            t::sent_at.eq(code.sent_at),
            t::expires_at.eq(code.expires_at),
            t::used_at.eq(code.used_at),
        ))
        .execute(c)
        .await
        .map(drop)
}

pub(crate) async fn delete_older(c: &mut DbConnection, expired_before: Timestamp) -> QueryResult<usize> {
    diesel::delete(t::table.filter(t::expires_at.lt(expired_before))).execute(c).await
}
