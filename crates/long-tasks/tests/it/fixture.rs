//! A service with tasks that behave as their input says.

use db::{Db, DbError};
use diesel_async::SimpleAsyncConnection;
use domain::UserId;
use futures_util::FutureExt;
use http_api::Problem;
use long_tasks::{LongTasks, TaskId, TaskInput, TaskKind, TaskProgram, TaskView};
use runtime::jobs::{self, JobError};
use runtime::{Ctx, id};
use serde_json::Value;
use std::time::Duration;
use testkit::TempDatabase;
use tokio_util::sync::CancellationToken;

const KINDS: &[TaskKind] = &[HERE, APART];

/// Runs in this process.
pub(crate) const HERE: TaskKind =
    TaskKind { name: "here", busy_code: "purse.busy", in_own_process: false, run: |input| work(input).boxed() };
/// Runs in a process of its own if there is a program.
pub(crate) const APART: TaskKind =
    TaskKind { name: "apart", busy_code: "purse.busy", in_own_process: true, run: |input| work(input).boxed() };

async fn work(input: TaskInput<'_>) -> Result<Value, JobError> {
    input.progress.set(1, 4);
    match input.value.as_str() {
        Some("fails") => Err(std::io::Error::other("the work failed").into()),
        Some("panics") => panic!("the work panicked"),
        Some("hangs") => std::future::pending().await,
        _ => Ok(input.value),
    }
}

pub(crate) struct Fixture {
    pub(crate) tasks: LongTasks,
    pub(crate) ctx: Ctx,
    pub(crate) shutdown: CancellationToken,
    _file: TempDatabase,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(None).await
    }

    /// Tasks that may run in a process of their own are run by this script of a shell.
    pub(crate) async fn with_program(script: &str) -> Self {
        let arguments = vec!["-c".into(), script.into(), "sh".into()];
        let variables = vec![("PURSE_COLOUR", "brown".into())];
        Self::with(Some(TaskProgram { path: "sh".into(), arguments, variables })).await
    }

    async fn with(program: Option<TaskProgram>) -> Self {
        let file = TempDatabase::new("long-tasks");
        let ctx = testkit::context("purse", file.migrated().await);
        let shutdown = CancellationToken::new();
        let tasks = LongTasks::new(ctx.clone(), KINDS, program, shutdown.clone());
        Self { tasks, ctx, shutdown, _file: file }
    }

    pub(crate) fn db(&self) -> &Db {
        self.ctx.db()
    }

    pub(crate) async fn request(&self, kind: &TaskKind, input: &str) -> Result<TaskId, Problem> {
        let (tasks, input, by) = (&self.tasks, &Value::from(input), id::fresh::<UserId>());
        let view: TaskView<String> = self.ctx.tx(async |c| tasks.request(c, kind, input, by).await).await?;
        Ok(view.id)
    }

    /// State, percentage and result of a task.
    pub(crate) async fn show(&self, kind: &TaskKind, id: TaskId) -> (String, i64, Value) {
        let view: TaskView<String> = self.tasks.get(kind, id).await.unwrap();
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!(json["finished_at"].is_null(), matches!(view.state.as_str(), "queued" | "running"), "{json}");
        (view.state.to_string(), view.percent, json["result"].clone())
    }

    /// Runs the job once, as its schedule does.
    pub(crate) async fn run_job(&self) -> Result<(), JobError> {
        jobs::run_once(&self.tasks.job(), &self.ctx).await
    }

    /// Runs a task from its request to its end.
    pub(crate) async fn run(&self, kind: &TaskKind, input: &str) -> (String, i64, Value) {
        let id = self.request(kind, input).await.unwrap();
        self.run_job().await.unwrap();
        self.show(kind, id).await
    }

    pub(crate) async fn wait_until(&self, kind: &TaskKind, id: TaskId, state: &str) {
        while self.show(kind, id).await.0 != state {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) async fn execute(&self, statement: &str) {
        let executed = self.ctx.tx(async |c| c.batch_execute(statement).await.map_err(DbError::from)).await;
        executed.unwrap();
    }
}
