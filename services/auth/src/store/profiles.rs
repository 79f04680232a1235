//! Table `profiles`: personal details that users enter. A user without details has no row.

use crate::domain::user::Gender;
use crate::schema::profiles;
use db::{DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, UserId};

/// Personal details of a user. The address is complete (all but `line2`) or absent.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = profiles, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct Profile {
    pub(crate) user_id: UserId,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) gender: Option<Gender>,
    pub(crate) date_of_birth: Option<Day>,
    pub(crate) line1: Option<String>,
    pub(crate) line2: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) pincode: Option<String>,
    pub(crate) country: Option<String>,
}

impl Profile {
    /// Profile without details.
    pub(crate) const fn empty(user_id: UserId) -> Self {
        Self {
            user_id,
            first_name: None,
            last_name: None,
            gender: None,
            date_of_birth: None,
            line1: None,
            line2: None,
            city: None,
            state: None,
            pincode: None,
            country: None,
        }
    }
}

/// Loads the profile of a user, empty when there is no row.
pub(crate) async fn load(c: &mut DbConnection, id: UserId) -> QueryResult<Profile> {
    let found = profiles::table.find(id).select(Profile::as_select()).first(c).await.optional()?;
    Ok(found.unwrap_or(Profile::empty(id)))
}

/// Inserts or replaces a profile.
pub(crate) async fn save(c: &mut DbConnection, profile: &Profile) -> QueryResult<()> {
    use profiles as t;
    diesel::insert_into(t::table)
        .values(profile)
        .on_conflict_set(
            &[t::user_id::NAME],
            &[
                t::first_name::NAME,
                t::last_name::NAME,
                t::gender::NAME,
                t::date_of_birth::NAME,
                t::line1::NAME,
                t::line2::NAME,
                t::city::NAME,
                t::state::NAME,
                t::pincode::NAME,
                t::country::NAME,
            ],
        )
        .execute(c)
        .await
        .map(drop)
}

/// Deletes the profile of a user, if there is one.
pub(crate) async fn delete(c: &mut DbConnection, id: UserId) -> QueryResult<()> {
    diesel::delete(profiles::table.find(id)).execute(c).await.map(drop)
}
