//! Append-only tables: every change except an insert is refused.

use crate::schema::{RawConnection, Row, Table, tables};
use db::{is_append_only_violation, is_unique_violation};
use diesel::QueryableByName;
use diesel::sql_types::Text;

/// All append-only tables. A missing entry or a missing trigger fails the test.
const APPEND_ONLY: [(&str, &[&str]); 8] = [
    ("auth", &["issued_documents", "terms_acceptances", "terms_versions"]),
    ("binary", &["issued_documents", "nodes", "pairs", "tree_log"]),
    ("booking", &["issued_documents"]),
    (
        "compliance",
        &["audit_log", "audit_seals", "challan_changes", "grievance_steps", "issued_documents", "tds_records"],
    ),
    ("notification", &["issued_documents"]),
    ("payout", &["issued_documents"]),
    ("reports", &["issued_documents"]),
    ("wallet", &["closings", "forfeits", "issued_documents", "journal_entries", "postings", "seals"]),
];

/// Changes in one way: it is sealed again with another key.
const RESEALED: (&str, &str) = ("tds_records", "pan_sealed");

#[derive(QueryableByName, Debug, PartialEq, Eq)]
struct Stored {
    #[diesel(sql_type = Text)]
    row_text: String,
}

async fn rows(c: &mut RawConnection, table: &Table) -> Vec<Stored> {
    let columns: Vec<String> = table.columns.iter().map(|c| format!("COALESCE(HEX({}), '-')", c.name)).collect();
    c.query(&format!("SELECT CONCAT_WS(',', {}) AS row_text FROM {} ORDER BY 1", columns.join(", "), table.name)).await
}

/// Every kind of change except an insert of a new row, where rows 11 and 12 exist.
fn forbidden(table: &Table, sqlite: bool) -> Vec<String> {
    let name = &table.name;
    let mut all = vec![format!("DELETE FROM {name}"), format!("REPLACE INTO {name} SELECT * FROM {name}")];
    for key in &table.keys {
        let mut row = table.row_with_key_of(13, key, 11);
        // A replace by another key omits the position, which the database assigns.
        if key != &["position"] && table.keys.contains(&vec!["position".to_owned()]) {
            row.remove("position");
        }
        let insert = table.write("INSERT INTO", &row);
        all.push(table.write("REPLACE INTO", &row));
        let last = &table.columns[table.columns.len() - 1].name;
        if sqlite {
            all.push(table.write("INSERT OR REPLACE INTO", &row));
            all.push(format!("{insert} ON CONFLICT ({}) DO UPDATE SET {last} = excluded.{last}", key.join(", ")));
            let onto = |n: u8| key.iter().map(|k| table.row(n)[k].clone()).collect::<Vec<_>>().join(", ");
            let columns = key.join(", ");
            let (from, to) = (onto(11), onto(12));
            all.push(format!("UPDATE OR REPLACE {name} SET ({columns}) = ({to}) WHERE ({columns}) = ({from})"));
        } else {
            all.push(format!("{insert} ON DUPLICATE KEY UPDATE {last} = VALUES({last})"));
        }
    }
    for (column, value) in table.row(13) {
        if (name.as_str(), column.as_str()) != RESEALED {
            all.push(format!("UPDATE {name} SET {column} = {value}"));
        }
        all.push(format!("UPDATE {name} SET {column} = {column}"));
    }
    all
}

pub(crate) async fn an_append_only_table_refuses_every_change_except_inserts(service: &str, mut c: RawConnection) {
    let all = tables(&mut c).await;
    let found: Vec<&str> = all.iter().filter(|t| t.has_trigger("refuse_delete")).map(|t| t.name.as_str()).collect();
    let listed = APPEND_ONLY.iter().find(|(name, _)| *name == service).map_or(&[][..], |(_, tables)| *tables);
    assert_eq!(found, listed, "{service}");
    for table in all.iter().filter(|t| listed.contains(&t.name.as_str())) {
        for n in [11, 12] {
            c.run(&table.write("INSERT INTO", &table.row(n))).await.unwrap();
        }
        let before = rows(&mut c, table).await;
        assert_eq!(before.len(), 2);
        let sqlite = c.is_sqlite();
        for recursive in if sqlite { &["OFF", "ON"][..] } else { &["-"] } {
            if sqlite {
                c.run(&format!("PRAGMA recursive_triggers = {recursive}")).await.unwrap();
            }
            for sql in forbidden(table, sqlite) {
                let refused = c.run(&sql).await.expect_err(&sql);
                assert!(is_append_only_violation(&refused) || is_unique_violation(&refused), "{sql}: {refused:?}");
                assert_eq!(rows(&mut c, table).await, before, "{sql}");
            }
        }
        c.run(&table.write("INSERT INTO", &table.row(13))).await.expect("a new row");
    }
}

pub(crate) async fn the_pan_of_a_tds_record_can_only_be_sealed_again(service: &str, mut c: RawConnection) {
    if service != "compliance" {
        return;
    }
    let (name, sealed) = RESEALED;
    let all = tables(&mut c).await;
    let records = all.iter().find(|t| t.name == name).unwrap();
    c.run(&records.write("INSERT INTO", &records.row(11))).await.unwrap();
    let new = &records.row(12)[sealed];
    for (column, value) in records.row(12).into_iter().filter(|(c, value)| c != sealed && records.row(11)[c] != *value)
    {
        let both = format!("UPDATE {name} SET {sealed} = {new}, {column} = {value}");
        assert!(is_append_only_violation(&c.run(&both).await.expect_err(&both)), "{both}");
    }
    let emptied = format!("UPDATE {name} SET {sealed} = x''");
    assert!(is_append_only_violation(&c.run(&emptied).await.expect_err(&emptied)));
    c.run(&format!("UPDATE {name} SET {sealed} = {new}")).await.expect("another seal");
}

pub(crate) async fn a_pair_can_only_be_voided(service: &str, mut c: RawConnection) {
    if service != "binary" {
        return;
    }
    const VOIDING: [&str; 3] = ["status", "voided_seq", "voided_at"];
    let all = tables(&mut c).await;
    let pairs = all.iter().find(|t| t.name == "pairs").unwrap();
    let mut standing = pairs.row(11);
    standing.extend(["voided_seq", "voided_at"].map(|column| (column.to_owned(), "NULL".to_owned())));
    c.run(&pairs.write("INSERT INTO", &standing)).await.unwrap();
    let changed = pairs.row(12);
    let set = |columns: &[&str], values: &Row| {
        let parts: Vec<String> = columns.iter().map(|column| format!("{column} = {}", values[*column])).collect();
        format!("UPDATE pairs SET {}", parts.join(", "))
    };
    let mut refused = vec![set(&["status"], &changed)];
    for column in pairs.columns.iter().map(|c| c.name.as_str()).filter(|name| !VOIDING.contains(name)) {
        refused.push(set(&[column, "status", "voided_seq", "voided_at"], &changed));
    }
    refused.push(format!("{}, slot = NULL", set(&VOIDING, &changed)));
    for sql in refused {
        let error = c.run(&sql).await.expect_err(&sql);
        assert!(is_append_only_violation(&error), "{sql}: {error:?}");
    }
    c.run(&set(&VOIDING, &changed)).await.unwrap();
    let again = c.run(&set(&VOIDING, &pairs.row(13))).await.expect_err("voided twice");
    assert!(is_append_only_violation(&again), "{again:?}");
}
