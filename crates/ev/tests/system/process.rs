//! The platform in a separate process: the `ev` binary.

use crate::comparison::SeededRng;
use crate::platform::{EFFECT_TIMEOUT, short_id};
use db::{Db, DbConfig};
use runtime::Env;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A running `ev up` with default settings except address and data folder.
pub(crate) struct Process {
    child: Mutex<Option<Child>>,
    address: String,
    pub(crate) data: PathBuf,
}

impl Process {
    pub(crate) async fn start() -> Self {
        let data = std::env::temp_dir().join(format!("ev-crash-{}", short_id()));
        std::fs::create_dir_all(&data).unwrap();
        let process = Self { child: Mutex::new(None), address: free_address(), data };
        process.run().await;
        process
    }
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
    pub(crate) async fn run(&self) {
        let log = std::fs::File::options().create(true).append(true).open(self.data.join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_ev"))
            .args(["up", "--addr", &self.address, "--data"])
            .arg(&self.data)
            .env_clear()
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        *self.child.lock().unwrap() = Some(child);
        let (http, started) = (runtime::http_client::client().unwrap(), Instant::now());
        let ready = format!("{}/health/ready", self.url());
        while !http.get(&ready).send().await.is_ok_and(|r| r.status().is_success()) {
            assert!(started.elapsed() < EFFECT_TIMEOUT, "not ready:\n{}", self.log());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
    /// Kills the process with SIGKILL: no handler runs, nothing is flushed.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
    /// Stops the process with SIGTERM, and returns its exit status and the duration.
    pub(crate) async fn terminate(&self) -> (ExitStatus, Duration) {
        let mut child = self.child.lock().unwrap().take().expect("a running platform");
        let started = Instant::now();
        let signalled = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(signalled.success());
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return (status, started.elapsed());
            }
            if started.elapsed() > EFFECT_TIMEOUT {
                child.kill().unwrap();
                panic!("the process does not stop:\n{}", self.log());
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
    fn log(&self) -> String {
        std::fs::read_to_string(self.data.join("log")).unwrap_or_default()
    }
    pub(crate) fn database(&self, service: &str) -> String {
        format!("sqlite://{}", self.data.join(format!("{service}.db")).display())
    }
    /// Waits until every event has taken effect: the bus confirms an event after all its subscribers.
    pub(crate) async fn drain(&self) {
        let started = Instant::now();
        let mut databases = Vec::new();
        for service in ev::services() {
            databases.push(Db::connect(&DbConfig::new(self.database(service.name))).await.unwrap());
        }
        let mut quiet = 0;
        while quiet < 3 {
            let mut busy = 0;
            for db in &databases {
                busy += messaging::outbox::count_unsent(&mut db.read().await.unwrap()).await.unwrap();
            }
            quiet = if busy == 0 { quiet + 1 } else { 0 };
            assert!(started.elapsed() < EFFECT_TIMEOUT, "{busy} events are still pending:\n{}", self.log());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
    pub(crate) async fn assert_nothing_parked(&self, what: &str) {
        for service in ev::services() {
            let env = Env::default().with("DATABASE_URL", self.database(service.name));
            let parked = ev::operate::list_parked(&env, service.name).await.unwrap();
            assert_eq!(parked, "0 parked", "{what}, {}", service.name);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let _removed = std::fs::remove_dir_all(&self.data);
    }
}

/// A free port below the range of outgoing connections, so that it stays free after a kill.
pub(crate) fn free_address() -> String {
    let mut rng = SeededRng(runtime::id::fresh::<uuid::Uuid>().as_u64_pair().1);
    loop {
        let address = format!("127.0.0.1:{}", 20_000 + rng.next(12_000));
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}
