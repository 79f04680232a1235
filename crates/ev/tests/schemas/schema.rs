//! Tables of a service as described by the database, and rows that fit them.

use chassis::Service;
use db::{Db, DbConfig};
use diesel::mysql::Mysql;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::{Sqlite, SqliteConnection};
use diesel::{Connection, QueryResult, QueryableByName};
use diesel_async::{AsyncConnection, AsyncMysqlConnection};
use std::collections::{BTreeMap, BTreeSet};

/// A plain connection, without the platform's settings.
pub(crate) enum RawConnection {
    Sqlite(Box<SqliteConnection>),
    Mysql(AsyncMysqlConnection),
}

impl RawConnection {
    pub(crate) fn sqlite(path: &str) -> Self {
        Self::Sqlite(Box::new(SqliteConnection::establish(path).unwrap()))
    }
    pub(crate) async fn mysql(url: &str) -> Self {
        Self::Mysql(AsyncMysqlConnection::establish(url).await.unwrap())
    }
    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }
    pub(crate) async fn run(&mut self, sql: &str) -> QueryResult<()> {
        match self {
            Self::Sqlite(c) => diesel::connection::SimpleConnection::batch_execute(&mut **c, sql),
            Self::Mysql(c) => diesel_async::SimpleAsyncConnection::batch_execute(c, sql).await,
        }
    }
    pub(crate) async fn query<R>(&mut self, sql: &str) -> Vec<R>
    where
        R: QueryableByName<Sqlite> + QueryableByName<Mysql> + Send + 'static,
    {
        self.try_query(sql).await.unwrap()
    }
    pub(crate) async fn try_query<R>(&mut self, sql: &str) -> QueryResult<Vec<R>>
    where
        R: QueryableByName<Sqlite> + QueryableByName<Mysql> + Send + 'static,
    {
        let query = diesel::sql_query(sql);
        match self {
            Self::Sqlite(c) => diesel::RunQueryDsl::load(query, &mut **c),
            Self::Mysql(c) => diesel_async::RunQueryDsl::load(query, c).await,
        }
    }
    /// Disables foreign keys, so that a row needs no other tables.
    pub(crate) async fn without_foreign_keys(mut self) -> Self {
        let sql = if self.is_sqlite() { "PRAGMA foreign_keys = OFF" } else { "SET foreign_key_checks = 0" };
        self.run(sql).await.unwrap();
        self
    }
}

/// Migrates the database like a service at its start.
pub(crate) async fn migrate(service: Service, database: DbConfig) {
    let db = Db::connect(&database).await.unwrap();
    db.migrate(chassis::MIGRATIONS).await.unwrap();
    db.migrate(service.migrations).await.unwrap();
}

/// Runs `test` on the schema of every service, in separate SQLite files.
pub(crate) async fn on_sqlite(test: impl AsyncFn(&str, RawConnection)) {
    for service in ev::services() {
        let folder = std::env::temp_dir().join(format!("ev-schema-{}", runtime::id::fresh::<uuid::Uuid>()));
        let (name, path) = (service.name, folder.join("test.db"));
        migrate(service, DbConfig::new(format!("sqlite://{}?synchronous=off", path.display()))).await;
        test(name, RawConnection::sqlite(path.to_str().unwrap()).without_foreign_keys().await).await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}

/// Runs `test` on the schema of every service, in separate databases on the test server.
pub(crate) async fn on_mysql(test: impl AsyncFn(&str, RawConnection)) {
    for service in ev::services() {
        testkit::mariadb::with_database(async |url| {
            let name = service.name;
            migrate(service, DbConfig::new(url.clone())).await;
            test(name, RawConnection::mysql(&url).await.without_foreign_keys().await).await;
        })
        .await;
    }
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    tbl: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    required: i64,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = Text)]
    tbl: String,
    #[diesel(sql_type = Text)]
    key_name: String,
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct TriggerRow {
    #[diesel(sql_type = Text)]
    tbl: String,
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) required: bool,
}

/// SQL literals by column.
pub(crate) type Row = BTreeMap<String, String>;

/// A table with its primary key and its unique keys.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) keys: BTreeSet<Vec<String>>,
    pub(crate) triggers: BTreeSet<String>,
}

/// Columns that a `CHECK` limits to the value of another column; zero fits in every row.
const ZERO_COLUMNS: [&str; 6] =
    ["applied_paise", "released_paise", "paid_paise", "total_paid_paise", "tds_paise", "emi_paise"];

