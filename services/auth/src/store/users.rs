//! Table of users.

use crate::domain::identifier::Identifier;
use crate::domain::user::Locale;
use crate::schema::{user_words, users};
use db::{AnyOfExt, DbConnection, LockExt, SortOrder, Version, inserted, keyset, upsert_many};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::search_words::prefix_end;
use domain::{KycStatus, Role, Side, Timestamp, UserId};

/// A user account.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(
    table_name = users,
    treat_none_as_default_value = false,
    treat_none_as_null = true,
    check_for_backend(db::MultiBackend)
)]
pub(crate) struct User {
    pub(crate) id: UserId,
    /// Increases with every published change.
    pub(crate) version: Version,
    pub(crate) email: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) name: String,
    pub(crate) name_folded: String,
    pub(crate) role: Role,
    pub(crate) is_distributor: bool,
    pub(crate) is_active: bool,
    pub(crate) is_active_buyer: bool,
    /// Standing version of the payment or refund that decided `is_active_buyer`.
    pub(crate) standing_version: i64,
    pub(crate) placed: bool,
    pub(crate) preferred_side: Option<Side>,
    pub(crate) referral_code: String,
    pub(crate) referrer_id: Option<UserId>,
    pub(crate) kyc_status: KycStatus,
    /// Increases with every KYC decision.
    pub(crate) kyc_version: Version,
    pub(crate) created_at: Timestamp,
    /// Version of the algorithm that derived the search words; 0 when there are none.
    pub(crate) words_version: i64,
    pub(crate) locale: Locale,
    /// City of the address in the profile, for events.
    pub(crate) city: Option<String>,
}

/// Finds a user.
pub(crate) async fn find(c: &mut DbConnection, id: UserId) -> QueryResult<Option<User>> {
    users::table.find(id).select(User::as_select()).first(c).await.optional()
}

/// The users with these ids.
pub(crate) async fn list_by_ids(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<User>> {
    users::table.filter(users::id.any_of(ids)).select(User::as_select()).load(c).await
}

/// Finds the name of a user.
pub(crate) async fn find_name(c: &mut DbConnection, id: UserId) -> QueryResult<Option<String>> {
    users::table.find(id).select(users::name).first(c).await.optional()
}

/// A user's name, role and activity.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(db::MultiBackend))]
pub(crate) struct UserNameRow {
    pub(crate) id: UserId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) is_active: bool,
}

/// Lists the names of the users with these ids, newest first. Ids without a user are skipped.
pub(crate) async fn list_names(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<UserNameRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    users::table.filter(users::id.any_of(ids)).order(users::id.desc()).select(UserNameRow::as_select()).load(c).await
}

/// Finds and locks a user.
pub(crate) async fn lock(c: &mut DbConnection, id: UserId) -> QueryResult<Option<User>> {
    users::table.find(id).select(User::as_select()).lock().get_result(c).await.optional()
}

/// Locks the users with these ids, in id order. Ids without a user are skipped.
pub(crate) async fn lock_all(c: &mut DbConnection, ids: &[UserId]) -> QueryResult<Vec<User>> {
    users::table.filter(users::id.any_of(ids)).order(users::id).select(User::as_select()).lock().load(c).await
}

/// Finds a user by e-mail address or mobile number.
pub(crate) async fn find_by_identifier(c: &mut DbConnection, identifier: &Identifier) -> QueryResult<Option<User>> {
    let mut query = users::table.select(User::as_select()).into_boxed::<db::MultiBackend>();
    query = match identifier {
        Identifier::Email(email) => query.filter(users::email.eq(email.clone())),
        Identifier::Mobile(mobile) => query.filter(users::mobile.eq(mobile.clone())),
    };
    query.first(c).await.optional()
}

/// Finds a user by referral code.
pub(crate) async fn find_by_referral_code(c: &mut DbConnection, code: &str) -> QueryResult<Option<User>> {
    users::table.filter(users::referral_code.eq(code)).select(User::as_select()).first(c).await.optional()
}

