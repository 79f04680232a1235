//! Index of the search words of users.

use crate::domain::search::{self, SearchFields};
use crate::error::AuthError;
use crate::store::user_words;
use crate::store::users::{self, User};
use db::DbConnection;
use std::collections::BTreeSet;

/// Users reindexed in one transaction.
const MAX_BATCH_USERS: i64 = 200;

fn derive(user: &User) -> BTreeSet<String> {
    search::derive_words(SearchFields {
        name: &user.name,
        email: user.email.as_deref(),
        mobile: user.mobile.as_deref(),
        referral_code: &user.referral_code,
    })
}

/// Inserts the words of a new user.
pub(crate) async fn insert(c: &mut DbConnection, user: &User) -> Result<(), AuthError> {
    Ok(user_words::insert(c, user.id, derive(user)).await?)
}

/// Updates the words of a user after a change of name, e-mail address or mobile number.
pub(crate) async fn update(c: &mut DbConnection, user: &User) -> Result<(), AuthError> {
    Ok(user_words::save(c, user.id, derive(user)).await?)
}

/// Updates the words of one batch of users whose words are missing or of an older version. Returns `false` when there
/// was no such user.
pub(crate) async fn reindex_outdated(c: &mut DbConnection) -> Result<bool, AuthError> {
    let outdated = user_words::list_outdated(c, MAX_BATCH_USERS).await?;
    for id in &outdated {
        if let Some(user) = users::lock(c, *id).await? {
            update(c, &user).await?;
        }
        users::set_words_version(c, *id, search::WORDS_VERSION).await?;
    }
    Ok(!outdated.is_empty())
}
