//! Registered members, stored so that manual entries for unknown members are refused.

use crate::store::members::{self, MemberRow};
use db::DbConnection;
use domain::UserId;
use issued_documents::Languages;
use messaging::newest::insert_newer;
use messaging::{HandleError, decode};
use proto_events::auth::v1::User;
use std::collections::BTreeMap;

/// Longest stored name, in characters. Longer names are cut; they are for display only.
const MAX_NAME_CHARS: usize = 255;

/// The newest names and languages of the members in a batch of events.
#[derive(Default)]
pub struct Profiles {
    names: BTreeMap<UserId, MemberRow>,
    languages: Languages,
}

impl Profiles {
    /// Adds what an event says of a member.
    pub fn add(&mut self, user: &Option<User>) -> Result<(), HandleError> {
        let user = decode::required("user", user)?;
        self.languages.add(user)?;
        let name = user.name.chars().take(MAX_NAME_CHARS).collect();
        let row =
            MemberRow { user_id: decode::id("user_id", &user.user_id)?, name, version: decode::version(user.version)? };
        insert_newer(&mut self.names, row.user_id, row, |row| row.version);
        Ok(())
    }

    /// Saves what is newer than stored, in the order of the members' ids.
    pub async fn save(self, c: &mut DbConnection) -> Result<(), HandleError> {
        self.languages.save(c).await?;
        Ok(members::save_newer(c, self.names.into_values().collect()).await?)
    }
}
