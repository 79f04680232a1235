//! Table of issued documents.

diesel::table! {
    issued_documents (id) {
        id -> Binary,
        code -> Text,
        kind -> Text,
        subject -> Text,
        state -> Text,
        revision -> BigInt,
        number -> Text,
        owner_id -> Nullable<Binary>,
        issued_on -> Text,
        amount_paise -> BigInt,
        initials -> Text,
        snapshot -> Text,
        issued_at -> Timestamp,
    }
}
diesel::table! {
    document_languages (user_id) {
        user_id -> Binary,
        version -> BigInt,
        language -> Text,
    }
}
