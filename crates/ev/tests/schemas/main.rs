//! Constraints of the databases of all services: unique keys, append-only triggers and, on a server, the rights
//! of the service's user. The tests use plain connections without the platform's settings, on SQLite and
//! (`on_services`) on the server in `TEST_MYSQL_URL`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a failing test panics")]

mod append_only;
#[path = "../derived/mod.rs"]
mod derived;
mod plans;
mod rights;
mod schema;
mod sealed_columns;
mod unique;

use plans::{Scans, exactly_the_scans_are_reported};
use schema::{on_mysql, on_sqlite};

#[tokio::test]
async fn exactly_the_rows_with_an_existing_key_are_refused() {
    on_sqlite(unique::exactly_the_rows_with_an_existing_key_are_refused).await;
}

#[tokio::test]
async fn the_derived_list_names_every_key() {
    unique::the_derived_list_names_every_key().await;
}

#[tokio::test]
async fn an_append_only_table_refuses_every_change_except_inserts() {
    on_sqlite(append_only::an_append_only_table_refuses_every_change_except_inserts).await;
}

#[tokio::test]
async fn the_pan_of_a_tds_record_can_only_be_sealed_again() {
    on_sqlite(append_only::the_pan_of_a_tds_record_can_only_be_sealed_again).await;
}

#[tokio::test]
async fn every_sealed_column_is_sealed_again_when_the_key_is_replaced() {
    on_sqlite(sealed_columns::every_sealed_column_is_declared).await;
}

#[tokio::test]
async fn a_pair_can_only_be_voided() {
    on_sqlite(append_only::a_pair_can_only_be_voided).await;
}

#[tokio::test]
async fn exactly_the_scans_of_growing_tables_are_reported() {
    on_sqlite(exactly_the_scans_are_reported).await;
}

/// Tests that need the statements recorded by the other suites.
mod recorded {
    use super::*;

    #[tokio::test]
    async fn no_statement_scans_a_growing_table() {
        let scans = Scans::default();
        on_sqlite(async |service, c| scans.check_recorded(service, c).await).await;
        scans.assert_none();
    }
}

mod on_services {
    use super::*;

    mod recorded {
        use super::*;

        #[tokio::test]
        async fn no_statement_scans_a_growing_table() {
            let scans = Scans::default();
            on_mysql(async |service, c| scans.check_recorded(service, c).await).await;
            scans.assert_none();
        }
    }

    #[tokio::test]
    async fn exactly_the_rows_with_an_existing_key_are_refused() {
        on_mysql(unique::exactly_the_rows_with_an_existing_key_are_refused).await;
    }

    #[tokio::test]
    async fn an_append_only_table_refuses_every_change_except_inserts() {
        on_mysql(append_only::an_append_only_table_refuses_every_change_except_inserts).await;
    }

    #[tokio::test]
    async fn the_pan_of_a_tds_record_can_only_be_sealed_again() {
        on_mysql(append_only::the_pan_of_a_tds_record_can_only_be_sealed_again).await;
    }

    #[tokio::test]
    async fn a_pair_can_only_be_voided() {
        on_mysql(append_only::a_pair_can_only_be_voided).await;
    }

    #[tokio::test]
    async fn exactly_the_scans_of_growing_tables_are_reported() {
        on_mysql(exactly_the_scans_are_reported).await;
    }

    #[tokio::test]
    async fn the_rights_of_a_services_user_match_the_triggers() {
        rights::the_rights_of_a_services_user_match_the_triggers().await;
    }
}
