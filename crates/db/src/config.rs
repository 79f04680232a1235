//! Database URLs and pool size, validated before any connection is opened.

use crate::backend_kind::BackendKind;
use crate::error::DbError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Configuration of a database.
#[derive(Clone)]
pub struct DbConfig {
    /// `sqlite://path/to/file.db`, with `?synchronous=normal` or `off` where a power cut may lose the last commits; or
    /// `mysql://user:password@host:3306/database`, with `?require_ssl=true` for TLS.
    pub url: String,
    /// MySQL replica for [`Db::replica`](crate::Db::replica). It may lag, so only reports and exports read it.
    pub read_url: Option<String>,
    /// The same MySQL database with a user that may change the schema; only migrations use it.
    pub migrate_url: Option<String>,
    /// Certificates in PEM that are trusted, beside the public authorities, for a MySQL server with TLS.
    pub ca_file: Option<PathBuf>,
    /// Maximum number of connections in a pool. SQLite has this many readers, and one writer.
    pub pool_size: usize,
    /// Age at which a MySQL connection is closed instead of used again, so that after a failover that moves the server's
    /// name every connection leads to the new server.
    pub max_connection_age: Duration,
}

/// Default of [`DbConfig::max_connection_age`].
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(300);

impl DbConfig {
    /// Configuration with eight connections and no replica.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            read_url: None,
            migrate_url: None,
            ca_file: None,
            pool_size: 8,
            max_connection_age: MAX_CONNECTION_AGE,
        }
    }
}

impl fmt::Debug for DbConfig {
    /// Omits the URLs, which contain passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DbConfig").field("pool_size", &self.pool_size).finish_non_exhaustive()
    }
}

/// Value of SQLite's `synchronous` pragma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Synchronous {
    Off,
    Normal,
    Full,
}

impl Synchronous {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Normal => "NORMAL",
            Self::Full => "FULL",
        }
    }
}

/// A parsed database URL.
#[derive(Clone)]
pub(crate) enum Target {
    Sqlite { path: PathBuf, synchronous: Synchronous },
    Mysql { url: String, ca_file: Option<PathBuf> },
}

impl Target {
    /// Parses a URL. The error names the setting `name` and never contains the URL.
    pub(crate) fn parse(name: &'static str, url: &str, ca_file: Option<&Path>) -> Result<Self, DbError> {
        let refuse = |reason: String| DbError::Config { setting: name, reason };
        if let Some(rest) = url.strip_prefix("sqlite://") {
            return sqlite(rest).map_err(refuse);
        }
        if url.starts_with("mysql://") {
            let options = mysql_async::Opts::from_url(url).map_err(|e| refuse(e.to_string()))?;
            return match options.db_name() {
                Some(database) if !database.is_empty() => {
                    Ok(Self::Mysql { url: url.to_owned(), ca_file: ca_file.map(Path::to_owned) })
                }
                _ => Err(refuse("has no database name (mysql://user:password@host:3306/database)".to_owned())),
            };
        }
        Err(refuse("must begin with sqlite:// or mysql://".to_owned()))
    }

    pub(crate) const fn kind(&self) -> BackendKind {
        match self {
            Self::Sqlite { .. } => BackendKind::Sqlite,
            Self::Mysql { .. } => BackendKind::Mysql,
        }
    }
}

fn sqlite(rest: &str) -> Result<Target, String> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    // Each connection to a memory database has its own database, and a `file:` URI has its own parameters.
    if path.is_empty() || path == ":memory:" || path.starts_with("file:") {
        return Err("needs the path of a file (sqlite://path/to/file.db)".to_owned());
    }
    let mut synchronous = Synchronous::Full;
    for parameter in query.split('&').filter(|p| !p.is_empty()) {
        synchronous = match parameter {
            "synchronous=off" => Synchronous::Off,
            "synchronous=normal" => Synchronous::Normal,
            "synchronous=full" => Synchronous::Full,
            other => {
                return Err(format!("has the unknown parameter `{other}` (allowed: synchronous=off, normal or full)"));
            }
        };
    }
    Ok(Target::Sqlite { path: PathBuf::from(path), synchronous })
}

/// Parsed URLs of a configuration.
pub(crate) struct Targets {
    pub(crate) primary: Target,
    pub(crate) replica: Option<Target>,
    pub(crate) migrations: Target,
}

