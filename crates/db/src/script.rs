//! A migration's text, statement by statement.

use crate::backend::MultiBackend;
use diesel::QueryResult;
use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::Migration;
use std::any::Any;

/// Stands in for a connection and writes down what it is told to execute: diesel shows a migration's text to a
/// connection only.
#[derive(Default)]
struct Transcript(String);

impl SimpleConnection for Transcript {
    fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.0.push_str(query);
        Ok(())
    }
}
impl BoxableConnection<MultiBackend> for Transcript {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// The statements that bring the schema up by this migration.
pub(crate) fn statements(migration: &dyn Migration<MultiBackend>) -> diesel::migration::Result<Vec<String>> {
    let mut transcript = Transcript::default();
    migration.run(&mut transcript)?;
    Ok(split(&transcript.0))
}

/// What the next letter belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    /// Between two of these.
    Quoted(char),
    /// Up to the end of the line.
    Line,
    /// Up to the end of a comment that MySQL does not execute.
    Comment,
}

/// Splits a script where MySQL ends its statements. What stands in `/*! … */` is code there; a trigger ends with its
/// `END`.
fn split(script: &str) -> Vec<String> {
    let (mut found, mut statement, mut code) = (Vec::new(), String::new(), String::new());
    let mut place = Place::Code;
    let mut rest = script;
    while let Some(letter) = rest.chars().next() {
        let begins = |sign: &str| rest.starts_with(sign);
        let mut taken = letter.len_utf8();
        match place {
            Place::Code if begins("/*!") => taken = 3,
            Place::Code if begins("/*") => (place, taken) = (Place::Comment, 2),
            Place::Code if begins("*/") => taken = 2,
            Place::Code if begins("-- ") || begins("--\n") || letter == '#' => place = Place::Line,
            Place::Code if letter == ';' && is_whole(&code) => {
                found.push(std::mem::take(&mut statement).trim().to_owned());
                code.clear();
                rest = rest.get(taken..).unwrap_or_default();
                continue;
            }
            Place::Code => {
                if matches!(letter, '\'' | '"' | '`') {
                    place = Place::Quoted(letter);
                }
                code.push(letter);
            }
            Place::Quoted(_) if letter == '\\' => {
                taken += rest.chars().nth(1).map_or(0, char::len_utf8);
            }
            Place::Quoted(end) if letter == end => place = Place::Code,
            Place::Line if letter == '\n' => place = Place::Code,
            Place::Comment if begins("*/") => (place, taken) = (Place::Code, 2),
            Place::Quoted(_) | Place::Line | Place::Comment => {}
        }
        let (piece, following) = rest.split_at_checked(taken).unwrap_or((rest, ""));
        statement.push_str(piece);
        rest = following;
    }
    // Only a comment may follow the last semicolon.
    if !code.trim().is_empty() {
        found.push(statement.trim().to_owned());
    }
    found
}

/// Whether a semicolon after `code` ends the statement: inside a trigger's body it does not.
fn is_whole(code: &str) -> bool {
    let mut words = code.split_whitespace().map(str::to_ascii_uppercase);
    let trigger = words.next().as_deref() == Some("CREATE") && words.next().as_deref() == Some("TRIGGER");
    !trigger || words.all(|word| word != "BEGIN") || code.trim_end().to_ascii_uppercase().ends_with("END")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_split_where_mysql_ends_its_statements() {
        let table =
            "-- It's; a table.\nCREATE TABLE a (\n    b /*! INT COMMENT ' */ INTEGER; /*! ' */\n) /*! ENGINE=InnoDB */";
        let insert = r#"INSERT INTO a VALUES ('x;y\';', "z;", `w;`) /* no; */"#;
        let trigger = "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW BEGIN\n    \
                       /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no; more'; DO \" */\n    \
                       SELECT RAISE(ABORT, 'no; more');\n    /*! \"; */\nEND";
        let script = format!("{table};\n{insert};\n\n{trigger};\n-- The end; really.\n");
        assert_eq!(split(&script), [table, insert, trigger]);
        assert_eq!(split("SELECT 1"), ["SELECT 1"]);
        assert_eq!(split(" -- nothing\n"), Vec::<String>::new());
    }
}
