//! Unique keys of all services, which prevent duplicate effects (`keys.txt`).

use crate::derived::assert_derived;
use crate::schema::{RawConnection, on_sqlite, tables};
use db::is_unique_violation;
use std::cell::RefCell;
use std::collections::BTreeSet;

const LIST: &str = "crates/ev/tests/schemas/keys.txt";

/// `table(column,column)` of every key.
async fn keys(c: &mut RawConnection) -> BTreeSet<String> {
    let named = |t: crate::schema::Table| t.keys.into_iter().map(move |key| format!("{}({})", t.name, key.join(",")));
    tables(c).await.into_iter().flat_map(named).collect()
}

/// Checks that exactly the listed keys exist, and each key: a second row with the key is refused; rows with another key
/// or with a null in the key are accepted.
pub(crate) async fn exactly_the_rows_with_an_existing_key_are_refused(service: &str, mut c: RawConnection) {
    let prefix = format!("{service} ");
    let listed = include_str!("keys.txt").lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned);
    assert_eq!(keys(&mut c).await, listed.collect(), "{service}: the keys differ from {LIST}");
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

pub(crate) async fn the_derived_list_names_every_key() {
    let lines = RefCell::new(BTreeSet::new());
    on_sqlite(async |service: &str, mut c: RawConnection| {
        let keys = keys(&mut c).await;
        lines.borrow_mut().extend(keys.iter().map(|key| format!("{service} {key}\n")));
    })
    .await;
    assert_derived(LIST, &lines.into_inner().into_iter().collect::<String>());
}
