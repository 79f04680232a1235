//! Benchmark of hot reads: the time of each over HTTP beside that of one round trip to the cache, in the same run.
//!
//! With `READ_CACHE=off` on the platform the times are those of the database; a read pays for a place in the cache when
//! what it costs above an answer without any work is well above a round trip.

use chassis::service::BootError;
use ev::demo::client::Client;
use ev::output::print;
use runtime::cache;
use std::time::{Duration, Instant};

/// Reads, with what a cached answer of each would be a copy of.
const READS: [(&str, &str); 5] = [
    ("/vehicles", "the catalogue"),
    ("/vehicles/019aa000-0000-7000-8000-000000000001", "one vehicle"),
    ("/plan", "the plan in force"),
    ("/users/me", "the profile"),
    ("/reports/dashboard", "the dashboard"),
];
/// Keys of one lookup in the cache.
const KEYS: [&str; 3] = ["bench:epoch", "bench:stamp", "bench:entry"];

/// Options of a benchmark.
pub struct Options {
    /// URL of the platform.
    pub url: String,
    /// URL of the messages page with one-time codes.
    pub messages_url: String,
    /// Webhook secret of the sandbox gateway.
    pub secret: String,
    /// E-mail address of the administrator.
    pub admin: String,
    /// URL of the cache.
    pub cache_url: String,
    /// Requests of each read.
    pub rounds: usize,
}

/// Runs the benchmark and prints the medians. Errors when a request fails.
pub async fn run(options: &Options) -> Result<(), BootError> {
    let client = Client::new(&options.url, &options.messages_url, &options.secret).map_err(failed)?;
    let staff = client.sign_in(&options.admin, "Administrator", None).await.map_err(failed)?;
    let cache = cache::connect(&options.cache_url, "bench", None)?;
    for key in KEYS {
        cache.set(key, &[0; 4_096], Duration::from_secs(600)).await.map_err(failed)?;
    }
    let mut reads: Vec<Vec<Duration>> = vec![Vec::new(); READS.len()];
    let (mut empty, mut lookups) = (Vec::new(), Vec::new());
    // In turn, so that whatever else the machine does disturbs all of them alike.
    for _ in 0..options.rounds {
        let began = Instant::now();
        client.check_live().await.map_err(failed)?;
        empty.push(began.elapsed());
        let began = Instant::now();
        cache.get_all(&KEYS).await.map_err(failed)?;
        lookups.push(began.elapsed());
        for ((path, _), times) in READS.iter().zip(&mut reads) {
            let began = Instant::now();
            staff.get(path).await.map_err(failed)?;
            times.push(began.elapsed());
        }
    }
    let empty = median(empty);
    print(&format!("an answer without any work: {} µs", empty.as_micros()));
    print(&format!("one lookup in the cache: {} µs", median(lookups).as_micros()));
    for ((path, what), times) in READS.iter().zip(reads) {
        let time = median(times);
        let above = time.saturating_sub(empty).as_micros();
        print(&format!("{what} (GET {path}): {} µs, {above} µs above an empty answer", time.as_micros()));
    }
    Ok(())
}

fn failed(error: impl std::fmt::Display) -> BootError {
    BootError::Failed(error.to_string())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
