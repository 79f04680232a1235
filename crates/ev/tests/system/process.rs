//! The platform as a process of its own: the real `ev`.

use crate::books::Dice;
use crate::world::{PATIENCE, short_id};
use chassis::Env;
use db::{Db, DbConfig};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const AGAIN: Duration = Duration::from_millis(20);

/// `ev up` as a newcomer runs it: nothing is set but where.
pub(crate) struct Process {
    child: Mutex<Option<Child>>,
    address: String,
    pub(crate) data: PathBuf,
}

impl Process {
    pub(crate) async fn start() -> Self {
        let data = std::env::temp_dir().join(format!("ev-crash-{}", short_id()));
        std::fs::create_dir_all(&data).unwrap();
        let process = Self { child: Mutex::new(None), address: spare_address(), data };
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
        let (http, started) = (chassis::http::client().unwrap(), Instant::now());
        let ready = format!("{}/health/ready", self.url());
        while !http.get(&ready).send().await.is_ok_and(|r| r.status().is_success()) {
            assert!(started.elapsed() < PATIENCE, "not ready:\n{}", self.log());
            tokio::time::sleep(AGAIN).await;
        }
    }
    /// SIGKILL: no handler runs, nothing is flushed.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
    /// SIGTERM, as a supervisor sends it; answers how it ended and how long that took.
    pub(crate) async fn terminate(&self) -> (ExitStatus, Duration) {
        let mut child = self.child.lock().unwrap().take().expect("a running platform");
        let started = Instant::now();
        let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(told.success());
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return (status, started.elapsed());
            }
            if started.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("it does not stop:\n{}", self.log());
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
    fn log(&self) -> String {
        std::fs::read_to_string(self.data.join("log")).unwrap_or_default()
    }
    pub(crate) fn database(&self, service: &str) -> String {
        format!("sqlite://{}", self.data.join(format!("{service}.db")).display())
    }
    /// Waits until every event has taken effect: the bus confirms one only after all its subscribers have.
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
                busy += chassis::events::relay::unsent(&mut db.read().await.unwrap()).await.unwrap();
            }
            quiet = if busy == 0 { quiet + 1 } else { 0 };
            assert!(started.elapsed() < PATIENCE, "{busy} events are still on their way:\n{}", self.log());
            tokio::time::sleep(AGAIN).await;
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
        let _gone = std::fs::remove_dir_all(&self.data);
    }
}

/// Below the range for outgoing connections: the port must still be free after the kill.
pub(crate) fn spare_address() -> String {
    let mut dice = Dice(chassis::id::fresh::<uuid::Uuid>().as_u64_pair().1);
    loop {
        let address = format!("127.0.0.1:{}", 20_000 + dice.next(12_000));
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}
