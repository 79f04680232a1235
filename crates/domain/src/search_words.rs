//! Words by which people are found: one spelling for texts that look alike, and prefixes of them as queries.

use crate::text::normalize;
use std::collections::BTreeSet;

/// Longer words are cut.
const MAX_WORD_CHARS: usize = 64;
/// Further words of a query are ignored.
const MAX_QUERY_WORDS: usize = 8;

/// The words of a text, each normalized and cut.
pub fn split_words(text: &str) -> BTreeSet<String> {
    normalize_word(text).split(is_separator).filter(|word| !word.is_empty()).map(truncate_word).collect()
}

/// One spelling for texts that look alike: lower case, in one normal form, without joiners.
pub fn normalize_word(text: &str) -> String {
    let visible: String = text.chars().filter(|c| !matches!(c, '\u{200c}' | '\u{200d}')).collect();
    normalize(&visible.to_lowercase()).into_owned()
}

/// The word, or the beginning of one that is too long.
pub fn truncate_word(word: &str) -> String {
    word.chars().take(MAX_WORD_CHARS).collect()
}

/// The word prefixes of a query: the longest ones, which are the most selective, first.
pub fn query_prefixes(words: BTreeSet<String>) -> Vec<String> {
    let mut prefixes: Vec<String> = words.into_iter().collect();
    prefixes.sort_by_key(|prefix| std::cmp::Reverse(prefix.chars().count()));
    prefixes.truncate(MAX_QUERY_WORDS);
    prefixes
}

/// Exclusive upper bound, in database order, of the words that begin with `prefix`.
pub fn prefix_end(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_punctuation() || matches!(c, '\u{2010}'..='\u{201f}' | '।' | '،')
}
