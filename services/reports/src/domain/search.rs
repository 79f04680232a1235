//! Words by which staff find people, bookings, payments and payouts, and the words of a query.

use domain::search_words::{normalize_word, split_words, truncate_word};
use std::collections::BTreeSet;

/// Version of the algorithms below. Raise it with every change of them: the indexes are then built again.
pub const WORDS_VERSION: u32 = 1;
/// Shorter queries find too much.
pub const MIN_QUERY_CHARS: usize = 2;
pub const MAX_QUERY_CHARS: usize = 100;
pub const MAX_QUERY_WORDS: usize = 8;
/// Shorter parts of a number are not words of their own.
const MIN_PART_CHARS: usize = 4;
/// Country code of India.
const HOME_COUNTRY_CODE: &str = "91";

domain::text_enum! {
    /// Kind of what is found.
    pub enum SearchKind { Person = "person", Booking = "booking", Payment = "payment", Payout = "payout" }
}

domain::text_enum! {
    /// By what something is found.
    pub enum SearchField {
        Name = "name",
        Email = "email",
        Mobile = "mobile",
        ReferralCode = "referral_code",
        BookingNumber = "booking_number",
        ReceiptNumber = "receipt_number",
        GatewayPaymentId = "gateway_payment_id",
        /// Number of a bank transfer or of a cash receipt.
        Reference = "reference",
        /// The bank's number of a paid payout.
        Utr = "utr",
    }
}

/// Words of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldWords {
    pub field: SearchField,
    /// Words that are also found with a typo.
    pub names: BTreeSet<String>,
    /// Words that are found as they are.
    pub codes: BTreeSet<String>,
}

/// The fields of a person.
#[derive(Debug, Clone, Copy, Default)]
pub struct PersonTexts<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub mobile: &'a str,
    pub referral_code: &'a str,
}

/// The words of a person. An e-mail address is one word, and so is each part before its `@`; a mobile number is one
/// with its country code and one without.
pub fn person_words(person: PersonTexts<'_>) -> Vec<FieldWords> {
    let (names, codes) = split_words(person.name).into_iter().partition(|word| !word.chars().any(char::is_numeric));
    let local = person.email.rsplit_once('@').map_or("", |(local, _)| local);
    let mut email = split_words(local);
    email.insert(truncate_word(&normalize_word(person.email)));
    let digits = person.mobile.trim_start_matches('+');
    let national = digits.strip_prefix(HOME_COUNTRY_CODE).unwrap_or_default();
    let mobile = [digits, national].map(truncate_word).into();
    let fields = vec![
        FieldWords { field: SearchField::Name, names, codes },
        of_codes(SearchField::Email, email),
        of_codes(SearchField::Mobile, mobile),
        of_codes(SearchField::ReferralCode, [join(person.referral_code)].into()),
    ];
    without_empty(fields)
}

/// The words of numbers and codes: each without its separators, and its longer parts.
pub fn number_words(numbers: &[(SearchField, &str)]) -> Vec<FieldWords> {
    let words = |text: &str| {
        let mut words = split_words(text);
        words.retain(|part| part.chars().count() >= MIN_PART_CHARS);
        words.insert(join(text));
        words
    };
    without_empty(numbers.iter().map(|(field, text)| of_codes(*field, words(text))).collect())
}

fn of_codes(field: SearchField, codes: BTreeSet<String>) -> FieldWords {
    FieldWords { field, names: BTreeSet::new(), codes }
}

fn without_empty(mut fields: Vec<FieldWords>) -> Vec<FieldWords> {
    for field in &mut fields {
        field.codes.remove("");
    }
    fields.retain(|field| !field.names.is_empty() || !field.codes.is_empty());
    fields
}

/// Letters and digits of a text, as one word.
fn join(text: &str) -> String {
    let joined: String = normalize_word(text).chars().filter(|c| c.is_alphanumeric()).collect();
    truncate_word(&joined)
}

/// A query cannot be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    #[error("q must have at least {MIN_QUERY_CHARS} letters or digits")]
    TooShort,
    #[error("q must have at most {MAX_QUERY_CHARS} characters and {MAX_QUERY_WORDS} words")]
    TooLong,
}

/// Sets of words, of one of which all have to match.
pub type QueryWords = BTreeSet<BTreeSet<String>>;

/// Reads a query: its words; its parts without their separators, for a number such as `EV-261122-7K3QF9XA`; and the
/// whole without any, for a number with spaces such as `98765 43210`.
pub fn parse_query(text: &str) -> Result<QueryWords, QueryError> {
    if text.chars().count() > MAX_QUERY_CHARS {
        return Err(QueryError::TooLong);
    }
    let words: BTreeSet<String> = text.split_whitespace().flat_map(part_words).collect();
    if words.len() > MAX_QUERY_WORDS {
        return Err(QueryError::TooLong);
    }
    if words.iter().flat_map(|word| word.chars()).filter(|c| c.is_alphanumeric()).count() < MIN_QUERY_CHARS {
        return Err(QueryError::TooShort);
    }
    let joined =
        text.split_whitespace().map(|part| if has_digits(part) { [join(part)].into() } else { part_words(part) });
    let mut alternatives = QueryWords::from([words, joined.flatten().collect()]);
    if has_digits(text) && !text.contains('@') {
        let whole = join(text);
        // A zero before a mobile number.
        if whole.chars().all(|c| c.is_ascii_digit()) {
            alternatives.insert([whole.trim_start_matches('0').to_owned()].into());
        }
        alternatives.insert([whole].into());
    }
    alternatives.retain(|words| !words.contains(""));
    Ok(alternatives)
}

