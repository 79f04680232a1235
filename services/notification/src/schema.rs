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
    members (user_id) {
        user_id -> Binary,
        version -> BigInt,
        email -> Nullable<Text>,
        mobile -> Nullable<Text>,
        locale -> Text,
        quiet_from -> Nullable<BigInt>,
        quiet_until -> Nullable<BigInt>,
        digest_at -> Nullable<BigInt>,
        last_notification_id -> Nullable<Binary>,
    }
}
diesel::table! {
    channel_choices (user_id, kind, channel) {
        user_id -> Binary,
        kind -> Text,
        channel -> Text,
        is_on -> Bool,
    }
}
diesel::table! {
    push_subscriptions (id) {
        id -> Binary,
        user_id -> Binary,
        endpoint_hash -> Binary,
        endpoint -> Text,
        public_key -> Binary,
        secret -> Binary,
        created_at -> Timestamp,
    }
}
diesel::table! {
    deliveries (id) {
        id -> Binary,
        cause -> Binary,
        channel -> Text,
        target -> Binary,
        user_id -> Binary,
        template -> Text,
        state -> Text,
        held_for -> Nullable<Text>,
        due_at -> Timestamp,
        try_at -> Timestamp,
        attempts -> BigInt,
        last_error -> Nullable<Text>,
        created_at -> Timestamp,
        finished_at -> Nullable<Timestamp>,
    }
}
