//! Plain SQL with the same rows, as a baseline for benchmarks: it shows the cost that the platform adds.

use db::DbConnection;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use std::time::{Duration, Instant};

/// Rate of `count` operations in `took`, per second.
pub fn per_second(count: usize, took: Duration) -> u128 {
    u128::try_from(count).unwrap() * 1_000_000 / took.as_micros().max(1)
}

/// `part / whole` with two decimal places.
pub fn ratio(part: Duration, whole: Duration) -> String {
    let hundredths = part.as_nanos() * 100 / whole.as_nanos().max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    literal: String,
}

/// Copies the rows of `tables` (name and order column) into empty tables with multi-row inserts in `batches`
/// transactions, and returns the duration. MySQL only.
pub async fn time_inserts(c: &mut DbConnection, tables: &[(&str, &str)], batches: usize) -> Duration {
    let mut transactions = vec![String::new(); batches.max(1)];
    for (table, order) in tables {
        c.batch_execute(&format!("CREATE TABLE raw_{table} LIKE {table}")).await.unwrap();
        let rows = literals(c, table, order).await;
        for (rows, sql) in rows.chunks(rows.len().div_ceil(transactions.len()).max(1)).zip(&mut transactions) {
            sql.push_str(&format!("INSERT INTO raw_{table} VALUES {};", rows.join(",")));
        }
    }
    let started = Instant::now();
    for sql in &transactions {
        c.batch_execute("BEGIN").await.unwrap();
        for statement in sql.split_inclusive(';') {
            c.batch_execute(statement).await.unwrap();
        }
        c.batch_execute("COMMIT").await.unwrap();
    }
    started.elapsed()
}

/// Runs the statements that `make` returns for an id, `times` times by each of `clients` concurrent clients with
/// separate connections, and returns the duration.
pub async fn time_clients(url: &str, clients: usize, times: usize, make: fn(uuid::Uuid) -> Vec<String>) -> Duration {
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(<DbConnection as AsyncConnection>::establish(url).await.unwrap());
    }
    let started = Instant::now();
    let running: Vec<_> = connections
        .into_iter()
        .map(|mut c| {
            tokio::spawn(async move {
                let ids: Vec<uuid::Uuid> = (0..16).map(|_| runtime::id::fresh()).collect();
                for id in ids.iter().cycle().take(times) {
                    for statement in make(*id) {
                        c.batch_execute(&statement).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for client in running {
        client.await.unwrap();
    }
    started.elapsed()
}

/// Every row of a table as a SQL literal for `VALUES`.
async fn literals(c: &mut DbConnection, table: &str, order: &str) -> Vec<String> {
    let columns = "SELECT column_name AS name, data_type AS kind FROM information_schema.columns \
                   WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position";
    let columns: Vec<Column> = diesel::sql_query(columns).bind::<Text, _>(table).load(c).await.unwrap();
    let values: Vec<String> = columns
        .iter()
        .map(|Column { name, kind }| match kind.as_str() {
            // Hex, because a semicolon in a text would end the statement and binary values are not text.
            "bigint" | "int" | "tinyint" | "datetime" => format!("QUOTE({name})"),
            _ => format!("IF({name} IS NULL, 'NULL', CONCAT('x''', HEX({name}), ''''))"),
        })
        .collect();
    let rows = format!(
        "SELECT CONCAT('(', CONCAT_WS(',', {}), ')') AS literal FROM {table} ORDER BY {order}",
        values.join(", ")
    );
    let rows: Vec<Row> = diesel::sql_query(rows).load(c).await.unwrap();
    rows.into_iter().map(|row| row.literal).collect()
}
