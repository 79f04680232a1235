//! Columns that are sealed with the PII keys, compared with those that `ev pii re-encrypt` rewrites.

use crate::schema::{RawConnection, tables};
use std::collections::BTreeSet;

/// Sealed columns without `sealed` in their name.
const OTHERS: [(&str, &str, &str); 1] = [("booking", "webhook_events", "body")];
/// A flag, and times.
const NOT_SEALED: [&str; 3] = ["webhook_events.sealed", "seals.sealed_at", "audit_seals.sealed_at"];

pub(crate) async fn every_sealed_column_is_declared(service: &str, mut c: RawConnection) {
    let mut found = BTreeSet::new();
    for table in tables(&mut c).await {
        let sealed = table.columns.iter().filter(|column| column.name.contains("sealed"));
        found.extend(sealed.map(|column| format!("{}.{}", table.name, column.name)));
    }
    found.extend(OTHERS.iter().filter(|(of, ..)| *of == service).map(|(_, table, column)| format!("{table}.{column}")));
    found.retain(|column| !NOT_SEALED.contains(&column.as_str()));
    let all = ev::services();
    let declared = all.iter().find(|s| s.name == service).unwrap().sealed;
    let declared: BTreeSet<String> = declared.iter().map(|c| format!("{}.{}", c.table, c.column)).collect();
    assert_eq!(found, declared, "{service}");
}
