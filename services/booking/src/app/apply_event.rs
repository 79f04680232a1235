//! Local copies of other services' data: members' names and referrers, documents, and plan versions.

use crate::domain::DocumentId;
use crate::domain::aggregate::{BuyerAccount, Member};
use crate::error::BookingError;
use crate::store::documents::{self, Document};
use crate::store::members;
use crate::store::plans;
use db::{Count, DbConnection};
use domain::{StoredPlan, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};

/// Maximal length of a stored name.
const MAX_NAME_CHARS: usize = 200;

/// A member as the `UserRegistered` event carries them.
#[derive(Debug, Clone)]
pub struct MemberProfile {
    pub id: UserId,
    pub name: String,
    /// Version of the name.
    pub version: i64,
    pub referrer: Option<UserId>,
}

/// A member's document as the `DocumentUploaded` event carries it.
#[derive(Debug, Clone)]
pub struct UploadedDocument {
    pub id: DocumentId,
    pub user_id: UserId,
    pub at: Timestamp,
}

/// Stores documents and their owners. One that is stored already stays as it is.
pub async fn record_documents(c: &mut DbConnection, uploaded: Vec<UploadedDocument>) -> Result<(), BookingError> {
    if uploaded.is_empty() {
        return Ok(());
    }
    let row = |u: UploadedDocument| Document { id: u.id, user_id: u.user_id, delivery_of: None, uploaded_at: u.at };
    Ok(documents::insert_new(c, uploaded.into_iter().map(row).collect()).await?)
}

/// Stores members' names, cut to 200 characters, and referrers. A referrer that is stored already is kept, and a name
/// that is newer.
pub async fn apply_profiles(c: &mut DbConnection, registered: &[MemberProfile]) -> Result<(), BookingError> {
    if registered.is_empty() {
        return Ok(());
    }
    let ids: BTreeSet<UserId> = registered.iter().map(|r| r.id).collect();
    let ids: Vec<UserId> = ids.into_iter().collect();
    let mut members: BTreeMap<UserId, BuyerAccount> =
        members::lock_all(c, &ids).await?.into_iter().map(|m| (m.user_id, BuyerAccount::new(m))).collect();
    for MemberProfile { id, name, version, referrer } in registered {
        let member = members.get_mut(id).ok_or(BookingError::NotFound)?;
        member.set_referrer(*referrer);
        member.set_name(name.trim().chars().take(MAX_NAME_CHARS).collect(), *version);
    }
    let changed: Vec<&Member> = members.values().filter_map(BuyerAccount::changed).collect();
    Ok(members::save_all(c, &changed).await?)
}

/// Stores plan versions and the numbers of withdrawn ones; what is stored already stays unchanged.
pub async fn apply_plans(
    c: &mut DbConnection,
    published: Vec<StoredPlan>,
    withdrawn: Vec<Count>,
) -> Result<(), BookingError> {
    plans::insert_all_if_absent(c, published).await?;
    Ok(plans::insert_withdrawals_if_absent(c, withdrawn).await?)
}
