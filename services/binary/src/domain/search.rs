//! Search words of members: normalized words of names and referral codes.

use domain::search_words::{self, split_words};
use std::collections::BTreeSet;

/// Version of the derivation of words. A job indexes the members of older versions again, so increase it with every
/// change of the derivation.
pub const WORDS_VERSION: i64 = 1;

/// The search words of a member.
pub fn derive_words(name: &str, referral_code: Option<&str>) -> BTreeSet<String> {
    [name, referral_code.unwrap_or_default()].into_iter().flat_map(split_words).collect()
}

/// The word prefixes of a query, the most selective first.
pub fn query_prefixes(query: &str) -> Vec<String> {
    search_words::query_prefixes(split_words(query))
}

/// Whether each of the prefixes begins one of the words.
pub fn matches(words: &BTreeSet<String>, prefixes: &[String]) -> bool {
    prefixes.iter().all(|prefix| words.iter().any(|word| word.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::search_words::prefix_end;

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
