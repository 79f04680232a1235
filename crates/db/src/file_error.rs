//! Errors of SQLite files, with advice for the operator.

use crate::error::DbError;
use std::error::Error;
use std::io;
use std::path::Path;

const ADVICE_RIGHTS: &str = "give this user write access to the folder and the files in it";
const ADVICE_DISK_FULL: &str = "free disk space and start again; committed data is not lost";
const ADVICE_DAMAGED: &str = "restore the file from a backup, or move it away together with its -wal and -shm files";
const ADVICE_CHECK_DISK: &str = "check the folder and its disk";

/// Builds the error of a file that could not be opened, with the root cause and advice.
pub(crate) fn file_error(path: &Path, error: &(dyn Error + Send + Sync + 'static)) -> DbError {
    let (mut cause, mut at): (String, Option<&dyn Error>) = (error.to_string(), error.source());
    while let Some(error) = at {
        cause = error.to_string();
        at = error.source();
    }
    let advice = match cause.as_str() {
        text if text.contains("not a database") || text.contains("malformed") => ADVICE_DAMAGED,
        text if text.contains("full") => ADVICE_DISK_FULL,
        text if text.contains("readonly") || text.contains("unable to open") => ADVICE_RIGHTS,
        _ => error.downcast_ref::<io::Error>().map_or(ADVICE_CHECK_DISK, advice_for),
    };
    DbError::File { path: path.to_owned(), cause, advice }
}

/// Replaces an error by a file error, where the file or its disk caused it.
pub(crate) fn with_file_advice(path: &Path, error: DbError) -> DbError {
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
        file_error(path, &io::Error::other(text))
    } else {
        error
    }
}

/// Advice for an operating system error about a file or folder.
pub fn advice_for(error: &io::Error) -> &'static str {
    use io::ErrorKind::{
        AlreadyExists, NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    let kind = error.kind();
    if matches!(kind, PermissionDenied | ReadOnlyFilesystem) {
        ADVICE_RIGHTS
    } else if matches!(kind, StorageFull | QuotaExceeded) {
        ADVICE_DISK_FULL
    } else if matches!(kind, NotADirectory | AlreadyExists) {
        "a file has the name of the folder: move it away"
    } else {
        ADVICE_CHECK_DISK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_error_has_the_path_the_cause_and_advice() {
        let path = Path::new("/data/wallet.db");
        for (cause, advice) in [
            ("file is not a database", ADVICE_DAMAGED),
            ("database disk image is malformed", ADVICE_DAMAGED),
            ("database or disk is full", ADVICE_DISK_FULL),
            ("attempt to write a readonly database", ADVICE_RIGHTS),
            ("unable to open database file", ADVICE_RIGHTS),
            ("disk I/O error", ADVICE_CHECK_DISK),
        ] {
            let message = file_error(path, &io::Error::other(cause)).to_string();
            assert_eq!(message, format!("cannot use the database file {}: {cause}; {advice}", path.display()));
        }
        for (kind, advice) in
            [(io::ErrorKind::PermissionDenied, ADVICE_RIGHTS), (io::ErrorKind::StorageFull, ADVICE_DISK_FULL)]
        {
            assert!(file_error(path, &io::Error::from(kind)).to_string().ends_with(advice), "{kind}");
        }
    }

    #[test]
    fn only_errors_of_the_file_are_replaced() {
        let failed =
            with_file_advice(Path::new("x.db"), DbError::Migration("0102: near \"TABEL\": syntax error".to_owned()));
        assert!(matches!(failed, DbError::Migration(_)), "{failed}");
        let full = with_file_advice(Path::new("x.db"), DbError::Migration("0102: database or disk is full".to_owned()));
        assert!(matches!(full, DbError::File { .. }), "{full}");
    }
}
