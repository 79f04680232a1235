//! Splitting of a migration script into statements.

use crate::backend::MultiBackend;
use diesel::QueryResult;
use diesel::connection::{BoxableConnection, SimpleConnection};
use diesel::migration::Migration;
use std::any::Any;

/// Fake connection that records the script it executes. diesel gives a migration's text only to a connection.
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

/// The statements of a migration's `up` script.
pub(crate) fn statements(migration: &dyn Migration<MultiBackend>) -> diesel::migration::Result<Vec<String>> {
    let mut transcript = Transcript::default();
    migration.run(&mut transcript)?;
    Ok(split(&transcript.0))
}

/// Lexical context of the next character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Code,
    /// Inside a string or identifier with this quote.
    Quoted(char),
    /// Inside a comment up to the end of the line.
    LineComment,
    /// Inside a comment that MySQL does not execute.
    BlockComment,
}

/// Splits a script where MySQL's statements end. The text in `/*! … */` is code for MySQL; a trigger ends with its
/// `END`.
fn split(script: &str) -> Vec<String> {
    let (mut statements, mut statement, mut code) = (Vec::new(), String::new(), String::new());
    let mut context = Context::Code;
    let mut rest = script;
    while let Some(character) = rest.chars().next() {
        let begins = |token: &str| rest.starts_with(token);
        let mut length = character.len_utf8();
        match context {
            Context::Code if begins("/*!") => length = 3,
            Context::Code if begins("/*") => (context, length) = (Context::BlockComment, 2),
            Context::Code if begins("*/") => length = 2,
            Context::Code if begins("-- ") || begins("--\n") || character == '#' => context = Context::LineComment,
            Context::Code if character == ';' && is_complete(&code) => {
                statements.push(std::mem::take(&mut statement).trim().to_owned());
                code.clear();
                rest = rest.get(length..).unwrap_or_default();
                continue;
            }
            Context::Code => {
                if matches!(character, '\'' | '"' | '`') {
                    context = Context::Quoted(character);
                }
                code.push(character);
            }
            Context::Quoted(_) if character == '\\' => {
                length += rest.chars().nth(1).map_or(0, char::len_utf8);
            }
            Context::Quoted(end) if character == end => context = Context::Code,
            Context::LineComment if character == '\n' => context = Context::Code,
            Context::BlockComment if begins("*/") => (context, length) = (Context::Code, 2),
            Context::Quoted(_) | Context::LineComment | Context::BlockComment => {}
        }
        let (piece, following) = rest.split_at_checked(length).unwrap_or((rest, ""));
        statement.push_str(piece);
        rest = following;
    }
    // Only a comment may follow the last semicolon.
    if !code.trim().is_empty() {
        statements.push(statement.trim().to_owned());
    }
    statements
}

/// Whether a semicolon after `code` ends the statement: inside a trigger's body it does not.
fn is_complete(code: &str) -> bool {
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
