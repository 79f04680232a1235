//! Search words of members: normalized words of names and referral codes.

use domain::text::normalize;
use std::collections::BTreeSet;

/// Version of the derivation of words. A job indexes the members of older versions again, so increase it with every
/// change of the derivation.
pub const WORDS_VERSION: i64 = 1;

/// Longer words are cut.
const MAX_WORD_CHARS: usize = 64;
/// Further words of a query are ignored.
const MAX_QUERY_WORDS: usize = 8;

/// The search words of a member.
pub fn derive_words(name: &str, referral_code: Option<&str>) -> BTreeSet<String> {
    [name, referral_code.unwrap_or_default()].into_iter().flat_map(split_words).collect()
}

/// The word prefixes of a query, the most selective first.
pub fn query_prefixes(query: &str) -> Vec<String> {
    let mut prefixes: Vec<String> = split_words(query).into_iter().collect();
    prefixes.sort_by_key(|prefix| std::cmp::Reverse(prefix.chars().count()));
    prefixes.truncate(MAX_QUERY_WORDS);
    prefixes
}

/// Whether each of the prefixes begins one of the words.
pub fn matches(words: &BTreeSet<String>, prefixes: &[String]) -> bool {
    prefixes.iter().all(|prefix| words.iter().any(|word| word.starts_with(prefix)))
}

/// Exclusive upper bound, in database order, of the words that begin with `prefix`.
pub fn prefix_end(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// The words of a text, in one spelling for texts that look alike: lower case, in one normal form, without joiners.
fn split_words(text: &str) -> BTreeSet<String> {
    let visible: String = text.chars().filter(|c| !matches!(c, '\u{200c}' | '\u{200d}')).collect();
    let words = normalize(&visible.to_lowercase()).into_owned();
    let words = words.split(is_separator).filter(|word| !word.is_empty());
    words.map(|word| word.chars().take(MAX_WORD_CHARS).collect()).collect()
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_punctuation() || matches!(c, '\u{2010}'..='\u{201f}' | '।' | '،')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, name: &str) -> bool {
        matches(&derive_words(name, Some("ABCD2345")), &query_prefixes(query))
    }

    #[test]
    fn a_member_is_found_by_prefixes_of_words_in_any_order_and_spelling() {
        for query in ["asha", "ASH", "souza", "d'souza", "rao asha", "asha-rao", "abcd", "ABCD2345 ash", " rao "] {
            assert!(finds(query, "Asha D'Souza-Rao"), "{query}");
        }
        for query in ["sha", "ashar", "ravi", "asha ravi", "bcd"] {
            assert!(!finds(query, "Asha D'Souza-Rao"), "{query}");
        }
        assert!(finds("ÉLO", "E\u{301}lodie") && finds("क्ष", "क्\u{200d}षमा") && !finds("elo", "Élodie"));
    }

    #[test]
    fn a_query_has_a_limited_number_and_length_of_words() {
        for query in ["", " ", "%", "_", "...", "'"] {
            assert_eq!(query_prefixes(query), Vec::<String>::new(), "{query}");
        }
        assert_eq!(query_prefixes("a bcd A bc"), ["bcd", "bc", "a"]);
        assert_eq!(query_prefixes(&"x".repeat(65)), ["x".repeat(64)]);
        for (words, expected) in [(7, 7), (8, 8), (9, 8)] {
            let query: Vec<String> = (0..words).map(|n| format!("w{n}")).collect();
            assert_eq!(query_prefixes(&query.join(" ")).len(), expected);
        }
        assert!("ash\u{10fffe}" < prefix_end("ash").as_str() && "asi" > prefix_end("ash").as_str());
    }
}