/// The words of a part of a query without spaces; an e-mail address is one.
fn part_words(part: &str) -> BTreeSet<String> {
    if part.contains('@') { [truncate_word(&normalize_word(part))].into() } else { split_words(part) }
}

fn has_digits(text: &str) -> bool {
    text.chars().any(|c| c.is_ascii_digit()) && !text.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a query matches exactly or by beginnings.
    fn finds(text: &str, fields: &[FieldWords]) -> bool {
        let words: BTreeSet<&String> = fields.iter().flat_map(|f| f.names.iter().chain(&f.codes)).collect();
        let matches = |query: &String| words.iter().any(|word| word.starts_with(query.as_str()));
        parse_query(text).unwrap().iter().any(|alternative| alternative.iter().all(matches))
    }

    #[test]
    fn a_person_is_found_by_name_address_mobile_and_code() {
        let asha = person_words(PersonTexts {
            name: "Asha D'Souza-Rao",
            email: "asha.rao+ev@example.co.in",
            mobile: "+919876543210",
            referral_code: "ABCD2345",
        });
        for text in [
            "asha",
            "ASH",
            "souza",
            "d'souza",
            "souza-rao",
            "rao asha",
            "Asha.Rao+EV@example",
            "asha.rao",
            "ev",
            "98765",
            "+91 98765",
            "91-98765-43210",
            "098765-43210",
            "+91 (98765) 43210",
            "abcd",
            "abcd-2345",
            "asha 98765",
        ] {
            assert!(finds(text, &asha), "{text}");
        }
        for text in ["sha", "asha ravi", "76543", "rao@", "example.co.in", "asha 12345"] {
            assert!(!finds(text, &asha), "{text}");
        }
    }

    #[test]
    fn spellings_of_one_name_in_any_script_are_equal() {
        let found = |text: &str, name: &str| finds(text, &person_words(PersonTexts { name, ..PersonTexts::default() }));
        assert!(found("ÉLODIE", "E\u{301}lodie") && found("e\u{301}l", "Élodie"));
        assert!(found("आशा", "कुमारी आशा") && found("क्षमा", "क्\u{200d}षमा") && found("क्\u{200d}षमा", "क्षमा"));
        assert!(found("முருகன்", "முருகன் செல்வம்") && found("செல்", "முருகன் செல்வம்"));
        assert!(!found("elodie", "Élodie"));
    }

    #[test]
    fn a_number_is_found_with_and_without_separators_in_any_case() {
        let booking = number_words(&[(SearchField::BookingNumber, "EV-261122-7K3QF9XA")]);
        for text in ["EV-261122-7K3QF9XA", "ev2611227k3qf9xa", "ev 261122 7k3qf9xa", "EV-2611", "7k3q", "261122", "ev"]
        {
            assert!(finds(text, &booking), "{text}");
        }
        assert!(!finds("1122", &booking) && !finds("EV-261123", &booking));
        let receipt = number_words(&[(SearchField::ReceiptNumber, "2026-27/000042")]);
        for text in ["2026-27/000042", "202627000042", "2026-27 / 000042", "000042", "2026-27"] {
            assert!(finds(text, &receipt), "{text}");
        }
        let utr =
            number_words(&[(SearchField::Utr, "HDFC/N-5202611"), (SearchField::GatewayPaymentId, "pay_29QQoUBi66")]);
        for text in ["hdfcn5202611", "HDFC/N-52", "pay_29qqoubi66", "pay29QQ", "29QQoUB"] {
            assert!(finds(text, &utr), "{text}");
        }
        assert_eq!(number_words(&[(SearchField::Utr, "")]), []);
    }

    #[test]
    fn a_query_has_limits() {
        let error = |text: &str| parse_query(text).err();
        for text in ["", " ", "a", "%", "a -", "0 0", "...", "\u{200d}क"] {
            assert_eq!(error(text), Some(QueryError::TooShort), "{text}");
        }
        for text in ["ab", "a b", "आश", "1 2"] {
            assert_eq!(error(text), None, "{text}");
        }
        assert_eq!(error(&"x".repeat(100)), None);
        assert_eq!(error(&"x".repeat(101)), Some(QueryError::TooLong));
        assert_eq!(error("a b c d e f g h"), None);
        assert_eq!(error("a b c d e f g h i"), Some(QueryError::TooLong));
    }
}
