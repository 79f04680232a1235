//! Table of long tasks.

diesel::table! {
    long_tasks (id) {
        id -> Binary,
        kind -> Text,
        state -> Text,
        input -> Text,
        result -> Nullable<Text>,
        percent -> BigInt,
        attempts -> BigInt,
        requested_by -> Binary,
        requested_at -> Timestamp,
        started_at -> Nullable<Timestamp>,
        finished_at -> Nullable<Timestamp>,
    }
}
