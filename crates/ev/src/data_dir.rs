//! Exclusive lock of the embedded run's data folder.
//!
//! Two processes on one folder would each run a bus, a cache and jobs over the same databases.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

const LOCK_FILE: &str = "ev.lock";

/// Error of locking the data folder.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process has the lock.
    #[error(
        "the data folder {path} is in use by process {holder}: stop that process, or choose another folder with --data"
    )]
    InUse { path: PathBuf, holder: String },
    /// The folder or its lock file cannot be created.
    #[error("cannot use the data folder {path}: {source}; {advice}")]
    Unusable { path: PathBuf, source: std::io::Error, advice: &'static str },
}

/// A locked data folder. The operating system releases the lock when the process ends.
#[derive(Debug)]
pub struct DataDir {
    _lock: File,
}

impl DataDir {
    /// Creates the folder if missing and locks it until dropped. Errors when another process has the lock.
    pub fn lock(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |source: std::io::Error| {
            let advice = db::advice_for(&source);
            DataDirError::Unusable { path: path.to_owned(), source, advice }
        };
        fs::create_dir_all(path).map_err(unusable)?;
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let mut file = options.open(path.join(LOCK_FILE)).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(unusable)?;
                return Err(DataDirError::InUse { path: path.to_owned(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let id = format!("{}\n", std::process::id());
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(id.as_bytes())).map_err(unusable)?;
        Ok(Self { _lock: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_with_the_id_of_the_holder() {
        let path = std::env::temp_dir().join(format!("ev-folder-{}", std::process::id()));
        let locked = DataDir::lock(&path).expect("free");
        let refused = DataDir::lock(&path).expect_err("locked").to_string();
        assert!(refused.contains(&format!("in use by process {}", std::process::id())), "{refused}");
        assert!(refused.contains(&path.display().to_string()), "{refused}");
        drop(locked);
        drop(DataDir::lock(&path).expect("free again"));
        fs::remove_dir_all(&path).expect("removed");
    }

    #[test]
    fn an_unusable_folder_is_refused_with_its_path_and_advice() {
        let file = std::env::temp_dir().join(format!("ev-no-folder-{}", std::process::id()));
        fs::write(&file, "a file").expect("written");
        let refused = DataDir::lock(&file.join("data")).expect_err("no folder").to_string();
        fs::remove_file(&file).expect("removed");
        assert!(refused.contains(&file.display().to_string()) && refused.contains("; "), "{refused}");
    }
}
