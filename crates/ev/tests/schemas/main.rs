//! What the database itself refuses, in the schemas of all eight services: a key that is taken, a change to a table that
//! only grows, and, on a server, what the service's user has no right to. Tried over connections that are none of the
//! platform's, with nothing of its settings. On SQLite, and in `on_services` on the server that `TEST_MYSQL_URL` names.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a failing test panics")]

mod append_only;
mod plans;
mod rights;
mod schema;
mod unique;

use plans::{Scans, a_scan_is_told_and_nothing_else};
use schema::{on_mysql, on_sqlite};

#[tokio::test]
async fn a_taken_key_is_refused_and_nothing_else() {
    on_sqlite(unique::a_taken_key_is_refused_and_nothing_else).await;
}

#[tokio::test]
async fn a_table_that_only_grows_refuses_every_other_change() {
    on_sqlite(append_only::a_table_that_only_grows_refuses_every_other_change).await;
}

#[tokio::test]
async fn a_pair_can_be_voided_and_nothing_else() {
    on_sqlite(append_only::a_pair_can_be_voided_and_nothing_else).await;
}

#[tokio::test]
async fn a_scan_of_a_table_that_grows_is_told_and_nothing_else() {
    on_sqlite(a_scan_is_told_and_nothing_else).await;
}

/// What needs the statements that the suites have executed.
mod recorded {
    use super::*;

    #[tokio::test]
    async fn no_statement_scans_a_table_that_grows() {
        let scans = Scans::default();
        on_sqlite(async |service, c| scans.look(service, c).await).await;
        scans.are_none();
    }
}

mod on_services {
    use super::*;

    mod recorded {
        use super::*;

        #[tokio::test]
        async fn no_statement_scans_a_table_that_grows() {
            let scans = Scans::default();
            on_mysql(async |service, c| scans.look(service, c).await).await;
            scans.are_none();
        }
    }

    #[tokio::test]
    async fn a_taken_key_is_refused_and_nothing_else() {
        on_mysql(unique::a_taken_key_is_refused_and_nothing_else).await;
    }

    #[tokio::test]
    async fn a_table_that_only_grows_refuses_every_other_change() {
        on_mysql(append_only::a_table_that_only_grows_refuses_every_other_change).await;
    }

    #[tokio::test]
    async fn a_pair_can_be_voided_and_nothing_else() {
        on_mysql(append_only::a_pair_can_be_voided_and_nothing_else).await;
    }

    #[tokio::test]
    async fn a_scan_of_a_table_that_grows_is_told_and_nothing_else() {
        on_mysql(a_scan_is_told_and_nothing_else).await;
    }

    #[tokio::test]
    async fn both_databases_have_the_same_tables_and_keys() {
        unique::both_databases_have_the_same_tables_and_keys().await;
    }

    #[tokio::test]
    async fn a_services_user_may_do_what_the_triggers_allow_and_no_more() {
        rights::a_services_user_may_do_what_the_triggers_allow_and_no_more().await;
    }
}
