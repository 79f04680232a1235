//! Words by which people are found: of their names, addresses and referral codes, all in one spelling.

use domain::text::normal;
use std::collections::BTreeSet;

/// Grows when words are made in another way: those of everybody are made again then.
pub(crate) const WORDS_VERSION: i64 = 1;

/// Characters of a word that count.
const MAX_WORD: usize = 64;
/// Words of a search that count.
const MAX_SEARCHED: usize = 8;
const HOME_CODE: &str = "91";

/// What a person is found by.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Findable<'a> {
    pub(crate) name: &'a str,
    pub(crate) email: Option<&'a str>,
    pub(crate) mobile: Option<&'a str>,
    pub(crate) referral_code: &'a str,
}

/// The words of a person. An e-mail address is also one word as a whole; a mobile number is a word with its country code,
/// and another without.
pub(crate) fn words_of(person: Findable<'_>) -> BTreeSet<String> {
    let mut words: BTreeSet<String> =
        [person.name, person.email.unwrap_or_default(), person.referral_code].into_iter().flat_map(words).collect();
    let digits = person.mobile.unwrap_or_default().trim_start_matches('+');
    let national = digits.strip_prefix(HOME_CODE).unwrap_or_default();
    words.extend([person.email.unwrap_or_default(), digits, national].map(cut));
    words.remove("");
    words
}

/// What each word that somebody looks for begins with. A number is one word however it is written, and so is what has an
/// @ in it.
pub(crate) fn prefixes(text: &str) -> Vec<String> {
    let is_number = text.chars().any(|c| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '+' | '-' | '(' | ')' | '.'));
    if is_number {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        return vec![cut(digits.trim_start_matches('0'))];
    }
    let distinct: BTreeSet<String> = text
        .split_whitespace()
        .flat_map(|part| if part.contains('@') { vec![cut(&folded(part))] } else { words(part).collect() })
        .collect();
    let mut prefixes: Vec<String> = distinct.into_iter().collect();
    // The longest is found the fastest.
    prefixes.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    prefixes.truncate(MAX_SEARCHED);
    prefixes
}

/// The first text, in the order of a database, that does not begin with `prefix`.
pub(crate) fn end_of(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words: Vec<String> = folded(text).split(separates).filter(|word| !word.is_empty()).map(cut).collect();
    words.into_iter()
}

/// One spelling for texts that look alike: lower case, in normal form, without joiners.
fn folded(text: &str) -> String {
    let seen: String = text.chars().filter(|c| !matches!(c, '\u{200c}' | '\u{200d}')).collect();
    normal(&seen.to_lowercase()).into_owned()
}

fn separates(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_punctuation() || matches!(c, '\u{2010}'..='\u{201f}' | '।' | '،')
}

fn cut(word: &str) -> String {
    word.chars().take(MAX_WORD).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(text: &str, person: Findable<'_>) -> bool {
        let words = words_of(person);
        prefixes(text).iter().all(|prefix| words.iter().any(|word| word.starts_with(prefix)))
    }

    #[test]
    fn a_person_is_found_by_how_any_word_begins() {
        let asha = Findable {
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
    fn spellings_of_one_word_are_one() {
        let person = |name| Findable { name, ..Findable::default() };
        assert!(finds("ÉLODIE", person("E\u{301}lodie")));
        assert!(finds("e\u{301}l", person("Élodie")));
        assert!(finds("आशा", person("कुमारी आशा")));
        assert!(finds("क्ष", person("क्\u{200d}षमा")));
        assert!(!finds("elodie", person("Élodie")));
    }

    #[test]
    fn nothing_to_look_for_is_no_word() {
        for text in ["", " ", "%", "_", "...", "'"] {
            assert_eq!(prefixes(text), Vec::<String>::new(), "{text}");
        }
        assert_eq!(prefixes(&"x ".repeat(200)).len(), 1);
        assert_eq!(prefixes(&"x".repeat(200))[0].len(), 64);
        assert_eq!(prefixes("a b c d e f g h i j").len(), 8);
        assert!("ash\u{10fffe}" < end_of("ash").as_str() && "asi" > end_of("ash").as_str());
    }
}
