//! A directory.

use super::{BlobError, Blobs, plain};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use tokio::task::spawn_blocking;

/// A directory on this machine that only this user can read.
#[derive(Debug, Clone)]
pub struct LocalBlobs {
    directory: PathBuf,
}

impl LocalBlobs {
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, name: &str) -> Result<PathBuf, BlobError> {
        Ok(self.directory.join(plain(name)?))
    }
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        // Not a match: the list of kinds is an open one.
        if error.kind() == io::ErrorKind::NotFound {
            Self::Missing
        } else if error.kind() == io::ErrorKind::AlreadyExists {
            Self::Taken
        } else {
            Self::refused(error)
        }
    }
}

async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobError> {
    Ok(spawn_blocking(work).await.map_err(io::Error::other)??)
}

#[async_trait::async_trait]
impl Blobs for LocalBlobs {
    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        let (path, directory) = (self.path(name)?, self.directory.clone());
        off_the_loop(move || {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            io::Write::write_all(&mut file, &bytes)?;
            file.sync_all()?;
            // The name is durable once the directory is.
            std::fs::File::open(&directory)?.sync_all()
        })
        .await
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>, BlobError> {
        let path = self.path(name)?;
        off_the_loop(move || std::fs::read(path)).await
    }

    async fn remove(&self, name: &str) -> Result<(), BlobError> {
        let path = self.path(name)?;
        match off_the_loop(move || std::fs::remove_file(path)).await {
            Err(BlobError::Missing) => Ok(()),
            done => done,
        }
    }
}
