//! Unfinished work in the services' databases and the broker.
//!
//! The counts come from the tables of the chassis and the positions of the ledger. Read only.

use super::sample::Backlog;
use db::{BackendKind, Db, DbConfig, DbConnection, DbError};
use diesel::sql_types::{BigInt, Text, Timestamp as SqlTimestamp};
use diesel::{QueryResult, QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use domain::Timestamp;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};

/// Database of one service.
pub(crate) struct Database {
    pub(crate) service: String,
    db: Db,
}

/// Broker of one installation.
#[derive(Debug, Clone)]
pub(crate) struct Broker {
    pub(crate) url: String,
    pub(crate) namespace: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct Status {
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

/// Sums over all databases.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) backlog: Backlog,
    pub(crate) kib: u64,
    /// `None` where the databases are files.
    pub(crate) rows_read: Option<u64>,
}

async fn number(c: &mut DbConnection, query: &str) -> QueryResult<i64> {
    let rows: Vec<Number> = sql_query(query).load(c).await?;
    Ok(rows.iter().map(|row| row.n).sum())
}

impl Database {
    pub(crate) async fn connect(service: &str, url: &str) -> Result<Self, DbError> {
        let config = DbConfig { pool_size: 1, ..DbConfig::new(url) };
        Ok(Self { service: service.to_owned(), db: Db::connect(&config).await? })
    }

    async fn add_to(&self, figures: &mut Figures) -> Result<(), DbError> {
        let mut c = self.db.read().await?;
        let c = &mut *c;
        let backlog = &mut figures.backlog;
        backlog.unsent += number(c, "SELECT COUNT(*) AS n FROM outbox WHERE sent_at IS NULL").await?;
        backlog.parked += number(c, "SELECT COUNT(*) AS n FROM parked").await?;
        backlog.waiting += number(c, "SELECT COUNT(*) AS n FROM waiting").await?;
        if self.service == "wallet" {
            // An estimate: positions may have gaps on MySQL. `unsealed` is exact.
            let posted = number(c, "SELECT COALESCE(MAX(position), 0) AS n FROM journal_entries").await?;
            let sealed = number(c, "SELECT COALESCE(MAX(number), 0) AS n FROM seals").await?;
            backlog.unsealed = posted.saturating_sub(sealed).max(0);
        }
        let bytes = match c.kind() {
            BackendKind::Sqlite => "SELECT page_count * page_size AS n FROM pragma_page_count(), pragma_page_size()",
            BackendKind::Mysql => {
                "SELECT CAST(COALESCE(SUM(data_length + index_length), 0) AS SIGNED) AS n \
                 FROM information_schema.tables WHERE table_schema = DATABASE()"
            }
        };
        let bytes = number(c, bytes).await?;
        figures.kib = figures.kib.saturating_add(u64::try_from(bytes).unwrap_or_default() / 1024);
        if c.kind() == BackendKind::Mysql && self.service == "wallet" {
            let rows: Vec<Status> = sql_query("SHOW GLOBAL STATUS LIKE 'Handler_read%'").load(c).await?;
            figures.rows_read = Some(rows.iter().filter_map(|row| row.value.parse::<u64>().ok()).sum());
        }
        Ok(())
    }

    /// Number of entries posted before `before` without a seal. Reads the whole journal.
    pub(crate) async fn unsealed(&self, before: Timestamp) -> Result<i64, DbError> {
        let mut c = self.db.read().await?;
        let query = sql_query(
            "SELECT COUNT(*) AS n FROM journal_entries e LEFT JOIN seals s ON s.entry_id = e.id \
             WHERE s.entry_id IS NULL AND e.posted_at < ?",
        );
        let rows: Vec<Number> = query.bind::<SqlTimestamp, _>(before).load(&mut c).await?;
        Ok(rows.iter().map(|row| row.n).sum())
    }
}

/// Counts of all databases. Errors when one of them fails.
pub(crate) async fn figures(databases: &[Database]) -> Result<Figures, DbError> {
    let mut figures = Figures::default();
    for database in databases {
        database.add_to(&mut figures).await?;
    }
    Ok(figures)
}

/// Number of ready messages in all queues of the installation, including dead letters.
pub(crate) async fn queued(broker: &Broker, services: &[String]) -> Result<i64, lapin::Error> {
    let connection = Connection::connect(&broker.url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let mut total = 0_i64;
    for service in services {
        for name in [format!("{}.{service}", broker.namespace), format!("{}.{service}.dead", broker.namespace)] {
            let queue = channel.queue_declare(name.into(), passive, FieldTable::default()).await?;
            total = total.saturating_add(i64::from(queue.message_count()));
        }
    }
    connection.close(0, "".into()).await?;
    Ok(total)
}
