//! Statements that a service's writer executes, for tests of how many there are.

use crate::TestService;
use diesel::connection::InstrumentationEvent;
use diesel_async::AsyncConnection;
use std::sync::{Arc, Mutex};

/// Everything executed on the one connection that writes to a test's SQLite file.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// Records from now on.
    pub async fn of(service: &TestService) -> Self {
        let recorded = Self::default();
        let log = recorded.clone();
        let mut writer = service.ctx().db().write().await.unwrap();
        writer.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                log.0.lock().unwrap().push(query.to_string());
            }
        });
        recorded
    }

    /// Those that contain each of `parts`.
    pub fn with(&self, parts: &[&str]) -> Vec<String> {
        let all = self.0.lock().unwrap();
        all.iter().filter(|statement| parts.iter().all(|part| statement.contains(part))).cloned().collect()
    }
}
