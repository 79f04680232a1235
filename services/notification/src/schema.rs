//! The service's own tables.

diesel::table! {
    notifications (id) {
        id -> Binary,
        cause -> Binary,
        user_id -> Binary,
        kind -> Text,
        title -> Text,
        body -> Text,
        reference_type -> Text,
        reference_id -> Text,
        created_at -> Timestamp,
        read_at -> Nullable<Timestamp>,
        template -> Nullable<Text>,
        params -> Nullable<Text>,
    }
}
diesel::table! {
    muted_kinds (user_id, kind) {
        user_id -> Binary,
        kind -> Text,
    }
}
