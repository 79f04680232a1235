//! Arguments of `ev`.

use crate::gateway_lists::parse_instant;
use booking::domain::GatewayName;
use clap::{Parser, Subcommand};
use domain::Timestamp;
use runtime::build_info;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Version and revision, as `--version` prints them after the name.
static VERSION: LazyLock<String> = LazyLock::new(build_info::version);

/// The EV Distribution Platform. Without a command it runs all services in this process.
#[derive(Debug, Parser)]
#[command(name = "ev", version = VERSION.as_str())]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
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
    /// Compare what the services store of the same members, bookings, payments, entries, pairs, payouts and taxes; fails
    /// when they differ. It reads the databases that `AUTH_DATABASE_URL` and so on name, else the files in the data folder.
    Reconcile {
        /// Folder of the databases of the embedded run.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// Seconds that events in transit get before a difference counts.
        #[arg(long, default_value_t = 30)]
        settle_secs: u64,
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
    /// Keys that sign access tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Personal data: PANs, bank accounts, messages.
    #[command(subcommand)]
    Pii(PiiCommand),
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
    /// Reports.
    #[command(subcommand)]
    Reports(ReportsCommand),
    /// The search of people, bookings, payments and payouts.
    #[command(subcommand)]
    Search(SearchCommand),
    /// The audit log of staff actions.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Payments at the gateways.
    #[command(subcommand)]
    Payments(PaymentsCommand),
    /// Run one long task of a service, whose input is on the standard input; the running platform starts it.
    #[command(hide = true)]
    RunTask { service: String, kind: String },
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
}

#[derive(Debug, Subcommand)]
pub(super) enum TopologyCommand {
    /// Declare what is missing, before the services of a release start (`BROKER_URL`, `BROKER_NAMESPACE`). Removes
    /// nothing.
    Apply,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Create the next key that signs access tokens (auth's `DATABASE_URL`, `PII_KEYS` and `OTP_KEY`).
    Rotate,
}

#[derive(Debug, Subcommand)]
pub(super) enum PiiCommand {
    /// Seal values of older keys again with the first key of `PII_KEYS` or `PII_KEYS_FILE`, while the platform runs;
    /// fails when a value of another key is left. After a kill, start it again. It changes the databases that
    /// `AUTH_DATABASE_URL` and so on name, else the files in the data folder.
    ReEncrypt {
        /// Folder of the databases and keys of the embedded run.
        #[arg(long, default_value = "data")]
        data: PathBuf,
        /// Rows that one transaction changes at most.
        #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        batch: i64,
        /// Change nothing, and fail when a value would have to be sealed again.
        #[arg(long)]
        dry_run: bool,
        /// Print JSON, and no progress.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Make the user with this address an administrator, creating the user if needed (auth's `DATABASE_URL`).
    Create {
        #[arg(long)]
        email: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum PlanCommand {
    /// Replay the whole history under a candidate plan and compare the earnings (binary's `DATABASE_URL`).
    Simulate {
        /// File with a plan as JSON, like the `plan` field of `GET /plan`.
        #[arg(long)]
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TreeCommand {
    /// Replay the journal and print a digest of the tree, equal for equal journals (binary's `DATABASE_URL`).
    Hash,
    /// Replay the journal and compare every row with the result; fails when a row differs (binary's `DATABASE_URL`).
    Verify,
    /// Save the tree, so that binary starts without replaying its whole journal (binary's `DATABASE_URL`).
    Snapshot,
}

#[derive(Debug, Subcommand)]
pub(super) enum PaymentsCommand {
    /// Compare what the gateways list with what is recorded, and repair it as a webhook would have been applied; fails when
    /// a difference is left for staff, or a gateway does not answer (booking's `DATABASE_URL`, keys and gateways). It may be
    /// repeated, and the platform may run.
    Reconcile {
        /// Only this gateway, like `stripe`.
        #[arg(long)]
        gateway: Option<GatewayName>,
        /// First instant of what was begun at the gateway, or a day; a week ago unless given.
        #[arg(long, value_parser = parse_instant)]
        from: Option<Timestamp>,
        /// Last instant, exclusive, or a day; now unless given.
        #[arg(long, value_parser = parse_instant)]
        to: Option<Timestamp>,
        /// Repair nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Verify every balance and the hash chain; fails when one is wrong (wallet's `DATABASE_URL`).
    Verify,
}

#[derive(Debug, Subcommand)]
pub(super) enum ReportsCommand {
    /// Add up all facts again and correct the sums that differ; the platform may run (reports's `DATABASE_URL`).
    Rebuild,
}

#[derive(Debug, Subcommand)]
pub(super) enum SearchCommand {
    /// Build the documents again from the facts, and with them every index; the platform may run and answers meanwhile
    /// (reports's `DATABASE_URL`).
    Rebuild,
}

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Verify the hash chain and that every entry is in it; fails when one is wrong (compliance's `DATABASE_URL`).
    Verify,
}

#[derive(Debug, Subcommand)]
pub(super) enum ParkedCommand {
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
