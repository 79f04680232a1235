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
    members (user_id) {
        user_id -> Binary,
        version -> BigInt,
        role -> Text,
        is_active -> Bool,
        erased_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    blob_deletions (blob_name) {
        blob_name -> Text,
        asked_at -> Timestamp,
    }
}
diesel::table! {
    certificates (id) {
        id -> Binary,
        user_id -> Binary,
        financial_year -> Text,
        total_tds_paise -> BigInt,
        issued_at -> Timestamp,
        number -> Nullable<BigInt>,
    }
}
diesel::table! {
    certificate_counters (financial_year) {
        financial_year -> Text,
        last_number -> BigInt,
    }
}
diesel::table! {
    challans (id) {
        id -> Binary,
        financial_year -> Text,
        quarter -> Text,
        bsr -> Text,
        serial -> Text,
        deposited_on -> Text,
        amount_paise -> BigInt,
        recorded_by -> Binary,
        recorded_at -> Timestamp,
        revision -> BigInt,
        cancelled_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    challan_changes (challan_id, revision) {
        challan_id -> Binary,
        revision -> BigInt,
        kind -> Text,
        financial_year -> Text,
        quarter -> Text,
        bsr -> Text,
        serial -> Text,
        deposited_on -> Text,
        amount_paise -> BigInt,
        reason -> Text,
        changed_by -> Binary,
        changed_at -> Timestamp,
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
        changes -> Nullable<Text>,
    }
}
diesel::table! {
    audit_seals (number) {
        number -> BigInt,
        entry_id -> Binary,
        hash -> Binary,
        sealed_at -> Timestamp,
    }
}
diesel::table! {
    audit_unsealed (entry_id) {
        entry_id -> Binary,
        received_at -> Timestamp,
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
diesel::table! {
    grievances (id) {
        id -> Binary,
        financial_year -> Text,
        number -> BigInt,
        user_id -> Binary,
        category -> Text,
        text -> Text,
        booking_id -> Nullable<Binary>,
        payout_id -> Nullable<Binary>,
        status -> Text,
        is_escalated -> Bool,
        assigned_to -> Nullable<Binary>,
        filed_at -> Timestamp,
        acknowledge_by -> Timestamp,
        close_by -> Timestamp,
        acknowledged_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        escalates_at -> Nullable<Timestamp>,
        steps -> BigInt,
    }
}
diesel::table! {
    grievance_steps (grievance_id, number) {
        grievance_id -> Binary,
        number -> BigInt,
        step -> Text,
        actor_id -> Nullable<Binary>,
        text -> Text,
        at -> Timestamp,
    }
}
diesel::table! {
    grievance_counters (financial_year) {
        financial_year -> Text,
        last_number -> BigInt,
    }
}
diesel::table! {
    member_records (id) {
        id -> Binary,
        kind -> Text,
        user_id -> Binary,
    }
}
