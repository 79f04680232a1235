//! Statements of the table `issued_documents`. Rows never change.

use crate::schema::issued_documents;
use db::{DbConnection, inserted};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, Money, Timestamp, UserId};

domain::id_type! {
    /// Id of an issued document.
    IssueId
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = issued_documents, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct IssueRow {
    pub(crate) id: IssueId,
    pub(crate) code: String,
    pub(crate) kind: String,
    /// What it is about, such as the id of a payment.
    pub(crate) subject: String,
    /// The state of the subject that it shows.
    pub(crate) state: String,
    /// How many states were issued, from 1.
    pub(crate) revision: i64,
    pub(crate) number: String,
    pub(crate) owner_id: Option<UserId>,
    pub(crate) issued_on: Day,
    pub(crate) amount_paise: Money,
    pub(crate) initials: String,
    /// JSON.
    pub(crate) snapshot: String,
    pub(crate) issued_at: Timestamp,
}

/// Adds a document. Returns false when this state of its subject was issued before.
pub(crate) async fn insert(c: &mut DbConnection, row: &IssueRow) -> QueryResult<bool> {
    inserted(diesel::insert_into(issued_documents::table).values(row.clone()).execute(c).await)
}

pub(crate) async fn find(
    c: &mut DbConnection,
    kind: &str,
    subject: &str,
    state: &str,
) -> QueryResult<Option<IssueRow>> {
    issued_documents::table
        .filter(issued_documents::kind.eq(kind))
        .filter(issued_documents::subject.eq(subject))
        .filter(issued_documents::state.eq(state))
        .select(IssueRow::as_select())
        .first(c)
        .await
        .optional()
}

/// The number of states of a subject that were issued.
pub(crate) async fn count(c: &mut DbConnection, kind: &str, subject: &str) -> QueryResult<i64> {
    let issued =
        issued_documents::table.filter(issued_documents::kind.eq(kind)).filter(issued_documents::subject.eq(subject));
    issued.count().get_result(c).await
}

pub(crate) async fn find_by_code(c: &mut DbConnection, code: &str) -> QueryResult<Option<IssueRow>> {
    let row = issued_documents::table.filter(issued_documents::code.eq(code));
    row.select(IssueRow::as_select()).first(c).await.optional()
}
