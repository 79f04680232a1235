//! `profiles`: what a person tells of themself. A person who told nothing has no row.

use crate::domain::person::Gender;
use crate::schema::profiles;
use db::{DbConnection, UpsertExt};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Day, UserId};

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

pub(crate) async fn find(c: &mut DbConnection, id: UserId) -> QueryResult<Profile> {
    let found = profiles::table.find(id).select(Profile::as_select()).first(c).await.optional()?;
    Ok(found.unwrap_or(Profile::empty(id)))
}

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
