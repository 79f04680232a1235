//! Copies of several SQLite files as of one instant, while other processes go on writing.
//!
//! For an instant no file can be written: a connection to each holds its write lock. A reader of each begins meanwhile.
//! After that the files may be copied at leisure, because of two guarantees of the write-ahead log: as long as a reader
//! exists, no checkpoint writes pages into the database file that the reader must not see, and the part of the log that
//! it reads is not overwritten. So the database file and the log up to the reader's last frame are what it sees; a page
//! that a checkpoint writes during the copy is in that part of the log too.

use crate::error::DbError;
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Longest wait for a file's write lock.
const LOCK_WAIT: &str = "PRAGMA busy_timeout = 10000";
/// Bytes of the log before its first frame, and of a frame's header.
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;
/// Offsets in the index of the log: the page size, the last frame of a committed transaction, and the frames that a
/// checkpoint has written into the database file.
const PAGE_SIZE_AT: u64 = 14;
const LAST_FRAME_AT: u64 = 16;
const WRITTEN_FRAMES_AT: u64 = 96;

/// A state of an SQLite file, which can be copied until this is dropped.
pub struct FileSnapshot {
    path: PathBuf,
    /// Bytes of the log that belong to it.
    log_bytes: u64,
    _reader: SqliteConnection,
}

/// Takes snapshots of all files at one instant. Blocks; errors when a file cannot be locked within ten seconds.
pub fn take(paths: &[PathBuf]) -> Result<Vec<FileSnapshot>, DbError> {
    let mut locks = Vec::new();
    for path in paths {
        let mut lock = open(path)?;
        lock.batch_execute("BEGIN IMMEDIATE")?;
        locks.push(lock);
    }
    // Dropping the locks ends their transactions, in which nothing was written.
    paths.iter().map(|path| FileSnapshot::begin(path)).collect()
}

fn open(path: &Path) -> Result<SqliteConnection, DbError> {
    let failed =
        |cause: String| DbError::File { path: path.to_owned(), cause, advice: "name a data folder of `ev up`" };
    if !path.exists() {
        return Err(failed("it does not exist".to_owned()));
    }
    let mut connection = SqliteConnection::establish(&path.to_string_lossy()).map_err(|e| failed(e.to_string()))?;
    connection.batch_execute(LOCK_WAIT)?;
    Ok(connection)
}

impl FileSnapshot {
    /// Begins a reader while no connection can write.
    fn begin(path: &Path) -> Result<Self, DbError> {
        let mut reader = open(path)?;
        reader.batch_execute("BEGIN; SELECT COUNT(*) FROM sqlite_master")?;
        let log_bytes = log_bytes(path).map_err(|error| crate::file_error::file_error(path, &error))?;
        Ok(Self { path: path.to_owned(), log_bytes, _reader: reader })
    }

    /// The file that this is a state of.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Copies the state to `target`, and its part of the log beside it. Blocks.
    pub fn copy_to(&self, target: &Path) -> io::Result<()> {
        fs::copy(&self.path, target)?;
        if self.log_bytes == 0 {
            return Ok(());
        }
        let mut log = File::open(with_suffix(&self.path, "-wal"))?.take(self.log_bytes);
        let mut copy = File::create(with_suffix(target, "-wal"))?;
        if io::copy(&mut log, &mut copy)? != self.log_bytes {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the write-ahead log is shorter than its index says",
            ));
        }
        copy.sync_all()
    }
}

/// The bytes of the log that a reader sees which has just begun; 0 when the database file alone holds everything.
fn log_bytes(path: &Path) -> io::Result<u64> {
    let mut file = File::open(with_suffix(path, "-shm"))?;
    let (last, written) = (number_at(&mut file, LAST_FRAME_AT)?, number_at(&mut file, WRITTEN_FRAMES_AT)?);
    if last == written {
        return Ok(0);
    }
    let mut page_size = [0; 2];
    file.seek(SeekFrom::Start(PAGE_SIZE_AT))?;
    file.read_exact(&mut page_size)?;
    // 1 stands for 65,536.
    let page_size = match u16::from_ne_bytes(page_size) {
        1 => 65_536,
        size => u64::from(size),
    };
    Ok(LOG_HEADER + u64::from(last) * (FRAME_HEADER + page_size))
}

fn number_at(file: &mut File, offset: u64) -> io::Result<u32> {
    let mut bytes = [0; 4];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut bytes)?;
    Ok(u32::from_ne_bytes(bytes))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
