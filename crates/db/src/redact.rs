//! Removal of values from database error messages. Messages are logged, and a value may be an e-mail address or another
//! personal identifier.

use crate::error_class::numbered;
use diesel::result::Error;

/// Text before and after a value in messages of MySQL and MariaDB. SQLite's messages contain no values.
const VALUE_DELIMITERS: [(&str, &str); 3] =
    [("Duplicate entry '", "' for key "), ("value: '", "' for "), ("near '", "' at line ")];

/// Replaces the values in the message of an error.
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

/// Replaces each value in a message by `…`. A value may contain quotes, so it extends to the last possible end; without
/// one, to the end of the message.
fn without_values(message: &str) -> String {
    let mut redacted = message.to_owned();
    for (before, after) in VALUE_DELIMITERS {
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
    fn values_are_replaced_and_the_rest_is_unchanged() {
        for (message, redacted) in [
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
            assert_eq!(without_values(message), redacted);
        }
    }
}
