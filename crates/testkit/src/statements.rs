//! Statements that services execute: those of one test, for assertions on how many there are and what they read
//! ([`Statements`]), and the different ones of a whole run, for the test of query plans ([`FOLDER`]).

use crate::TestService;
use chassis::Env;
use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write as _};
use std::fs::{OpenOptions, create_dir_all};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

/// Where set, every process of a run adds the statements that services execute to this folder: `SERVICE.sql` holds
/// each once a process, one to a line.
pub const FOLDER: &str = "EV_STATEMENTS";

type Log = Arc<Mutex<Vec<String>>>;

/// Who listens to the statements of a database, by what it is opened with.
static LISTENERS: LazyLock<Mutex<HashMap<String, Log>>> = LazyLock::new(Mutex::default);
static RUN: LazyLock<Option<Run>> = LazyLock::new(|| {
    let folder = Env::from_process().get(FOLDER).map(PathBuf::from)?;
    create_dir_all(&folder).unwrap();
    Some(Run { folder, seen: Mutex::default() })
});

tokio::task_local! {
    static BY_SERVICE: ();
}

/// Awaits what belongs to a service though a test calls it: a job, or what happens at the start.
pub async fn by_service<T>(work: impl Future<Output = T>) -> T {
    BY_SERVICE.scope((), work).await
}

/// Whether a service executes this, and not a test for itself. A test is what the runtime was entered with, which is no
/// task; servers, consumers and schedules are tasks.
fn is_by_service() -> bool {
    tokio::task::try_id().is_some() || BY_SERVICE.try_with(|()| ()).is_ok()
}

/// Makes every connection that this process opens from now on tell what it executes.
pub fn listen() {
    set_default_instrumentation(|| Some(Box::<Recorder>::default())).unwrap();
}

/// Everything that is executed on a service's database.
pub struct Statements(Log);

impl Statements {
    /// From now on.
    pub fn of(service: &TestService) -> Self {
        let log = Log::default();
        LISTENERS.lock().unwrap().insert(opened_with(service.database()).to_owned(), Arc::clone(&log));
        Self(log)
    }

    /// Those since the last call.
    pub fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Those that contain each of `parts`.
    pub fn with(&self, parts: &[&str]) -> Vec<String> {
        let all = self.0.lock().unwrap();
        all.iter().filter(|statement| parts.iter().all(|part| statement.contains(part))).cloned().collect()
    }
}

/// Those that read from a table.
pub fn reading<'a>(statements: &'a [String], table: &str) -> Vec<&'a String> {
    let from = [format!("FROM `{table}`"), format!("FROM (`{table}`")];
    statements.iter().filter(|sql| from.iter().any(|from| sql.contains(from))).collect()
}

/// Those that change rows of one of these tables.
pub fn writing<'a>(statements: &'a [String], tables: &[&str]) -> Vec<&'a String> {
    let verbs = ["INSERT INTO", "UPDATE", "DELETE  FROM", "DELETE FROM"];
    let writes = |sql: &String| tables.iter().any(|t| verbs.iter().any(|v| sql.starts_with(&format!("{v} `{t}`"))));
    statements.iter().filter(|sql| writes(sql)).collect()
}

/// What a connection of this URL is opened with: an SQLite file's path, and any other URL itself.
fn opened_with(url: &str) -> &str {
    url.strip_prefix("sqlite://").map_or(url, |rest| rest.split('?').next().unwrap_or_default())
}

/// What one connection tells.
#[derive(Default)]
struct Recorder {
    database: String,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartEstablishConnection { url, .. } = event {
            url.clone_into(&mut self.database);
        } else if let InstrumentationEvent::StartQuery { query, .. } = event {
            let log = LISTENERS.lock().unwrap().get(&self.database).map(Arc::clone);
            let run = RUN.as_ref().filter(|_| is_by_service());
            if log.is_none() && run.is_none() {
                return;
            }
            let statement = text(query);
            if let Some(run) = run {
                run.add(&self.database, &statement);
            }
            if let Some(log) = log {
                log.lock().unwrap().push(statement);
            }
        }
    }
}

/// A statement without the values that are bound, which take long to print.
fn text(query: &dyn fmt::Display) -> String {
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
    // It fails where the values begin.
    let _stopped = write!(text, "{query}");
    text.0
}

/// What a run of the suites executes, of which this process is a part.
struct Run {
    folder: PathBuf,
    seen: Mutex<HashSet<String>>,
}

impl Run {
    fn add(&self, database: &str, statement: &str) {
        // What is on MySQL is the same but for locks.
        let Some(service) = Path::new(database).file_stem().filter(|_| !database.contains("://")) else { return };
        let Some(line) = line(statement) else { return };
        if self.seen.lock().unwrap().insert(format!("{} {line}", service.display())) {
            let file = self.folder.join(service).with_extension("sql");
            let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
            // In one piece, because other processes add to it too.
            file.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
    }
}

/// A statement that looks for rows, on one line and with two values in each list; none where it only adds rows.
fn line(statement: &str) -> Option<String> {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let looks = match words.first() {
        Some(&"INSERT") => words.contains(&"SELECT"),
        Some(first) => ["SELECT", "UPDATE", "DELETE", "WITH"].contains(first),
        None => false,
    };
    let mut line = words.join(" ");
    while let Some(at) = line.find("?, ?, ?") {
        line.replace_range(at..at + 3, "");
    }
    looks.then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_told_without_its_values_and_apart_from_the_length_of_its_lists() {
        let (query, values) = ("SELECT 1", [1]);
        assert_eq!(text(&format_args!("{query} -- binds: {values:?}")), query);
        assert_eq!(line("SELECT  a\n FROM t WHERE a IN (?, ?, ?, ?, ?)").unwrap(), "SELECT a FROM t WHERE a IN (?, ?)");
        assert_eq!(line("INSERT INTO t (a) VALUES (?)"), None);
        assert_eq!(line("INSERT INTO t (a) SELECT a FROM u").unwrap(), "INSERT INTO t (a) SELECT a FROM u");
        assert_eq!(line("PRAGMA query_only = ON"), None);
    }
}
