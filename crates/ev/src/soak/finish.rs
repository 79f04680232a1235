//! The end of the run: the settle window, and the books.

use super::api::Refusal;
use super::books::{compare_payments, compare_wallet};
use super::database::Database;
use super::judge::Check;
use super::member::{Member, Members};
use super::meter::Meter;
use super::operations::Load;
use super::sample::{Phase, Sample};
use super::sampler::Sources;
use super::streams::{self, Stream};
use crate::operate;
use chassis::Env;
use chassis::service::BootError;
use domain::Timestamp;
use std::time::{Duration, Instant};

const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// Members whose wallets are compared line by line.
const WALLETS: usize = 60;

/// Waits for the end of the settle window, and longer while anything is unfinished; answers what is measured then.
pub(crate) async fn settle(sources: &Sources, meter: &Meter, (least, most): (u64, u64)) -> Sample {
    meter.enter(Phase::Settled);
    let started = Instant::now();
    tokio::time::sleep(Duration::from_secs(least)).await;
    let mut verifications = meter.verifications();
    loop {
        let sample = sources.sample(&mut verifications).await;
        let is_done = sample.backlog.is_some_and(|b| [b.unsent, b.queued, b.waiting, b.unsealed] == [0; 4]);
        if is_done || started.elapsed() > Duration::from_secs(most) {
            return sample;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Entries posted before the end of the load that have no seal; more than can be where it cannot be asked.
pub(crate) async fn unsealed(databases: &[Database], ended: Timestamp) -> i64 {
    match databases.iter().find(|database| database.service == "wallet") {
        Some(wallet) => wallet.unsealed(ended).await.unwrap_or(i64::MAX),
        None => i64::MAX,
    }
}

pub(crate) async fn of_streams(load: &Load, streams: Vec<Stream>) -> Check {
    let compared = streams::compare(load, streams).await;
    let mut check =
        Check::none("every notification of a member with an open stream was shown on it", &compared.missing);
    check.held = check.held && compared.shown > 0;
    let (shown, repeated, connections) = (compared.shown, compared.repeated, compared.connections);
    check.detail = format!(
        "{} streams, {connections} connections, {shown} shown, {repeated} of them again; {} missing {}",
        compared.streams,
        compared.missing.len(),
        check.detail
    );
    check
}

/// What the operator's commands say.
pub(crate) async fn of_databases(databases: &[(String, String)]) -> Vec<Check> {
    let env = |service: &str| {
        let url = databases.iter().find(|(name, _)| name == service).map(|(_, url)| url.clone()).unwrap_or_default();
        Env::default().with("DATABASE_URL", url)
    };
    let check = |name: &str, said: Result<String, BootError>| {
        Check::none(name, &said.err().map(|e| e.to_string()).into_iter().collect::<Vec<_>>())
    };
    vec![
        check("ev ledger verify finds nothing", operate::verify_ledger(&env("wallet")).await),
        check("ev tree verify finds nothing", operate::verify_tree(&env("binary")).await),
    ]
}

/// What the platform itself says of its books.
pub(crate) async fn of_books(load: &Load) -> Vec<Check> {
    let verified = load.verify_ledger().await;
    let verified = verified.unwrap_or_else(|refusal| vec![format!("{refusal:?}")]);
    let difference = load.trial_difference().await.unwrap_or_else(|refusal| format!("{refusal:?}"));
    vec![
        Check::none("GET /ledger/verify finds nothing", &verified),
        Check::new("the difference of the trial balance is zero", difference == "0.00", difference),
    ]
}

/// What the driver knows, beside what the platform says.
pub(crate) async fn of_members(mut load: Load) -> Vec<Check> {
    let members = std::mem::take::<Members>(&mut load.members).into_all();
    let (mut payments, mut wallets) = (Vec::new(), Vec::new());
    let uncertain = members.iter().filter(|m| m.is_uncertain).count();
    for member in &members {
        match load.payments_of(member).await {
            Ok(listed) => payments.extend(compare_payments(member, &listed)),
            Err(refusal) => payments.push(format!("payments of member {}: {refusal:?}", member.number)),
        }
    }
    let certain: Vec<&Member> = members.iter().filter(|m| is_certain(m, &members)).collect();
    let step = certain.len().div_ceil(WALLETS).max(1);
    let mut compared = 0_usize;
    for member in certain.iter().step_by(step) {
        compared += 1;
        wallets.extend(
            faults_of(&load, member, &members)
                .await
                .unwrap_or_else(|refusal| vec![format!("wallet of member {}: {refusal:?}", member.number)]),
        );
    }
    let captured: usize = members.iter().map(|m| m.payments.len()).sum();
    let mut of_payments = Check::none("every captured payment is completed or given back, once", &payments);
    of_payments.detail =
        format!("{captured} payments of {} members, {uncertain} uncertain {}", members.len(), of_payments.detail);
    let mut of_wallets = Check::none("wallets are what their causes make of them", &wallets);
    of_wallets.held = of_wallets.held && compared > 0;
    of_wallets.detail = format!("{compared} wallets {}", of_wallets.detail);
    vec![of_payments, of_wallets]
}

fn referred<'a>(member: &Member, members: &'a [Member]) -> Vec<&'a Member> {
    members.iter().filter(|m| m.referrer == Some(member.number)).collect()
}

/// Whether the driver knows everything that moved the member's wallet.
fn is_certain(member: &Member, members: &[Member]) -> bool {
    !member.is_uncertain && referred(member, members).iter().all(|m| !m.is_uncertain)
}

async fn faults_of(load: &Load, member: &Member, members: &[Member]) -> Result<Vec<String>, Refusal> {
    let account = load.account_of(member).await?;
    Ok(compare_wallet(member, &referred(member, members), &account))
}
