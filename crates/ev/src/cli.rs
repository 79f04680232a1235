//! Command line of `ev`.

use crate::backup::{self, BackupError, Manifest};
use crate::output::print;
use crate::sign_in_links::SignInLinks;
use crate::{bench, demo, embedded, mail_sink, operate, sandbox_gateway, soak, status};
use chassis::boot::server::{Listeners, serve_until_shutdown};
use chassis::service::BootError;
use clap::{Parser, Subcommand};
use domain::Timestamp;
use messaging::log::RepublishFilter;
use runtime::error_chain::error_chain;
use runtime::{Env, build_info};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;

/// Version and revision, as `--version` prints them after the name.
static VERSION: LazyLock<String> = LazyLock::new(build_info::version);

/// The EV Distribution Platform. Without a command it runs all services in this process.
#[derive(Debug, Parser)]
#[command(name = "ev", version = VERSION.as_str())]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run all eight services in this process, over SQLite files.
    Up {
        /// Address of the HTTP server.
        #[arg(long, default_value = "127.0.0.1:8080")]
        addr: SocketAddr,
        /// Folder of the databases, keys and documents.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// Run the demonstration when the platform is up.
        #[arg(long)]
        demo: bool,
    },
    /// Run a demonstration scenario on a running platform, over HTTP only.
    Demo {
        /// URL of the platform.
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
        /// URL of the messages page with one-time codes, if not on the platform itself.
        #[arg(long)]
        messages_url: Option<String>,
        /// Number of members.
        #[arg(long, default_value_t = 12)]
        members: usize,
    },
    /// Show what is left to do; fails when an operator has to act. It reads the databases that `AUTH_DATABASE_URL` and so
    /// on name, else the files in the data folder, and the queues at `BROKER_URL`.
    Status {
        /// Folder of the databases of the embedded run.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Copy the data folder of a running or a stopped embedded run, as of one instant.
    Backup {
        /// Folder of the databases, keys and documents.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// New folder of the backup.
        #[arg(long)]
        to: PathBuf,
    },
    /// Create a data folder from a backup.
    Restore {
        /// Folder of the backup.
        #[arg(long)]
        from: PathBuf,
        /// New data folder.
        #[arg(long, default_value = "data")]
        data: PathBuf,
    },
    /// Run the pending migrations of a service (`DATABASE_URL`, `DATABASE_MIGRATE_URL`).
    Migrate {
        #[arg(long)]
        service: String,
    },
    /// Exchanges, queues and bindings at the broker.
    #[command(subcommand)]
    Topology(TopologyCommand),
    /// Administrators.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Events that could not be handled.
    #[command(subcommand)]
    Parked(ParkedCommand),
    /// Make the running service publish events again, for a new or rebuilt consumer. Consumers that have handled them
    /// ignore them.
    Republish {
        #[arg(long)]
        service: String,
        /// First instant, like 2026-11-22T10:00:00Z.
        #[arg(long)]
        from: Timestamp,
        /// Last instant, exclusive.
        #[arg(long)]
        until: Option<Timestamp>,
        /// Only events of this type, like `booking.v1.PaymentCompleted`.
        #[arg(long = "type")]
        event_type: Option<String>,
    },
    /// Compensation plans.
    #[command(subcommand)]
    Plan(PlanCommand),
    /// The binary tree.
    #[command(subcommand)]
    Tree(TreeCommand),
    /// The wallets' ledger.
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Write the files of the web console into a folder, for a web server. Files of other versions stay.
    Console {
        /// The folder; it is created if needed.
        folder: PathBuf,
    },
    /// Accept mail over SMTP and list it over HTTP, for tests.
    MailSink {
        /// Address of the SMTP server.
        #[arg(long, default_value = "127.0.0.1:2525")]
        smtp: SocketAddr,
        /// Address of the HTTP server.
        #[arg(long, default_value = "127.0.0.1:8025")]
        http: SocketAddr,
    },
    /// Measure the settlement rate of first payments on an unused platform; scripts/bench-payments calls it.
    #[command(hide = true)]
    BenchPayments(BenchArguments),
    /// Run the soak test on a running platform; scripts/soak calls it.
    #[command(hide = true)]
    Soak(Box<soak::SoakArguments>),
    /// Post many entries to the wallet's ledger (wallet's `DATABASE_URL`); scripts/soak calls it.
    #[command(hide = true)]
    SoakPreload {
        /// Number of entries.
        #[arg(long, default_value_t = 300_000)]
        entries: usize,
    },
}

