//! The tables of this service.

diesel::table! {
    vehicles (id) {
        id -> Binary,
        model -> Text,
        variant -> Text,
        price_paise -> BigInt,
        is_active -> Bool,
        created_at -> Timestamp,
        changed_at -> Timestamp,
        on_hand -> Nullable<BigInt>,
        reserved -> BigInt,
        hsn -> Nullable<Text>,
        colour -> Nullable<Text>,
        battery -> Nullable<Text>,
        last_picture -> BigInt,
    }
}
diesel::table! {
    vehicle_pictures (vehicle_id, n) {
        vehicle_id -> Binary,
        n -> BigInt,
        content_type -> Text,
        size_bytes -> BigInt,
        sha256 -> Binary,
        blob_name -> Text,
        added_by -> Binary,
        added_at -> Timestamp,
    }
}
diesel::table! {
    documents (id) {
        id -> Binary,
        user_id -> Binary,
        delivery_of -> Nullable<Binary>,
        uploaded_at -> Timestamp,
    }
}
diesel::table! {
    stock_adjustments (id) {
        id -> Binary,
        vehicle_id -> Binary,
        change_by -> BigInt,
        on_hand -> BigInt,
        reason -> Text,
        adjusted_by -> Binary,
        adjusted_at -> Timestamp,
    }
}
diesel::table! {
    members (user_id) {
        user_id -> Binary,
        referrer_id -> Nullable<Binary>,
        name -> Nullable<Text>,
        profile_version -> BigInt,
        net_paid_paise -> BigInt,
        active_buyer -> Bool,
        standing_version -> BigInt,
        first_booking_id -> Nullable<Binary>,
        once_bonus_payment_id -> Nullable<Binary>,
        once_bonus_threshold_paise -> Nullable<BigInt>,
    }
}
diesel::table! {
    bookings (id) {
        id -> Binary,
        number -> Text,
        user_id -> Binary,
        vehicle_id -> Binary,
        vehicle -> Text,
        price_paise -> BigInt,
        booking_amount_paise -> BigInt,
        total_paid_paise -> BigInt,
        status -> Text,
        emi_months -> BigInt,
        emi_principal_paise -> BigInt,
        version -> BigInt,
        reason -> Text,
        created_at -> Timestamp,
        confirmed_at -> Nullable<Timestamp>,
        changed_at -> Timestamp,
        stock_use -> Text,
        delivered_on -> Nullable<Text>,
        vehicle_number -> Nullable<Text>,
        delivery_document_id -> Nullable<Binary>,
        place_of_supply -> Nullable<Text>,
    }
}
diesel::table! {
    payments (id) {
        id -> Binary,
        booking_id -> Binary,
        user_id -> Binary,
        amount_paise -> BigInt,
        method -> Text,
        status -> Text,
        reason -> Text,
        reference -> Nullable<Text>,
        gateway -> Nullable<Text>,
        gateway_order_id -> Nullable<Text>,
        gateway_payment_id -> Nullable<Text>,
        open_order_of -> Nullable<Binary>,
        reserve_id -> Nullable<Binary>,
        plan_version -> Nullable<BigInt>,
        created_at -> Timestamp,
        completed_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        returned_at -> Nullable<Timestamp>,
        needs_receipt -> Bool,
        receipt_year -> Nullable<Text>,
        receipt_number -> Nullable<BigInt>,
    }
}
diesel::table! {
    receipt_counters (financial_year) {
        financial_year -> Text,
        last_number -> BigInt,
        published_number -> BigInt,
    }
}
diesel::table! {
    receipt_taxes (payment_id) {
        payment_id -> Binary,
        gstin -> Text,
        hsn -> Text,
        gst_rate -> Text,
        place_of_supply -> Text,
        taxable_paise -> BigInt,
        cgst_paise -> BigInt,
        sgst_paise -> BigInt,
        igst_paise -> BigInt,
    }
}
diesel::table! {
    captures (gateway, gateway_payment_id) {
        gateway -> Text,
        gateway_payment_id -> Text,
        order_id -> Text,
        payment_id -> Nullable<Binary>,
        amount_paise -> BigInt,
        outcome -> Text,
        captured_at -> Timestamp,
        currency -> Text,
        refunded_paise -> BigInt,
        taken_at -> Nullable<Timestamp>,
        resolved_by -> Nullable<Binary>,
        resolved_at -> Nullable<Timestamp>,
        resolution_reason -> Nullable<Text>,
        credited_user_id -> Nullable<Binary>,
    }
}
diesel::table! {
    webhook_events (gateway, event_key) {
        gateway -> Text,
        event_key -> Text,
        body -> Binary,
        error -> Text,
        received_at -> Timestamp,
        processed_at -> Nullable<Timestamp>,
        id -> Nullable<Binary>,
        kind -> Text,
        state -> Text,
        attempts -> BigInt,
        next_attempt_at -> Timestamp,
        sealed -> Bool,
    }
}
diesel::table! {
    refunds (id) {
        id -> Binary,
        payment_id -> Binary,
        booking_id -> Binary,
        user_id -> Binary,
        amount_paise -> BigInt,
        refund_to -> Text,
        status -> Text,
        reason -> Text,
        gateway_refund_id -> Nullable<Text>,
        attempts -> BigInt,
        requested_at -> Timestamp,
        settled_at -> Nullable<Timestamp>,
        refused -> Bool,
        confirmed_paise -> BigInt,
        credited_paise -> BigInt,
        unknown_since -> Nullable<Timestamp>,
        next_attempt_at -> Timestamp,
        requested_by -> Text,
        proposed_resolution -> Nullable<Text>,
        proposed_reference -> Nullable<Text>,
        proposed_reason -> Nullable<Text>,
        proposed_by -> Nullable<Binary>,
        proposed_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    gateway_refunds (gateway, gateway_refund_id) {
        gateway -> Text,
        gateway_refund_id -> Text,
        id -> Binary,
        gateway_payment_id -> Text,
        payment_id -> Nullable<Binary>,
        amount_paise -> BigInt,
        currency -> Text,
        receipt -> Text,
        state -> Text,
        outcome -> Text,
        clawback_paise -> BigInt,
        reported_at -> Timestamp,
        attempts -> BigInt,
        next_attempt_at -> Nullable<Timestamp>,
    }
}
diesel::table! {
    instalments (booking_id, n) {
        booking_id -> Binary,
        n -> BigInt,
        due_on -> Nullable<Text>,
        amount_paise -> BigInt,
        paid_paise -> BigInt,
        status -> Text,
        noticed_at -> Nullable<Timestamp>,
        reminded -> Nullable<Text>,
    }
}
diesel::table! {
    emi_reserves (reserve_id) {
        reserve_id -> Binary,
        user_id -> Binary,
        amount_paise -> BigInt,
        waiting_paise -> BigInt,
        applied_paise -> BigInt,
        released_paise -> BigInt,
        source_kind -> Text,
        source_id -> Binary,
        reserved_at -> Timestamp,
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
diesel::table! {
    calendar_days (day) {
        day -> Text,
        opened_at -> Timestamp,
    }
}
diesel::table! {
    reconciliations (gateway) {
        gateway -> Text,
        done_until -> Timestamp,
        walk_from -> Nullable<Timestamp>,
        walk_until -> Nullable<Timestamp>,
        walked -> BigInt,
        walked_id -> Text,
    }
}
diesel::table! {
    order_checks (payment_id) {
        payment_id -> Binary,
        next_at -> Timestamp,
        gateway -> Text,
    }
}
diesel::joinable!(order_checks -> payments (payment_id));
diesel::joinable!(refunds -> payments (payment_id));
diesel::allow_tables_to_appear_in_same_query!(order_checks, payments, refunds);
diesel::joinable!(instalments -> bookings (booking_id));
diesel::allow_tables_to_appear_in_same_query!(bookings, instalments);

diesel::allow_tables_to_appear_in_same_query!(plan_versions, plan_withdrawals);
