//! Table `members`: addresses, language, times of deliveries, and the id of the last notification.

use crate::domain::delivery::MemberContact;
use crate::domain::schedule::{DeliveryTimes, QuietHours, TimeOfDay};
use crate::domain::{Locale, NotificationId};
use crate::schema::members as t;
use db::{AnyOfExt, DbConnection, LockExt, upsert_many, upsert_newer};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;

/// A member.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = t, treat_none_as_default_value = false, check_for_backend(db::MultiBackend))]
pub(crate) struct MemberRow {
    pub(crate) user_id: UserId,
    /// Version of the addresses and the language; 0 while they are not known.
    pub(crate) version: i64,
    pub(crate) email: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) locale: Locale,
    quiet_from: Option<i64>,
    quiet_until: Option<i64>,
    digest_at: Option<i64>,
    pub(crate) last_notification_id: Option<NotificationId>,
}

impl MemberRow {
    /// A member of whom nothing is known.
    pub(crate) fn unknown(user_id: UserId) -> Self {
        Self {
            user_id,
            version: 0,
            email: None,
            mobile: None,
            locale: Locale::English,
            quiet_from: None,
            quiet_until: None,
            digest_at: None,
            last_notification_id: None,
        }
    }

    /// The member's choice of times.
    pub(crate) fn times(&self) -> DeliveryTimes {
        let time = |minutes: Option<i64>| minutes.and_then(TimeOfDay::from_minutes);
        let quiet = time(self.quiet_from).zip(time(self.quiet_until));
        DeliveryTimes {
            quiet_hours: quiet.map(|(from, until)| QuietHours { from, until }),
            digest_at: time(self.digest_at),
        }
    }
}

impl From<MemberContact> for MemberRow {
    fn from(contact: MemberContact) -> Self {
        let MemberContact { user_id, version, email, mobile, locale } = contact;
        Self { version, email, mobile, locale, ..Self::unknown(user_id) }
    }
}

/// Inserts or updates the addresses and languages, each by its newest version. At most one row for each member.
pub(crate) async fn save_contacts(c: &mut DbConnection, rows: &[MemberRow]) -> QueryResult<()> {
    let columns = &[t::email::NAME, t::mobile::NAME, t::locale::NAME];
    upsert_newer(c, t::table, rows, &[t::user_id::NAME], columns, t::version::NAME).await
}

/// Locks these members, in their order, and inserts the missing ones. The locks give each member's notifications the
/// order of their commits.
pub(crate) async fn lock_or_insert(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<MemberRow>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<MemberRow> = users.iter().map(|user| MemberRow::unknown(*user)).collect();
    upsert_many(c, t::table, &rows, &[t::user_id::NAME], &[]).await?;
    t::table.filter(t::user_id.any_of(users)).order(t::user_id).select(MemberRow::as_select()).lock().load(c).await
}

/// Saves the last ids of locked members.
pub(crate) async fn save_last_ids(c: &mut DbConnection, rows: &[MemberRow]) -> QueryResult<()> {
    upsert_many(c, t::table, rows, &[t::user_id::NAME], &[t::last_notification_id::NAME]).await
}

/// Lists these members.
pub(crate) async fn list(c: &mut DbConnection, users: &[UserId]) -> QueryResult<Vec<MemberRow>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    t::table.filter(t::user_id.any_of(users)).select(MemberRow::as_select()).load(c).await
}

/// Finds a member.
pub(crate) async fn find(c: &mut DbConnection, user: UserId) -> QueryResult<Option<MemberRow>> {
    t::table.find(user).select(MemberRow::as_select()).first(c).await.optional()
}

/// Saves the times of deliveries.
pub(crate) async fn save_times(c: &mut DbConnection, user: UserId, times: DeliveryTimes) -> QueryResult<()> {
    let minutes = |time: Option<TimeOfDay>| time.map(TimeOfDay::minutes);
    let row = MemberRow {
        quiet_from: minutes(times.quiet_hours.map(|quiet| quiet.from)),
        quiet_until: minutes(times.quiet_hours.map(|quiet| quiet.until)),
        digest_at: minutes(times.digest_at),
        ..MemberRow::unknown(user)
    };
    let columns = &[t::quiet_from::NAME, t::quiet_until::NAME, t::digest_at::NAME];
    upsert_many(c, t::table, &[row], &[t::user_id::NAME], columns).await
}

/// Clears the addresses and the times of these members. The version stays, so that an older event does not bring the
/// addresses back.
pub(crate) async fn erase(c: &mut DbConnection, users: &[UserId]) -> QueryResult<()> {
    let cleared = (
        t::email.eq(None::<String>),
        t::mobile.eq(None::<String>),
        t::quiet_from.eq(None::<i64>),
        t::quiet_until.eq(None::<i64>),
        t::digest_at.eq(None::<i64>),
    );
    diesel::update(t::table.filter(t::user_id.any_of(users))).set(cleared).execute(c).await.map(drop)
}