#[derive(Debug, clap::Args)]
struct BenchArguments {
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// URL of the messages page with one-time codes, if not on the platform itself.
    #[arg(long)]
    messages_url: Option<String>,
    /// Number of members.
    #[arg(long, default_value_t = 500)]
    members: usize,
    /// Maximum number of concurrent requests.
    #[arg(long = "at-once", default_value_t = 32)]
    concurrency: usize,
}

#[derive(Debug, Subcommand)]
enum TopologyCommand {
    /// Declare what is missing, before the services of a release start (`BROKER_URL`, `BROKER_NAMESPACE`). Removes
    /// nothing.
    Apply,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Make the user with this address an administrator, creating the user if needed (auth's `DATABASE_URL`).
    Create {
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    /// Replay the whole history under a candidate plan and compare the earnings (binary's `DATABASE_URL`).
    Simulate {
        /// File with a plan as JSON, like the `plan` field of `GET /plan`.
        #[arg(long)]
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum TreeCommand {
    /// Replay the journal and print a digest of the tree, equal for equal journals (binary's `DATABASE_URL`).
    Hash,
    /// Replay the journal and compare every row with the result; fails when a row differs (binary's `DATABASE_URL`).
    Verify,
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// Verify every balance and the hash chain; fails when one is wrong (wallet's `DATABASE_URL`).
    Verify,
}

#[derive(Debug, Subcommand)]
enum ParkedCommand {
    /// List the parked events of a service.
    List {
        #[arg(long)]
        service: String,
    },
    /// Request that the service handles parked events again: one, or all of them.
    Replay {
        #[arg(long)]
        service: String,
        #[arg(long)]
        event: Option<String>,
    },
}

/// Parses the arguments and runs the command. Errors are printed to the standard error.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let mut env = Env::from_process();
    if env.get("LOG_FORMAT").is_none() {
        env = env.with("LOG_FORMAT", "text");
    }
    if env.get("LOG").is_none() {
        env = env.with("LOG", "warn");
    }
    let telemetry = match runtime::telemetry::init("ev", &env) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let default = Command::Up { addr: SocketAddr::from(([127, 0, 0, 1], 8080)), data: "data".into(), demo: false };
    let outcome = runtime.block_on(dispatch(cli.command.unwrap_or(default), env));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    drop(telemetry);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("ev: {}", error_chain(error));
    ExitCode::FAILURE
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
        Command::Tree(TreeCommand::Verify) => operate::verify_tree(&env).await.map(|report| print(&report)),
        Command::Ledger(LedgerCommand::Verify) => operate::verify_ledger(&env).await.map(|report| print(&report)),
        Command::Console { folder } => write_console(&folder).map(|line| print(&line)),
        Command::MailSink { smtp, http } => {
            mail_sink::run(smtp, http).await.map_err(|e| BootError::Failed(e.to_string()))
        }
        Command::BenchPayments(arguments) => bench_payments(&env, arguments).await,
        Command::Soak(arguments) => {
            let secret = sandbox_gateway::secret(&env);
            soak::run(*arguments, secret, env.get_or("BOOTSTRAP_ADMIN", "admin@ev.local")).await
        }
        Command::SoakPreload { entries } => soak::preload::run(&env, entries).await.map(|line| print(&line)),
    }
}

async fn show_status(env: &Env, data: &Path, json: bool) -> Result<(), BootError> {
    let status = status::read(env, data).await?;
    let text = if json {
        serde_json::to_string_pretty(&status).map_err(|e| BootError::Failed(e.to_string()))?
    } else {
        status::text(&status)
    };
    print(&text);
    if status.ok { Ok(()) } else { Err(BootError::Failed("an operator has to act".to_owned())) }
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

async fn bench_payments(env: &Env, arguments: BenchArguments) -> Result<(), BootError> {
    let options = bench::Options {
        messages_url: arguments.messages_url.unwrap_or_else(|| arguments.url.clone()),
        url: arguments.url,
        secret: sandbox_gateway::secret(env).to_owned(),
        admin: env.get_or("BOOTSTRAP_ADMIN", "admin@ev.local").to_owned(),
        members: arguments.members.max(1),
        concurrency: arguments.concurrency.max(1),
    };
    bench::run(&options).await.map_err(|e| BootError::Failed(e.to_string()))
}

async fn up(env: Env, addr: SocketAddr, data: PathBuf, with_demo: bool) -> Result<(), BootError> {
    let started = std::time::Instant::now();
    let env = env.with("HTTP_ADDR", addr.to_string()).with("INTERNAL_ADDR", env.get_or("INTERNAL_ADDR", "127.0.0.1:0"));
    let platform = embedded::Embedded::start(embedded::Options::new(data.clone(), env.clone())).await?;
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
