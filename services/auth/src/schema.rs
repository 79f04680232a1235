//! Diesel tables of the auth service, as `migrations` creates them.

diesel::table! {
    users (id) {
        id -> Binary,
        version -> BigInt,
        email -> Nullable<Text>,
        mobile -> Nullable<Text>,
        name -> Text,
        name_folded -> Text,
        role -> Text,
        is_distributor -> Bool,
        is_active -> Bool,
        is_active_buyer -> Bool,
        standing_version -> BigInt,
        placed -> Bool,
        preferred_side -> Nullable<Text>,
        referral_code -> Text,
        referrer_id -> Nullable<Binary>,
        kyc_status -> Text,
        kyc_version -> BigInt,
        created_at -> Timestamp,
        words_version -> BigInt,
        locale -> Text,
        city -> Nullable<Text>,
    }
}

diesel::table! {
    user_words (word, user_id) {
        word -> Text,
        user_id -> Binary,
    }
}

diesel::table! {
    profiles (user_id) {
        user_id -> Binary,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        gender -> Nullable<Text>,
        date_of_birth -> Nullable<Text>,
        line1 -> Nullable<Text>,
        line2 -> Nullable<Text>,
        city -> Nullable<Text>,
        state -> Nullable<Text>,
        pincode -> Nullable<Text>,
        country -> Nullable<Text>,
    }
}

diesel::table! {
    nominees (user_id) {
        user_id -> Binary,
        name -> Text,
        relationship -> Text,
        date_of_birth -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    signups (token_hash) {
        token_hash -> Binary,
        email -> Text,
        mobile -> Text,
        sealed -> Binary,
        expires_at -> Timestamp,
    }
}

diesel::table! {
    messages (id) {
        id -> Binary,
        sealed -> Binary,
        attempts -> BigInt,
        try_at -> Timestamp,
        expires_at -> Timestamp,
        channel -> Text,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        user_id -> Binary,
        address -> Text,
        user_agent -> Text,
        created_at -> Timestamp,
        last_used_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        code_id -> Nullable<Binary>,
        proved_at -> Nullable<Timestamp>,
        proof_code_id -> Nullable<Binary>,
    }
}

diesel::table! {
    sign_in_addresses (identifier, address) {
        identifier -> Text,
        address -> Text,
        last_sign_in_at -> Timestamp,
    }
}

diesel::table! {
    known_devices (user_id, family, network) {
        user_id -> Binary,
        family -> Text,
        network -> Text,
        last_sign_in_at -> Timestamp,
    }
}

diesel::table! {
    refresh_tokens (token_hash) {
        token_hash -> Binary,
        session_id -> Binary,
        issued_at -> Timestamp,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        sealed -> Binary,
        created_at -> Timestamp,
        signs_from -> Timestamp,
    }
}

diesel::table! {
    kyc_applications (id) {
        id -> Binary,
        user_id -> Binary,
        status -> Text,
        open_user_id -> Nullable<Binary>,
        approved_pan_index -> Nullable<Binary>,
        pan_sealed -> Binary,
        pan_index -> Binary,
        pan_mask -> Text,
        aadhaar_last4 -> Text,
        account_sealed -> Binary,
        account_index -> Binary,
        account_mask -> Text,
        ifsc -> Text,
        holder_name -> Text,
        bank_name -> Text,
        line1 -> Text,
        line2 -> Nullable<Text>,
        city -> Text,
        state -> Text,
        pincode -> Text,
        country -> Text,
        reason -> Nullable<Text>,
        submitted_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<Binary>,
    }
}

diesel::table! {
    documents (id) {
        id -> Binary,
        user_id -> Binary,
        kind -> Text,
        uploaded_at -> Timestamp,
    }
}

diesel::table! {
    kyc_documents (kyc_id, document_id) {
        kyc_id -> Binary,
        document_id -> Binary,
    }
}

diesel::table! {
    terms_versions (kind, version) {
        kind -> Text,
        version -> BigInt,
        hash -> Binary,
        title -> Text,
        text -> Text,
        title_hi -> Nullable<Text>,
        text_hi -> Nullable<Text>,
        published_at -> Timestamp,
        published_by -> Binary,
    }
}

diesel::table! {
    terms_acceptances (id) {
        id -> Binary,
        user_id -> Binary,
        kind -> Text,
        version -> BigInt,
        hash -> Binary,
        accepted_at -> Timestamp,
        proved_at -> Timestamp,
        address -> Text,
    }
}

diesel::table! {
    distributor_applications (id) {
        id -> Binary,
        user_id -> Binary,
        status -> Text,
        pending_user_id -> Nullable<Binary>,
        acceptance_id -> Binary,
        reason -> Nullable<Text>,
        submitted_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<Binary>,
    }
}

diesel::table! {
    erasure_requests (id) {
        id -> Binary,
        user_id -> Binary,
        status -> Text,
        pending_user_id -> Nullable<Binary>,
        reason -> Nullable<Text>,
        requested_at -> Timestamp,
        decided_at -> Nullable<Timestamp>,
        decided_by -> Nullable<Binary>,
    }
}

diesel::table! {
    sms_deliveries (provider, message_id) {
        provider -> Text,
        message_id -> Text,
        state -> Text,
        error_code -> Nullable<Text>,
        recipient -> Nullable<Text>,
        has_code -> Nullable<Bool>,
        sent_at -> Nullable<Timestamp>,
        reported_at -> Nullable<Timestamp>,
        recorded_at -> Timestamp,
    }
}

diesel::joinable!(distributor_applications -> terms_acceptances (acceptance_id));
diesel::allow_tables_to_appear_in_same_query!(distributor_applications, terms_acceptances);
diesel::allow_tables_to_appear_in_same_query!(users, user_words, profiles);
