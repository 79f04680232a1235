//! The service's own tables.

diesel::table! {
    members (user_id) {
        user_id -> Binary,
        wallet_version -> BigInt,
        available_paise -> BigInt,
        held_paise -> BigInt,
        clawback_due_paise -> BigInt,
        kyc_version -> BigInt,
        kyc_approved -> Bool,
        kyc_account_id -> Nullable<Binary>,
        pan_sealed -> Binary,
        pan_index -> Binary,
        pan_mask -> Text,
        pan_holder -> Text,
    }
}
diesel::table! {
    bank_accounts (id) {
        id -> Binary,
        user_id -> Binary,
        source -> Text,
        account_sealed -> Binary,
        account_index -> Binary,
        account_mask -> Text,
        ifsc -> Text,
        holder_name -> Text,
        bank_name -> Text,
        verified_at -> Nullable<Timestamp>,
        verified_by -> Nullable<Binary>,
        live -> Nullable<Bool>,
        created_at -> Timestamp,
    }
}
diesel::table! {
    bookings (id) {
        id -> Binary,
        user_id -> Binary,
        version -> BigInt,
        due_on -> Nullable<Text>,
        unpaid_paise -> BigInt,
    }
}
diesel::table! {
    plan_versions (version) {
        version -> BigInt,
        effective_from -> Timestamp,
        plan_json -> Text,
    }
}
diesel::table! {
    plan_withdrawals (version) {
        version -> BigInt,
    }
}
diesel::table! {
    batches (id) {
        id -> Binary,
        created_by -> Binary,
        payouts -> BigInt,
        total_paise -> BigInt,
        created_at -> Timestamp,
        channel -> Text,
    }
}
diesel::table! {
    payouts (id) {
        id -> Binary,
        user_id -> Binary,
        version -> BigInt,
        status -> Text,
        requested_paise -> BigInt,
        tds_paise -> BigInt,
        emi_paise -> BigInt,
        net_paise -> BigInt,
        emi_autofill -> Bool,
        tax_rule_id -> Text,
        plan_version -> BigInt,
        approvals_needed -> Integer,
        bank_account_id -> Binary,
        account_sealed -> Binary,
        account_mask -> Text,
        ifsc -> Text,
        holder_name -> Text,
        bank_name -> Text,
        pan_sealed -> Binary,
        pan_index -> Binary,
        pan_mask -> Text,
        pan_holder -> Text,
        batch_id -> Nullable<Binary>,
        utr -> Text,
        reason -> Text,
        requested_at -> Timestamp,
        changed_at -> Timestamp,
    }
}
diesel::table! {
    approvals (payout_id, approver_id) {
        payout_id -> Binary,
        approver_id -> Binary,
        approved_at -> Timestamp,
    }
}
diesel::table! {
    payout_steps (payout_id, version) {
        payout_id -> Binary,
        version -> BigInt,
        status -> Text,
        reached_at -> Timestamp,
        moved_by -> Nullable<Binary>,
    }
}
diesel::table! {
    tax_rules (id) {
        id -> Text,
        section -> Text,
        rate -> Text,
        threshold_paise -> BigInt,
        cap_paise -> Nullable<BigInt>,
        no_pan_rate -> Text,
        effective_from -> Text,
        effective_to -> Nullable<Text>,
        taxed_part -> Text,
    }
}
diesel::table! {
    tax_accumulators (pan_index, financial_year) {
        pan_index -> Binary,
        financial_year -> Text,
        gross_paise -> BigInt,
        tds_paise -> BigInt,
    }
}
diesel::table! {
    tax_lines (payout_id) {
        payout_id -> Binary,
        rule_id -> Text,
        section -> Text,
        financial_year -> Text,
        quarter -> Text,
        rate -> Text,
        threshold_paise -> BigInt,
        cap_paise -> Nullable<BigInt>,
        has_pan -> Bool,
        gross_paise -> BigInt,
        paid_before_paise -> BigInt,
        tds_paise -> BigInt,
        pan_index -> Binary,
        deducted_at -> Timestamp,
        returned_at -> Nullable<Timestamp>,
        taxed_part -> Text,
    }
}
diesel::table! {
    bank_references (utr) {
        utr -> Text,
        payout_id -> Binary,
    }
}

diesel::table! {
    transfers (payout_id) {
        payout_id -> Binary,
        channel -> Text,
        state -> Text,
        bank_id -> Nullable<Text>,
        bank_status -> Text,
        low_balance -> Bool,
        reason -> Text,
        conflicting -> Bool,
        conflict -> Text,
        request -> Nullable<Text>,
        attempts -> BigInt,
        next_attempt_at -> Nullable<Timestamp>,
        created_at -> Timestamp,
        sent_at -> Nullable<Timestamp>,
        changed_at -> Timestamp,
    }
}
diesel::table! {
    payees (details_index) {
        details_index -> Binary,
        bank_id -> Text,
        created_at -> Timestamp,
    }
}

diesel::joinable!(tax_lines -> payouts (payout_id));
diesel::allow_tables_to_appear_in_same_query!(approvals, payouts, tax_lines);

diesel::allow_tables_to_appear_in_same_query!(plan_versions, plan_withdrawals);
