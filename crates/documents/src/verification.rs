//! Codes that prove a document genuine.
//!
//! A code is the letter of the issuer and 100 bits of an HMAC over what the document states, in groups of five. The
//! issuer finds the document by its code and computes the code anew: a changed record is not genuine either. Only those
//! facts are covered, and shown to everyone who has the code, that do not name the member.

use domain::{Day, Money};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq;

/// Letters and digits that are not mistaken for others: without I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code after that of the issuer, five bits each.
const CODE_LETTERS: usize = 20;
const GROUP: usize = 5;
const KEY_BYTES: usize = 32;

domain::text_enum! {
    /// A service that issues documents; its letter begins the codes.
    pub enum Issuer { Booking = "B", Compliance = "C", Payout = "P", Wallet = "W" }
}

/// The code of a document, printed as `B-7KQ2M-9XW4T-HJ3RD-V8N5C`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Code(String);

/// The text is not a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a verification code: it has a letter and four groups of five letters or digits")]
pub struct MalformedCode;

/// What a document states to everyone who has its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// Kind of the document, such as `receipt`.
    pub kind: String,
    /// Its number.
    pub number: String,
    /// How often it was issued anew, from 1.
    pub revision: u32,
    /// The day of issue.
    pub date: Day,
    /// Its amount.
    pub amount: Money,
    /// Initials of the member.
    pub initials: String,
}

/// The keys of the codes: the first makes new codes, all of them prove.
#[derive(Clone)]
pub struct CodeKeys(Vec<[u8; KEY_BYTES]>);

impl fmt::Debug for CodeKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeKeys({})", self.0.len())
    }
}

impl CodeKeys {
    /// Keys in their order. `None` without any.
    pub fn try_new(keys: Vec<[u8; KEY_BYTES]>) -> Option<Self> {
        if keys.is_empty() { None } else { Some(Self(keys)) }
    }

    /// The code of a document that `issuer` issues.
    pub fn code(&self, issuer: Issuer, stated: &Stated) -> Code {
        let first = self.0.first().copied().unwrap_or_default();
        code(&first, issuer, stated)
    }

    /// Whether the code is that of a document of `issuer` with this content.
    pub fn proves(&self, code_of_document: &Code, issuer: Issuer, stated: &Stated) -> bool {
        let given = code_of_document.0.as_bytes();
        self.0.iter().any(|key| bool::from(code(key, issuer, stated).0.as_bytes().ct_eq(given)))
    }
}

fn code(key: &[u8; KEY_BYTES], issuer: Issuer, stated: &Stated) -> Code {
    // A key of this length is always accepted.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Code(String::new()) };
    let revision = stated.revision.to_string();
    let (date, amount) = (stated.date.to_string(), stated.amount.to_string());
    let fields = [issuer.as_str(), &stated.kind, &stated.number, &revision, &date, &amount, &stated.initials];
    for field in fields {
        // Each field has its length before it, so that no two contents give the same bytes.
        let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
        mac.update(&length.to_be_bytes());
        mac.update(field.as_bytes());
    }
    let bits = mac.finalize().into_bytes();
    let letters = (0..CODE_LETTERS).map(|index| letter(&bits, index));
    Code(issuer.as_str().chars().chain(letters).collect())
}

/// The five bits at `index` as a letter.
fn letter(bits: &[u8], index: usize) -> char {
    let at = |n: usize| u32::from(bits.get(n).copied().unwrap_or(0));
    let (byte, shift) = (index * 5 / 8, index * 5 % 8);
    let pair = (at(byte) << 8) | at(byte + 1);
    let value = usize::try_from((pair >> (11 - shift)) & 31).unwrap_or(0);
    ALPHABET.get(value).copied().map_or('0', char::from)
}

impl Code {
    /// The code without separators, as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, letter) in self.0.chars().enumerate() {
            if index % GROUP == 1 {
                f.write_str("-")?;
            }
            write!(f, "{letter}")?;
        }
        Ok(())
    }
}

impl FromStr for Code {
    type Err = MalformedCode;

    /// Reads a code as a person types it: in any case, with or without separators, and with letters that look like
    /// digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters = text.chars().filter(|letter| !matches!(letter, '-' | ' ' | '\u{2013}' | '\u{a0}'));
        let letters: Vec<char> = letters.take(CODE_LETTERS + 2).map(|letter| letter.to_ascii_uppercase()).collect();
        let (first, rest) = letters.split_first().ok_or(MalformedCode)?;
        let mut code = first.to_string();
        code.parse::<Issuer>().map_err(|_| MalformedCode)?;
        if rest.len() != CODE_LETTERS {
            return Err(MalformedCode);
        }
        for letter in rest {
            let read = match letter {
                'O' => '0',
                'I' | 'L' => '1',
                other => *other,
            };
            let is_known = u8::try_from(read).is_ok_and(|read| ALPHABET.contains(&read));
            code.push(if is_known { read } else { return Err(MalformedCode) });
        }
        Ok(Self(code))
    }
}

