//! Tables of events: outbox, inbox, parked, waiting and deferred events.

diesel::table! {
    outbox (position) {
        position -> BigInt,
        event_id -> Binary,
        event_type -> Text,
        subject -> Text,
        occurred_at -> Timestamp,
        traceparent -> Text,
        payload -> Binary,
        sent_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    inbox (event_id) {
        event_id -> Binary,
        received_at -> Timestamp,
    }
}
diesel::table! {
    parked (event_id) {
        event_id -> Binary,
        event_type -> Text,
        source -> Text,
        subject -> Text,
        occurred_at -> Timestamp,
        position -> BigInt,
        traceparent -> Text,
        payload -> Binary,
        error -> Text,
        attempts -> BigInt,
        parked_at -> Timestamp,
        replay_requested_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    waiting (event_id) {
        event_id -> Binary,
        wait_key -> Text,
        event_type -> Text,
        source -> Text,
        subject -> Text,
        occurred_at -> Timestamp,
        position -> BigInt,
        traceparent -> Text,
        payload -> Binary,
        waiting_since -> Timestamp,
    }
}
diesel::table! {
    deferred_events (event_id) {
        event_id -> Binary,
        event_type -> Text,
        source -> Text,
        subject -> Text,
        occurred_at -> Timestamp,
        position -> BigInt,
        traceparent -> Text,
        payload -> Binary,
        reason -> Text,
        deferred_at -> Timestamp,
    }
}
