//! Vocabulary of the code: the field's terms, one word for one thing.

use crate::assert_no_violations;
use crate::source::{read, rust_files};
use std::collections::BTreeMap;

const WORDS: &str = include_str!("words.txt");

/// A relative clause at the beginning says what a file is about, not what it is.
const RELATIVE: [&str; 7] = ["What", "Who", "Whoever", "How", "When", "Where", "Whether"];

/// Unwanted words and phrases with their replacements.
fn unwanted() -> BTreeMap<&'static str, &'static str> {
    WORDS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(": ")).collect()
}

/// The lower-case words of a line; identifiers are split at underscores and capitals.
fn words_of(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous = ' ';
    for letter in line.chars() {
        let starts_word = letter.is_uppercase() && previous.is_lowercase();
        if !letter.is_alphabetic() || starts_word {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_alphabetic(), words.last_mut()) {
            word.extend(letter.to_lowercase());
        }
        previous = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn names_comments_and_messages_use_the_terms_of_the_field() {
    let unwanted = unwanted();
    let mut violations = Vec::new();
    for file in rust_files().filter(|file| !file.contains("tests/tidy/")) {
        for (at, line) in read(&file).lines().enumerate() {
            let words = words_of(line);
            let text = format!(" {} ", words.join(" "));
            for (word, instead) in &unwanted {
                if text.contains(&format!(" {word} ")) {
                    violations.push(format!("{file}:{}: `{word}`; write: {instead}", at + 1));
                }
            }
        }
    }
    assert_no_violations("use the field's terms (tests/tidy/words.txt)", &violations);
}

#[test]
fn a_file_begins_with_a_noun_phrase() {
    let is_relative = |file: &String| {
        let text = read(file);
        let first = text.strip_prefix("//!").and_then(|rest| rest.split_whitespace().next()).map(str::to_owned);
        first.is_some_and(|word| RELATIVE.contains(&&*word))
    };
    let violations: Vec<_> = rust_files().filter(is_relative).collect();
    assert_no_violations("a file head says what the file holds: \"Circuit breaker for outbound calls.\"", &violations);
}
