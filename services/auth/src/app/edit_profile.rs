//! Change of one's own profile.

use super::{index_search_words, publish_user};
use crate::domain::user::{self as user_rules, Locale};
use crate::error::AuthError;
use crate::store::profiles::{self, Profile};
use crate::store::users::{self, User};
use db::DbConnection;
use domain::{Timestamp, UserId};

/// Saves the fields that `changes` sets and leaves the others; an address is replaced as a whole.
///
/// `name` sets the full name. Without it, a new first or last name changes the full name to "first last". A user whose
/// full name, `locale` or city changes is published.
/// Errors with `NotFound` when the user does not exist.
pub(crate) async fn edit_profile(
    c: &mut DbConnection,
    id: UserId,
    (name, locale): (Option<&str>, Option<Locale>),
    changes: &Profile,
    now: Timestamp,
) -> Result<(User, Profile), AuthError> {
    let mut user = users::lock(c, id).await?.ok_or(AuthError::NotFound)?;
    let stored = profiles::load(c, id).await?;
    let profile = merge(&stored, changes);
    if profile != stored {
        profiles::save(c, &profile).await?;
    }
    let is_renamed = changes.first_name.is_some() || changes.last_name.is_some();
    let full_name = match (&profile.first_name, &profile.last_name) {
        (Some(first), Some(last)) if is_renamed => Some(format!("{first} {last}")),
        _ => None,
    };
    let new_name = name.map(str::to_owned).or(full_name).filter(|name| *name != user.name);
    let new_locale = locale.filter(|locale| *locale != user.locale);
    let is_changed = new_name.is_some() || new_locale.is_some() || user.city != profile.city;
    user.city.clone_from(&profile.city);
    user.locale = new_locale.unwrap_or(user.locale);
    if let Some(name) = new_name {
        user.name_folded = user_rules::fold_name(&name);
        user.name = name;
        index_search_words::update(c, &user).await?;
    }
    if is_changed {
        publish_user::save_and_publish(c, &mut user, now).await?;
    }
    Ok((user, profile))
}

fn merge(stored: &Profile, changes: &Profile) -> Profile {
    let address = if changes.line1.is_some() { changes } else { stored };
    Profile {
        user_id: stored.user_id,
        first_name: changes.first_name.clone().or_else(|| stored.first_name.clone()),
        last_name: changes.last_name.clone().or_else(|| stored.last_name.clone()),
        gender: changes.gender.or(stored.gender),
        date_of_birth: changes.date_of_birth.or(stored.date_of_birth),
        line1: address.line1.clone(),
        line2: address.line2.clone(),
        city: address.city.clone(),
        state: address.state.clone(),
        pincode: address.pincode.clone(),
        country: address.country.clone(),
    }
}
