//! Tables `kyc_applications` and `kyc_documents`. Personal numbers are encrypted; their masks may be shown.

use crate::domain::kyc::{DocumentId, KycId};
use crate::schema::{kyc_applications as t, kyc_documents, profiles, users};
use db::{AnyOfExt, DbConnection, LockExt, SortOrder, insert_many, inserted, keyset};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, KycStatus, Timestamp, UserId};

/// A KYC application with its review.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct KycApplication {
    pub(crate) id: KycId,
    pub(crate) user_id: UserId,
    pub(crate) status: KycStatus,
    /// The member while the application is pending or approved, else `None`. Unique: one such application per member.
    pub(crate) open_user_id: Option<UserId>,
    /// Index of the PAN once the application is approved, else `None`. Unique: one member per PAN.
    pub(crate) approved_pan_index: Option<Vec<u8>>,
    pub(crate) pan_sealed: Vec<u8>,
    pub(crate) pan_index: Vec<u8>,
    pub(crate) pan_mask: String,
    pub(crate) aadhaar_last4: String,
    pub(crate) account_sealed: Vec<u8>,
    pub(crate) account_index: Vec<u8>,
    pub(crate) account_mask: String,
    pub(crate) ifsc: String,
    pub(crate) holder_name: String,
    pub(crate) bank_name: String,
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) pincode: String,
    pub(crate) country: String,
    pub(crate) reason: Option<String>,
    pub(crate) submitted_at: Timestamp,
    pub(crate) decided_at: Option<Timestamp>,
    pub(crate) decided_by: Option<UserId>,
}

/// Inserts an application; `false` when the member has one that is pending or approved.
pub(crate) async fn insert(c: &mut DbConnection, application: &KycApplication) -> QueryResult<bool> {
    inserted(diesel::insert_into(t::table).values(application).execute(c).await)
}

/// Links documents to an application.
pub(crate) async fn attach_documents(c: &mut DbConnection, id: KycId, documents: &[DocumentId]) -> QueryResult<()> {
    #[derive(Insertable)]
    #[diesel(table_name = kyc_documents, treat_none_as_default_value = false)]
    struct KycDocumentRow {
        kyc_id: KycId,
        document_id: DocumentId,
    }
    let rows: Vec<_> = documents.iter().map(|document| KycDocumentRow { kyc_id: id, document_id: *document }).collect();
    insert_many(c, kyc_documents::table, rows).await.map(drop)
}

/// Lists the documents of each of these applications.
pub(crate) async fn list_documents(c: &mut DbConnection, ids: &[KycId]) -> QueryResult<Vec<(KycId, DocumentId)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    kyc_documents::table
        .filter(kyc_documents::kyc_id.any_of(ids))
        .order((kyc_documents::kyc_id, kyc_documents::document_id))
        .select((kyc_documents::kyc_id, kyc_documents::document_id))
        .load(c)
        .await
}

/// Finds an application.
pub(crate) async fn find(c: &mut DbConnection, id: KycId) -> QueryResult<Option<KycApplication>> {
    t::table.find(id).select(KycApplication::as_select()).first(c).await.optional()
}

/// Finds and locks an application.
pub(crate) async fn lock(c: &mut DbConnection, id: KycId) -> QueryResult<Option<KycApplication>> {
    t::table.find(id).select(KycApplication::as_select()).lock().get_result(c).await.optional()
}

/// Finds the latest application of a member.
pub(crate) async fn find_latest(c: &mut DbConnection, user: UserId) -> QueryResult<Option<KycApplication>> {
    t::table
        .filter(t::user_id.eq(user))
        .order(t::id.desc())
        .select(KycApplication::as_select())
        .first(c)
        .await
        .optional()
}

/// Conditions of a list of applications; `None` means any.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct KycQuery {
    pub(crate) status: Option<KycStatus>,
    pub(crate) user_id: Option<UserId>,
}

/// Lists the applications that match, by id, starting after the one with the id `after`.
pub(crate) async fn list(
    c: &mut DbConnection,
    conditions: KycQuery,
    order: SortOrder,
    after: Option<KycId>,
    limit: i64,
) -> QueryResult<Vec<KycApplication>> {
    let query = t::table.limit(limit).select(KycApplication::as_select()).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, order, t::id, after);
    if let Some(status) = conditions.status {
        query = query.filter(t::status.eq(status));
    }
    if let Some(user) = conditions.user_id {
        query = query.filter(t::user_id.eq(user));
    }
    query.load(c).await
}

/// Member who applied.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct ApplicantRow {
    pub(crate) user_id: UserId,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) date_of_birth: Option<Day>,
    pub(crate) account_created_at: Timestamp,
}

/// Lists these members with what a reviewer compares.
pub(crate) async fn list_applicants(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<ApplicantRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    users::table
        .left_join(profiles::table.on(profiles::user_id.eq(users::id)))
        .filter(users::id.any_of(ids))
        .select((
            users::id,
            users::name,
            users::email,
            users::mobile,
            profiles::date_of_birth.nullable(),
            users::created_at,
        ))
        .load(c)
        .await
}

/// Lists the rejected applications of these members. A member has few, as staff decide each.
pub(crate) async fn list_rejected(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<(UserId, KycId)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    t::table
        .filter(t::user_id.any_of(ids))
        .filter(t::status.eq(KycStatus::Rejected))
        .select((t::user_id, t::id))
        .load(c)
        .await
}

/// Times of the first `limit` pending applications, oldest first.
pub(crate) async fn list_pending_times(c: &mut DbConnection, limit: i64) -> QueryResult<Vec<Timestamp>> {
    t::table.filter(t::status.eq(KycStatus::Pending)).order(t::id).limit(limit).select(t::submitted_at).load(c).await
}

/// Saves the decision of a review; `false` when the PAN is already approved for another member.
pub(crate) async fn save_decision(c: &mut DbConnection, application: &KycApplication) -> QueryResult<bool> {
    let update = diesel::update(t::table.find(application.id)).set((
        t::status.eq(application.status),
        t::open_user_id.eq(application.open_user_id),
        t::approved_pan_index.eq(application.approved_pan_index.as_deref()),
        t::reason.eq(application.reason.as_deref()),
        t::decided_at.eq(application.decided_at),
        t::decided_by.eq(application.decided_by),
    ));
    inserted(update.execute(c).await)
}

/// Clears the postal addresses and the digits of the Aadhaar number in all applications of a member. The sealed PAN and
/// bank account stay, because tax law needs them.
pub(crate) async fn erase_details(c: &mut DbConnection, user: UserId) -> QueryResult<()> {
    let cleared =
        (t::aadhaar_last4.eq(""), t::line1.eq(""), t::line2.eq(None::<String>), t::city.eq(""), t::pincode.eq(""));
    diesel::update(t::table.filter(t::user_id.eq(user))).set(cleared).execute(c).await.map(drop)
}
