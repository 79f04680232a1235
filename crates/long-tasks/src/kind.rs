//! Kinds of long tasks, as a service declares them.

use db::{Db, LongRead};
use futures_util::future::BoxFuture;
use runtime::Progress;
use runtime::jobs::JobError;
use serde_json::Value;

/// A kind of long tasks.
#[derive(Clone, Copy)]
pub struct TaskKind {
    /// Unique within the service: `tree_verification`.
    pub name: &'static str,
    /// Code of the 429 while another task runs or waits.
    pub busy_code: &'static str,
    /// Whether a task needs so much memory that it runs in a process of its own.
    pub in_own_process: bool,
    /// Does the work and returns its result. It only reads.
    pub run: for<'a> fn(TaskInput<'a>) -> BoxFuture<'a, Result<Value, JobError>>,
}

/// The input of a task.
pub struct TaskInput<'a> {
    pub db: &'a Db,
    /// For reads that take long.
    pub long_read: LongRead,
    /// As it was given to [`LongTasks::request`](crate::LongTasks::request).
    pub value: Value,
    pub progress: &'a Progress,
}