/// Inserts a user; `false` when another user has the e-mail address, the mobile number or the referral code.
pub(crate) async fn insert(c: &mut DbConnection, user: &User) -> QueryResult<bool> {
    inserted(diesel::insert_into(users::table).values(user).execute(c).await)
}

/// Saves all columns of a user.
pub(crate) async fn save(c: &mut DbConnection, user: &User) -> QueryResult<()> {
    diesel::update(users::table.find(user.id)).set(user).execute(c).await.map(drop)
}

/// Saves the columns of existing users that events of other services change, with their versions.
pub(crate) async fn save_member_states(c: &mut DbConnection, users: Vec<User>) -> QueryResult<()> {
    const COLUMNS: [&str; 4] =
        [users::version::NAME, users::standing_version::NAME, users::is_active_buyer::NAME, users::placed::NAME];
    upsert_many(c, users::table, users, &[users::id::NAME], &COLUMNS).await
}

/// Sets the version of a user's search words.
pub(crate) async fn set_words_version(c: &mut DbConnection, id: UserId, version: i64) -> QueryResult<()> {
    diesel::update(users::table.find(id)).set(users::words_version.eq(version)).execute(c).await.map(drop)
}

/// Locks the active administrators until the transaction ends; returns their ids.
pub(crate) async fn lock_active_admins(c: &mut DbConnection) -> QueryResult<Vec<UserId>> {
    users::table
        .filter(users::role.eq(Role::Admin))
        .filter(users::is_active.eq(true))
        .order(users::id)
        .select(users::id)
        .lock()
        .load(c)
        .await
}

/// Lists the users whom `referrer` referred, newest first, starting after the id `after`.
pub(crate) async fn list_referred_by(
    c: &mut DbConnection,
    referrer: UserId,
    after: Option<UserId>,
    limit: i64,
) -> QueryResult<Vec<User>> {
    let mut query = users::table
        .filter(users::referrer_id.eq(referrer))
        .order(users::id.desc())
        .limit(limit)
        .select(User::as_select())
        .into_boxed::<db::MultiBackend>();
    if let Some(after) = after {
        query = query.filter(users::id.lt(after));
    }
    query.load(c).await
}

/// Conditions of a list of users, all of which a user has to match; `None` means any. Each prefix has to match a search
/// word.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserQuery {
    pub(crate) prefixes: Vec<String>,
    pub(crate) role: Option<Role>,
    pub(crate) active_buyer: Option<bool>,
    pub(crate) kyc_status: Option<KycStatus>,
    pub(crate) referrer_id: Option<UserId>,
    pub(crate) placed: Option<bool>,
}

/// Lists the users that match, by id, starting after the id `after`.
pub(crate) async fn list(
    c: &mut DbConnection,
    conditions: &UserQuery,
    order: SortOrder,
    after: Option<UserId>,
    limit: i64,
) -> QueryResult<Vec<User>> {
    let query = users::table.limit(limit).select(User::as_select()).into_boxed::<db::MultiBackend>();
    let mut query = keyset!(query, order, users::id, after);
    if let Some(role) = conditions.role {
        query = query.filter(users::role.eq(role));
    }
    if let Some(active_buyer) = conditions.active_buyer {
        query = query.filter(users::is_active_buyer.eq(active_buyer));
    }
    if let Some(status) = conditions.kyc_status {
        query = query.filter(users::kyc_status.eq(status));
    }
    if let Some(referrer) = conditions.referrer_id {
        query = query.filter(users::referrer_id.eq(referrer));
    }
    if let Some(placed) = conditions.placed {
        query = query.filter(users::placed.eq(placed));
    }
    for prefix in &conditions.prefixes {
        let matches = user_words::word.ge(prefix.clone()).and(user_words::word.lt(prefix_end(prefix)));
        query = query.filter(users::id.eq_any(user_words::table.filter(matches).select(user_words::user_id)));
    }
    query.load(c).await
}
