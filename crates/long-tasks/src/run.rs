//! Execution of long tasks.

use crate::kind::{TaskInput, TaskKind};
use crate::process::{self, TaskProgram};
use crate::store::{self, TaskId, TaskRow, TaskState};
use crate::view::TaskView;
use db::{DbConnection, DbError, LongRead};
use domain::UserId;
use http_api::{Cursor, Listing, Page, Problem, long_read};
use runtime::jobs::{Job, JobError};
use runtime::{Ctx, Progress, id};
use schemars::JsonSchema;
use serde_json::Value;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Interval between two looks for a new task.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Interval between two updates of a task's progress.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);
/// `Retry-After` while another task runs or waits.
const BUSY_RETRY_AFTER_SECS: u64 = 30;
/// A task whose process ended so often before it was done has failed.
const MAX_ATTEMPTS: i64 = 3;
/// How long a task waits for a connection for long reads.
const LONG_READ_WAIT: Duration = Duration::from_secs(600);

/// The long tasks of a service. Clones share them.
#[derive(Clone)]
pub struct LongTasks(Arc<Inner>);

struct Inner {
    ctx: Ctx,
    kinds: &'static [TaskKind],
    /// `None`: all tasks run in this process.
    program: Option<TaskProgram>,
    /// Locked while a task runs.
    running: Mutex<()>,
    shutdown: CancellationToken,
}

/// Where a task runs.
enum Place<'a> {
    OwnProcess(&'a TaskProgram),
    ThisProcess(LongRead),
}

impl LongTasks {
    /// The tasks of the service of `ctx`. A task that runs at `shutdown` ends, and waits for the next start.
    pub fn new(
        ctx: Ctx,
        kinds: &'static [TaskKind],
        program: Option<TaskProgram>,
        shutdown: CancellationToken,
    ) -> Self {
        Self(Arc::new(Inner { ctx, kinds, program, running: Mutex::default(), shutdown }))
    }

    /// Runs a task and returns its result. 429 while another one runs in this process, or while no connection for long
    /// reads is free.
    pub async fn run_now(&self, kind: &TaskKind, input: Value) -> Result<Value, Problem> {
        let _running = self.0.running.try_lock().map_err(|_| busy(kind))?;
        let place = self.find_place(kind, Duration::ZERO).await?;
        let outcome = self.run(kind, place, input, &Progress::default()).await;
        outcome.map_err(|error| Problem::internal(error.to_string()))
    }

    /// Adds a task. 429 while another one runs or waits.
    pub async fn request<T: JsonSchema>(
        &self,
        c: &mut DbConnection,
        kind: &TaskKind,
        input: &Value,
        requested_by: UserId,
    ) -> Result<TaskView<T>, Problem> {
        if store::find_next(c).await?.is_some() {
            return Err(busy(kind));
        }
        let row = TaskRow {
            id: id::fresh(),
            kind: kind.name.to_owned(),
            state: TaskState::Queued,
            input: input.to_string(),
            result: None,
            percent: 0,
            attempts: 0,
            requested_by,
            requested_at: self.0.ctx.now(),
            started_at: None,
            finished_at: None,
        };
        store::insert(c, &row).await?;
        row.try_into()
    }

    /// A task with its result; 404 unless it is of this kind.
    pub async fn get<T: JsonSchema>(&self, kind: &TaskKind, id: TaskId) -> Result<TaskView<T>, Problem> {
        let row = store::find(&mut *self.0.ctx.db().read().await?, kind.name, id).await?;
        row.ok_or_else(Problem::not_found)?.try_into()
    }

    /// The tasks of a kind, newest first.
    pub async fn list<T: JsonSchema>(&self, kind: &TaskKind, page: &Page) -> Result<Listing<TaskView<T>>, Problem> {
        let mut c = self.0.ctx.db().read().await?;
        let rows = store::list(&mut c, kind.name, page.after_id()?, page.fetch_limit()).await?;
        let views: Vec<TaskView<T>> = rows.into_iter().map(TaskView::try_from).collect::<Result<_, _>>()?;
        Ok(page.listing(views, |view| Cursor::Id(view.id.uuid()), |view| view))
    }

    /// The job that runs the tasks.
    pub fn job(&self) -> Job {
        let tasks = self.clone();
        Job::every("long-tasks", POLL_INTERVAL, move |_| {
            let tasks = tasks.clone();
            async move { tasks.run_waiting().await }
        })
    }

