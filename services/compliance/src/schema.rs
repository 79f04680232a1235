//! Tables of the compliance service.

diesel::table! {
    tds_records (id) {
        id -> Binary,
        payout_id -> Binary,
        reversal -> Bool,
        user_id -> Binary,
        financial_year -> Text,
        quarter -> Text,
        rule_id -> Text,
        section -> Text,
        rate -> Text,
        gross_paise -> BigInt,
        paid_before_paise -> BigInt,
        tds_paise -> BigInt,
        pan_sealed -> Binary,
        pan_index -> Binary,
        pan_mask -> Text,
        holder_name -> Text,
        deducted_at -> Timestamp,
        reverses_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    certificates (id) {
        id -> Binary,
        user_id -> Binary,
        financial_year -> Text,
        total_tds_paise -> BigInt,
        issued_at -> Timestamp,
    }
}
diesel::table! {
    audit_log (id) {
        id -> Binary,
        actor_id -> Binary,
        role -> Text,
        service -> Text,
        action -> Text,
        subject_type -> Text,
        subject_id -> Text,
        subject_user_id -> Nullable<Binary>,
        detail -> Text,
        request_id -> Text,
        address -> Text,
        acted_at -> Timestamp,
    }
}
diesel::table! {
    documents (id) {
        id -> Binary,
        user_id -> Binary,
        kind -> Text,
        content_type -> Text,
        size_bytes -> BigInt,
        sha256 -> Binary,
        blob_name -> Text,
        status -> Text,
        reason -> Text,
        uploaded_at -> Timestamp,
        reviewed_by -> Nullable<Binary>,
        reviewed_at -> Nullable<Timestamp>,
    }
}
