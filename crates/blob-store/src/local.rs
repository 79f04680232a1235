//! Blob store in a local directory.

use crate::{BlobError, Blobs, validate_name};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use tokio::task::spawn_blocking;

/// A directory on this machine with mode 0700 and files with mode 0600.
#[derive(Debug, Clone)]
pub struct LocalBlobs {
    directory: PathBuf,
}

impl LocalBlobs {
    /// A store in `directory`, which the first `put` creates.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, name: &str) -> Result<PathBuf, BlobError> {
        Ok(self.directory.join(validate_name(name)?))
    }
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        // No `match`: `ErrorKind` is non-exhaustive.
        if error.kind() == io::ErrorKind::NotFound {
            Self::NotFound
        } else if error.kind() == io::ErrorKind::AlreadyExists {
            Self::NameTaken
        } else {
            Self::refused(error)
        }
    }
}

/// Runs file operations on a thread for blocking work.
async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    Ok(spawn_blocking(work).await.map_err(io::Error::other)??)
}

#[async_trait::async_trait]
impl Blobs for LocalBlobs {
    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        let (path, directory) = (self.path(name)?, self.directory.clone());
        run_blocking(move || {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            io::Write::write_all(&mut file, &bytes)?;
            file.sync_all()?;
            // The directory entry is durable only after the directory itself is synced.
            std::fs::File::open(&directory)?.sync_all()
        })
        .await
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>, BlobError> {
        let path = self.path(name)?;
        run_blocking(move || std::fs::read(path)).await
    }

    async fn delete(&self, name: &str) -> Result<(), BlobError> {
        let path = self.path(name)?;
        match run_blocking(move || std::fs::remove_file(path)).await {
            Err(BlobError::NotFound) => Ok(()),
            result => result,
        }
    }
}
