//! Which words match a word of a query, and how closely. Stated by scans: the index has to give the same.

use std::collections::BTreeSet;

/// A typo is allowed in a word of at least as many characters.
pub const MIN_TYPO_CHARS: usize = 4;

/// How closely words match, the closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// The word itself.
    Exact,
    /// A word that begins with it.
    Prefix,
    /// A name with one character more, less, other or swapped with its neighbour.
    Typo,
}

impl Precision {
    pub(crate) const ALL: [Self; 3] = [Self::Exact, Self::Prefix, Self::Typo];
}

/// What is asked for: of one of these sets of words, all must match. Words are in the normal form of the documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub alternatives: BTreeSet<BTreeSet<String>>,
}

impl Query {
    /// How closely a document with these words matches: as its least close word, in the best alternative.
    pub fn precision(&self, names: &BTreeSet<String>, codes: &BTreeSet<String>) -> Option<Precision> {
        let of_alternative = |words: &BTreeSet<String>| {
            let mut worst = Precision::Exact;
            for word in words {
                worst = worst.max(of_word(word, names, codes)?);
            }
            (!words.is_empty()).then_some(worst)
        };
        self.alternatives.iter().filter_map(of_alternative).min()
    }
}

fn of_word(word: &str, names: &BTreeSet<String>, codes: &BTreeSet<String>) -> Option<Precision> {
    if names.contains(word) || codes.contains(word) {
        return Some(Precision::Exact);
    }
    if names.iter().chain(codes).any(|other| other.starts_with(word)) {
        return Some(Precision::Prefix);
    }
    (allows_typo(word) && names.iter().any(|name| is_one_edit_away(word, name))).then_some(Precision::Typo)
}

/// Whether a word of a query is also searched with a typo: long enough, and without digits and signs.
pub(crate) fn allows_typo(word: &str) -> bool {
    let is_letter = |c: char| !c.is_numeric() && !c.is_ascii_punctuation();
    word.chars().count() >= MIN_TYPO_CHARS && word.chars().all(is_letter)
}

/// Whether one edit makes `b` of `a`: a character more, less or other, or two neighbours swapped.
fn is_one_edit_away(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    match (a, b) {
        ([_, rest @ ..], [_, other @ ..]) if rest == other => true,
        ([_, rest @ ..], other) if rest == other => true,
        (rest, [_, other @ ..]) if rest == other => true,
        ([a1, a2, rest @ ..], [b1, b2, other @ ..]) => a1 == b2 && a2 == b1 && rest == other,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn asha(alternatives: &[&[&str]]) -> Option<Precision> {
        let alternatives = alternatives.iter().map(|words| set(words)).collect();
        Query { alternatives }.precision(&set(&["asha", "kumari"]), &set(&["asha.k@example.in", "9876543210"]))
    }

    #[test]
    fn a_document_matches_as_its_least_close_word_in_the_best_alternative() {
        for (alternatives, expected) in [
            (&[&["asha"][..]][..], Some(Precision::Exact)),
            (&[&["asha", "kum"]], Some(Precision::Prefix)),
            (&[&["ahsa", "kumari"]], Some(Precision::Typo)),
            (&[&["asha", "ravi"]], None),
            (&[&["ravi"], &["98765"]], Some(Precision::Prefix)),
            (&[&["kumar"], &["asha"]], Some(Precision::Exact)),
            (&[&["9876543211"]], None),
            (&[&["asha.k@example.im"]], None),
            (&[&["ash"]], Some(Precision::Prefix)),
            (&[&["aha"]], None),
            (&[&[]], None),
            (&[], None),
        ] {
            assert_eq!(asha(alternatives), expected, "{alternatives:?}");
        }
    }

    #[test]
    fn one_edit_anywhere_is_a_typo_and_two_are_not() {
        let word = "ravindra";
        let chars: Vec<char> = word.chars().collect();
        for at in 0..=chars.len() {
            let (head, tail) = chars.split_at(at);
            let join = |head: &[char], tail: &[char]| head.iter().chain(tail).collect::<String>();
            let mut typos = vec![join(&[head, &['x']].concat(), tail)];
            if let [_, rest @ ..] = tail {
                typos.extend([join(head, rest), join(&[head, &['x']].concat(), rest)]);
            }
            if let [a, b, rest @ ..] = tail {
                typos.push(join(&[head, &[*b, *a]].concat(), rest));
            }
            for typo in typos {
                assert!(is_one_edit_away(&typo, word) && is_one_edit_away(word, &typo), "{typo}");
                assert!(!is_one_edit_away(&format!("q{typo}q"), word), "{typo}");
            }
        }
        assert!(!is_one_edit_away("abcd", "abdce"));
    }
}
