//! Table of idempotency keys.

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
