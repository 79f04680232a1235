//! What can be said to `ev`.

use crate::{bench, demo, embedded, mail_sink, operate, soak};
use chassis::Env;
use chassis::boot::site::{Listeners, serve_until_told};
use chassis::events::log::Choice;
use chassis::service::BootError;
use clap::{Parser, Subcommand};
use domain::Timestamp;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// The EV Distribution Platform. Without a command it runs the whole platform in this process.
#[derive(Debug, Parser)]
#[command(name = "ev", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run all eight services in this process, over SQLite files.
    Up {
        /// Where requests are answered.
        #[arg(long, default_value = "127.0.0.1:8080")]
        addr: SocketAddr,
        /// Where databases, keys and documents are kept.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// Play the demonstration once the platform is up.
        #[arg(long)]
        demo: bool,
    },
    /// Drive a running platform through a whole story, over HTTP alone.
    Demo {
        #[arg(long, default_value = "http://127.0.0.1:8080")]
        url: String,
        /// Where one-time codes can be read, if not on the platform itself.
        #[arg(long)]
        messages_url: Option<String>,
        #[arg(long, default_value_t = 12)]
        members: usize,
    },
    /// Bring a service's schema up to date (`DATABASE_URL`, `DATABASE_MIGRATE_URL`).
    Migrate {
        #[arg(long)]
        service: String,
    },
    /// Administrators.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Events that could not be handled.
    #[command(subcommand)]
    Parked(ParkedCommand),
    /// Have the running service send events again, for a consumer that is new or was rebuilt; all others let them pass.
    Republish {
        #[arg(long)]
        service: String,
        /// From when on, as in 2026-11-22T10:00:00Z.
        #[arg(long)]
        from: Timestamp,
        /// Until when, without it.
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
    /// Accept mail over SMTP and show it, for tests and trials.
    MailSink {
        #[arg(long, default_value = "127.0.0.1:2525")]
        smtp: SocketAddr,
        #[arg(long, default_value = "127.0.0.1:8025")]
        http: SocketAddr,
    },
    /// Measure how fast first payments settle on a fresh platform; scripts/bench-payments calls it.
    #[command(hide = true)]
    BenchPayments(BenchArguments),
    /// Load, disturb and judge a running platform; scripts/soak calls it.
    #[command(hide = true)]
    Soak(Box<soak::SoakArguments>),
    /// Post many entries into the wallet's ledger (wallet's `DATABASE_URL`); scripts/soak calls it.
    #[command(hide = true)]
    SoakPreload {
        #[arg(long, default_value_t = 300_000)]
        entries: usize,
    },
}

