//! Users, compared with the copies that other services store.

use crate::schema::users;
use db::record_source;
use db::records::{Record, RecordSource};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "users",
        users::table.select((users::id, users::referrer_id, users::is_active_buyer)),
        users::id => UserId,
        |(id, referrer, is_active_buyer): (UserId, Option<UserId>, bool)| Record::new(id.uuid())
            .with_optional("referrer", referrer)
            .with("is_active_buyer", is_active_buyer)
    ),
    record_source!(
        "placements",
        users::table.filter(users::placed).select(users::id),
        users::id => UserId,
        |id: UserId| Record::new(id.uuid())
    ),
];
