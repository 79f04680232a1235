//! Every statement of a test's process, for assertions by count.

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use std::sync::Mutex;

static STATEMENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Recorder;
impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            STATEMENTS.lock().unwrap().push(query.to_string());
        }
    }
}

/// Records from the connections that are opened after this.
pub(crate) fn record() {
    set_default_instrumentation(|| Some(Box::new(Recorder))).unwrap();
}

/// The statements since this was last called.
pub(crate) fn taken() -> Vec<String> {
    std::mem::take(&mut STATEMENTS.lock().unwrap())
}

pub(crate) fn reading<'a>(statements: &'a [String], table: &str) -> Vec<&'a String> {
    let from = [format!("FROM `{table}`"), format!("FROM (`{table}`")];
    statements.iter().filter(|sql| from.iter().any(|from| sql.contains(from))).collect()
}

/// Those that change rows of one of these tables.
pub(crate) fn writing<'a>(statements: &'a [String], tables: &[&str]) -> Vec<&'a String> {
    let verbs = ["INSERT INTO", "UPDATE", "DELETE  FROM", "DELETE FROM"];
    let writes = |sql: &String| tables.iter().any(|t| verbs.iter().any(|v| sql.starts_with(&format!("{v} `{t}`"))));
    statements.iter().filter(|sql| writes(sql)).collect()
}