#[derive(Debug, clap::Args)]
struct BenchArguments {
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Where one-time codes can be read, if not on the platform itself.
    #[arg(long)]
    messages_url: Option<String>,
    #[arg(long, default_value_t = 500)]
    members: usize,
    /// Requests under way at once.
    #[arg(long, default_value_t = 32)]
    at_once: usize,
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Make sure that somebody with this address is an administrator (auth's `DATABASE_URL`).
    Create {
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
enum PlanCommand {
    /// What the whole history would have come to under a candidate plan (binary's `DATABASE_URL`).
    Simulate {
        /// A plan as JSON, like the `plan` that `GET /plan` answers.
        #[arg(long)]
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum TreeCommand {
    /// Replay the journal and print a digest of the tree, equal for equal journals (binary's `DATABASE_URL`).
    Hash,
    /// Replay the journal and compare every row with what it comes to; fails at the first that says otherwise (binary's
    /// `DATABASE_URL`).
    Verify,
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// Check every balance and the hash chain; fails if anything is wrong (wallet's `DATABASE_URL`).
    Verify,
}

#[derive(Debug, Subcommand)]
enum ParkedCommand {
    List {
        #[arg(long)]
        service: String,
    },
    /// Hand parked events to the service again: one, or all of them.
    Replay {
        #[arg(long)]
        service: String,
        #[arg(long)]
        event: Option<String>,
    },
}

pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let mut env = Env::from_process();
    if env.get("LOG_FORMAT").is_none() {
        env = env.with("LOG_FORMAT", "text");
    }
    if env.get("LOG").is_none() {
        env = env.with("LOG", "warn");
    }
    let telemetry = match chassis::telemetry::init("ev", &env) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let default = Command::Up { addr: SocketAddr::from(([127, 0, 0, 1], 8080)), data: "data".into(), demo: false };
    let outcome = runtime.block_on(obey(cli.command.unwrap_or(default), env));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    drop(telemetry);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    eprintln!("ev: {text}");
    ExitCode::FAILURE
}

async fn obey(command: Command, env: Env) -> Result<(), BootError> {
    match command {
        Command::Up { addr, data, demo } => up(env, addr, data, demo).await,
        Command::Demo { url, messages_url, members } => {
            let messages = messages_url.unwrap_or_else(|| url.clone());
            demo::play(
                &url,
                &messages,
                members,
                env.or("SANDBOX_WEBHOOK_SECRET", "sandbox-secret"),
                env.or("BOOTSTRAP_ADMIN", "admin@ev.local"),
            )
            .await
            .map_err(|e| BootError::Failed(e.to_string()))
        }
        Command::Migrate { service } => {
            let applied = operate::migrate(&env, &service).await?;
            say(&format!(
                "{service}: {} applied",
                if applied.is_empty() { "nothing".into() } else { applied.join(", ") }
            ));
            Ok(())
        }
        Command::Admin(AdminCommand::Create { email }) => {
            operate::create_admin(&env, &email).await.map(|line| say(&line))
        }
        Command::Parked(ParkedCommand::List { service }) => {
            operate::list_parked(&env, &service).await.map(|lines| say(&lines))
        }
        Command::Parked(ParkedCommand::Replay { service, event }) => {
            operate::replay_parked(&env, &service, event.as_deref()).await.map(|line| say(&line))
        }
        Command::Republish { service, from, until, event_type } => {
            operate::republish(&env, &service, &Choice { from, until, event_type }).await.map(|line| say(&line))
        }
        Command::Plan(PlanCommand::Simulate { file }) => {
            operate::simulate_plan(&env, &file).await.map(|report| say(&report))
        }
        Command::Tree(TreeCommand::Hash) => operate::tree_hash(&env).await.map(|line| say(&line)),
        Command::Tree(TreeCommand::Verify) => operate::verify_tree(&env).await.map(|report| say(&report)),
        Command::Ledger(LedgerCommand::Verify) => operate::verify_ledger(&env).await.map(|report| say(&report)),
        Command::MailSink { smtp, http } => {
            mail_sink::run(smtp, http).await.map_err(|e| BootError::Failed(e.to_string()))
        }
        Command::BenchPayments(arguments) => bench_payments(&env, arguments).await,
        Command::Soak(arguments) => {
            let secret = env.or("SANDBOX_WEBHOOK_SECRET", "sandbox-secret");
            soak::run(*arguments, secret, env.or("BOOTSTRAP_ADMIN", "admin@ev.local")).await
        }
        Command::SoakPreload { entries } => soak::preload::run(&env, entries).await.map(|line| say(&line)),
    }
}

async fn bench_payments(env: &Env, arguments: BenchArguments) -> Result<(), BootError> {
    let plan = bench::Plan {
        messages_url: arguments.messages_url.unwrap_or_else(|| arguments.url.clone()),
        url: arguments.url,
        secret: env.or("SANDBOX_WEBHOOK_SECRET", "sandbox-secret").to_owned(),
        admin: env.or("BOOTSTRAP_ADMIN", "admin@ev.local").to_owned(),
        members: arguments.members.max(1),
        at_once: arguments.at_once.max(1),
    };
    bench::run(&plan).await.map_err(|e| BootError::Failed(e.to_string()))
}

async fn up(env: Env, addr: SocketAddr, data: PathBuf, with_demo: bool) -> Result<(), BootError> {
    let started = std::time::Instant::now();
    let env = env.with("HTTP_ADDR", addr.to_string()).with("INTERNAL_ADDR", env.or("INTERNAL_ADDR", "127.0.0.1:0"));
    let platform = embedded::Embedded::start(embedded::Options::new(data.clone(), env.clone())).await?;
    let pages = platform.pages(addr)?;
    let listeners = Listeners::bind(&platform.env)?;
    let metrics = listeners.internal_addr().map_err(|e| BootError::Failed(e.to_string()))?;
    let admin = platform.env.or("BOOTSTRAP_ADMIN", "admin@ev.local").to_owned();
    let secret = platform.env.or("SANDBOX_WEBHOOK_SECRET", "sandbox-secret").to_owned();
    say(&format!(
        "The platform is up, after {} ms.\n\n  API        http://{addr}/api/v1\n  Reference  http://{addr}/docs\n  Messages   http://{addr}/dev/messages   (mails and SMS it would have sent)\n  Metrics    http://{metrics}/metrics\n\n  Administrator: {admin} (sign in with a one-time code)\n  Data: {}\n  Stop with Ctrl-C.",
        started.elapsed().as_millis(),
        data.display(),
    ));
    if with_demo {
        let (url, admin) = (format!("http://{addr}"), admin.clone());
        std::thread::spawn(move || play_aside(&url, &secret, &admin));
    }
    serve_until_told(platform.started, &platform.env, Some(pages), listeners).await
}

/// The demonstration beside the platform it drives.
fn play_aside(url: &str, secret: &str, admin: &str) {
    let played = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| e.to_string())
        .and_then(|runtime| runtime.block_on(demo::play(url, url, 12, secret, admin)).map_err(|e| e.to_string()));
    if let Err(error) = played {
        eprintln!("the demonstration stopped: {error}");
    }
}

#[expect(clippy::print_stdout, reason = "what a command answers")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
