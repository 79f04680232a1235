//! A recorded statement: its tables, and its text with existing values.

use super::filled::{FilledDatabase, Values};
use std::collections::{BTreeMap, BTreeSet};

/// Comparison of a value with its column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Above,
    Below,
    Like,
    /// Not compared: a `LIMIT` or `OFFSET`.
    RowCount,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token<'a> {
    Name(&'a str),
    /// Offset of a bound value.
    Value(usize),
    Sign(&'a str),
}

/// Position of a bound value.
struct Placeholder<'a, 'f> {
    at: usize,
    /// Column that it is compared with, and the column's values.
    name: &'a str,
    column: Option<&'f Values>,
    how: Comparison,
}

impl Placeholder<'_, '_> {
    /// SQL of the value. `count` is its index in the statement; `above` says that the statement also has a lower bound
    /// on this column.
    fn literal(&self, count: usize, above: bool) -> String {
        let Some(column) = self.column.filter(|_| self.how != Comparison::RowCount) else { return "10".to_owned() };
        let distinct = column.distinct;
        let number = match self.how {
            // Two values of a list differ.
            Comparison::Equal | Comparison::RowCount => distinct / 2 + u32::try_from(count % 2).unwrap(),
            Comparison::Like => distinct / 2,
            Comparison::Above => distinct - 1 - distinct / 50,
            Comparison::Below if above => distinct - 1,
            Comparison::Below => distinct / 50,
        };
        let literal = column.literal(&number.to_string());
        if self.how == Comparison::Like { format!("CONCAT({literal}, '%')") } else { literal }
    }
}

pub(crate) struct Statement<'a> {
    pub(crate) sql: &'a str,
    tokens: Vec<Token<'a>>,
    /// Tables by their aliases in the statement.
    names: BTreeMap<&'a str, &'a str>,
}

impl<'a> Statement<'a> {
    pub(crate) fn parse(sql: &'a str, filled: &FilledDatabase) -> Self {
        let tokens = tokens(sql);
        let mut names = BTreeMap::new();
        for (at, token) in tokens.iter().enumerate() {
            let Token::Name(table) = *token else { continue };
            let after_dot = at > 0 && tokens[at - 1] == Token::Sign(".");
            let before_dot = tokens.get(at + 1) == Some(&Token::Sign("."));
            if !filled.is_table(table) || after_dot || before_dot {
                continue;
            }
            let alias = match (tokens.get(at + 1), tokens.get(at + 2)) {
                (Some(Token::Name(word)), Some(Token::Name(alias))) if word.eq_ignore_ascii_case("AS") => alias,
                (Some(Token::Name(alias)), _) if !is_keyword(alias) => alias,
                _ => table,
            };
            names.insert(alias, table);
        }
        Self { sql, tokens, names }
    }

    /// The table with this alias; `None` for a subquery.
    pub(crate) fn table(&self, name: &str) -> Option<&'a str> {
        self.names.get(name).copied()
    }
    pub(crate) fn is_of(&self, table: &str) -> bool {
        self.names.values().any(|name| *name == table)
    }

    /// The statement with values that select few rows.
    pub(crate) fn with_values(&self, filled: &FilledDatabase) -> String {
        let placeholders = self.placeholders(filled);
        let is_above = |placeholder: &&Placeholder<'_, '_>| placeholder.how == Comparison::Above;
        let above: BTreeSet<&str> = placeholders.iter().filter(is_above).map(|placeholder| placeholder.name).collect();
        let mut text = String::new();
        let mut done = 0;
        for (count, placeholder) in placeholders.iter().enumerate() {
            text += &self.sql[done..placeholder.at];
            text += &placeholder.literal(count, above.contains(placeholder.name));
            done = placeholder.at + 1;
        }
        text + &self.sql[done..]
    }

    fn placeholders<'f>(&self, filled: &'f FilledDatabase) -> Vec<Placeholder<'a, 'f>> {
        let mut found = Vec::new();
        let (mut name, mut column, mut how) = ("", None, Comparison::Equal);
        let mut between = false;
        for (at, token) in self.tokens.iter().enumerate() {
            match *token {
                Token::Value(at) => found.push(Placeholder { at, name, column, how }),
                Token::Sign("=" | "<>" | "!=") => how = Comparison::Equal,
                Token::Sign("<" | "<=") => how = Comparison::Below,
                Token::Sign(">" | ">=") => how = Comparison::Above,
                Token::Sign(_) => {}
                Token::Name(word) => match word.to_ascii_uppercase().as_str() {
                    "LIMIT" | "OFFSET" => how = Comparison::RowCount,
                    "LIKE" => how = Comparison::Like,
                    "IN" => how = Comparison::Equal,
                    "BETWEEN" => (how, between) = (Comparison::Above, true),
                    "AND" if between => (how, between) = (Comparison::Below, false),
                    _ if filled.is_column(word) && self.tokens.get(at + 1) != Some(&Token::Sign(".")) => {
                        (name, column, how) = (word, self.column(filled, at, word), Comparison::Equal);
                    }
                    _ => {}
                },
            }
        }
        found
    }

    fn column<'f>(&self, filled: &'f FilledDatabase, at: usize, name: &str) -> Option<&'f Values> {
        let qualifier = match (at.checked_sub(2).map(|at| self.tokens[at]), at.checked_sub(1).map(|at| self.tokens[at]))
        {
            (Some(Token::Name(qualifier)), Some(Token::Sign("."))) => self.table(qualifier),
            _ => None,
        };
        let within = qualifier.map_or_else(|| self.names.values().copied().collect(), |table| vec![table]);
        within.into_iter().find_map(|table| filled.values(table, name))
    }
}

/// Whether the word after a table is a keyword and not an alias.
fn is_keyword(text: &str) -> bool {
    const KEYWORDS: [&str; 16] = [
        "WHERE", "SET", "ORDER", "GROUP", "LEFT", "INNER", "JOIN", "ON", "LIMIT", "UNION", "SELECT", "FOR", "CROSS",
        "VALUES", "HAVING", "OFFSET",
    ];
    KEYWORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn tokens(sql: &str) -> Vec<Token<'_>> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = sql[at..].chars().next() {
        let rest = &sql[at..];
        let length = |end: Option<usize>| end.unwrap_or(rest.len());
        at += match first {
            '?' => {
                tokens.push(Token::Value(at));
                1
            }
            '`' => {
                let end = length(rest[1..].find('`').map(|end| end + 1));
                tokens.push(Token::Name(&rest[1..end]));
                end + 1
            }
            '\'' => {
                let end = length(rest[1..].find('\'').map(|end| end + 2));
                tokens.push(Token::Sign(&rest[..end]));
                end
            }
            c if is_name(c) => {
                let end = length(rest.find(|c| !is_name(c)));
                tokens.push(Token::Name(&rest[..end]));
                end
            }
            '<' | '>' | '=' | '!' => {
                let end = length(rest.find(|c| !matches!(c, '<' | '>' | '=' | '!')));
                tokens.push(Token::Sign(&rest[..end]));
                end
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token::Sign(&rest[..c.len_utf8()]));
                }
                c.len_utf8()
            }
        };
    }
    tokens
}
