//! The program of a service in a process of its own.
//!
//! | command | effect |
//! |---|---|
//! | `wallet` | runs the service until SIGTERM or SIGINT |
//! | `wallet migrate` | applies the pending migrations, as the user of `DATABASE_MIGRATE_URL`, and ends |
//! | `wallet run-task KIND` | runs one long task of the service on its database; the service starts it |
//! | `wallet --check-health` | asks the running service for `GET /health/serving`; for images without a shell |
//! | `wallet --version` | prints version and revision |
//!
//! Exit codes: 0, 1 (failed), 2 (unknown command), 75 (the release has not prepared the database yet: start again later).

use super::{Dependencies, check_standalone, database_config, schema, server, start};
use crate::service::{BootError, Service};
use db::Db;
use runtime::build_info;
use runtime::config::Env;
use runtime::error_chain::error_chain;
use runtime::telemetry;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// `EX_TEMPFAIL` of sysexits.h.
const NOT_PREPARED: u8 = 75;
const USAGE: u8 = 2;
/// Connections of a long task.
const TASK_POOL_SIZE: usize = 2;
/// Timeout of each step of a health check.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(3);

/// Runs the command that the arguments of this process name.
pub fn run(service: Service) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let name = service.name;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run_logged(name, async |env| serve(service, env).await),
        ["run-task", kind] => run_command(name, task_env(), async |env| run_task(service, kind, &env).await),
        ["migrate"] => run_logged(name, async |env| migrate(service, &env).await),
        ["--check-health"] => check_health(&Env::from_process()),
        ["--version" | "-V"] => print(&format!("{name} {}", build_info::version())),
        _ => {
            eprintln!("usage: {name} [migrate | run-task KIND | --check-health | --version]");
            ExitCode::from(USAGE)
        }
    }
}

/// Runs `command` on a runtime of its own, with telemetry. An error is printed to the standard error.
pub fn run_command(name: &'static str, env: Env, command: impl AsyncFnOnce(Env) -> Result<(), BootError>) -> ExitCode {
    let telemetry = match telemetry::init(name, &env) {
        Ok(telemetry) => telemetry,
        Err(error) => return report_failure(name, &error.into()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report_failure(name, &failed(error)),
    };
    let outcome = runtime.block_on(command(env));
    runtime.shutdown_timeout(Duration::from_secs(1));
    drop(telemetry);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report_failure(name, &error),
    }
}

fn run_logged(name: &'static str, command: impl AsyncFnOnce(Env) -> Result<(), BootError>) -> ExitCode {
    run_command(name, Env::from_process(), async |env| {
        let outcome = command(env).await;
        outcome.inspect_err(|error| tracing::error!(service = name, error = error_chain(error), "service failed"))
    })
}

async fn serve(service: Service, env: Env) -> Result<(), BootError> {
    let name = service.name;
    check_standalone(name, &env)?;
    let mut dependencies = Dependencies::from_env(env.clone())?;
    dependencies.task_program = Some((std::env::current_exe().map_err(failed)?, |_| vec!["run-task".into()]));
    let started = start(service, &dependencies, &database_config(&env, name)?).await?;
    let listeners = server::Listeners::bind(&env)?;
    server::serve_until_shutdown(vec![started], &env, None, listeners).await
}

async fn migrate(service: Service, env: &Env) -> Result<(), BootError> {
    let name = service.name;
    let applied = schema::migrate_service(service, env).await?;
    tracing::info!(service = name, ?applied, "database schema migrated");
    Ok(())
}

/// Runs one long task of `service`, whose input is on the standard input.
pub async fn run_task(service: Service, kind: &str, env: &Env) -> Result<(), BootError> {
    let mut config = database_config(env, service.name)?;
    config.pool_size = TASK_POOL_SIZE;
    let db = Db::connect(&config).await?;
    long_tasks::run_in_this_process(service.tasks, kind, &db).await.map_err(failed)
}

/// The environment of a task's process: its log is text, which goes to the standard error, because the service that
/// started it reads the standard output.
pub fn task_env() -> Env {
    Env::from_process().with("LOG_FORMAT", "text")
}

fn failed(error: impl std::fmt::Display) -> BootError {
    BootError::Failed(error.to_string())
}

/// Asks the service of this machine whether it serves.
fn check_health(env: &Env) -> ExitCode {
    match request_health(env) {
        Ok(status) if status.contains(" 200 ") => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("GET /health/serving: {status}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("GET /health/serving: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The status line of `GET /health/serving`.
fn request_health(env: &Env) -> std::io::Result<String> {
    let address = env.get_or("HTTP_ADDR", server::DEFAULT_HTTP_ADDR);
    let mut address: SocketAddr = address.parse().map_err(std::io::Error::other)?;
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let mut stream = TcpStream::connect_timeout(&address, HEALTH_TIMEOUT)?;
    stream.set_read_timeout(Some(HEALTH_TIMEOUT))?;
    stream.set_write_timeout(Some(HEALTH_TIMEOUT))?;
    stream.write_all(b"GET /health/serving HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut response = String::new();
    stream.take(64 * 1024).read_to_string(&mut response)?;
    Ok(response.lines().next().unwrap_or_default().to_owned())
}

fn print(line: &str) -> ExitCode {
    match writeln!(std::io::stdout(), "{line}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn report_failure(name: &str, error: &BootError) -> ExitCode {
    eprintln!("{name}: {}", error_chain(error));
    match error {
        BootError::NotPrepared { .. } => ExitCode::from(NOT_PREPARED),
        BootError::Config(_) | BootError::Db(_) | BootError::Failed(_) => ExitCode::FAILURE,
    }
}