/// The first letter of each word of a name, with its marks: `A. K. S.`, `न. क्ष. सु.`.
pub fn initials(name: &str) -> String {
    let words = name.split_whitespace().filter_map(|word| crate::wrapping::clusters(word).first().copied());
    words
        .take(4)
        // Marks without limit may follow a letter; as many as any script needs are kept.
        .map(|first| format!("{}.", first.chars().take(8).flat_map(char::to_uppercase).collect::<String>()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stated() -> Stated {
        Stated {
            kind: "receipt".to_owned(),
            number: "EV/2026-27/000042".to_owned(),
            revision: 1,
            date: "2026-11-30".parse().expect("a day"),
            amount: Money::from_paise(263_650),
            initials: "A. K.".to_owned(),
        }
    }

    fn keys(bytes: &[u8]) -> CodeKeys {
        CodeKeys::try_new(bytes.iter().map(|byte| [*byte; KEY_BYTES]).collect()).expect("keys")
    }

    #[test]
    fn a_code_proves_exactly_what_the_document_states() {
        let (keys, stated) = (keys(&[1]), stated());
        let code = keys.code(Issuer::Booking, &stated);
        assert!(keys.proves(&code, Issuer::Booking, &stated));
        assert!(!keys.proves(&code, Issuer::Wallet, &stated));
        let changed: [fn(&mut Stated); 6] = [
            |s| s.kind.push('x'),
            |s| s.number.push('1'),
            |s| s.revision = 2,
            |s| s.date = s.date.next(),
            |s| s.amount = Money::from_paise(263_651),
            |s| s.initials.clear(),
        ];
        for change in changed {
            let mut other = stated.clone();
            change(&mut other);
            assert!(!keys.proves(&code, Issuer::Booking, &other), "{other:?}");
            assert_ne!(keys.code(Issuer::Booking, &other), code);
        }
        // The end of one field is not the beginning of the next.
        let shifted = Stated { kind: "receiptE".to_owned(), number: "V/2026-27/000042".to_owned(), ..stated };
        assert_ne!(keys.code(Issuer::Booking, &shifted), code);
    }

    #[test]
    fn an_older_key_still_proves_and_an_unknown_one_does_not() {
        let stated = stated();
        let code = keys(&[1]).code(Issuer::Payout, &stated);
        assert!(keys(&[2, 1]).proves(&code, Issuer::Payout, &stated));
        assert_ne!(keys(&[2, 1]).code(Issuer::Payout, &stated), code);
        assert!(!keys(&[2]).proves(&code, Issuer::Payout, &stated));
        assert!(CodeKeys::try_new(Vec::new()).is_none());
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = keys(&[1]).code(Issuer::Compliance, &stated());
        let printed = code.to_string();
        assert_eq!(printed.len(), 25);
        assert!(printed.starts_with("C-"), "{printed}");
        for typed in [
            printed.clone(),
            printed.to_lowercase(),
            printed.replace('-', " "),
            printed.replace('-', ""),
            code.0.clone(),
        ] {
            assert_eq!(typed.parse(), Ok(code.clone()), "{typed}");
        }
        assert_eq!("B-OIL00-00000-00000-00000".parse::<Code>().expect("a code").as_str(), "B01100000000000000000");
        for bad in [
            "",
            "B",
            "X-00000-00000-00000-00000",
            "B-00000-00000-00000-0000",
            "B-00000-00000-00000-000000",
            "B-0000U-00000-00000-00000",
            "B-0000!-00000-00000-00000",
            "B-0000é-00000-00000-00000",
        ] {
            assert_eq!(bad.parse::<Code>(), Err(MalformedCode), "{bad}");
        }
    }

    #[test]
    fn initials_are_whole_letters_of_any_script() {
        assert_eq!(initials("asha  Kumari Singh"), "A. K. S.");
        assert_eq!(initials("नवीन क्षत्रिय सुविधा"), "न. क्ष. सु.");
        assert_eq!(initials("ஸ்ரீநிவாசன்"), "ஸ்ரீ.");
        assert_eq!(initials("  "), "");
        assert_eq!(initials("a b c d e f"), "A. B. C. D.");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_a_read_code_reads_again(text in "\\PC{0,40}") {
            if let Ok(code) = text.parse::<Code>() {
                prop_assert_eq!(code.to_string().parse(), Ok(code));
            }
        }
    }
}
