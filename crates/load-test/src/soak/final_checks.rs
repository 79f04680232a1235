//! End of the run: the settle window and the final checks.

use super::api::RequestError;
use super::checks::Check;
use super::database::Database;
use super::member::{Member, Members};
use super::meter::Meter;
use super::operations::Load;
use super::reconciliation::{compare_payments, compare_wallet};
use super::sample::{Phase, Sample};
use super::sampler::Sources;
use super::streams::{self, Stream};
use chassis::service::BootError;
use domain::Timestamp;
use ev::{operate, reconcile};
use runtime::Env;
use runtime::error_chain::error_chain;
use std::path::Path;
use std::time::{Duration, Instant};

const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The events are all handled by then.
const RECONCILE_SETTLE: Duration = Duration::from_secs(5);
/// Maximum number of wallets that are compared.
const MAX_COMPARED_WALLETS: usize = 60;

/// Waits for the settle window, longer while work is unfinished, and returns the last sample.
pub(crate) async fn settle(sources: &Sources, meter: &Meter, (min_secs, max_secs): (u64, u64)) -> Sample {
    meter.set_phase(Phase::Settled);
    let started = Instant::now();
    tokio::time::sleep(Duration::from_secs(min_secs)).await;
    let mut verifications = meter.verifications();
    loop {
        let sample = sources.sample(&mut verifications).await;
        let is_done = sample.backlog.is_some_and(|b| [b.unsent, b.queued, b.waiting, b.unsealed] == [0; 4]);
        if is_done || started.elapsed() > Duration::from_secs(max_secs) {
            return sample;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Number of entries posted before the end of the load without a seal; `i64::MAX` where it cannot be counted.
pub(crate) async fn unsealed(databases: &[Database], ended: Timestamp) -> i64 {
    match databases.iter().find(|database| database.service == "wallet") {
        Some(wallet) => wallet.unsealed(ended).await.unwrap_or(i64::MAX),
        None => i64::MAX,
    }
}

pub(crate) async fn check_streams(load: &Load, streams: Vec<Stream>) -> Check {
    let summary = streams::compare(load, streams).await;
    let mut check =
        Check::no_faults("every notification of a member with an open stream was delivered on it", &summary.missing);
    check.passed = check.passed && summary.delivered > 0;
    let (delivered, repeated, connections) = (summary.delivered, summary.repeated, summary.connections);
    check.detail = format!(
        "{} streams, {connections} connections, {delivered} delivered, {repeated} of them repeated; {} missing {}",
        summary.streams,
        summary.missing.len(),
        check.detail
    );
    check
}

/// Runs the operator's verification commands.
pub(crate) async fn run_verify_commands(databases: &[(String, String)]) -> Vec<Check> {
    let env = |service: &str| {
        let url = databases.iter().find(|(name, _)| name == service).map(|(_, url)| url.clone()).unwrap_or_default();
        Env::default().with("DATABASE_URL", url)
    };
    let check = |name: &str, result: Result<String, BootError>| {
        Check::no_faults(name, &result.err().map(|e| e.to_string()).into_iter().collect::<Vec<_>>())
    };
    vec![
        check("ev ledger verify finds nothing", operate::verify_ledger(&env("wallet")).await),
        check("ev tree verify finds nothing", operate::verify_tree(&env("binary")).await),
        Check::no_faults("ev reconcile finds nothing", &list_differences(databases).await),
    ]
}

/// The differences between the services, as lines of text.
async fn list_differences(databases: &[(String, String)]) -> Vec<String> {
    let mut env = Env::default();
    for (service, url) in databases {
        env = env.with(&format!("{}_DATABASE_URL", service.to_uppercase()), url.clone());
    }
    match reconcile::run(&env, Path::new(""), RECONCILE_SETTLE).await {
        Ok(outcome) => outcome.difference_lines().collect(),
        Err(error) => vec![error_chain(&error)],
    }
}

/// Verifies the ledger over HTTP.
pub(crate) async fn verify_over_http(load: &Load) -> Vec<Check> {
    let verified = load.verify_ledger().await;
    let verified = verified.unwrap_or_else(|error| vec![format!("{error:?}")]);
    let difference = load.trial_difference().await.unwrap_or_else(|error| format!("{error:?}"));
    vec![
        Check::no_faults("GET /ledger/verify finds nothing", &verified),
        Check::new("the difference of the trial balance is zero", difference == "0.00", difference),
    ]
}

/// Compares the platform's payments and wallets with the expected state of the members.
pub(crate) async fn check_members(mut load: Load) -> Vec<Check> {
    let members = std::mem::take::<Members>(&mut load.members).into_all();
    let (mut payments, mut wallets) = (Vec::new(), Vec::new());
    let uncertain = members.iter().filter(|m| m.is_uncertain).count();
    for member in &members {
        match load.list_payments(member).await {
            Ok(listed) => payments.extend(compare_payments(member, &listed)),
            Err(error) => payments.push(format!("payments of member {}: {error:?}", member.number)),
        }
    }
    let certain: Vec<&Member> = members.iter().filter(|m| is_certain(m, &members)).collect();
    let step = certain.len().div_ceil(MAX_COMPARED_WALLETS).max(1);
    let mut compared = 0_usize;
    for member in certain.iter().step_by(step) {
        compared += 1;
        wallets.extend(
            wallet_faults(&load, member, &members)
                .await
                .unwrap_or_else(|error| vec![format!("wallet of member {}: {error:?}", member.number)]),
        );
    }
    let captured: usize = members.iter().map(|m| m.payments.len()).sum();
    let mut payments_check = Check::no_faults("every captured payment is completed or refunded once", &payments);
    payments_check.detail =
        format!("{captured} payments of {} members, {uncertain} uncertain {}", members.len(), payments_check.detail);
    let mut wallets_check = Check::no_faults("wallets match the recorded operations", &wallets);
    wallets_check.passed = wallets_check.passed && compared > 0;
    wallets_check.detail = format!("{compared} wallets {}", wallets_check.detail);
    vec![payments_check, wallets_check]
}

fn referred<'a>(member: &Member, members: &'a [Member]) -> Vec<&'a Member> {
    members.iter().filter(|m| m.referrer == Some(member.number)).collect()
}

/// Whether all operations that affect the member's wallet are known.
fn is_certain(member: &Member, members: &[Member]) -> bool {
    !member.is_uncertain && referred(member, members).iter().all(|m| !m.is_uncertain)
}

async fn wallet_faults(load: &Load, member: &Member, members: &[Member]) -> Result<Vec<String>, RequestError> {
    let wallet = load.load_wallet(member).await?;
    Ok(compare_wallet(member, &referred(member, members), &wallet))
}
