//! One test suite for SQLite (`sqlite`) and for MySQL or MariaDB (`on_services`, the server in `TEST_MYSQL_URL`).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test helpers panic on failure")]

mod cancellation;
mod changes;
mod error_classes;
mod fixture;
mod group_commit;
mod lists;
mod long_reads;
mod migrations;
mod on_services;
mod rewrites;
mod snapshots;
mod sqlite;
mod statements;
mod store;
mod transactions;
mod values;

/// Declares the tests that every database must pass, in the calling module.
macro_rules! suite {
    ($with:path) => {
        $crate::suite! { @ "multi_thread", $with:
            values::every_shared_type_survives_a_round_trip,
            values::every_shared_type_can_be_filtered_by,
            values::null_values_stay_null,
            values::a_number_that_does_not_fit_its_type_is_an_error,
            values::a_megabyte_of_bytes_survives_a_round_trip,
            values::instants_sort_by_time,
            values::text_beyond_the_basic_plane_survives,
            lists::a_list_has_every_row_once_in_either_direction,
            lists::a_list_of_any_length_finds_its_rows,
            lists::lists_and_batches_of_every_length_use_few_prepared_statements,
            long_reads::there_are_two_permits_for_long_reads,
            long_reads::long_reads_take_no_connection_from_requests,
            statements::a_missing_row_is_none_and_a_count_is_zero,
            statements::an_update_to_the_same_value_counts_its_row,
            statements::an_update_of_an_old_version_changes_nothing,
            statements::a_unique_violation_is_distinguished_from_every_other_error,
            statements::a_check_violation_is_recognised,
            statements::an_upsert_sets_only_the_named_columns,
            statements::upsert_newer_keeps_the_newest_version_of_each_row,
            statements::an_upsert_without_a_key_is_refused,
            statements::any_number_of_rows_can_be_inserted,
            statements::a_duplicate_among_many_rows_rolls_back_the_transaction,
            statements::insert_new_skips_the_rows_that_exist,
            statements::a_sum_over_no_rows_is_null,
            statements::texts_are_compared_case_and_accent_sensitively,
            statements::filters_can_be_composed_at_run_time,
            statements::positions_only_grow,
            statements::an_append_only_table_refuses_update_and_delete,
            statements::the_ready_check_succeeds,
            changes::an_observer_learns_the_names_after_the_commit_and_none_of_a_rollback,
            changes::an_observer_learns_of_a_transaction_whose_caller_is_gone,
            transactions::an_error_rolls_back_everything,
            transactions::a_failed_inner_transaction_leaves_the_outer_one_intact,
            transactions::a_unique_violation_leaves_the_transaction_usable,
            transactions::a_panic_rolls_back_everything_and_leaves_the_pool_working,
            transactions::a_retryable_error_runs_the_closure_again,
            transactions::retries_are_limited,
            transactions::only_a_transaction_that_asks_for_it_is_reported_for_notification,
            transactions::any_other_error_is_not_retried,
            transactions::opposite_transfers_keep_the_total,
            transactions::no_row_is_claimed_twice,
            error_classes::an_unknown_table_or_column_is_an_environment_error,
            error_classes::a_constraint_violation_is_a_data_error,
            error_classes::a_refusal_by_a_trigger_is_a_data_error,
            rewrites::every_value_is_rewritten_in_batches_of_any_size,
            rewrites::a_value_that_changes_meanwhile_stays_as_it_was_written,
            rewrites::a_rewrite_that_was_killed_is_started_again_and_does_the_rest,
            migrations::applied_migrations_are_not_run_again,
            migrations::several_sets_share_one_database,
            migrations::two_processes_migrating_at_once_both_succeed,
            migrations::a_broken_migration_is_an_error,
        }
        // On a single-threaded runtime, like an actix-web worker.
        $crate::suite! { @ "current_thread", $with:
            cancellation::an_abandoned_statement_never_answers_the_next_one,
            cancellation::an_abandoned_transaction_is_rolled_back,
            cancellation::a_connection_outlives_the_worker_that_first_used_it,
        }
    };
    (@ $flavor:literal, $with:path: $($module:ident::$test:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = $flavor)]
        async fn $test() {
            $with(crate::$module::$test).await;
        }
    )+};
}
use suite;
