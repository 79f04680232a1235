//! Uploads that a private clamd scans, with a signature database of one file. Skipped where clamd is not installed.

use crate::fixture::*;
use domain::UserId;
use proto_events::compliance::v1::DocumentUploaded;
use runtime::id;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The test file of the European Institute for Computer Antivirus Research, in two parts, so that no scanner finds it
/// in this source.
const EICAR: [&str; 2] = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"];
/// Where the packages of distributions put it.
const PROGRAMS: [&str; 4] = ["/usr/sbin/clamd", "/usr/bin/clamd", "/usr/local/sbin/clamd", "/opt/homebrew/sbin/clamd"];
const SIZE_LIMIT_BYTES: usize = 1024 * 1024;

/// A clamd with a folder of its own.
struct Clamd {
    process: Child,
    folder: PathBuf,
}

impl Drop for Clamd {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _status = self.process.wait();
        let _gone = std::fs::remove_dir_all(&self.folder);
    }
}

impl Clamd {
    /// Starts it and waits until it answers; `None` where it is not installed.
    async fn start() -> Option<Self> {
        let program = PROGRAMS.iter().find(|program| Path::new(program).exists())?;
        let folder = std::env::temp_dir().join(format!("ev-clamd-{}", id::fresh::<UserId>()));
        let path = |name: &str| folder.join(name).display().to_string();
        std::fs::create_dir_all(path("db")).unwrap();
        // Name, any type of file, any offset, and the bytes.
        std::fs::write(path("db/test.ndb"), format!("Ev.Test.Eicar:0:*:{}\n", hex::encode(EICAR.concat()))).unwrap();
        let config = [
            format!("DatabaseDirectory {}", path("db")),
            format!("LocalSocket {}", path("socket")),
            format!("TemporaryDirectory {}", folder.display()),
            format!("StreamMaxLength {SIZE_LIMIT_BYTES}"),
            "Foreground yes\nMaxThreads 2\nSelfCheck 0\n".into(),
        ];
        std::fs::write(path("clamd.conf"), config.join("\n")).unwrap();
        let log = std::fs::File::create(path("log")).unwrap();
        let mut command = Command::new(program);
        command.arg("--config-file").arg(path("clamd.conf")).stdout(log.try_clone().unwrap()).stderr(log);
        let mut clamd = Self { process: command.stdin(Stdio::null()).spawn().unwrap(), folder: folder.clone() };
        for _ in 0..600 {
            if UnixStream::connect(path("socket")).is_ok() {
                return Some(clamd);
            }
            let ended = clamd.process.try_wait().unwrap();
            assert!(ended.is_none(), "clamd ended: {}", std::fs::read_to_string(path("log")).unwrap());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("clamd does not start: {}", std::fs::read_to_string(path("log")).unwrap());
    }

    fn url(&self) -> String {
        format!("unix://{}", self.folder.join("socket").display())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clamd_finds_what_its_database_has() {
    let Some(clamd) = Clamd::start().await else {
        println!("skipped: clamd is not installed (Debian: clamav-daemon)");
        return;
    };
    let f = fixture_with(&[("CLAMD_URL", &clamd.url())]).await;
    let me = f.as_user(id::fresh());
    let infected = [PDF, b"\n", EICAR.concat().as_bytes()].concat();
    assert_eq!(send(&me, form("pan_card", infected.clone())).await.problem(422), "upload.infected");
    upload(&me).await;
    send(&me, form("photo", PNG.to_vec())).await.expect(201);
    // At the limit of clamd and a byte above it, and far above it, where clamd answers before the end.
    let sized = |size: usize| {
        let mut file = PDF.to_vec();
        file.resize(size, b'x');
        form("pan_card", file)
    };
    send(&me, sized(SIZE_LIMIT_BYTES)).await.expect(201);
    for size in [SIZE_LIMIT_BYTES + 1, 5 * SIZE_LIMIT_BYTES] {
        assert_eq!(send(&me, sized(size)).await.problem(503), "upload.scan_unavailable", "{size}");
    }
    assert_eq!((f.stored(), f.published::<DocumentUploaded>().await.len()), (3, 3));
    // Without clamd nothing is accepted.
    drop(clamd);
    assert_eq!(send(&me, form("pan_card", PDF.to_vec())).await.problem(503), "upload.scan_unavailable");
    assert_eq!(f.stored(), 3);
}
