//! Index of the search words of members.

use crate::domain::search::{WORDS_VERSION, derive_words};
use crate::error::BinaryError;
use crate::store::journal;
use crate::store::member_words::{self, MemberWordRow};
use crate::store::members::{self, MemberRow};
use db::DbConnection;
use domain::UserId;

/// Members indexed in one transaction.
const MAX_BATCH_MEMBERS: i64 = 500;

/// The search words of a member.
pub fn words_of(member: &MemberRow) -> impl Iterator<Item = MemberWordRow> + use<> {
    let user_id = member.user_id;
    let words = derive_words(&member.name, member.referral_code.as_deref());
    words.into_iter().map(move |word| MemberWordRow { word, user_id })
}

/// Whether two states of one member have the same search words.
pub fn has_words_of(known: &MemberRow, new: &MemberRow) -> bool {
    (&known.name, &known.referral_code, known.words_version) == (&new.name, &new.referral_code, new.words_version)
}

/// Indexes one batch of members whose words are missing or of an older version. Returns whether there were any.
pub async fn index_outdated(c: &mut DbConnection) -> Result<bool, BinaryError> {
    // Every writer of members holds this lock, so no name changes meanwhile.
    journal::lock_head(c).await?;
    let outdated = members::list_outdated(c, WORDS_VERSION, MAX_BATCH_MEMBERS).await?;
    let ids: Vec<UserId> = outdated.iter().map(|member| member.user_id).collect();
    if ids.is_empty() {
        return Ok(false);
    }
    member_words::delete_all_of(c, &ids).await?;
    member_words::insert(c, outdated.iter().flat_map(words_of).collect()).await?;
    members::set_words_version(c, &ids, WORDS_VERSION).await?;
    Ok(true)
}
