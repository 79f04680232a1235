//! Snapshots of several files at one instant, beside writers and checkpoints.

use super::fixture::Folder;
use db::snapshot;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn open(path: &Path) -> SqliteConnection {
    let mut c = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    c.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF").unwrap();
    c
}

fn number(c: &mut SqliteConnection, sql: &str) -> i64 {
    diesel::sql_query(sql).get_result::<Number>(c).unwrap().n
}

/// Three files with a counter each and rows that take many pages.
fn files(folder: &Folder) -> Vec<PathBuf> {
    let paths: Vec<PathBuf> = (0..3).map(|n| folder.0.join(format!("{n}.db"))).collect();
    for path in &paths {
        let table = "CREATE TABLE counter (n INTEGER NOT NULL); INSERT INTO counter VALUES (0); \
                     CREATE TABLE filler (n INTEGER PRIMARY KEY, text BLOB NOT NULL)";
        open(path).batch_execute(table).unwrap();
    }
    paths
}

/// Counts in the files one after the other until `stop`, with a checkpoint now and then.
fn count(paths: &[PathBuf], stop: &AtomicBool) {
    let mut connections: Vec<_> = paths.iter().map(|path| open(path)).collect();
    for round in 1.. {
        for c in &mut connections {
            let step = format!(
                "BEGIN IMMEDIATE; UPDATE counter SET n = {round}; \
                 INSERT OR REPLACE INTO filler VALUES ({}, randomblob(20000)); COMMIT",
                round % 50
            );
            c.batch_execute(&step).unwrap();
            if round % 7 == 0 {
                c.batch_execute("PRAGMA wal_checkpoint(RESTART)").unwrap();
            }
        }
        if stop.load(Ordering::Relaxed) {
            return;
        }
    }
}

#[test]
fn snapshots_of_all_files_are_of_one_instant_and_intact() {
    let folder = Folder::new();
    std::fs::create_dir(&folder.0).unwrap();
    let paths = files(&folder);
    let stop = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (paths, stop) = (paths.clone(), Arc::clone(&stop));
        move || count(&paths, &stop)
    });
    let mut last = 0;
    for round in 0..20 {
        let snapshots = snapshot::take(&paths).unwrap();
        // The writer goes on before the files are copied.
        std::thread::sleep(std::time::Duration::from_millis(20));
        let mut counts = Vec::new();
        for one in &snapshots {
            let copy = one.path().with_extension(format!("copy{round}"));
            one.copy_to(&copy).unwrap();
            let mut c = open(&copy);
            let damaged = "SELECT COUNT(*) AS n FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
            assert_eq!(number(&mut c, damaged), 0, "round {round}");
            counts.push(number(&mut c, "SELECT n FROM counter"));
        }
        // The writer counts in the first file first.
        assert!(counts.is_sorted_by(|a, b| a >= b) && counts[0] - counts[2] <= 1, "round {round}: {counts:?}");
        assert!(counts[0] >= last, "round {round}: {counts:?} after {last}");
        last = counts[0];
    }
    stop.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert!(last > 0, "the writer was never stopped for long");
}

#[test]
fn a_missing_file_is_refused_by_name_and_not_created() {
    let folder = Folder::new();
    std::fs::create_dir(&folder.0).unwrap();
    let path = folder.0.join("missing.db");
    let refused = snapshot::take(std::slice::from_ref(&path)).err().unwrap().to_string();
    assert!(refused.contains("missing.db") && refused.contains("does not exist"), "{refused}");
    assert!(!path.exists());
}
