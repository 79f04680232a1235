//! All that may be read as a whole: tables that stay small, and statements that have to read everything.

/// A service (`*` for each), a table of it, and why it has few rows for ever.
const SMALL: [(&str, &str, &str); 18] = [
    ("*", "leases", "a row a job"),
    ("*", "public_keys", "the signing keys that are known"),
    ("auth", "signing_keys", "a few at a time, removed when they have expired"),
    ("binary", "tree_head", "one row"),
    ("binary", "plan_versions", "a row a version of the plan"),
    ("binary", "pair_totals_head", "one row"),
    ("binary", "pair_totals", "a row a month and status"),
    ("booking", "vehicles", "the models that are sold"),
    ("booking", "plan_versions", "a row a version of the plan"),
    ("booking", "reconciliations", "a row a payment gateway"),
    ("payout", "plan_versions", "a row a version of the plan"),
    ("payout", "tax_rules", "a row a change of the law"),
    ("reports", "rollup_state", "one row"),
    ("wallet", "plan_versions", "a row a version of the plan"),
    ("wallet", "plan_locks", "a row a version of the plan"),
    ("wallet", "seal_progress", "one row"),
    ("wallet", "account_rollups", "a row a kind of account"),
    ("wallet", "posting_epochs", "the last ones; earlier ones are removed"),
];

/// A service (`*` for each), how statements of it end, and why they may scan.
const ALLOWED: [(&str, &[&str], &str); 2] = [
    (
        "*",
        &["SELECT COUNT(*) FROM `parked`"],
        "the metric is the exact number; each row is an alarm that somebody ends, and the count reads an index alone",
    ),
    (
        "reports",
        &[
            "FROM `bookings` GROUP BY `bookings`.`booked_on`",
            "FROM `bookings` GROUP BY `bookings`.`status`",
            "FROM `pair_facts` GROUP BY `pair_facts`.`happened_on`, `pair_facts`.`fact`",
            "FROM `payout_steps` GROUP BY `payout_steps`.`happened_on`, `payout_steps`.`status`",
            "FROM `payouts` GROUP BY `payouts`.`status`",
            "FROM `placements` GROUP BY `placements`.`placed_on`, `placements`.`manual`",
            "FROM `receipts` GROUP BY `receipts`.`happened_on`, `receipts`.`kind`, `receipts`.`method`",
            "FROM `rollups`",
            "FROM `wallet_transactions` GROUP BY `wallet_transactions`.`happened_on`, `wallet_transactions`.`kind`",
            "SUM(`wallets`.`clawback_due_paise`) FROM `wallets` LIMIT ?",
        ],
        "the job that compares the rollups with all facts there are; no request does",
    ),
];

fn is_of(service: &str, of: &str) -> bool {
    of == service || of == "*"
}

pub(crate) fn is_small(service: &str, table: &str) -> bool {
    SMALL.iter().any(|(of, name, _)| is_of(service, of) && *name == table)
}

/// Small tables of `service` that it does not have.
pub(crate) fn missing(service: &str, tables: &[&str]) -> Vec<&'static str> {
    let named = SMALL.iter().filter(|(of, ..)| is_of(service, of)).map(|(_, name, _)| *name);
    named.filter(|name| !tables.contains(name)).collect()
}

fn endings(service: &str) -> impl Iterator<Item = &'static str> {
    ALLOWED.iter().filter(move |(of, ..)| is_of(service, of)).flat_map(|(_, endings, _)| endings.iter().copied())
}

pub(crate) fn is_allowed(service: &str, statement: &str) -> bool {
    endings(service).any(|ending| statement.ends_with(ending))
}

/// Exceptions for which there is no such statement any more.
pub(crate) fn unused(service: &str, statements: &[String]) -> Vec<&'static str> {
    endings(service).filter(|ending| !statements.iter().any(|statement| statement.ends_with(ending))).collect()
}
