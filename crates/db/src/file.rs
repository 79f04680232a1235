//! Why an SQLite file cannot be used, in words for whoever starts the program.

use crate::error::DbError;
use std::error::Error;
use std::io;
use std::path::Path;

const RIGHTS: &str = "give this user the right to write the folder and what is in it";
const ROOM: &str = "make room on the disk, then start again: nothing that was committed is lost";
const DAMAGED: &str = "put the file back from a backup, or move it away together with its -wal and -shm files";
const LOOK: &str = "look at the folder and its disk";

/// The error of a file that could not be opened, with everything that caused it.
pub(crate) fn unusable(path: &Path, error: &(dyn Error + Send + Sync + 'static)) -> DbError {
    let (mut cause, mut at): (String, Option<&dyn Error>) = (error.to_string(), error.source());
    while let Some(error) = at {
        // What comes last says most.
        cause = error.to_string();
        at = error.source();
    }
    let advice = match cause.as_str() {
        text if text.contains("not a database") || text.contains("malformed") => DAMAGED,
        text if text.contains("full") => ROOM,
        text if text.contains("readonly") || text.contains("unable to open") => RIGHTS,
        _ => error.downcast_ref::<io::Error>().map_or(LOOK, advice_for),
    };
    DbError::File { path: path.to_owned(), cause, advice }
}

/// The error, with the file where it is one of the file's.
pub(crate) fn explained(path: &Path, error: DbError) -> DbError {
    let text = match &error {
        DbError::Query(error) => error.to_string(),
        DbError::Migration(text) => text.clone(),
        DbError::Config { .. }
        | DbError::Charset { .. }
        | DbError::Pool(_)
        | DbError::Connect(_)
        | DbError::File { .. }
        | DbError::PingTimeout(_) => return error,
    };
    if ["malformed", "is full", "readonly database", "disk I/O error"].iter().any(|end| text.ends_with(end)) {
        unusable(path, &io::Error::other(text))
    } else {
        error
    }
}

/// What may help where the operating system refuses a file or folder.
pub fn advice_for(error: &io::Error) -> &'static str {
    use io::ErrorKind::{
        AlreadyExists, NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let kind = error.kind();
    if matches!(kind, PermissionDenied | ReadOnlyFilesystem) {
        RIGHTS
    } else if matches!(kind, StorageFull | QuotaExceeded) {
        ROOM
    } else if matches!(kind, NotADirectory | AlreadyExists) {
        "a file is where a folder should be: move it away"
    } else {
        LOOK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_used_is_told_with_its_path_the_cause_and_what_to_do() {
        let path = Path::new("/data/wallet.db");
        for (cause, advice) in [
            ("file is not a database", DAMAGED),
            ("database disk image is malformed", DAMAGED),
            ("database or disk is full", ROOM),
            ("attempt to write a readonly database", RIGHTS),
            ("unable to open database file", RIGHTS),
            ("disk I/O error", LOOK),
        ] {
            let told = unusable(path, &io::Error::other(cause)).to_string();
            assert_eq!(told, format!("cannot use the database file {}: {cause}; {advice}", path.display()));
        }
        for (kind, advice) in [(io::ErrorKind::PermissionDenied, RIGHTS), (io::ErrorKind::StorageFull, ROOM)] {
            assert!(unusable(path, &io::Error::from(kind)).to_string().ends_with(advice), "{kind}");
        }
    }

    #[test]
    fn an_error_that_is_not_the_files_stays_what_it_is() {
        let failed = explained(Path::new("x.db"), DbError::Migration("0102: near \"TABEL\": syntax error".to_owned()));
        assert!(matches!(failed, DbError::Migration(_)), "{failed}");
        let full = explained(Path::new("x.db"), DbError::Migration("0102: database or disk is full".to_owned()));
        assert!(matches!(full, DbError::File { .. }), "{full}");
    }
}
