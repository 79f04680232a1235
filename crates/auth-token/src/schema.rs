//! Tables of revoked sessions and public keys.

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