    async fn find_place(&self, kind: &TaskKind, wait: Duration) -> Result<Place<'_>, Problem> {
        match &self.0.program {
            Some(program) if kind.in_own_process => Ok(Place::OwnProcess(program)),
            Some(_) | None => Ok(Place::ThisProcess(long_read(self.0.ctx.db(), wait).await?)),
        }
    }

    async fn run(
        &self,
        kind: &TaskKind,
        place: Place<'_>,
        value: Value,
        progress: &Progress,
    ) -> Result<Value, JobError> {
        match place {
            Place::OwnProcess(program) => process::run(program, kind, &value, progress).await,
            Place::ThisProcess(long_read) => {
                (kind.run)(TaskInput { db: self.0.ctx.db(), long_read, value, progress }).await
            }
        }
    }

    /// Runs all tasks that wait.
    async fn run_waiting(&self) -> Result<(), JobError> {
        // Looked for without the lock, which would refuse a request that comes at the same moment.
        while !self.0.shutdown.is_cancelled() && store::find_next(&mut *self.0.ctx.db().read().await?).await?.is_some()
        {
            let _running = self.0.running.lock().await;
            let Some(task) = self.begin_next().await? else { break };
            self.run_begun(task).await?;
        }
        Ok(())
    }

    /// Marks the next task as running. One that is marked already was interrupted, because the job runs alone.
    async fn begin_next(&self) -> Result<Option<TaskRow>, DbError> {
        let ctx = &self.0.ctx;
        ctx.tx(async |c| {
            loop {
                let Some(mut task) = store::find_next(c).await? else { return Ok(None) };
                if task.attempts < MAX_ATTEMPTS {
                    task.attempts += 1;
                    store::mark_running(c, task.id, task.attempts, ctx.now()).await?;
                    return Ok(Some(task));
                }
                tracing::error!(service = ctx.service(), task = %task.id, kind = task.kind, "long task given up");
                store::finish(c, task.id, task.percent, None, ctx.now()).await?;
            }
        })
        .await
    }

    async fn run_begun(&self, task: TaskRow) -> Result<(), JobError> {
        let (ctx, progress) = (&self.0.ctx, Progress::default());
        let outcome = match self.0.kinds.iter().find(|kind| kind.name == task.kind) {
            None => Err("this version does not know this kind of task".to_owned()),
            Some(kind) => {
                let value = serde_json::from_str(&task.input)?;
                let place = self.find_place(kind, LONG_READ_WAIT).await?;
                tokio::select! {
                    outcome = self.run(kind, place, value, &progress) => outcome.map_err(|error| error.to_string()),
                    never = self.write_progress(task.id, &progress) => match never {},
                    () = self.0.shutdown.cancelled() => {
                        let attempts = task.attempts - 1;
                        ctx.tx(async |c| Ok::<_, DbError>(store::mark_queued(c, task.id, attempts).await?)).await?;
                        return Ok(());
                    }
                }
            }
        };
        let (percent, result) = match outcome {
            Ok(value) => (100, Some(value.to_string())),
            Err(error) => {
                tracing::error!(service = ctx.service(), task = %task.id, kind = task.kind, error, "long task failed");
                (progress.percent(), None)
            }
        };
        let result = &result;
        ctx.tx(async |c| Ok::<_, DbError>(store::finish(c, task.id, percent, result.clone(), ctx.now()).await?))
            .await?;
        Ok(())
    }

    async fn write_progress(&self, id: TaskId, progress: &Progress) -> Infallible {
        let (ctx, mut written) = (&self.0.ctx, 0);
        loop {
            sleep(PROGRESS_INTERVAL).await;
            let percent = progress.percent();
            if percent == written {
                continue;
            }
            match ctx.tx(async |c| Ok::<_, DbError>(store::update_percent(c, id, percent).await?)).await {
                Ok(()) => written = percent,
                Err(error) => tracing::warn!(service = ctx.service(), task = %id, %error, "task progress not written"),
            }
        }
    }
}

fn busy(kind: &TaskKind) -> Problem {
    let detail = "another is running; try again when it is done";
    Problem::too_many(kind.busy_code, detail, BUSY_RETRY_AFTER_SECS)
}
