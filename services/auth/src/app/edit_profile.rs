//! What a person changes of their own profile.

use super::{index_words, publish_user};
use crate::domain::person;
use crate::error::AuthError;
use crate::store::profiles::{self, Profile};
use crate::store::users::{self, User};
use db::DbConnection;
use domain::{Timestamp, UserId};

/// Changes what `told` says and leaves the rest; an address is replaced whole. Without a `name`, a new first or
/// last name makes it.
pub(crate) async fn edit_profile(
    c: &mut DbConnection,
    id: UserId,
    name: Option<&str>,
    told: &Profile,
    now: Timestamp,
) -> Result<(User, Profile), AuthError> {
    let mut user = users::lock(c, id).await?.ok_or(AuthError::NotFound)?;
    let kept = profiles::find(c, id).await?;
    let profile = merged(&kept, told);
    if profile != kept {
        profiles::save(c, &profile).await?;
    }
    let renamed = told.first_name.is_some() || told.last_name.is_some();
    let full = match (&profile.first_name, &profile.last_name) {
        (Some(first), Some(last)) if renamed => Some(format!("{first} {last}")),
        _ => None,
    };
    if let Some(name) = name.map(str::to_owned).or(full).filter(|name| *name != user.name) {
        user.name_folded = person::folded(&name);
        user.name = name;
        index_words::index(c, &user).await?;
        publish_user::updated(c, &mut user, now).await?;
    }
    Ok((user, profile))
}

fn merged(kept: &Profile, told: &Profile) -> Profile {
    let moved = if told.line1.is_some() { told } else { kept };
    Profile {
        user_id: kept.user_id,
        first_name: told.first_name.clone().or_else(|| kept.first_name.clone()),
        last_name: told.last_name.clone().or_else(|| kept.last_name.clone()),
        gender: told.gender.or(kept.gender),
        date_of_birth: told.date_of_birth.or(kept.date_of_birth),
        line1: moved.line1.clone(),
        line2: moved.line2.clone(),
        city: moved.city.clone(),
        state: moved.state.clone(),
        pincode: moved.pincode.clone(),
        country: moved.country.clone(),
    }
}
