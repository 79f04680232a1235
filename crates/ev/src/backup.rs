//! `ev backup` and `ev restore`: copies of the embedded run's data folder.
//!
//! A backup is taken beside the running platform, as of one instant over all eight databases (`db::snapshot`). What an
//! event has not reached yet at that instant is in an outbox of the backup, and is delivered after the restoration. The
//! documents and the keys are copied after the databases: a document is stored before the row that refers to it, and
//! neither ever changes.

use crate::data_dir::DataDir;
use db::snapshot;
use domain::Timestamp;
use runtime::build_info;
use runtime::clock::{Clock, SystemClock};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Lists the files of a backup.
const MANIFEST: &str = "backup.json";
/// Files of a data folder that are not part of its data.
const EXCLUDED: [&str; 1] = ["ev.lock"];

/// Why a backup or a restoration failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{path}: {source}", path = .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Db(#[from] db::DbError),
    #[error(transparent)]
    DataDir(#[from] crate::data_dir::DataDirError),
    /// The folder must not exist, or must be empty.
    #[error("{path} is not empty", path = .0.display())]
    NotEmpty(PathBuf),
    #[error("{path} is not a backup: {reason}", path = .path.display())]
    NotABackup { path: PathBuf, reason: String },
    /// A file of the backup is missing or was changed.
    #[error("{path} differs from what the backup lists", path = .0.display())]
    Damaged(PathBuf),
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::Io { path, source }
}

/// The content of a backup.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub version: String,
    pub revision: String,
    /// The instant of the databases.
    pub taken_at: Timestamp,
    pub files: Vec<BackupFile>,
}

/// A file of a backup.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupFile {
    /// Path below the folder, with `/`.
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// Copies the data folder of a running or a stopped platform into the new folder `to`. Blocks.
pub fn back_up(data: &Path, to: &Path) -> Result<Manifest, BackupError> {
    refuse_content(to)?;
    // A backup that ends early leaves no folder that looks like one.
    let partial = to.with_extension("partial");
    refuse_content(&partial)?;
    fs::create_dir_all(&partial).map_err(failed(&partial))?;
    let databases: Vec<PathBuf> = crate::services().iter().map(|s| data.join(format!("{}.db", s.name))).collect();
    let snapshots = snapshot::take(&databases)?;
    let taken_at = SystemClock.now();
    for one in &snapshots {
        let target = partial.join(one.path().file_name().unwrap_or_default());
        one.copy_to(&target).map_err(failed(one.path()))?;
    }
    drop(snapshots);
    for name in list_files(data)? {
        if !is_database(&name) && !EXCLUDED.contains(&name.as_str()) {
            copy_file(&data.join(&name), &partial.join(&name))?;
        }
    }
    let mut files = Vec::new();
    for name in list_files(&partial)? {
        let (bytes, sha256) = digest(&partial.join(&name))?;
        files.push(BackupFile { name, bytes, sha256 });
    }
    let (version, revision) = (build_info::VERSION.to_owned(), build_info::REVISION.to_owned());
    let manifest = Manifest { version, revision, taken_at, files };
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|e| BackupError::NotABackup { path: to.to_owned(), reason: e.to_string() })?;
    let path = partial.join(MANIFEST);
    fs::write(&path, text).map_err(failed(&path))?;
    fs::rename(&partial, to).map_err(failed(to))?;
    Ok(manifest)
}

/// Copies the backup in `from` into the new data folder `data`, after a check of every file. Blocks.
pub fn restore(from: &Path, data: &Path) -> Result<Manifest, BackupError> {
    let not_a_backup = |reason: String| BackupError::NotABackup { path: from.to_owned(), reason };
    let path = from.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(|error| not_a_backup(format!("{MANIFEST}: {error}")))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| not_a_backup(error.to_string()))?;
    for file in &manifest.files {
        let path = from.join(&file.name);
        if !is_plain(&file.name) {
            return Err(not_a_backup(format!("`{}` is outside the folder", file.name)));
        }
        match digest(&path) {
            Ok((bytes, sha256)) if bytes == file.bytes && sha256 == file.sha256 => {}
            _ => return Err(BackupError::Damaged(path)),
        }
    }
    refuse_content(data)?;
    let _locked = DataDir::lock(data)?;
    for file in &manifest.files {
        copy_file(&from.join(&file.name), &data.join(&file.name))?;
    }
    Ok(manifest)
}

/// Errors when a folder exists and has content.
fn refuse_content(folder: &Path) -> Result<(), BackupError> {
    match fs::read_dir(folder) {
        Ok(mut content) => match content.next() {
            Some(_) => Err(BackupError::NotEmpty(folder.to_owned())),
            None => Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(folder)(error)),
    }
}

/// Whether a name is a path below its folder.
fn is_plain(name: &str) -> bool {
    let is_normal = |part: std::path::Component<'_>| matches!(part, std::path::Component::Normal(_));
    !name.is_empty() && Path::new(name).components().all(is_normal)
}

/// Whether a file of a data folder is a database or belongs to one.
fn is_database(name: &str) -> bool {
    [".db", ".db-wal", ".db-shm"].iter().any(|ending| name.ends_with(ending))
}

/// Names of all files below a folder, sorted.
fn list_files(folder: &Path) -> Result<Vec<String>, BackupError> {
    let mut names = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(prefix) = folders.pop() {
        let inner = folder.join(&prefix);
        for entry in fs::read_dir(&inner).map_err(failed(&inner))? {
            let entry = entry.map_err(failed(&inner))?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(failed(&entry.path()))?;
            if kind.is_dir() {
                folders.push(format!("{name}/"));
            } else if kind.is_file() {
                names.push(name);
            }
        }
    }
    names.sort();
    Ok(names)
}

/// Copies a file with its permissions, and waits until it is on the disk.
fn copy_file(from: &Path, to: &Path) -> Result<(), BackupError> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    fs::copy(from, to).map_err(failed(from))?;
    File::open(to).and_then(|copy| copy.sync_all()).map_err(failed(to))
}

/// Size and SHA-256 of a file.
fn digest(path: &Path) -> Result<(u64, String), BackupError> {
    let (mut hasher, mut bytes) = (Sha256::new(), 0);
    let mut reader = BufReader::with_capacity(1 << 16, File::open(path).map_err(failed(path))?);
    loop {
        let part = reader.fill_buf().map_err(failed(path))?;
        if part.is_empty() {
            return Ok((bytes, hex::encode(hasher.finalize())));
        }
        hasher.update(part);
        let length = part.len();
        bytes += u64::try_from(length).unwrap_or(u64::MAX);
        reader.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_outside_the_folder_is_refused() {
        assert!(["auth.db", "blobs/ab/cd"].iter().all(|name| is_plain(name)));
        assert!(["", "/etc/passwd", "../x", "a/../../x"].iter().all(|name| !is_plain(name)));
    }
}
