//! Where the bytes of documents are: apart from the database, private, each under a random name.

use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;
use tokio::task::spawn_blocking;

/// A store of bytes by name. A name is given once and its bytes never change.
#[async_trait::async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Durable when it returns. A name that is taken is an error.
    async fn put(&self, name: &str, bytes: Vec<u8>) -> io::Result<()>;
    async fn get(&self, name: &str) -> io::Result<Vec<u8>>;
    /// No error where there is no such name.
    async fn remove(&self, name: &str) -> io::Result<()>;
}

/// A name that nobody can guess.
pub fn random_name() -> String {
    let bytes: [u8; 32] = chassis::id::random_bytes();
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A directory on this machine that only this user can read.
#[derive(Debug, Clone)]
pub struct LocalBlobs {
    directory: PathBuf,
}

impl LocalBlobs {
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Names come from the database, but one that leaves the directory is refused all the same.
    fn path(&self, name: &str) -> io::Result<PathBuf> {
        let plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
        if plain { Ok(self.directory.join(name)) } else { Err(io::Error::from(io::ErrorKind::InvalidInput)) }
    }
}

async fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

#[async_trait::async_trait]
impl Blobs for LocalBlobs {
    async fn put(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
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

    async fn get(&self, name: &str) -> io::Result<Vec<u8>> {
        let path = self.path(name)?;
        off_the_loop(move || std::fs::read(path)).await
    }

    async fn remove(&self, name: &str) -> io::Result<()> {
        let path = self.path(name)?;
        off_the_loop(move || match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        })
        .await
    }
}
