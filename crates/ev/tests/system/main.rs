//! The whole platform, driven over HTTP alone.
//!
//! Every scenario runs twice: against all eight services in this process, and, in `on_services`, against the
//! eight separate binaries on MySQL, RabbitMQ and Redis behind nginx, where `STACK_URL` and
//! `STACK_MESSAGES_URL` say where they are. What needs a clock of its own, a disturbed bus or a `kill -9`
//! runs in process only.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a failing test panics")]

mod administrator;
mod books;
mod commands;
mod crash;
mod differential;
mod examples;
mod fixed;
mod journey;
mod month;
mod oracle;
mod process;
mod rebuilt;
mod reference;
mod refusals;
mod replays;
mod roles;
mod routes;
mod simulated;
mod travel;
mod versions;
mod world;

/// One test a scenario and a stack.
macro_rules! scenarios {
    ($($module:ident :: $name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let world = crate::world::World::embedded().await;
                crate::$module::$name(&world).await;
                world.finish().await;
            })+
        }
        mod on_services {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                let world = crate::world::World::stack();
                crate::$module::$name(&world).await;
                world.finish().await;
            })+
        }
    };
}

scenarios! {
    examples::a_referrer_earns_from_new_money_on_the_first_booking,
    examples::members_fill_the_tree_level_by_level,
    examples::a_refund_takes_back_what_it_paid_and_the_partner_is_matched_again,
    examples::ten_pairs_a_month_are_paid_and_the_sixth_is_the_first_with_an_emi_deduction,
    examples::a_payout_is_taxed_and_settled,
    examples::a_payout_can_fill_an_instalment,
    examples::ten_thousand_with_an_instalment_of_2345_pays_out_7155,
    journey::all_that_happened_can_be_looked_up,
    replays::a_webhook_fifty_times_in_parallel_credits_once,
    replays::an_idempotency_key_in_parallel_takes_effect_once,
    replays::three_payouts_on_the_balance_of_one_give_one,
    refusals::bad_input_is_refused_and_leaves_nothing,
    refusals::what_is_somebody_elses_is_not_there,
    refusals::roles_are_checked_before_bodies,
    commands::mails_are_shown_by_the_embedded_run_alone,
    roles::every_route_asks_for_the_role_the_contract_gives_it,
    reference::every_operation_has_its_own_name_and_bodies_no_fields_but_those_they_name,
}
