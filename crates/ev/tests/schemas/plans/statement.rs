//! A recorded statement: the tables it reads, and its text with values that are in them.

use super::filled::{Filled, Values};
use std::collections::{BTreeMap, BTreeSet};

/// How a value is compared with its column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Equal,
    Above,
    Below,
    Alike,
    /// Not at all: it counts rows.
    Count,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Token<'a> {
    Name(&'a str),
    /// Where it stands.
    Value(usize),
    Sign(&'a str),
}

/// Where a value goes.
struct Place<'a, 'f> {
    at: usize,
    /// What it is compared with, and which values that has.
    name: &'a str,
    column: Option<&'f Values>,
    how: Compared,
}

impl Place<'_, '_> {
    /// The value number `count` of a statement, which asks for greater values of this column too where `above`.
    fn literal(&self, count: usize, above: bool) -> String {
        let Some(column) = self.column.filter(|_| self.how != Compared::Count) else { return "10".to_owned() };
        let different = column.different;
        let number = match self.how {
            // Two of a list differ.
            Compared::Equal | Compared::Count => different / 2 + u32::try_from(count % 2).unwrap(),
            Compared::Alike => different / 2,
            Compared::Above => different - 1 - different / 50,
            Compared::Below if above => different - 1,
            Compared::Below => different / 50,
        };
        let literal = column.literal(&number.to_string());
        if self.how == Compared::Alike { format!("CONCAT({literal}, '%')") } else { literal }
    }
}

pub(crate) struct Statement<'a> {
    pub(crate) sql: &'a str,
    tokens: Vec<Token<'a>>,
    /// Tables by the names that the statement has for them.
    names: BTreeMap<&'a str, &'a str>,
}

impl<'a> Statement<'a> {
    pub(crate) fn of(sql: &'a str, filled: &Filled) -> Self {
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
                (Some(Token::Name(alias)), _) if !is_word(alias) => alias,
                _ => table,
            };
            names.insert(alias, table);
        }
        Self { sql, tokens, names }
    }

    /// The table that the statement calls so; none where that is a part of the statement itself.
    pub(crate) fn table(&self, name: &str) -> Option<&'a str> {
        self.names.get(name).copied()
    }
    pub(crate) fn is_of(&self, table: &str) -> bool {
        self.names.values().any(|name| *name == table)
    }

    /// The statement with a value in each place, so chosen that few rows are within them.
    pub(crate) fn with_values(&self, filled: &Filled) -> String {
        let places = self.places(filled);
        let is_above = |place: &&Place<'_, '_>| place.how == Compared::Above;
        let above: BTreeSet<&str> = places.iter().filter(is_above).map(|place| place.name).collect();
        let mut text = String::new();
        let mut done = 0;
        for (count, place) in places.iter().enumerate() {
            text += &self.sql[done..place.at];
            text += &place.literal(count, above.contains(place.name));
            done = place.at + 1;
        }
        text + &self.sql[done..]
    }

    fn places<'f>(&self, filled: &'f Filled) -> Vec<Place<'a, 'f>> {
        let mut found = Vec::new();
        let (mut name, mut column, mut how) = ("", None, Compared::Equal);
        let mut between = false;
        for (at, token) in self.tokens.iter().enumerate() {
            match *token {
                Token::Value(at) => found.push(Place { at, name, column, how }),
                Token::Sign("=" | "<>" | "!=") => how = Compared::Equal,
                Token::Sign("<" | "<=") => how = Compared::Below,
                Token::Sign(">" | ">=") => how = Compared::Above,
                Token::Sign(_) => {}
                Token::Name(word) => match word.to_ascii_uppercase().as_str() {
                    "LIMIT" | "OFFSET" => how = Compared::Count,
                    "LIKE" => how = Compared::Alike,
                    "IN" => how = Compared::Equal,
                    "BETWEEN" => (how, between) = (Compared::Above, true),
                    "AND" if between => (how, between) = (Compared::Below, false),
                    _ if filled.is_column(word) && self.tokens.get(at + 1) != Some(&Token::Sign(".")) => {
                        (name, column, how) = (word, self.column(filled, at, word), Compared::Equal);
                    }
                    _ => {}
                },
            }
        }
        found
    }

    fn column<'f>(&self, filled: &'f Filled, at: usize, name: &str) -> Option<&'f Values> {
        let qualifier = match (at.checked_sub(2).map(|at| self.tokens[at]), at.checked_sub(1).map(|at| self.tokens[at]))
        {
            (Some(Token::Name(qualifier)), Some(Token::Sign("."))) => self.table(qualifier),
            _ => None,
        };
        let within = qualifier.map_or_else(|| self.names.values().copied().collect(), |table| vec![table]);
        within.into_iter().find_map(|table| filled.values(table, name))
    }
}

/// Whether what follows a table is a part of the statement and no name.
fn is_word(text: &str) -> bool {
    const WORDS: [&str; 16] = [
        "WHERE", "SET", "ORDER", "GROUP", "LEFT", "INNER", "JOIN", "ON", "LIMIT", "UNION", "SELECT", "FOR", "CROSS",
        "VALUES", "HAVING", "OFFSET",
    ];
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
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
