//! Table definitions of the ledger for diesel. The columns are described in `migrations/0101_ledger/up.sql`.

diesel::table! {
    journal_entries (position) {
        position -> BigInt,
        id -> Binary,
        kind -> Text,
        cause_id -> Binary,
        member_id -> Binary,
        amount_paise -> BigInt,
        plan_version -> Nullable<BigInt>,
        reverses -> Nullable<Binary>,
        event_id -> Nullable<Binary>,
        actor_id -> Nullable<Binary>,
        inputs -> Text,
        at -> Timestamp,
        posted_at -> Timestamp,
    }
}
diesel::table! {
    postings (position) {
        position -> BigInt,
        entry_id -> Binary,
        line -> Integer,
        owner_id -> Binary,
        account -> Text,
        amount_paise -> BigInt,
        account_after_paise -> Nullable<BigInt>,
        transaction_type -> Nullable<Text>,
        transaction_number -> Nullable<BigInt>,
        balance_before_paise -> Nullable<BigInt>,
        description -> Nullable<Text>,
        at -> Timestamp,
        posted_at -> Timestamp,
    }
}
diesel::table! {
    wallets (user_id) {
        user_id -> Binary,
        available_paise -> BigInt,
        held_paise -> BigInt,
        emi_reserve_paise -> BigInt,
        reserve_paise -> BigInt,
        clawback_due_paise -> BigInt,
        total_earned_paise -> BigInt,
        total_withdrawn_paise -> BigInt,
        transactions -> BigInt,
        version -> BigInt,
        changed_at -> Timestamp,
    }
}
diesel::table! {
    holds (payout_id) {
        payout_id -> Binary,
        user_id -> Binary,
        amount_paise -> BigInt,
        state -> Text,
        changed_at -> Timestamp,
    }
}
diesel::table! {
    emi_reserves (reserve_id) {
        reserve_id -> Binary,
        user_id -> Binary,
        amount_paise -> BigInt,
        applied_paise -> BigInt,
        released_paise -> BigInt,
        source_kind -> Text,
        source_id -> Binary,
        reserved_at -> Timestamp,
    }
}
diesel::table! {
    forfeits (position) {
        position -> BigInt,
        id -> Binary,
        user_id -> Binary,
        kind -> Text,
        cause_id -> Binary,
        amount_paise -> BigInt,
        reason -> Text,
        inputs -> Text,
        at -> Timestamp,
        posted_at -> Timestamp,
    }
}
diesel::table! {
    single_bonuses (referred_id) {
        referred_id -> Binary,
        payment_id -> Binary,
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
    plan_locks (version) {
        version -> BigInt,
    }
}
diesel::table! {
    members (user_id) {
        user_id -> Binary,
        name -> Text,
        version -> BigInt,
    }
}
diesel::table! {
    closings (closed_at, account) {
        closed_at -> Timestamp,
        account -> Text,
        total_paise -> BigInt,
    }
}
diesel::table! {
    account_rollups (account) {
        account -> Text,
        total_paise -> BigInt,
        position -> BigInt,
    }
}
diesel::table! {
    seals (number) {
        number -> BigInt,
        entry_id -> Binary,
        hash -> Binary,
        sealed_at -> Timestamp,
    }
}
diesel::table! {
    seal_progress (name) {
        name -> Text,
        position -> BigInt,
    }
}
diesel::table! {
    posting_epochs (epoch) {
        epoch -> BigInt,
        floor_at -> Timestamp,
        entry_position -> BigInt,
        posting_position -> BigInt,
    }
}
diesel::allow_tables_to_appear_in_same_query!(postings, journal_entries, seals);
