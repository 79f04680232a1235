//! Languages in which members read documents, as auth publishes them.

use crate::schema::document_languages;
use db::{AnyOfExt, DbConnection, upsert_newer};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use documents::Language;
use domain::UserId;
use messaging::newest::insert_newer;
use messaging::{HandleError, decode};
use proto_events::auth::v1::User;
use std::collections::BTreeMap;

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = document_languages, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
struct LanguageRow {
    user_id: UserId,
    version: i64,
    language: Language,
}

/// The newest languages of the members in a batch of events.
#[derive(Debug, Default)]
pub struct Languages(BTreeMap<UserId, LanguageRow>);

impl Languages {
    /// Adds what an event says of a member. A language that is empty, as in older events, is English.
    pub fn add(&mut self, user: &User) -> Result<(), HandleError> {
        let user_id = decode::id("user_id", &user.user_id)?;
        let language = match user.locale.as_str() {
            "" => Language::English,
            locale => decode::word("locale", locale)?,
        };
        let row = LanguageRow { user_id, version: decode::version(user.version)?, language };
        insert_newer(&mut self.0, user_id, row, |row| row.version);
        Ok(())
    }

    /// Saves the languages that are newer than those stored. A row that is stored already is not written.
    pub async fn save(self, c: &mut DbConnection) -> QueryResult<()> {
        use document_languages as t;
        if self.0.is_empty() {
            return Ok(());
        }
        let ids: Vec<UserId> = self.0.keys().copied().collect();
        let stored = t::table.filter(t::user_id.any_of(&ids)).select((t::user_id, t::version));
        let stored: BTreeMap<UserId, i64> = stored.load::<(UserId, i64)>(c).await?.into_iter().collect();
        let mut rows: Vec<LanguageRow> = self.0.into_values().collect();
        rows.retain(|row| stored.get(&row.user_id).is_none_or(|version| *version < row.version));
        if rows.is_empty() {
            return Ok(());
        }
        upsert_newer(c, t::table, rows, &[t::user_id::NAME], &[t::language::NAME], t::version::NAME).await
    }
}

/// The language of a document: the one that is asked for, or else that of the member whose document it is.
pub async fn language_for(c: &mut DbConnection, asked: Option<Language>, member: UserId) -> QueryResult<Language> {
    if let Some(language) = asked {
        return Ok(language);
    }
    let found = document_languages::table.find(member).select(document_languages::language);
    Ok(found.first(c).await.optional()?.unwrap_or_default())
}
