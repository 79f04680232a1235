//! The index of one process: its folder, repair of damage, and what callers see.

use crate::document::{Change, Position};
use crate::engine::{Engine, IndexError};
use crate::precision::Query;
use crate::query::{self, Hit};
use parking_lot::RwLock;
use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Version of the fields and of the engine's files. Raise it when they change: an index of another one is built again.
const FORMAT: u32 = 1;
const LOCK_FILE: &str = "lock";

/// An index cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the search index in {0} belongs to another process")]
    InUse(String),
    #[error("the search index in {folder} cannot be opened")]
    Folder {
        folder: String,
        #[source]
        source: IndexError,
    },
}

/// A search index in a folder that no other process uses.
pub struct SearchIndex {
    folder: PathBuf,
    engine: RwLock<Arc<Engine>>,
    /// Locked until it is dropped, also by a kill.
    _lock: File,
}

impl SearchIndex {
    /// Opens the index in the folder, or creates it. An index that is damaged, or that has another format or another
    /// `version` of the words in it, is replaced by an empty one.
    ///
    /// Errors when another process uses the folder, or when it cannot be written.
    pub fn open(folder: &Path, version: u32) -> Result<Self, OpenError> {
        let failed = |source: IndexError| OpenError::Folder { folder: folder.display().to_string(), source };
        let lock = lock(folder).map_err(|error| failed(error.into()))?;
        let lock = lock.ok_or_else(|| OpenError::InUse(folder.display().to_string()))?;
        let name = format!("format-{FORMAT}-{version}");
        delete_others(folder, &name).map_err(|error| failed(error.into()))?;
        let folder = folder.join(name);
        let engine = open_or_replace(&folder).map_err(failed)?;
        Ok(Self { folder, engine: RwLock::new(Arc::new(engine)), _lock: lock })
    }

    /// What the last commit contains.
    pub fn position(&self) -> Result<Position, IndexError> {
        self.engine().position()
    }

    /// Documents in the index.
    pub fn count(&self) -> u64 {
        self.engine().searcher().num_docs()
    }

    /// Removes all documents from the next commit. Until then, they are found.
    pub fn clear(&self) -> Result<(), IndexError> {
        self.engine().clear()
    }

    /// Adds changes, each later than those before, to the next commit.
    ///
    /// `are_new` says that no document of them is in the index or in the commit, which saves to look for it.
    pub fn stage(&self, changes: &[Change], are_new: bool) -> Result<(), IndexError> {
        self.engine().stage(changes, are_new)
    }

    /// Makes the staged changes durable and found. The index then says that it is at `position`.
    pub fn commit(&self, position: Position) -> Result<(), IndexError> {
        self.engine().commit(position)
    }

    /// Opens the files again as after a restart: without what is staged, and empty if they are damaged. To be called
    /// when an operation has failed.
    pub fn reopen(&self) -> Result<(), IndexError> {
        let mut engine = self.engine.write();
        engine.close();
        *engine = Arc::new(open_or_replace(&self.folder)?);
        Ok(())
    }

    /// Finds up to `limit` documents of each of `kinds`: by kind, the closest first, and of equally close ones the
    /// newest.
    pub fn search(&self, query: &Query, kinds: &BTreeSet<u8>, limit: usize) -> Result<Vec<Hit>, IndexError> {
        Ok(query::search(&self.engine(), query, kinds, limit)?)
    }

    fn engine(&self) -> Arc<Engine> {
        Arc::clone(&self.engine.read())
    }
}

/// Locks the folder for this process; `None` when it is locked.
fn lock(folder: &Path) -> std::io::Result<Option<File>> {
    std::fs::create_dir_all(folder)?;
    let file = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK_FILE))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Deletes the indexes of other versions.
fn delete_others(folder: &Path, name: &str) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let other = entry.file_name();
        if other.to_string_lossy().starts_with("format-") && other != *name {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Opens the index in the folder; what cannot be opened or has no position is deleted first.
fn open_or_replace(folder: &Path) -> Result<Engine, IndexError> {
    if let Ok(engine) = Engine::open(folder)
        && engine.position().is_ok()
    {
        return Ok(engine);
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Engine::open(folder)
}