impl Targets {
    pub(crate) fn parse(config: &DbConfig) -> Result<Self, DbError> {
        if config.pool_size == 0 {
            return Err(DbError::Config { setting: "pool_size", reason: "must be at least 1".to_owned() });
        }
        let primary = Target::parse("url", &config.url, config.ca_file.as_deref())?;
        let replica = parse_secondary("read_url", config.read_url.as_deref(), &primary, config)?;
        let migrations = parse_secondary("migrate_url", config.migrate_url.as_deref(), &primary, config)?;
        Ok(Self { migrations: migrations.unwrap_or_else(|| primary.clone()), primary, replica })
    }
}

fn parse_secondary(
    setting: &'static str,
    url: Option<&str>,
    primary: &Target,
    config: &DbConfig,
) -> Result<Option<Target>, DbError> {
    let Some(url) = url else { return Ok(None) };
    let target = Target::parse(setting, url, config.ca_file.as_deref())?;
    match (primary.kind(), target.kind()) {
        (BackendKind::Mysql, BackendKind::Mysql) => Ok(Some(target)),
        _ => Err(DbError::Config {
            setting,
            reason: "is allowed only with MySQL, for both this url and the main url".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_error(config: &DbConfig) -> String {
        match Targets::parse(config) {
            Err(error @ DbError::Config { .. }) => error.to_string(),
            Err(error) => panic!("{config:?}: {error:?}"),
            Ok(_) => panic!("{} was accepted", config.url),
        }
    }

    #[test]
    fn an_invalid_url_is_refused_and_not_repeated_in_the_error() {
        for url in [
            "",
            "db.sqlite",
            "sqlite:db.sqlite",
            "sqlite://",
            "sqlite://?synchronous=off",
            "sqlite://:memory:",
            "sqlite://file:x?mode=memory",
            "sqlite://x.db?cache=shared",
            "sqlite://x.db?synchronous",
            "sqlite://x.db?synchronous=OFF",
            "sqlite://x.db?synchronous=off&mode=ro",
            "postgres://u:hunter2@h/d",
            "mysql:u:hunter2@h/d",
            "mysql://",
            "mysql:///d",
            "mysql://u:hunter2@h",
            "mysql://u:hunter2@h/",
            "mysql://u:hunter2@h:99999/d",
            "mysql://u:hunter2@h/d?require_ssl=perhaps",
            "mysql://u:hunter2@h/d?sslmode=require",
            "MYSQL://u:hunter2@h/d",
        ] {
            let message = config_error(&DbConfig::new(url));
            assert!(message.starts_with("database setting url: ") && !message.contains("hunter2"), "{url}: {message}");
        }
    }

    #[test]
    fn a_valid_url_is_parsed() {
        for (url, kind) in [
            ("sqlite://x.db", BackendKind::Sqlite),
            ("sqlite:///var/lib/ev/x y.db?synchronous=normal", BackendKind::Sqlite),
            ("sqlite://x.db?", BackendKind::Sqlite),
            ("mysql://u:p%40ss@h/d", BackendKind::Mysql),
            ("mysql://u:p@h:3306/d?require_ssl=true&verify_ca=false", BackendKind::Mysql),
            ("mysql://u:p@[::1]/d", BackendKind::Mysql),
        ] {
            let target = Target::parse("url", url, None).unwrap();
            assert_eq!(target.kind(), kind, "{url}");
        }
    }

    #[test]
    fn read_and_migrate_urls_are_allowed_only_with_mysql() {
        let mysql = || Some("mysql://u:p@h/d".to_owned());
        let sqlite = || Some("sqlite://x.db".to_owned());
        let at = |url: Option<String>| DbConfig::new(url.unwrap_or_default());
        for (setting, config) in [
            ("read_url", DbConfig { read_url: mysql(), ..at(sqlite()) }),
            ("read_url", DbConfig { read_url: sqlite(), ..at(sqlite()) }),
            ("read_url", DbConfig { read_url: sqlite(), ..at(mysql()) }),
            ("migrate_url", DbConfig { migrate_url: sqlite(), ..at(mysql()) }),
            ("migrate_url", DbConfig { migrate_url: Some(String::new()), ..at(mysql()) }),
            ("pool_size", DbConfig { pool_size: 0, ..at(mysql()) }),
        ] {
            assert!(config_error(&config).starts_with(&format!("database setting {setting}: ")), "{setting}");
        }
        let all = DbConfig { read_url: mysql(), migrate_url: mysql(), pool_size: 1, ..at(mysql()) };
        assert!(Targets::parse(&all).is_ok_and(|t| t.replica.is_some()));
    }

    #[test]
    fn debug_output_contains_no_password() {
        let config =
            DbConfig { read_url: Some("mysql://u:hunter2@r/d".to_owned()), ..DbConfig::new("mysql://u:hunter2@h/d") };
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
