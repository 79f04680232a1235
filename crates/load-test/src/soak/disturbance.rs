//! Disturbances: commands that restart or kill a part of the platform in the middle of the run.

use super::meter::Meter;
use super::sample::Phase;
use ev::output::print;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Start of the first and the last disturbance, in per cent of the run.
const FIRST_AT_PERCENT: u32 = 34;
const LAST_AT_PERCENT: u32 = 60;
/// Maximum time until the platform is ready again.
const RECOVERY_TIMEOUT: Duration = Duration::from_mins(2);
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// Time after the last recovery in which clients may still see effects.
const AFTERMATH: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(crate) struct Disturbance {
    pub(crate) name: String,
    /// Shell command; it returns when the restarted part runs again.
    pub(crate) command: String,
}

/// Start times of `count` disturbances, as offsets from the start of the run.
fn schedule(count: usize, duration: Duration) -> Vec<Duration> {
    let count = u32::try_from(count).unwrap_or(1);
    let at = |percent: u32| duration * percent / 100;
    let span = at(LAST_AT_PERCENT).saturating_sub(at(FIRST_AT_PERCENT));
    (0..count).map(|n| at(FIRST_AT_PERCENT) + span * n / count.saturating_sub(1).max(1)).collect()
}

/// Executes all disturbances. Returns those that failed or after which the platform was not ready in time.
pub(crate) async fn run(
    disturbances: Vec<Disturbance>,
    ready: Vec<String>,
    duration: Duration,
    meter: Arc<Meter>,
) -> Vec<String> {
    let started = Instant::now();
    let mut faults = Vec::new();
    if disturbances.is_empty() {
        tokio::time::sleep(duration * FIRST_AT_PERCENT / 100).await;
        meter.set_phase(Phase::Disturbed);
        tokio::time::sleep((duration * LAST_AT_PERCENT / 100).saturating_sub(started.elapsed())).await;
    }
    for (disturbance, at) in disturbances.iter().zip(schedule(disturbances.len(), duration)) {
        tokio::time::sleep(at.saturating_sub(started.elapsed())).await;
        meter.set_phase(Phase::Disturbed);
        meter.begin_disturbance();
        let begun = Instant::now();
        let failed = execute(disturbance).await.err();
        let execution_time = begun.elapsed();
        faults.extend(failed.map(|error| format!("{}: {error}", disturbance.name)));
        if !is_ready_within(&ready, RECOVERY_TIMEOUT).await {
            faults.push(format!("{}: not ready after {} s", disturbance.name, RECOVERY_TIMEOUT.as_secs()));
        }
        meter.end_disturbance();
        print(&format!(
            "{:>5} s  {}: took {} ms, ready again after {} ms",
            at.as_secs(),
            disturbance.name,
            execution_time.as_millis(),
            begun.elapsed().as_millis()
        ));
    }
    tokio::time::sleep(AFTERMATH).await;
    meter.set_phase(Phase::Last);
    faults
}

async fn execute(disturbance: &Disturbance) -> Result<(), String> {
    let command = disturbance.command.clone();
    let run = move || Command::new("sh").args(["-c", &command]).stdin(Stdio::null()).output();
    let output = tokio::task::spawn_blocking(run).await.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()) }
}

/// Whether all addresses return success within `limit`.
pub(crate) async fn is_ready_within(addresses: &[String], limit: Duration) -> bool {
    let Ok(http) = runtime::http_client::client() else { return false };
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
    async fn a_failed_command_returns_its_error_output() {
        let run = |command: &str| {
            let disturbance = Disturbance { name: "test".into(), command: command.into() };
            async move { execute(&disturbance).await }
        };
        assert_eq!(run("true").await, Ok(()));
        assert_eq!(run("echo no such server >&2; exit 3").await, Err("no such server".to_owned()));
    }
}
