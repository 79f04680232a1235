//! Command line of `ev`.

mod arguments;

use crate::backup::{self, BackupError, Manifest};
use crate::output::print;
use crate::sign_in_links::SignInLinks;
use crate::{demo, embedded, gateway_lists, mail_sink, operate, reconcile, reencrypt, sandbox_gateway, status};
use arguments::{
    AdminCommand, AuditCommand, Cli, Command, KeysCommand, LedgerCommand, ParkedCommand, PaymentsCommand, PiiCommand,
    PlanCommand, ReportsCommand, SearchCommand, TopologyCommand, TreeCommand,
};
use chassis::boot::program::{run_command, task_env};
use chassis::boot::server::{Listeners, serve_until_shutdown};
use chassis::service::BootError;
use clap::Parser;
use messaging::log::RepublishFilter;
use runtime::Env;
use runtime::error_chain::error_chain;
use serde::Serialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Parses the arguments and runs the command. Errors are printed to the standard error.
pub fn run() -> ExitCode {
    let default = Command::Up { addr: SocketAddr::from(([127, 0, 0, 1], 8080)), data: "data".into(), demo: false };
    let command = Cli::parse().command.unwrap_or(default);
    let env = if matches!(command, Command::RunTask { .. }) { task_env() } else { terminal_env() };
    run_command("ev", env, async |env| dispatch(command, env).await)
}

/// The environment of this process, with a log for people who read a terminal unless it says otherwise.
pub fn terminal_env() -> Env {
    let mut env = Env::from_process();
    for (name, value) in [("LOG_FORMAT", "text"), ("LOG", "warn")] {
        if env.get(name).is_none() {
            env = env.with(name, value);
        }
    }
    env
}

async fn dispatch(command: Command, env: Env) -> Result<(), BootError> {
    match command {
        Command::Up { addr, data, demo } => up(env, addr, data, demo).await,
        Command::Demo { url, messages_url, members } => {
            let messages = messages_url.unwrap_or_else(|| url.clone());
            demo::run(
                &url,
                &messages,
                members,
                sandbox_gateway::secret(&env),
                env.get_or("BOOTSTRAP_ADMIN", "admin@ev.local"),
            )
            .await
            .map(drop)
            .map_err(|e| BootError::Failed(e.to_string()))
        }
        Command::Status { data, json } => show_status(&env, &data, json).await,
        Command::Reconcile { data, settle_secs, json } => {
            reconcile_services(&env, &data, Duration::from_secs(settle_secs), json).await
        }
        Command::Backup { data, to } => report_copy(backup::back_up(&data, &to), &to),
        Command::Restore { from, data } => report_copy(backup::restore(&from, &data), &data),
        Command::Migrate { service } => {
            let applied = operate::migrate(&env, &service).await?;
            print(&format!(
                "{service}: {} applied",
                if applied.is_empty() { "nothing".into() } else { applied.join(", ") }
            ));
            Ok(())
        }
        Command::Topology(TopologyCommand::Apply) => operate::apply_topology(&env).await.map(|line| print(&line)),
        Command::Admin(AdminCommand::Create { email }) => {
            operate::create_admin(&env, &email).await.map(|line| print(&line))
        }
        Command::Keys(KeysCommand::Rotate) => operate::rotate_signing_key(&env).await.map(|line| print(&line)),
        Command::Pii(PiiCommand::ReEncrypt { data, batch, dry_run, json }) => {
            let options = reencrypt::Options { batch_rows: batch, dry_run, progress: !json };
            reencrypt_values(&env, &data, options, json).await
        }
        Command::Parked(ParkedCommand::List { service }) => {
            operate::list_parked(&env, &service).await.map(|lines| print(&lines))
        }
        Command::Parked(ParkedCommand::Replay { service, event }) => {
            operate::replay_parked(&env, &service, event.as_deref()).await.map(|line| print(&line))
        }
        Command::Republish { service, from, until, event_type } => {
            operate::republish(&env, &service, &RepublishFilter { from, until, event_type })
                .await
                .map(|line| print(&line))
        }
        Command::Plan(PlanCommand::Simulate { file }) => {
            operate::simulate_plan(&env, &file).await.map(|report| print(&report))
        }
        Command::Tree(TreeCommand::Hash) => operate::tree_hash(&env).await.map(|line| print(&line)),
        Command::Tree(TreeCommand::Snapshot) => operate::save_tree_snapshot(&env).await.map(|line| print(&line)),
        Command::Tree(TreeCommand::Verify) => operate::verify_tree(&env).await.map(|report| print(&report)),
        Command::Ledger(LedgerCommand::Verify) => operate::verify_ledger(&env).await.map(|report| print(&report)),
        Command::Reports(ReportsCommand::Rebuild) => operate::rebuild_reports(&env).await.map(|line| print(&line)),
        Command::Search(SearchCommand::Rebuild) => operate::rebuild_search(&env).await.map(|line| print(&line)),
        Command::Audit(AuditCommand::Verify) => operate::verify_audit(&env).await.map(|report| print(&report)),
        Command::Payments(PaymentsCommand::Reconcile { gateway, from, to, dry_run }) => {
            gateway_lists::run(&env, &gateway_lists::Request { gateway, from, to, dry_run }).await
        }
        Command::RunTask { service, kind } => operate::run_task(&env, &service, &kind).await,
        Command::Console { folder } => write_console(&folder).map(|line| print(&line)),
        Command::MailSink { smtp, http } => {
            mail_sink::run(smtp, http).await.map_err(|e| BootError::Failed(e.to_string()))
        }
    }
}

