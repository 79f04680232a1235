//! Command line of `load-test`.

use crate::{payments, reads, soak};
use chassis::boot::program::run_command;
use chassis::service::BootError;
use clap::{Parser, Subcommand};
use ev::cli::terminal_env;
use ev::output::print;
use ev::sandbox_gateway;
use runtime::Env;
use std::process::ExitCode;

/// Load on a running platform.
#[derive(Debug, Parser)]
#[command(name = "load-test")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the settlement rate of first payments on an unused platform; scripts/bench-payments calls it.
    Payments(PaymentArguments),
    /// Measure hot reads beside a lookup in the cache (`CACHE_URL`); scripts/bench-reads calls it.
    Reads(ReadArguments),
    /// Run the soak test on a running platform; scripts/soak calls it.
    Soak(Box<soak::SoakArguments>),
    /// Post many entries to the wallet's ledger (wallet's `DATABASE_URL`); scripts/soak calls it.
    Preload {
        /// Number of entries.
        #[arg(long, default_value_t = 300_000)]
        entries: usize,
    },
}

#[derive(Debug, clap::Args)]
struct PaymentArguments {
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

#[derive(Debug, clap::Args)]
struct ReadArguments {
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// URL of the messages page with one-time codes, if not on the platform itself.
    #[arg(long)]
    messages_url: Option<String>,
    /// Requests of each read.
    #[arg(long, default_value_t = 500)]
    rounds: usize,
}

/// Parses the arguments and runs the command. Errors are printed to the standard error.
pub fn run() -> ExitCode {
    let command = Cli::parse().command;
    run_command("load-test", terminal_env(), async |env| dispatch(command, env).await)
}

async fn dispatch(command: Command, env: Env) -> Result<(), BootError> {
    let secret = sandbox_gateway::secret(&env).to_owned();
    let admin = env.get_or("BOOTSTRAP_ADMIN", "admin@ev.local").to_owned();
    match command {
        Command::Payments(arguments) => {
            let options = payments::Options {
                messages_url: arguments.messages_url.unwrap_or_else(|| arguments.url.clone()),
                url: arguments.url,
                secret,
                admin,
                members: arguments.members.max(1),
                concurrency: arguments.concurrency.max(1),
            };
            payments::run(&options).await.map_err(|e| BootError::Failed(e.to_string()))
        }
        Command::Reads(arguments) => {
            let options = reads::Options {
                messages_url: arguments.messages_url.unwrap_or_else(|| arguments.url.clone()),
                url: arguments.url,
                secret,
                admin,
                cache_url: env.required("CACHE_URL")?.to_owned(),
                rounds: arguments.rounds.max(1),
            };
            reads::run(&options).await
        }
        Command::Soak(arguments) => soak::run(*arguments, &secret, &admin).await,
        Command::Preload { entries } => soak::preload::run(&env, entries).await.map(|line| print(&line)),
    }
}
