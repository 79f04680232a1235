//! Background task that takes samples.

use super::database::{Broker, Database, figures, queued};
use super::meter::Meter;
use super::process::{WatchedProcess, measure};
use super::sample::Sample;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Maximum wait for a database or the broker in one sample.
const SAMPLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Sources of the measurements.
pub(crate) struct Sources {
    pub(crate) processes: Vec<WatchedProcess>,
    pub(crate) databases: Vec<Database>,
    pub(crate) broker: Option<Broker>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) started: Instant,
}

impl Sources {
    pub(crate) async fn sample(&self, verifications_before: &mut (u64, u64)) -> Sample {
        let verifications = self.meter.verifications();
        let is_running = verifications.0 != verifications.1;
        let verifying = is_running || verifications != *verifications_before;
        *verifications_before = verifications;
        let processes = measure(&self.processes);
        let (operations, latency, phase) = (self.meter.operations(), self.meter.take_latency(), self.meter.phase());
        let figures = timeout(SAMPLE_TIMEOUT, figures(&self.databases)).await.ok().and_then(Result::ok);
        let queued = self.queued().await;
        let blocks: u64 = processes.values().map(|usage| usage.blocks_read).sum();
        let backlog = figures.zip(queued).map(|(figures, queued)| {
            let mut backlog = figures.backlog;
            backlog.queued = queued;
            backlog
        });
        Sample {
            at: self.started.elapsed(),
            phase,
            verifying,
            operations,
            latency,
            processes,
            backlog,
            rows_read: match (&self.broker, figures) {
                (Some(_), figures) => figures.and_then(|f| f.rows_read),
                (None, _) => Some(blocks),
            },
            database_kib: figures.map_or(0, |f| f.kib),
        }
    }

    async fn queued(&self) -> Option<i64> {
        let Some(broker) = &self.broker else { return Some(0) };
        let services: Vec<String> = self.databases.iter().map(|database| database.service.clone()).collect();
        timeout(SAMPLE_TIMEOUT, queued(broker, &services)).await.ok()?.ok()
    }
}

/// A running sampler.
pub(crate) struct Sampler {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    samples: Arc<Mutex<Vec<Sample>>>,
}

impl Sampler {
    pub(crate) fn start(sources: Arc<Sources>, period: Duration) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        let samples = Arc::<Mutex<Vec<Sample>>>::default();
        let stored = Arc::clone(&samples);
        let task = tokio::spawn(async move {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut verifications = (0, 0);
            loop {
                tokio::select! {
                    _ = stopped.wait_for(|stop| *stop) => return,
                    _ = ticks.tick() => {}
                }
                let sample = sources.sample(&mut verifications).await;
                stored.lock().push(sample);
            }
        });
        Self { stop, task, samples }
    }

    /// Stops the task and returns the samples.
    pub(crate) async fn finish(self) -> Vec<Sample> {
        // The task may have ended by itself.
        let _stopped = self.stop.send(true);
        let _ended = self.task.await;
        std::mem::take(&mut *self.samples.lock())
    }
}
