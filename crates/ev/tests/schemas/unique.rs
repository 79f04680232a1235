//! Unique keys of all services.

use crate::schema::{RawConnection, migrate, on_sqlite, tables};
use db::{DbConfig, is_unique_violation};
use std::cell::RefCell;
use std::collections::BTreeMap;
use testkit::mariadb::with_database;

/// Required unique keys, which prevent duplicate effects. All other keys are tested too.
const REQUIRED_KEYS: [(&str, &[&str]); 8] = [
    (
        "auth",
        &[
            "users(email)",
            "users(mobile)",
            "users(referral_code)",
            // One open application for each member, one member for each PAN.
            "kyc_applications(open_user_id)",
            "kyc_applications(approved_pan_index)",
            "one_time_codes(purpose,identifier)",
            "refresh_tokens(token_hash)",
        ],
    ),
    (
        "booking",
        &[
            "bookings(number)",
            "payments(open_order_of)",
            "payments(gateway,gateway_order_id)",
            "payments(gateway,gateway_payment_id)",
            "captures(gateway,gateway_payment_id)",
            "webhook_events(gateway,event_key)",
            "refunds(payment_id)",
            // One schedule for each booking.
            "instalments(booking_id,n)",
            "emi_reserves(reserve_id)",
            "calendar_days(day)",
        ],
    ),
    (
        "wallet",
        &[
            // The id is derived from the kind and the cause, also for forfeits.
            "journal_entries(id)",
            "journal_entries(reverses)",
            "forfeits(id)",
            "postings(entry_id,line)",
            "postings(owner_id,transaction_number)",
            "holds(payout_id)",
            "emi_reserves(reserve_id)",
            "single_bonuses(referred_id)",
            "seals(number)",
            "seals(entry_id)",
            "closings(closed_at,account)",
        ],
    ),
    (
        "binary",
        &[
            "tree_log(seq)",
            "payments(payment_id)",
            "nodes(user_id)",
            "nodes(parent_node,side)",
            "pairs(earner_node,number)",
            "pairs(earner_node,period,slot)",
            "plan_versions(version)",
        ],
    ),
    (
        "payout",
        &[
            // A payout's id is also the idempotency key of its bank transfer.
            "payouts(id)",
            "approvals(payout_id,approver_id)",
            "tax_lines(payout_id)",
            "tax_accumulators(pan_index,financial_year)",
            "tax_rules(effective_from)",
            "bank_accounts(user_id,account_index,live)",
        ],
    ),
    ("notification", &["notifications(cause)"]),
    ("compliance", &["tds_records(payout_id,reversal)", "audit_log(id)", "certificates(user_id,financial_year)"]),
    ("reports", &["receipts(fact_id,kind)", "wallet_transactions(transaction_id)", "pair_facts(pair_id,fact)"]),
];
/// Required unique keys of every service.
const COMMON_KEYS: [&str; 4] =
    ["inbox(event_id)", "parked(event_id)", "waiting(event_id)", "idempotency_keys(caller_id,idempotency_key)"];

/// `table(column,column)` of every key.
async fn keys(c: &mut RawConnection) -> Vec<String> {
    let named = |t: crate::schema::Table| t.keys.into_iter().map(move |key| format!("{}({})", t.name, key.join(",")));
    tables(c).await.into_iter().flat_map(named).collect()
}

/// Checks each key: a second row with the key is refused; rows with another key or with a null in the key are accepted.
pub(crate) async fn exactly_the_rows_with_an_existing_key_are_refused(service: &str, mut c: RawConnection) {
    let found = keys(&mut c).await;
    let (_, once) = REQUIRED_KEYS.iter().find(|(name, _)| *name == service).expect("a list for every service");
    for key in once.iter().chain(&COMMON_KEYS) {
        assert!(found.iter().any(|f| f == key), "{service}: {key} is not unique: {found:#?}");
    }
    for table in tables(&mut c).await {
        for key in &table.keys {
            let what = format!("{service}: {}{key:?}", table.name);
            c.run("BEGIN").await.unwrap();
            let fits = async |c: &mut RawConnection, row| {
                c.run(&table.write("INSERT INTO", &row)).await.unwrap_or_else(|e| panic!("{what}: {e}"));
            };
            fits(&mut c, table.row(11)).await;
            let second = table.write("INSERT INTO", &table.row_with_key_of(12, key, 11));
            let refused = c.run(&second).await.expect_err(&what);
            assert!(is_unique_violation(&refused), "{what}: {refused:?}");
            fits(&mut c, table.row(12)).await;
            let mut others = 13..;
            for optional in table.columns.iter().filter(|column| !column.required && key.contains(&column.name)) {
                for n in others.by_ref().take(2) {
                    let mut row = table.row_with_key_of(n, key, 11);
                    row.insert(optional.name.clone(), "NULL".to_owned());
                    fits(&mut c, row).await;
                }
            }
            c.run("ROLLBACK").await.unwrap();
        }
    }
}

pub(crate) async fn both_databases_have_the_same_tables_and_keys() {
    let on_file = RefCell::new(BTreeMap::new());
    on_sqlite(async |service: &str, mut c: RawConnection| {
        let keys = keys(&mut c).await;
        on_file.borrow_mut().insert(service.to_owned(), keys);
    })
    .await;
    for service in ev::services() {
        let name = service.name;
        with_database(async |url| {
            migrate(service, DbConfig::new(url.clone())).await;
            assert_eq!(keys(&mut RawConnection::mysql(&url).await).await, on_file.borrow()[name], "{name}");
        })
        .await;
    }
}
