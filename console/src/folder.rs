//! The console as a folder that a web server serves.

use crate::{ASSETS, Asset, DOCUMENT, PUSH_WORKER};
use std::fs::{self, File, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};

/// Writes every file with its compressed form (`.gz`) beside it, at its address below `folder`, and the document last,
/// as `index.html`, so that a server of the folder never has a document without its files. A file is replaced at once.
/// Files of other versions stay, because open pages still load them, and a file with the same content is left alone.
/// Returns the number of files written. Errors name the path.
pub fn write(folder: &Path) -> Result<usize> {
    let mut written = 0;
    for asset in ASSETS {
        written += write_asset(&folder.join(asset.path.trim_start_matches('/')), asset)?;
    }
    written += write_asset(&folder.join(PUSH_WORKER.path.trim_start_matches('/')), &PUSH_WORKER)?;
    Ok(written + write_asset(&folder.join("index.html"), &DOCUMENT)?)
}

fn write_asset(path: &Path, asset: &Asset) -> Result<usize> {
    let mut compressed = path.as_os_str().to_owned();
    compressed.push(".gz");
    Ok(replace(Path::new(&compressed), asset.gzip)? + replace(path, asset.content)?)
}

/// The number of files written: none where the file has this content.
fn replace(path: &Path, content: &[u8]) -> Result<usize> {
    let named = |error: Error| Error::new(error.kind(), format!("{}: {error}", path.display()));
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(0);
    }
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(named)?;
    let (mut file, temporary) = create_beside(path).map_err(named)?;
    let outcome = file.write_all(content).and_then(|()| fs::rename(&temporary, path));
    if outcome.is_err() {
        let _removed = fs::remove_file(&temporary);
    }
    outcome.map(|()| 1).map_err(named)
}

/// A new file in the folder of `path`. Several processes may write the same folder at a time, each its own file.
fn create_beside(path: &Path) -> Result<(File, PathBuf)> {
    for number in 0..u16::MAX {
        let temporary = path.with_extension(format!("{number}.new"));
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            outcome => return outcome.map(|file| (file, temporary)),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VERSION;

    /// A folder of the test's own, without content.
    fn empty_folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("ev-console-{test}-{}", std::process::id()));
        let _absent = fs::remove_dir_all(&folder);
        folder
    }

    fn names_below(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { names_below(&path) } else { vec![path] }).collect()
    }

    #[test]
    fn every_file_is_written_with_its_compressed_form() {
        let folder = empty_folder("all");
        let count = 2 * (ASSETS.len() + 2);
        assert_eq!(write(&folder).unwrap(), count);
        assert_eq!(names_below(&folder).len(), count);
        for asset in ASSETS {
            assert_eq!(fs::read(format!("{}{}", folder.display(), asset.path)).unwrap(), asset.content);
            assert_eq!(fs::read(format!("{}{}.gz", folder.display(), asset.path)).unwrap(), asset.gzip);
        }
        assert_eq!(fs::read(folder.join("index.html")).unwrap(), DOCUMENT.content);
        assert_eq!(fs::read(folder.join("index.html.gz")).unwrap(), DOCUMENT.gzip);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn another_version_stays_and_only_what_differs_is_written() {
        let folder = empty_folder("again");
        write(&folder).unwrap();
        let older = folder.join("assets/0123456789abcdef/main.js");
        fs::create_dir_all(older.parent().unwrap()).unwrap();
        fs::write(&older, "older").unwrap();
        fs::write(folder.join("index.html"), "older").unwrap();
        fs::remove_file(folder.join(format!("assets/{VERSION}/main.js"))).unwrap();
        assert_eq!(write(&folder).unwrap(), 2);
        assert_eq!(write(&folder).unwrap(), 0);
        assert_eq!(fs::read(&older).unwrap(), b"older");
        assert_eq!(fs::read(folder.join("index.html")).unwrap(), DOCUMENT.content);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_document_is_the_last_file() {
        let folder = empty_folder("last");
        fs::create_dir_all(&folder).unwrap();
        // The files cannot be written, so the document is not either.
        fs::write(folder.join("assets"), "").unwrap();
        let error = write(&folder).unwrap_err();
        assert!(error.to_string().starts_with(&format!("{}/assets/", folder.display())), "{error}");
        assert_eq!(names_below(&folder), [folder.join("assets")]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn processes_that_write_at_the_same_time_leave_only_whole_files() {
        let folder = empty_folder("parallel");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| write(&folder).unwrap());
            }
        });
        assert_eq!(write(&folder).unwrap(), 0);
        assert_eq!(names_below(&folder).len(), 2 * (ASSETS.len() + 2));
        fs::remove_dir_all(folder).unwrap();
    }
}
