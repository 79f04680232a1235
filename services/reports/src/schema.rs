//! Tables of the reports service.

diesel::table! {
    members (user_id) {
        user_id -> Binary,
        version -> BigInt,
        role -> Text,
        is_active_buyer -> Bool,
        referrer_id -> Nullable<Binary>,
        joined_on -> Text,
        city -> Text,
        name -> Text,
        email -> Text,
        mobile -> Text,
        referral_code -> Text,
    }
}
diesel::table! {
    bookings (booking_id) {
        booking_id -> Binary,
        version -> BigInt,
        user_id -> Binary,
        status -> Text,
        price_paise -> BigInt,
        booked_on -> Text,
        number -> Text,
        next_n -> Nullable<BigInt>,
        next_due_on -> Nullable<Text>,
        next_amount_paise -> Nullable<BigInt>,
        next_paid_paise -> Nullable<BigInt>,
        vehicle_id -> Nullable<Binary>,
        unpaid_instalments -> Nullable<Text>,
        vehicle -> Text,
    }
}
diesel::table! {
    wallets (user_id) {
        user_id -> Binary,
        version -> BigInt,
        available_paise -> BigInt,
        held_paise -> BigInt,
        emi_reserve_paise -> BigInt,
        reserve_paise -> BigInt,
        clawback_due_paise -> BigInt,
        total_earned_paise -> BigInt,
        total_withdrawn_paise -> BigInt,
    }
}
diesel::table! {
    payouts (payout_id) {
        payout_id -> Binary,
        version -> BigInt,
        user_id -> Binary,
        status -> Text,
        requested_paise -> BigInt,
        tds_paise -> BigInt,
        emi_paise -> BigInt,
        net_paise -> BigInt,
        requested_on -> Nullable<Text>,
        utr -> Text,
    }
}
diesel::table! {
    receipts (fact_id, kind) {
        fact_id -> Binary,
        kind -> Text,
        user_id -> Binary,
        method -> Nullable<Text>,
        amount_paise -> BigInt,
        happened_on -> Text,
        booking_id -> Nullable<Binary>,
        plan_version -> Nullable<BigInt>,
    }
}
diesel::table! {
    wallet_transactions (transaction_id) {
        transaction_id -> Binary,
        user_id -> Binary,
        kind -> Text,
        amount_paise -> BigInt,
        happened_on -> Text,
    }
}
diesel::table! {
    placements (user_id) {
        user_id -> Binary,
        side -> Text,
        manual -> Bool,
        placed_on -> Text,
        depth -> Nullable<BigInt>,
    }
}
diesel::table! {
    pair_facts (pair_id, fact) {
        pair_id -> Binary,
        fact -> Text,
        earner_id -> Binary,
        gross_paise -> BigInt,
        emi_deduction_paise -> BigInt,
        happened_on -> Text,
        left_user_id -> Nullable<Binary>,
        right_user_id -> Nullable<Binary>,
        plan_version -> Nullable<BigInt>,
    }
}
diesel::table! {
    payout_steps (payout_id, status) {
        payout_id -> Binary,
        status -> Text,
        requested_paise -> BigInt,
        tds_paise -> BigInt,
        emi_paise -> BigInt,
        net_paise -> BigInt,
        happened_on -> Text,
    }
}
diesel::table! {
    numbered_receipts (payment_id) {
        payment_id -> Binary,
        user_id -> Binary,
        receipt_number -> Text,
        gateway_payment_id -> Text,
        reference -> Text,
        amount_paise -> BigInt,
    }
}
diesel::table! {
    search_documents (kind, id) {
        kind -> Text,
        id -> Binary,
        change_number -> BigInt,
    }
}
diesel::table! {
    search_state (id) {
        id -> BigInt,
        generation -> BigInt,
        last_change -> BigInt,
    }
}
diesel::table! {
    rollups (noun, day, part) {
        noun -> Text,
        day -> Text,
        part -> Text,
        facts -> BigInt,
        measure_1 -> BigInt,
        measure_2 -> BigInt,
        measure_3 -> BigInt,
        measure_4 -> BigInt,
        measure_5 -> BigInt,
    }
}
diesel::table! {
    rollup_state (id) {
        id -> BigInt,
        version -> BigInt,
    }
}
diesel::table! {
    applied_sources (source) {
        source -> Text,
        applied_until -> Timestamp,
    }
}
diesel::table! {
    plan_versions (version) {
        version -> BigInt,
        effective_from -> Timestamp,
        plan -> Text,
    }
}
diesel::table! {
    plan_withdrawals (version) {
        version -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(plan_versions, plan_withdrawals);
diesel::allow_tables_to_appear_in_same_query!(
    members,
    bookings,
    wallets,
    payouts,
    receipts,
    wallet_transactions,
    placements,
    pair_facts,
    payout_steps,
);
diesel::allow_columns_to_appear_in_same_group_by_clause!(members::joined_on, receipts::kind);
