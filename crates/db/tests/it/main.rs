//! One suite, run on SQLite (`sqlite`) and on MySQL or MariaDB (`on_services`, the server in `TEST_MYSQL_URL`).
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the tests' own helpers stop at the first surprise")]

mod cancellation;
mod faults;
mod fixture;
mod group;
mod lists;
mod long_reads;
mod migrations;
mod on_services;
mod sqlite;
mod statements;
mod store;
mod transactions;
mod values;

/// The tests that every database has to pass, as tests of the module that calls this.
macro_rules! suite {
    ($with:path) => {
        $crate::suite! { @ "multi_thread", $with:
            values::every_shared_type_comes_back_as_it_was_written,
            values::every_shared_type_can_be_filtered_by,
            values::absent_values_stay_absent,
            values::a_megabyte_of_bytes_comes_back,
            values::instants_sort_by_time,
            values::text_beyond_the_basic_plane_survives,
            lists::a_list_of_any_length_finds_its_rows,
            lists::lists_and_batches_of_every_length_keep_few_statements,
            long_reads::two_have_a_turn_and_a_third_has_none,
            long_reads::long_reads_take_no_connection_from_requests,
            statements::a_missing_row_is_none_and_a_count_is_zero,
            statements::an_update_to_the_same_value_still_counts_its_row,
            statements::a_version_that_moved_on_changes_nothing,
            statements::a_taken_key_is_told_apart_from_every_other_error,
            statements::a_broken_check_is_recognised,
            statements::an_upsert_sets_only_the_named_columns,
            statements::an_upsert_of_versions_keeps_the_newest_of_each,
            statements::an_upsert_without_a_key_is_refused,
            statements::many_rows_go_in_whatever_their_number,
            statements::a_duplicate_among_many_rows_undoes_the_transaction,
            statements::a_sum_over_nothing_is_absent,
            statements::texts_are_compared_to_the_letter,
            statements::filters_can_be_put_together_at_run_time,
            statements::positions_only_ever_grow,
            statements::a_table_that_only_grows_refuses_update_and_delete,
            statements::the_database_answers_the_ready_check,
            transactions::an_error_undoes_everything,
            transactions::an_inner_transaction_fails_alone,
            transactions::a_taken_key_leaves_the_transaction_usable,
            transactions::a_panic_undoes_everything_and_leaves_the_pool_working,
            transactions::a_retryable_error_runs_the_closure_again,
            transactions::retries_end,
            transactions::only_a_transaction_that_asks_for_it_is_signalled,
            transactions::any_other_error_is_final,
            transactions::opposed_transfers_lose_nothing,
            transactions::no_row_is_claimed_twice,
            faults::what_names_nothing_is_a_fault_of_the_environment,
            faults::what_breaks_a_rule_is_a_fault_of_the_data,
            migrations::running_them_again_does_nothing,
            migrations::several_sets_share_one_database,
            migrations::two_processes_migrating_at_once_both_succeed,
            migrations::a_broken_migration_is_an_error,
        }
        // On the single-threaded runtime that an actix-web worker is.
        $crate::suite! { @ "current_thread", $with:
            cancellation::an_abandoned_statement_answers_nobody_else,
            cancellation::an_abandoned_transaction_leaves_nothing,
            cancellation::a_connection_outlives_the_worker_that_first_needed_it,
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
