//! Makes the words by which people are found.

use crate::domain::search::{self, Findable};
use crate::error::AuthError;
use crate::store::user_words;
use crate::store::users::{self, User};
use db::DbConnection;
use std::collections::BTreeSet;

/// People whose words are made in one transaction.
const BATCH: i64 = 200;

fn words_of(user: &User) -> BTreeSet<String> {
    search::words_of(Findable {
        name: &user.name,
        email: user.email.as_deref(),
        mobile: user.mobile.as_deref(),
        referral_code: &user.referral_code,
    })
}

/// Records the words of somebody new.
pub(crate) async fn first(c: &mut DbConnection, user: &User) -> Result<(), AuthError> {
    Ok(user_words::insert(c, user.id, words_of(user)).await?)
}

/// Records the words of somebody who was renamed, or has gained an address.
pub(crate) async fn index(c: &mut DbConnection, user: &User) -> Result<(), AuthError> {
    Ok(user_words::save(c, user.id, words_of(user)).await?)
}

/// Makes the words of people who were registered before there were words, or when they were made in another way. `true`
/// while there are more.
pub(crate) async fn index_outdated(c: &mut DbConnection) -> Result<bool, AuthError> {
    let outdated = user_words::outdated(c, BATCH).await?;
    for id in &outdated {
        if let Some(user) = users::lock(c, *id).await? {
            index(c, &user).await?;
        }
        users::note_words(c, *id, search::WORDS_VERSION).await?;
    }
    Ok(!outdated.is_empty())
}
