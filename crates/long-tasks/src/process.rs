//! A long task in a process of its own: the memory that it needs is not that of the service, and ends with it.
//!
//! The service writes the input to the process's standard input, as JSON. The process writes a line of JSON for each
//! [`Message`].

use crate::kind::{TaskInput, TaskKind};
use db::Db;
use runtime::Progress;
use runtime::jobs::JobError;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::time::sleep;

/// How often a process reports its progress.
const REPORT_INTERVAL: Duration = Duration::from_millis(500);

/// The program that runs the tasks of a service.
#[derive(Debug, Clone)]
pub struct TaskProgram {
    pub path: PathBuf,
    /// Arguments before the kind of the task.
    pub arguments: Vec<OsString>,
    /// Environment variables beside those of this process.
    pub variables: Vec<(&'static str, OsString)>,
}

/// What the process of a task writes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    Percent(i64),
    Result(Value),
    Error(String),
}

#[derive(Debug, thiserror::Error)]
enum ProcessError {
    #[error("{0}")]
    Failed(String),
    #[error("the process of the task ended without a result: {0}")]
    Ended(ExitStatus),
    #[error("`{0}` is no kind of task of this service")]
    UnknownKind(String),
    #[error("no connection is free for a long read")]
    NoConnection,
}

/// Runs a task in a new process, which ends when the future is dropped.
pub(crate) async fn run(
    program: &TaskProgram,
    kind: &TaskKind,
    input: &Value,
    progress: &Progress,
) -> Result<Value, JobError> {
    let mut child = Command::new(&program.path)
        .args(&program.arguments)
        .arg(kind.name)
        .envs(program.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&serde_json::to_vec(input)?).await?;
    }
    let mut outcome = None;
    if let Some(stdout) = child.stdout.take() {
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            match serde_json::from_str(&line)? {
                Message::Percent(percent) => progress.set_percent(percent),
                Message::Result(value) => outcome = Some(Ok(value)),
                Message::Error(text) => outcome = Some(Err(ProcessError::Failed(text))),
            }
        }
    }
    let status = child.wait().await?;
    Ok(outcome.unwrap_or(Err(ProcessError::Ended(status)))?)
}

/// Runs the task of this process: reads its input from the standard input and writes messages to the standard output.
/// Errors when these fail; a failure of the task is a message.
pub async fn run_in_this_process(kinds: &[TaskKind], kind: &str, db: &Db) -> Result<(), JobError> {
    let kind =
        kinds.iter().find(|known| known.name == kind).ok_or_else(|| ProcessError::UnknownKind(kind.to_owned()))?;
    let mut input = Vec::new();
    std::io::stdin().lock().read_to_end(&mut input)?;
    let (value, progress) = (serde_json::from_slice(&input)?, Progress::default());
    let long_read = db.long_read(Duration::ZERO).await.ok_or(ProcessError::NoConnection)?;
    let outcome = tokio::select! {
        outcome = (kind.run)(TaskInput { db, long_read, value, progress: &progress }) => outcome,
        failed = report(&progress) => return failed,
    };
    write(&match outcome {
        Ok(result) => Message::Result(result),
        Err(error) => Message::Error(error.to_string()),
    })
}

/// Writes the progress when it changes. Errors when the service does not read any more; does not end otherwise.
async fn report(progress: &Progress) -> Result<(), JobError> {
    let mut reported = 0;
    loop {
        sleep(REPORT_INTERVAL).await;
        let percent = progress.percent();
        if percent != reported {
            write(&Message::Percent(percent))?;
            reported = percent;
        }
    }
}

fn write(message: &Message) -> Result<(), JobError> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(message)?)?;
    Ok(stdout.flush()?)
}