async fn show_status(env: &Env, data: &Path, json: bool) -> Result<(), BootError> {
    let status = status::read(env, data).await?;
    print_report(&status, json, status::text)?;
    if status.ok { Ok(()) } else { Err(BootError::Failed("an operator has to act".to_owned())) }
}

async fn reconcile_services(env: &Env, data: &Path, settle: Duration, json: bool) -> Result<(), BootError> {
    let outcome = reconcile::run(env, data, settle).await.map_err(|e| BootError::Failed(error_chain(&e)))?;
    print_report(&outcome, json, reconcile::text)?;
    if outcome.ok { Ok(()) } else { Err(BootError::Failed("the services differ".to_owned())) }
}

async fn reencrypt_values(env: &Env, data: &Path, options: reencrypt::Options, json: bool) -> Result<(), BootError> {
    let outcome = reencrypt::run(env, data, options).await.map_err(|e| BootError::Failed(error_chain(&e)))?;
    print_report(&outcome, json, reencrypt::text)?;
    let failed = || BootError::Failed("not every value is sealed with the first key".to_owned());
    if outcome.ok { Ok(()) } else { Err(failed()) }
}

fn print_report<T: Serialize>(report: &T, json: bool, text: fn(&T) -> String) -> Result<(), BootError> {
    let json = json.then(|| serde_json::to_string_pretty(report).map_err(|e| BootError::Failed(e.to_string())));
    print(&json.unwrap_or_else(|| Ok(text(report)))?);
    Ok(())
}

fn report_copy(copied: Result<Manifest, BackupError>, to: &Path) -> Result<(), BootError> {
    let manifest = copied.map_err(|e| BootError::Failed(error_chain(&e)))?;
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    print(&format!("{}: {} files, {bytes} bytes, as of {}", to.display(), manifest.files.len(), manifest.taken_at));
    Ok(())
}

fn write_console(folder: &Path) -> Result<String, BootError> {
    let written = console::write(folder).map_err(|e| BootError::Failed(e.to_string()))?;
    Ok(format!("console {}: {written} files written", console::VERSION))
}

async fn up(env: Env, addr: SocketAddr, data: PathBuf, with_demo: bool) -> Result<(), BootError> {
    let started = std::time::Instant::now();
    let env = env.with("HTTP_ADDR", addr.to_string()).with("INTERNAL_ADDR", env.get_or("INTERNAL_ADDR", "127.0.0.1:0"));
    let mut options = embedded::Options::new(data.clone(), env.clone());
    options.task_program = Some(std::env::current_exe().map_err(|e| BootError::Failed(e.to_string()))?);
    let platform = embedded::Embedded::start(options).await?;
    let pages = platform.pages(addr)?;
    let listeners = Listeners::bind(&platform.env)?;
    let metrics = listeners.internal_addr().map_err(|e| BootError::Failed(e.to_string()))?;
    let admin = platform.env.get_or("BOOTSTRAP_ADMIN", "admin@ev.local").to_owned();
    let secret = sandbox_gateway::secret(&platform.env).to_owned();
    print(&format!(
        "The platform is ready after {} ms.\n\n  Console    http://{addr}/\n  API        http://{addr}/api/v1\n  Reference  http://{addr}/docs\n  Messages   http://{addr}/dev/messages   (mails and SMS that were not sent)\n  Metrics    http://{metrics}/metrics\n\n  Administrator: {admin} (sign in with a one-time code)\n  Data: {}\n  Stop with Ctrl-C.",
        started.elapsed().as_millis(),
        data.display(),
    ));
    if with_demo {
        let (url, links) = (format!("http://{addr}"), platform.sign_in_links.clone());
        std::thread::spawn(move || run_demo_in_background(&url, &secret, &admin, &links));
    }
    serve_until_shutdown(platform.started, &platform.env, Some(pages), listeners).await
}

/// Runs the demonstration on its own runtime, while the platform serves requests. Then prints sign-in links.
fn run_demo_in_background(url: &str, secret: &str, admin: &str, links: &SignInLinks) {
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| e.to_string())
        .and_then(|runtime| runtime.block_on(demo::run(url, url, 12, secret, admin)).map_err(|e| e.to_string()))
        .and_then(|member| sign_in_lines(url, &member, admin, links).map_err(|e| e.to_string()));
    match outcome {
        Ok(lines) => print(&lines),
        Err(error) => eprintln!("demonstration failed: {error}"),
    }
}

fn sign_in_lines(url: &str, member: &str, admin: &str, links: &SignInLinks) -> Result<String, getrandom::Error> {
    // After `#` a browser sends nothing to the server, so no log holds the token.
    let line = |who: &str, email: &str| -> Result<String, getrandom::Error> {
        Ok(format!("  {who:<14} {url}/dev-sign-in#{}", links.create(email)?))
    };
    let (member, admin) = (line("Asha", member)?, line("Administrator", admin)?);
    Ok(format!("\n  Sign in with one click. Each link works once, within 24 hours.\n\n{member}\n{admin}"))
}
