//! Database tables of the binary service.

diesel::table! {
    members (user_id) {
        user_id -> Binary,
        version -> BigInt,
        name -> Text,
        referrer_id -> Nullable<Binary>,
        preferred_side -> Nullable<Text>,
        is_distributor -> Bool,
        referral_code -> Nullable<Text>,
        words_version -> BigInt,
    }
}
diesel::table! {
    member_words (word, user_id) {
        word -> Text,
        user_id -> Binary,
    }
}
diesel::table! {
    preferred_sides (user_id) {
        user_id -> Binary,
        side -> Nullable<Text>,
        chosen_at -> Timestamp,
    }
}
diesel::table! {
    payments (payment_id) {
        payment_id -> Binary,
        user_id -> Binary,
        amount_paise -> BigInt,
        is_counted -> Bool,
        refund_id -> Nullable<Binary>,
    }
}
diesel::table! {
    tree_snapshots (id) {
        id -> Binary,
        format -> BigInt,
        seq -> BigInt,
        head -> Text,
        parts -> BigInt,
        hash -> Binary,
        created_at -> Timestamp,
    }
}
diesel::table! {
    tree_snapshot_parts (snapshot_id, part) {
        snapshot_id -> Binary,
        part -> BigInt,
        body -> Binary,
    }
}
diesel::table! {
    tree_head (id) {
        id -> BigInt,
        seq -> BigInt,
    }
}
diesel::table! {
    tree_log (seq) {
        seq -> BigInt,
        kind -> Text,
        user_id -> Nullable<Binary>,
        happened_at -> Timestamp,
        at -> Timestamp,
        cause_id -> Nullable<Binary>,
        amount_paise -> Nullable<BigInt>,
        sponsor_id -> Nullable<Binary>,
        parent_id -> Nullable<Binary>,
        side -> Nullable<Text>,
        is_distributor -> Nullable<Bool>,
        plan_version -> Nullable<BigInt>,
    }
}
diesel::table! {
    nodes (node) {
        node -> BigInt,
        user_id -> Binary,
        parent_node -> BigInt,
        side -> Text,
        depth -> BigInt,
        sponsor_id -> Nullable<Binary>,
        is_manual -> Bool,
        placed_seq -> BigInt,
        placed_at -> Timestamp,
    }
}
diesel::table! {
    pairs (ordinal) {
        ordinal -> BigInt,
        earner_node -> BigInt,
        number -> BigInt,
        left_node -> BigInt,
        right_node -> BigInt,
        period -> BigInt,
        slot -> Nullable<BigInt>,
        month -> Text,
        status -> Text,
        earner_active_buyer -> Bool,
        plan_version -> BigInt,
        gross_paise -> BigInt,
        emi_deduction_paise -> BigInt,
        reserve_deduction_paise -> BigInt,
        available_paise -> BigInt,
        matched_seq -> BigInt,
        matched_at -> Timestamp,
        voided_seq -> Nullable<BigInt>,
        voided_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    plan_versions (version) {
        version -> BigInt,
        effective_from -> Timestamp,
        plan -> Text,
        published_by -> Binary,
        published_at -> Timestamp,
    }
}
diesel::table! {
    plan_withdrawals (version) {
        version -> BigInt,
        withdrawn_by -> Binary,
        withdrawn_at -> Timestamp,
    }
}
diesel::table! {
    pair_totals (month, status) {
        month -> Text,
        status -> Text,
        pairs -> BigInt,
        gross_paise -> BigInt,
        emi_deduction_paise -> BigInt,
        reserve_deduction_paise -> BigInt,
        available_paise -> BigInt,
    }
}
diesel::table! {
    pair_totals_head (id) {
        id -> BigInt,
        made_ordinal -> BigInt,
        voided_seq -> BigInt,
        voided_ordinal -> BigInt,
    }
}
diesel::table! {
    referrals (payment_id) {
        payment_id -> Binary,
        referred_id -> Binary,
        referrer_id -> Binary,
        amount_paise -> BigInt,
        method -> Text,
        on_first_booking -> Bool,
        net_paid_before_paise -> BigInt,
        net_paid_after_paise -> BigInt,
        bonus_paise -> BigInt,
        is_once_a_member -> Bool,
        completed_at -> Timestamp,
        standing_version -> BigInt,
    }
}
diesel::table! {
    referral_refunds (payment_id) {
        payment_id -> Binary,
        refund_id -> Binary,
        referred_id -> Binary,
        standing_version -> BigInt,
        net_paid_after_paise -> BigInt,
        takes_own -> Bool,
        takes_other -> Nullable<Binary>,
    }
}
diesel::allow_tables_to_appear_in_same_query!(payments, referrals);
