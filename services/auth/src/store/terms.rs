//! Tables `terms_versions` and `terms_acceptances`. Their rows never change.

use crate::domain::distributor::AcceptanceId;
use crate::domain::terms::{TermsContent, TermsKind};
use crate::schema::{terms_acceptances, terms_versions as t};
use db::{DbConnection, SortOrder, inserted, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Timestamp, UserId};

/// A version of terms.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct TermsRow {
    pub(crate) kind: TermsKind,
    pub(crate) version: i64,
    pub(crate) hash: Vec<u8>,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) title_hi: Option<String>,
    pub(crate) text_hi: Option<String>,
    pub(crate) published_at: Timestamp,
    pub(crate) published_by: UserId,
}

impl TermsRow {
    /// The content alone.
    pub(crate) fn content(&self) -> TermsContent {
        let hindi = self.title_hi.clone().zip(self.text_hi.clone());
        TermsContent { title: self.title.clone(), text: self.text.clone(), hindi }
    }
}

/// A version of terms without its text.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = t, check_for_backend(db::MultiBackend))]
pub(crate) struct TermsVersionRow {
    pub(crate) version: i64,
    pub(crate) hash: Vec<u8>,
    pub(crate) title: String,
    pub(crate) published_at: Timestamp,
}

/// Inserts a version; `false` when its number or its content was published in the meantime.
pub(crate) async fn insert(c: &mut DbConnection, row: &TermsRow) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(row).execute(c).await)
}

/// The newest version of a kind.
pub(crate) async fn find_newest(c: &mut DbConnection, kind: TermsKind) -> QueryResult<Option<TermsRow>> {
    let newest = t::table.filter(t::kind.eq(kind)).order(t::version.desc());
    newest.select(TermsRow::as_select()).first(c).await.optional()
}

/// The number of the newest version of a kind.
pub(crate) async fn find_newest_version(c: &mut DbConnection, kind: TermsKind) -> QueryResult<Option<i64>> {
    t::table.filter(t::kind.eq(kind)).order(t::version.desc()).select(t::version).first(c).await.optional()
}

/// A version by its number.
pub(crate) async fn find(c: &mut DbConnection, kind: TermsKind, version: i64) -> QueryResult<Option<TermsRow>> {
    t::table.find((kind, version)).select(TermsRow::as_select()).first(c).await.optional()
}

/// A version by its content hash.
pub(crate) async fn find_by_hash(
    c: &mut DbConnection,
    kind: TermsKind,
    hash: &[u8; 32],
) -> QueryResult<Option<TermsRow>> {
    let by_hash = t::table.filter(t::kind.eq(kind)).filter(t::hash.eq(hash.to_vec()));
    by_hash.select(TermsRow::as_select()).first(c).await.optional()
}

/// Lists versions of a kind by number, without their texts, starting after the number `after`.
pub(crate) async fn list(
    c: &mut DbConnection,
    kind: TermsKind,
    after: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<TermsVersionRow>> {
    let query = t::table.filter(t::kind.eq(kind)).limit(limit).select(TermsVersionRow::as_select());
    keyset!(query.into_boxed::<db::MultiBackend>(), SortOrder::Descending, t::version, after).load(c).await
}

/// The acceptance of a version by a member: what, when, from which address, and when the member had proved a code.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(
    table_name = terms_acceptances,
    treat_none_as_default_value = false,
    check_for_backend(db::MultiBackend)
)]
pub(crate) struct AcceptanceRow {
    pub(crate) id: AcceptanceId,
    pub(crate) user_id: UserId,
    pub(crate) kind: TermsKind,
    pub(crate) version: i64,
    pub(crate) hash: Vec<u8>,
    pub(crate) accepted_at: Timestamp,
    pub(crate) proved_at: Timestamp,
    pub(crate) address: String,
}

/// Lists the acceptances of a member by id, newest first, starting after the one with the id `after`.
pub(crate) async fn list_acceptances(
    c: &mut DbConnection,
    user: UserId,
    after: Option<AcceptanceId>,
    limit: i64,
) -> QueryResult<Vec<AcceptanceRow>> {
    use terms_acceptances as a;
    let query = a::table.filter(a::user_id.eq(user)).limit(limit).select(AcceptanceRow::as_select());
    keyset!(query.into_boxed::<db::MultiBackend>(), SortOrder::Descending, a::id, after).load(c).await
}

/// Inserts an acceptance.
pub(crate) async fn insert_acceptance(c: &mut DbConnection, row: &AcceptanceRow) -> QueryResult<()> {
    diesel::insert_into(terms_acceptances::table).values(row).execute(c).await.map(drop)
}
