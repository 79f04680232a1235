//! Users, compared with the copies that other services store.

use crate::schema::users;
use db::record_source;
use db::records::{RecordSource, optional};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::UserId;

pub(crate) const SOURCES: &[RecordSource] = &[
    record_source!(
        "users",
        users::table,
        users::id => UserId,
        referrer: users::referrer_id => Option<UserId> as optional,
        is_active_buyer: users::is_active_buyer => bool,
    ),
    record_source!(
        "placements",
        users::table.filter(users::placed),
        users::id => UserId,
    ),
];