impl Table {
    /// Row `n` (two digits). Every column differs from that of any other row, except flags, which have only two values.
    pub(crate) fn row(&self, n: u8) -> Row {
        let value =
            |c: &Column| if ZERO_COLUMNS.contains(&c.name.as_str()) { "0".to_owned() } else { literal(&c.kind, n) };
        self.columns.iter().map(|c| (c.name.clone(), value(c))).collect()
    }
    /// Row `n`, with the key of row `other`.
    pub(crate) fn row_with_key_of(&self, n: u8, key: &[String], other: u8) -> Row {
        let (mut row, other) = (self.row(n), self.row(other));
        row.extend(key.iter().map(|column| (column.clone(), other[column].clone())));
        row
    }
    /// `INSERT INTO`, or another verb, with the whole row.
    pub(crate) fn write(&self, verb: &str, row: &Row) -> String {
        let columns: Vec<&str> = row.keys().map(String::as_str).collect();
        let values: Vec<&str> = row.values().map(String::as_str).collect();
        format!("{verb} {} ({}) VALUES ({})", self.name, columns.join(", "), values.join(", "))
    }
    pub(crate) fn has_trigger(&self, what: &str) -> bool {
        self.triggers.contains(&format!("{}_{what}", self.name))
    }
}

fn literal(kind: &str, n: u8) -> String {
    let kind = kind.to_lowercase();
    let (word, size) = kind.split_once(['(', ' ']).unwrap_or((&kind, ""));
    match word {
        "binary" => {
            let size: usize = size.trim_end_matches(')').parse().unwrap();
            format!("X'{}'", format!("{n:02x}").repeat(size))
        }
        "varbinary" | "blob" | "mediumblob" => format!("X'{n:02x}{n:02x}'"),
        "boolean" | "tinyint" => (n % 2).to_string(),
        "bigint" | "int" | "integer" => n.to_string(),
        "varchar" | "text" | "mediumtext" => format!("'{n}'"),
        "datetime" => format!("'2026-01-01 00:00:{n}.000000'"),
        other => panic!("no value for a column of type {other}"),
    }
}

/// Tables of the migrations; the second one exists on MySQL only.
pub(crate) const MIGRATIONS: [&str; 2] = ["__diesel_schema_migrations", "migration_steps"];

const SQLITE: [&str; 3] = [
    "SELECT t.name AS tbl, c.name AS name, c.type AS kind, c.\"notnull\" OR c.pk AS required
     FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1, c.cid",
    "SELECT t.name AS tbl, '' AS key_name, c.name AS name, c.pk AS place
     FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND c.pk > 0
     UNION ALL SELECT t.name, k.name, c.name, c.seqno
     FROM sqlite_master t JOIN pragma_index_list(t.name) k JOIN pragma_index_info(k.name) c
     WHERE t.type = 'table' AND k.\"unique\" AND k.origin <> 'pk' ORDER BY 1, 2, 4",
    "SELECT tbl_name AS tbl, name FROM sqlite_master WHERE type = 'trigger'",
];
const MYSQL: [&str; 3] = [
    "SELECT table_name AS tbl, column_name AS name, column_type AS kind, is_nullable = 'NO' AS required
     FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY 1, ordinal_position",
    "SELECT table_name AS tbl, index_name AS key_name, column_name AS name
     FROM information_schema.statistics WHERE table_schema = DATABASE() AND non_unique = 0 ORDER BY 1, 2, seq_in_index",
    "SELECT event_object_table AS tbl, trigger_name AS name
     FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
];

/// Every table of the service, without system tables.
pub(crate) async fn tables(c: &mut RawConnection) -> Vec<Table> {
    let [columns, keys, triggers] = if c.is_sqlite() { SQLITE } else { MYSQL };
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for ColumnRow { tbl, name, kind, required } in c.query(columns).await {
        let table = tables.entry(tbl).or_insert_with_key(|name| Table {
            name: name.clone(),
            columns: Vec::new(),
            keys: BTreeSet::new(),
            triggers: BTreeSet::new(),
        });
        table.columns.push(Column { name, kind, required: required != 0 });
    }
    let mut by_name: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for KeyRow { tbl, key_name, name } in c.query(keys).await {
        by_name.entry((tbl, key_name)).or_default().push(name);
    }
    for ((table, _), columns) in by_name {
        tables.get_mut(&table).unwrap().keys.insert(columns);
    }
    for TriggerRow { tbl, name } in c.query(triggers).await {
        tables.get_mut(&tbl).unwrap().triggers.insert(name);
    }
    tables.retain(|name, _| !name.starts_with("sqlite_") && !MIGRATIONS.contains(&name.as_str()));
    tables.into_values().collect()
}
