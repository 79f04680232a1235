//! Exceptions: small tables, tables that are not queried, and statements that must read a whole table.

/// Small tables: service (`*` for all), table and reason.
const SMALL_TABLES: [(&str, &str, &str); 34] = [
    ("*", "leases", "one row for each job"),
    ("*", "public_keys", "the known signing keys"),
    ("auth", "signing_keys", "a few keys, removed after expiry"),
    ("auth", "one_time_codes", "no longer used; a later version removes it"),
    ("auth", "issued_documents", "empty: this service issues none"),
    ("binary", "tree_head", "one row"),
    ("binary", "plan_versions", "one row for each plan version"),
    ("binary", "plan_withdrawals", "at most one row for each plan version"),
    ("binary", "tree_snapshots", "the two newest ones"),
    ("binary", "pair_totals_head", "one row"),
    ("binary", "pair_totals", "one row for each month and status"),
    ("binary", "issued_documents", "empty: this service issues none"),
    ("booking", "vehicles", "the vehicle models"),
    ("booking", "plan_versions", "one row for each plan version"),
    ("booking", "plan_withdrawals", "at most one row for each plan version"),
    ("booking", "reconciliations", "one row for each payment gateway"),
    ("booking", "receipt_counters", "one row for each financial year"),
    ("compliance", "certificate_counters", "one row for each financial year"),
    ("compliance", "grievance_counters", "one row for each financial year"),
    ("notification", "muted_kinds", "no longer used; a later version removes it"),
    ("notification", "issued_documents", "empty: this service issues none"),
    ("payout", "plan_versions", "one row for each plan version"),
    ("payout", "plan_withdrawals", "at most one row for each plan version"),
    ("payout", "tax_rules", "one row for each change of the tax rules"),
    ("reports", "plan_versions", "one row for each plan version"),
    ("reports", "plan_withdrawals", "at most one row for each plan version"),
    ("reports", "rollup_state", "one row"),
    ("reports", "search_state", "one row"),
    ("reports", "issued_documents", "empty: this service issues none"),
    ("wallet", "plan_versions", "one row for each plan version"),
    ("wallet", "plan_locks", "one row for each plan version"),
    ("wallet", "seal_progress", "one row"),
    ("wallet", "account_rollups", "one row for each kind of account"),
    ("wallet", "posting_epochs", "the latest epochs; earlier ones are removed"),
];

/// Tables that services insert into and do not query.
const INSERTED_TABLES: [(&str, &str); 2] = [
    ("inbox", "an insert finds the events that were handled before; only the removal of old rows reads it"),
    ("bank_references", "an insert finds the payout that has the reference already"),
];

/// Allowed scans: service (`*` for all), ends of statements and reason.
const ALLOWED_SCANS: [(&str, &[&str], &str); 2] = [
    (
        "*",
        &[
            "SELECT COUNT(*) FROM `parked`",
            "SELECT `deferred_events`.`event_type`, COUNT(*) FROM `deferred_events` GROUP BY `deferred_events`.`event_type`",
        ],
        "the metric needs the exact number; operators or the next release keep the table small, and the count reads only an index",
    ),
    (
        "reports",
        &[
            "FROM `bookings` GROUP BY `bookings`.`booked_on`",
            "FROM `bookings` GROUP BY `bookings`.`status`",
            "FROM `pair_facts` GROUP BY `pair_facts`.`happened_on`, `pair_facts`.`fact`",
            "FROM `payout_steps` GROUP BY `payout_steps`.`happened_on`, `payout_steps`.`status`",
            "FROM `payouts` GROUP BY `payouts`.`status`",
            "FROM `payouts` GROUP BY `payouts`.`status`, `payouts`.`requested_on`",
            "FROM `placements` GROUP BY `placements`.`placed_on`, `placements`.`manual`",
            "FROM `receipts` GROUP BY `receipts`.`happened_on`, `receipts`.`kind`, `receipts`.`method`",
            "FROM `rollups`",
            "FROM `wallet_transactions` GROUP BY `wallet_transactions`.`happened_on`, `wallet_transactions`.`kind`",
            "SUM(`wallets`.`clawback_due_paise`) FROM `wallets` LIMIT ?",
        ],
        "the job that compares the rollups with all facts; no request runs these",
    ),
];

fn is_of(service: &str, of: &str) -> bool {
    of == service || of == "*"
}

pub(crate) fn is_small(service: &str, table: &str) -> bool {
    SMALL_TABLES.iter().any(|(of, name, _)| is_of(service, of) && *name == table)
}

pub(crate) fn is_only_inserted(table: &str) -> bool {
    INSERTED_TABLES.iter().any(|(name, _)| *name == table)
}

/// Small tables in the list that `service` does not have.
pub(crate) fn missing(service: &str, tables: &[&str]) -> Vec<&'static str> {
    let named = SMALL_TABLES.iter().filter(|(of, ..)| is_of(service, of)).map(|(_, name, _)| *name);
    named.filter(|name| !tables.contains(name)).collect()
}

fn endings(service: &str) -> impl Iterator<Item = &'static str> {
    ALLOWED_SCANS.iter().filter(move |(of, ..)| is_of(service, of)).flat_map(|(_, endings, _)| endings.iter().copied())
}

pub(crate) fn is_allowed(service: &str, statement: &str) -> bool {
    endings(service).any(|ending| statement.ends_with(ending))
}

/// Allowed scans that no recorded statement uses.
pub(crate) fn unused(service: &str, statements: &[String]) -> Vec<&'static str> {
    endings(service).filter(|ending| !statements.iter().any(|statement| statement.ends_with(ending))).collect()
}
