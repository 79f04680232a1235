//! Recorder of the SQL statements that services execute: all statements of one test, for assertions ([`Statements`]),
//! and the distinct statements of a whole run, for the test of query plans ([`DIRECTORY_VARIABLE`]).

use crate::TestService;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use runtime::Env;
use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write as _};
use std::fs::{OpenOptions, create_dir_all};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

/// Environment variable with a folder. Where set, every process of a run appends the statements of services to
/// `SERVICE.sql` in it, one a line, each once a process.
pub const DIRECTORY_VARIABLE: &str = "EV_STATEMENTS";

type Log = Arc<Mutex<Vec<String>>>;

/// Logs of recorded statements by database path or URL.
static LOGS: LazyLock<Mutex<HashMap<String, Log>>> = LazyLock::new(Mutex::default);
static RUN: LazyLock<Option<Run>> = LazyLock::new(|| {
    let folder = Env::from_process().get(DIRECTORY_VARIABLE).map(PathBuf::from)?;
    create_dir_all(&folder).unwrap();
    Some(Run { folder, seen: Mutex::default() })
});

tokio::task_local! {
    static AS_SERVICE: ();
}

/// Runs `work` as service code although a test calls it, such as a job or the start of a service.
pub async fn as_service<T>(work: impl Future<Output = T>) -> T {
    AS_SERVICE.scope((), work).await
}

/// Whether a service executes the current statement, and not the test itself. Servers, consumers and schedules run in
/// tasks; a test is the runtime's main future, which is not a task.
fn runs_as_service() -> bool {
    tokio::task::try_id().is_some() || AS_SERVICE.try_with(|()| ()).is_ok()
}

/// Records the statements of every connection that this process opens from now on.
pub fn record_all() {
    set_default_instrumentation(|| Some(Box::<Recorder>::default())).unwrap();
}

/// The statements executed on a service's database.
pub struct Statements(Log);

impl Statements {
    /// Starts recording.
    pub fn record(service: &TestService) -> Self {
        let log = Log::default();
        LOGS.lock().unwrap().insert(connection_name(service.database()).to_owned(), Arc::clone(&log));
        Self(log)
    }

    /// Removes and returns the statements recorded since the last call.
    pub fn drain(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The statements that contain each of `parts`.
    pub fn containing(&self, parts: &[&str]) -> Vec<String> {
        let all = self.0.lock().unwrap();
        all.iter().filter(|statement| parts.iter().all(|part| statement.contains(part))).cloned().collect()
    }
}

/// The statements that read from a table.
pub fn reads_of<'a>(statements: &'a [String], table: &str) -> Vec<&'a String> {
    let from = [format!("FROM `{table}`"), format!("FROM (`{table}`")];
    statements.iter().filter(|sql| from.iter().any(|from| sql.contains(from))).collect()
}

/// The statements that write to one of these tables.
pub fn writes_to<'a>(statements: &'a [String], tables: &[&str]) -> Vec<&'a String> {
    let verbs = ["INSERT INTO", "UPDATE", "DELETE  FROM", "DELETE FROM"];
    let writes = |sql: &String| tables.iter().any(|t| verbs.iter().any(|v| sql.starts_with(&format!("{v} `{t}`"))));
    statements.iter().filter(|sql| writes(sql)).collect()
}

/// Path of an SQLite URL, or any other URL itself: the name under which diesel reports a connection.
fn connection_name(url: &str) -> &str {
    url.strip_prefix("sqlite://").map_or(url, |rest| rest.split('?').next().unwrap_or_default())
}

/// Instrumentation of one connection.
#[derive(Default)]
struct Recorder {
    database: String,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartEstablishConnection { url, .. } = event {
            url.clone_into(&mut self.database);
        } else if let InstrumentationEvent::StartQuery { query, .. } = event {
            let log = LOGS.lock().unwrap().get(&self.database).map(Arc::clone);
            let run = RUN.as_ref().filter(|_| runs_as_service());
            if log.is_none() && run.is_none() {
                return;
            }
            let statement = statement_text(query);
            if let Some(run) = run {
                run.add(&self.database, &statement);
            }
            if let Some(log) = log {
                log.lock().unwrap().push(statement);
            }
        }
    }
}

/// Text of a statement without the bound values, which are slow to print.
fn statement_text(query: &dyn fmt::Display) -> String {
    struct UntilBinds(String);
    impl fmt::Write for UntilBinds {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            if part.starts_with(" -- binds") {
                return Err(fmt::Error);
            }
            self.0.push_str(part);
            Ok(())
        }
    }
    let mut text = UntilBinds(String::new());
    // The write fails where the values begin, which ends the text.
    let _truncated = write!(text, "{query}");
    text.0
}

/// Statements of this process, as a part of a run of the test suites.
struct Run {
    folder: PathBuf,
    seen: Mutex<HashSet<String>>,
}

impl Run {
    fn add(&self, database: &str, statement: &str) {
        // Statements on MySQL are the same except for locks.
        let Some(service) = Path::new(database).file_stem().filter(|_| !database.contains("://")) else { return };
        let Some(line) = normalized_line(statement) else { return };
        if self.seen.lock().unwrap().insert(format!("{} {line}", service.display())) {
            let file = self.folder.join(service).with_extension("sql");
            let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
            // One write, because other processes append too.
            file.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
    }
}

/// A statement on one line, with lists shortened to two values. `None` where it does not search for rows.
fn normalized_line(statement: &str) -> Option<String> {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let searches = match words.first() {
        Some(&"INSERT") => words.contains(&"SELECT"),
        Some(first) => ["SELECT", "UPDATE", "DELETE", "WITH"].contains(first),
        None => false,
    };
    let mut line = words.join(" ");
    while let Some(at) = line.find("?, ?, ?") {
        line.replace_range(at..at + 3, "");
    }
    searches.then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_normalized_without_values_and_list_lengths() {
        let (query, values) = ("SELECT 1", [1]);
        assert_eq!(statement_text(&format_args!("{query} -- binds: {values:?}")), query);
        assert_eq!(
            normalized_line("SELECT  a\n FROM t WHERE a IN (?, ?, ?, ?, ?)").unwrap(),
            "SELECT a FROM t WHERE a IN (?, ?)"
        );
        assert_eq!(normalized_line("INSERT INTO t (a) VALUES (?)"), None);
        assert_eq!(normalized_line("INSERT INTO t (a) SELECT a FROM u").unwrap(), "INSERT INTO t (a) SELECT a FROM u");
        assert_eq!(normalized_line("PRAGMA query_only = ON"), None);
    }
}
