//! System tests: the whole platform, driven over HTTP only.
//!
//! Every scenario runs twice: against all eight services in this process (`embedded`), and against the eight separate
//! binaries on MySQL, RabbitMQ and Redis behind nginx (`on_services`, at `STACK_URL` and `STACK_MESSAGES_URL`). Tests
//! that need a fake clock, a faulty bus or a `kill -9` run in process only.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a failing test panics")]

mod administrator;
mod backups;
mod commands;
mod comparison;
mod console_files;
mod crash;
#[path = "../derived/mod.rs"]
mod derived;
mod differential;
mod erasure;
mod examples;
mod fixed;
mod gateway_lists;
mod graph;
mod journey;
mod month;
mod openapi;
mod oracle;
mod outages;
mod owners;
mod platform;
mod process;
mod rebuild;
mod reconcile;
mod reencryption;
mod refusals;
mod replays;
mod report_totals;
mod roles;
mod routes;
mod sign_in_links;
mod simulated;
mod tax_totals;
mod texts;
mod time_travel;
mod versions;

/// Declares one test for each scenario and stack.
macro_rules! scenarios {
    ($($module:ident :: $name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let platform = crate::platform::TestPlatform::embedded().await;
                crate::$module::$name(&platform).await;
                platform.finish().await;
            })+
        }
        mod on_services {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let platform = crate::platform::TestPlatform::stack();
                crate::$module::$name(&platform).await;
                platform.finish().await;
            })+
        }
    };
}

scenarios! {
    examples::a_referrer_earns_from_new_money_on_the_first_booking,
    examples::members_fill_the_tree_level_by_level,
    examples::a_refund_reverses_its_earnings_and_the_partner_is_matched_again,
    examples::ten_pairs_a_month_are_paid_and_the_sixth_is_the_first_with_an_emi_deduction,
    examples::a_payout_is_taxed_and_settled,
    examples::a_payout_can_fill_an_instalment,
    examples::ten_thousand_with_an_instalment_of_2345_pays_out_7155,
    journey::every_step_of_a_scenario_can_be_looked_up,
    replays::fifty_parallel_webhooks_credit_once,
    replays::parallel_requests_with_one_idempotency_key_take_effect_once,
    replays::of_three_payouts_for_the_whole_balance_one_succeeds,
    refusals::invalid_input_is_refused_and_stores_nothing,
    refusals::an_unknown_or_malformed_id_is_not_found,
    refusals::roles_are_checked_before_bodies,
    texts::no_service_takes_a_text_with_invisible_characters,
    texts::names_of_any_script_reach_every_service_unchanged,
    texts::an_amount_with_leading_zeros_is_malformed_everywhere,
    commands::only_the_embedded_run_shows_mails,
    console_files::every_page_is_the_document_and_its_files_are_cached,
    roles::every_route_requires_its_role,
    owners::what_belongs_to_another_is_not_found,
    openapi::operation_ids_are_unique_and_request_bodies_refuse_unknown_fields,
}
