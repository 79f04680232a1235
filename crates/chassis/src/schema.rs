//! Chassis tables, which every service has.

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
    idempotency_keys (caller_id, idempotency_key) {
        caller_id -> Binary,
        idempotency_key -> Text,
        request_hash -> Binary,
        status -> Nullable<Integer>,
        body -> Nullable<Binary>,
        created_at -> Timestamp,
        lease_until -> Nullable<Timestamp>,
    }
}
diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Binary,
        held_until -> Timestamp,
    }
}
diesel::table! {
    revoked_sessions (session_id) {
        session_id -> Binary,
        expires_at -> Timestamp,
    }
}
diesel::table! {
    public_keys (name) {
        name -> Text,
        document -> Text,
        fetched_at -> Timestamp,
    }
}
