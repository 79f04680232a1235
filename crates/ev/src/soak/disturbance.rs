//! Disturbances in the middle of the run: commands that restart or kill a part of the platform.

use super::meter::Meter;
use super::sample::Phase;
use crate::cli::say;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where in the run the first and the last disturbance begin, in per cent.
const FIRST_AT: u32 = 34;
const LAST_AT: u32 = 60;
/// How long the platform may need to be ready again.
const RECOVERY: Duration = Duration::from_mins(2);
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// Clients meet the effects a little longer than `/health/ready` shows them.
const AFTERMATH: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(crate) struct Disturbance {
    pub(crate) name: String,
    /// For the shell; it ends when what it restarts runs again.
    pub(crate) command: String,
}

/// The offset from the start of each of `count` disturbances.
fn schedule(count: usize, duration: Duration) -> Vec<Duration> {
    let count = u32::try_from(count).unwrap_or(1);
    let at = |percent: u32| duration * percent / 100;
    let span = at(LAST_AT).saturating_sub(at(FIRST_AT));
    (0..count).map(|n| at(FIRST_AT) + span * n / count.saturating_sub(1).max(1)).collect()
}

/// Carries all of them out; answers those after which the platform was not ready in time.
pub(crate) async fn run(
    disturbances: Vec<Disturbance>,
    ready: Vec<String>,
    duration: Duration,
    meter: Arc<Meter>,
) -> Vec<String> {
    let started = Instant::now();
    let mut faults = Vec::new();
    if disturbances.is_empty() {
        tokio::time::sleep(duration * FIRST_AT / 100).await;
        meter.enter(Phase::Disturbed);
        tokio::time::sleep((duration * LAST_AT / 100).saturating_sub(started.elapsed())).await;
    }
    for (disturbance, at) in disturbances.iter().zip(schedule(disturbances.len(), duration)) {
        tokio::time::sleep(at.saturating_sub(started.elapsed())).await;
        meter.enter(Phase::Disturbed);
        meter.disturb();
        let begun = Instant::now();
        let failed = carry_out(disturbance).await.err();
        let carried_out = begun.elapsed();
        faults.extend(failed.map(|why| format!("{}: {why}", disturbance.name)));
        if !is_ready_within(&ready, RECOVERY).await {
            faults.push(format!("{}: not ready after {} s", disturbance.name, RECOVERY.as_secs()));
        }
        meter.recovered();
        say(&format!(
            "{:>5} s  {}: took {} ms, ready again after {} ms",
            at.as_secs(),
            disturbance.name,
            carried_out.as_millis(),
            begun.elapsed().as_millis()
        ));
    }
    tokio::time::sleep(AFTERMATH).await;
    meter.enter(Phase::Last);
    faults
}

async fn carry_out(disturbance: &Disturbance) -> Result<(), String> {
    let command = disturbance.command.clone();
    let run = move || Command::new("sh").args(["-c", &command]).stdin(Stdio::null()).output();
    let output = tokio::task::spawn_blocking(run).await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
}

/// Whether all addresses answer with success before the time is over.
pub(crate) async fn is_ready_within(addresses: &[String], limit: Duration) -> bool {
    let Ok(http) = chassis::http::client() else { return false };
    let started = Instant::now();
    for address in addresses {
        while !http.get(address).send().await.is_ok_and(|answer| answer.status().is_success()) {
            if started.elapsed() > limit {
                return false;
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disturbances_are_spread_over_the_middle_of_the_run() {
        let seconds =
            |count| -> Vec<u64> { schedule(count, Duration::from_secs(100)).iter().map(Duration::as_secs).collect() };
        assert_eq!((seconds(0), seconds(1), seconds(3)), (vec![], vec![34], vec![34, 47, 60]));
    }

    #[tokio::test]
    async fn a_command_that_fails_says_why() {
        let run = |command: &str| {
            let disturbance = Disturbance { name: "test".into(), command: command.into() };
            async move { carry_out(&disturbance).await }
        };
        assert_eq!(run("true").await, Ok(()));
        assert_eq!(run("echo no such server >&2; exit 3").await, Err("no such server".to_owned()));
    }
}
