//! Stored prefixes of words, by which a prefix of any length is found with few terms.
//!
//! A prefix such as `98` has a million words, and reading the documents of each takes longer than an answer may. So each
//! word is also stored cut to certain lengths: the words that begin with a prefix are those with a cut of the next such
//! length that begins with it, and of these there are few.

/// Lengths in characters to which words are cut. Longer prefixes are looked up among the words themselves.
const CUTS: [(char, usize); 5] = [('a', 1), ('b', 3), ('c', 6), ('d', 9), ('e', 12)];

/// The cuts of a word, each after the character of its length. A word that is shorter than a cut ends them as a whole.
pub(crate) fn cuts(word: &str) -> Vec<String> {
    let length = word.chars().count();
    let mut terms = Vec::new();
    for (tag, cut) in CUTS {
        terms.push(std::iter::once(tag).chain(word.chars().take(cut)).collect());
        if length <= cut {
            break;
        }
    }
    terms
}

/// The beginning of the cuts of all words that begin with `prefix`; `None` when it is longer than each cut.
pub(crate) fn cuts_beginning(prefix: &str) -> Option<String> {
    let length = prefix.chars().count();
    let (tag, _) = CUTS.into_iter().find(|(_, cut)| *cut >= length)?;
    Some(std::iter::once(tag).chain(prefix.chars()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_a_cut_for_each_of_its_prefixes() {
        for word in ["a", "ab", "abc", "abcd", "आशाकुमारी", "pay_29qqoubi66xm2f", "ev2611227k3qf9xa"]
        {
            let stored = cuts(word);
            for length in 1..=word.chars().count() {
                let prefix: String = word.chars().take(length).collect();
                match cuts_beginning(&prefix) {
                    Some(beginning) => assert!(stored.iter().any(|cut| cut.starts_with(&beginning)), "{word} {prefix}"),
                    None => assert!(length > 12, "{word} {prefix}"),
                }
            }
            assert!(!stored.iter().any(|cut| cut.starts_with(&cuts_beginning("zz").unwrap())));
        }
    }

    #[test]
    fn no_word_of_another_beginning_has_such_a_cut() {
        for (word, prefix) in [("ab", "abc"), ("abd", "abc"), ("abcd", "abce"), ("abcdef", "abcdefg")] {
            let beginning = cuts_beginning(prefix).unwrap();
            assert!(!cuts(word).iter().any(|cut| cut.starts_with(&beginning)), "{word} {prefix}");
        }
    }
}
