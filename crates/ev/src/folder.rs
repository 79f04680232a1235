//! The data folder of the embedded run, which one process at a time may hold.
//!
//! Two processes on one folder would each have a bus, a cache and jobs of their own over the same databases.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

const LOCK: &str = "ev.lock";

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error(
        "the data folder {path} is in use by process {holder}: stop that one first, or name another folder with --data"
    )]
    InUse { path: PathBuf, holder: String },
    #[error("cannot use the data folder {path}: {source}; {advice}")]
    Unusable { path: PathBuf, source: std::io::Error, advice: &'static str },
}

/// A folder that is held. The operating system ends the lock with the process, however it ends.
#[derive(Debug)]
pub struct Folder {
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is missing, and holds it until dropped.
    pub fn hold(path: &Path) -> Result<Self, FolderError> {
        let unusable = |source: std::io::Error| {
            let advice = db::advice_for(&source);
            FolderError::Unusable { path: path.to_owned(), source, advice }
        };
        fs::create_dir_all(path).map_err(unusable)?;
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let mut lock = options.open(path.join(LOCK)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                lock.read_to_string(&mut holder).map_err(unusable)?;
                return Err(FolderError::InUse { path: path.to_owned(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let id = format!("{}\n", std::process::id());
        lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| lock.write_all(id.as_bytes())).map_err(unusable)?;
        Ok(Self { _lock: lock })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_at_a_time_and_the_second_hears_by_whom() {
        let path = std::env::temp_dir().join(format!("ev-folder-{}", std::process::id()));
        let held = Folder::hold(&path).expect("free");
        let refused = Folder::hold(&path).expect_err("held").to_string();
        assert!(refused.contains(&format!("in use by process {}", std::process::id())), "{refused}");
        assert!(refused.contains(&path.display().to_string()), "{refused}");
        drop(held);
        drop(Folder::hold(&path).expect("free again"));
        fs::remove_dir_all(&path).expect("removed");
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_refused_with_its_path_and_what_to_do() {
        let file = std::env::temp_dir().join(format!("ev-no-folder-{}", std::process::id()));
        fs::write(&file, "in the way").expect("written");
        let refused = Folder::hold(&file.join("data")).expect_err("no folder").to_string();
        fs::remove_file(&file).expect("removed");
        assert!(refused.contains(&file.display().to_string()) && refused.contains("; "), "{refused}");
    }
}
