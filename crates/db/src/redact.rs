//! Error messages of the database without the values in them. A message goes to logs, and a value may be an e-mail address
//! or a number of a person's.

use crate::fault::numbered;
use diesel::result::Error;

/// What stands before and after a value in MySQL's and MariaDB's messages. SQLite's quote none.
const VALUES: [(&str, &str); 3] =
    [("Duplicate entry '", "' for key "), ("value: '", "' for "), ("near '", "' at line ")];

/// The error of a statement, with no value in its message.
pub(crate) fn redacted(error: Error) -> Error {
    let Error::DatabaseError(kind, information) = error else { return error };
    let message = without_values(information.message());
    if message == information.message() {
        return Error::DatabaseError(kind, information);
    }
    match information.statement_position() {
        Some(number) => numbered(kind, &message, number),
        None => Error::DatabaseError(kind, Box::new(message)),
    }
}

/// The message, each value in it replaced by `…`. A value may have quotes in it, so that it ends where the last of its
/// possible ends is; without any, with the message.
fn without_values(message: &str) -> String {
    let mut redacted = message.to_owned();
    for (before, after) in VALUES {
        let Some((head, rest)) = redacted.split_once(before) else { continue };
        let tail = rest.rsplit_once(after).map(|(_, tail)| format!("{after}{tail}")).unwrap_or_default();
        redacted = format!("{head}{before}…{tail}");
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_repeated_and_the_rest_is() {
        for (message, kept) in [
            (
                "Duplicate entry 'asha@example.com' for key 'users.users_email'",
                "Duplicate entry '…' for key 'users.users_email'",
            ),
            (
                "Duplicate entry 'o'brien' for key 'x' for key 'users_email'",
                "Duplicate entry '…' for key 'users_email'",
            ),
            (
                "Incorrect string value: '\\xF0\\x9F' for column `ev`.`users`.`name` at row 1",
                "Incorrect string value: '…' for column `ev`.`users`.`name` at row 1",
            ),
            ("Truncated incorrect DOUBLE value: 'ABCDE1234F'", "Truncated incorrect DOUBLE value: '…"),
            (
                "You have an error in your SQL syntax; check the manual for the right syntax to use near 'asha' at line 1",
                "You have an error in your SQL syntax; check the manual for the right syntax to use near '…' at line 1",
            ),
            ("Data too long for column 'name' at row 1", "Data too long for column 'name' at row 1"),
            ("Table 'ev.users' doesn't exist", "Table 'ev.users' doesn't exist"),
            ("postings is append-only", "postings is append-only"),
            ("UNIQUE constraint failed: users.email", "UNIQUE constraint failed: users.email"),
            ("", ""),
        ] {
            assert_eq!(without_values(message), kept);
        }
    }
}
