//! Search words of users: normalized words of names, e-mail addresses, mobile numbers and referral codes.

use domain::search_words::{self, normalize_word, split_words, truncate_word};
use std::collections::BTreeSet;

/// Version of the algorithm that derives search words. A job reindexes the users of older versions, so increase it with
/// every change of the algorithm.
pub(crate) const WORDS_VERSION: i64 = 1;

/// Country code of India.
const HOME_COUNTRY_CODE: &str = "91";

/// Fields by which a user is found.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SearchFields<'a> {
    pub(crate) name: &'a str,
    pub(crate) email: Option<&'a str>,
    pub(crate) mobile: Option<&'a str>,
    pub(crate) referral_code: &'a str,
}

/// Derives the search words of a user.
///
/// An e-mail address is also one word as a whole. A mobile number is one word with its country code and one without.
pub(crate) fn derive_words(user: SearchFields<'_>) -> BTreeSet<String> {
    let mut words: BTreeSet<String> =
        [user.name, user.email.unwrap_or_default(), user.referral_code].into_iter().flat_map(split_words).collect();
    let digits = user.mobile.unwrap_or_default().trim_start_matches('+');
    let national = digits.strip_prefix(HOME_COUNTRY_CODE).unwrap_or_default();
    words.extend([user.email.unwrap_or_default(), digits, national].map(truncate_word));
    words.remove("");
    words
}

/// Splits a query into word prefixes, all of which a user has to match.
///
/// A number is one word with or without separators, and so is a text that contains @.
pub(crate) fn query_prefixes(text: &str) -> Vec<String> {
    let is_number = text.chars().any(|c| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '+' | '-' | '(' | ')' | '.'));
    if is_number {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        return vec![truncate_word(digits.trim_start_matches('0'))];
    }
    let distinct: BTreeSet<String> = text
        .split_whitespace()
        .flat_map(|part| {
            if part.contains('@') { BTreeSet::from([truncate_word(&normalize_word(part))]) } else { split_words(part) }
        })
        .collect();
    search_words::query_prefixes(distinct)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::search_words::prefix_end;

    fn finds(text: &str, user: SearchFields<'_>) -> bool {
        let words = derive_words(user);
        query_prefixes(text).iter().all(|prefix| words.iter().any(|word| word.starts_with(prefix)))
    }

    #[test]
    fn a_user_is_found_by_a_prefix_of_any_word() {
        let asha = SearchFields {
            name: "Asha D'Souza-Rao",
            email: Some("asha.rao+ev@example.co.in"),
            mobile: Some("+919876543210"),
            referral_code: "ABCD2345",
        };
        for text in [
            "asha",
            "ASH",
            "a",
            "souza",
            "d'souza",
            "rao asha",
            "asha.rao+ev@example",
            "asha ASHA.RAO+EV@",
            "example.co.in",
            "98765",
            "+91 98765",
            "098765-43210",
            "919876543210",
            "+91 (98765) 43210",
            "abcd",
            "ABCD2345",
            " asha  rao ",
            "ev",
            "asha.rao",
        ] {
            assert!(finds(text, asha), "{text}");
        }
        for text in ["sha", "ashar", "ravi", "asha ravi", "76543", "bcd", "91 12345", "rao@", "asha@example"] {
            assert!(!finds(text, asha), "{text}");
        }
    }

    #[test]
    fn unicode_spellings_of_one_word_are_equal() {
        let user = |name| SearchFields { name, ..SearchFields::default() };
        assert!(finds("ÉLODIE", user("E\u{301}lodie")));
        assert!(finds("e\u{301}l", user("Élodie")));
        assert!(finds("आशा", user("कुमारी आशा")));
        assert!(finds("क्ष", user("क्\u{200d}षमा")));
        assert!(!finds("elodie", user("Élodie")));
    }

    #[test]
    fn a_query_has_no_empty_words_and_a_limited_number_and_length_of_them() {
        for text in ["", " ", "%", "_", "...", "'"] {
            assert_eq!(query_prefixes(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(query_prefixes(&"x ".repeat(200)).len(), 1);
        assert_eq!(query_prefixes(&"x".repeat(200))[0].len(), 64);
        assert_eq!(query_prefixes("a b c d e f g h i j").len(), 8);
        assert!("ash\u{10fffe}" < prefix_end("ash").as_str() && "asi" > prefix_end("ash").as_str());
    }
}
