//! Sign-in identifier: an e-mail address or a mobile number, each in one normalized spelling.

use domain::text::ascii_host;
use std::fmt;

/// Country code of India, which Indian mobile numbers may omit.
const HOME_COUNTRY_CODE: &str = "91";
const MAX_EMAIL_BYTES: usize = 254;
const MAX_LOCAL_PART_BYTES: usize = 64;

/// An e-mail address (trimmed, lower case, its host in ASCII) or a mobile number (`+` and 8 to 15 digits).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Identifier {
    Email(String),
    Mobile(String),
}

impl Identifier {
    /// Parses an e-mail address when `text` contains `@`, otherwise a mobile number.
    pub(crate) fn try_new(text: &str) -> Option<Self> {
        if text.contains('@') { Self::email(text) } else { Self::mobile(text) }
    }

    /// Parses and normalizes an e-mail address. `None` when it is malformed.
    pub(crate) fn email(text: &str) -> Option<Self> {
        let (local, host) = text.trim().split_once('@')?;
        let (local, host) = (local.to_lowercase(), ascii_host(host)?);
        let is_local_valid = (1..=MAX_LOCAL_PART_BYTES).contains(&local.len())
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-.".contains(&b))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let is_label_valid = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let is_host_valid = host.contains('.') && host.split('.').all(is_label_valid);
        let text = format!("{local}@{host}");
        (text.len() <= MAX_EMAIL_BYTES && is_local_valid && is_host_valid).then_some(Self::Email(text))
    }

    /// Parses and normalizes a mobile number, as +91 when it has no country code. `None` when it is malformed.
    pub(crate) fn mobile(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().filter(|c| !is_separator(*c)).collect();
        let (is_international, digits) = match text.strip_prefix('+').or_else(|| text.strip_prefix("00")) {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('0').unwrap_or(&text)),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let is_national = |digits: &str| digits.len() == 10 && digits.starts_with(['6', '7', '8', '9']);
        let full = match digits.strip_prefix(HOME_COUNTRY_CODE).map(|rest| rest.strip_prefix('0').unwrap_or(rest)) {
            Some(rest) if is_national(rest) => format!("{HOME_COUNTRY_CODE}{rest}"),
            _ if !is_international && is_national(digits) => format!("{HOME_COUNTRY_CODE}{digits}"),
            _ if !is_international => return None,
            Some(_) => return None,
            None => digits.to_owned(),
        };
        let is_valid = (8..=15).contains(&full.len()) && !full.starts_with('0');
        is_valid.then(|| Self::Mobile(format!("+{full}")))
    }

    /// The normalized text.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Email(text) | Self::Mobile(text) => text,
        }
    }
    /// The identifier as it may be shown to others: `a…@example.com`, `…3210`.
    pub(crate) fn masked(&self) -> String {
        let text = self.as_str();
        match self {
            Self::Email(_) => {
                let (name, domain) = text.split_once('@').unwrap_or((text, ""));
                format!("{}…@{domain}", name.chars().take(1).collect::<String>())
            }
            Self::Mobile(_) => {
                let last = text.len().saturating_sub(4);
                format!("…{}", text.get(last..).unwrap_or_default())
            }
        }
    }
    /// The channel for messages to this identifier.
    pub(crate) fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Mobile(_) => Channel::Sms,
        }
    }
}

/// Separators allowed between the digits of a mobile number.
fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '-' | '\u{2010}'..='\u{2013}' | '.' | '(' | ')')
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

domain::text_enum! {
    /// Channel by which a message is sent.
    pub enum Channel { Email = "email", Sms = "sms" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(text: &str) -> Option<String> {
        Identifier::try_new(text).map(|i| i.to_string())
    }

    #[test]
    fn different_spellings_are_normalized_to_one() {
        for (given, stored) in [
            (" Asha@Example.COM ", "asha@example.com"),
            ("a.b+tag@mail.example.in", "a.b+tag@mail.example.in"),
            ("9876543210", "+919876543210"),
            ("098765 43210", "+919876543210"),
            ("+91 98765-43210", "+919876543210"),
            ("919876543210", "+919876543210"),
            ("0919876543210", "+919876543210"),
            ("00919876543210", "+919876543210"),
            ("+91 0 98765 43210", "+919876543210"),
            ("+91-(0)-98765.43210", "+919876543210"),
            ("98765\u{a0}43210", "+919876543210"),
            ("Asha@M\u{fc}nchen.Example", "asha@xn--mnchen-3ya.example"),
            ("asha@Mu\u{308}nchen.example", "asha@xn--mnchen-3ya.example"),
            ("asha@उदाहरण.example", "asha@xn--p1b6ci4b4b3a.example"),
            ("+44 20 7946 0958", "+442079460958"),
            ("9123456789", "+919123456789"),
        ] {
            assert_eq!(normalized(given).as_deref(), Some(stored), "{given}");
        }
    }

    #[test]
    fn malformed_identifiers_are_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        for given in [
            "",
            " ",
            "@",
            "a@",
            "@example.com",
            "a@b",
            "a b@example.com",
            "a@exa mple.com",
            "a@@example.com",
            "a@example..com",
            "a@-example.com",
            ".a@example.com",
            "a..b@example.com",
            "12345",
            "1234567890",
            "+91 12345 67890",
            "+1234567",
            "+1234567890123456",
            "98765432100",
            "98765x3210",
            "+",
            "+0123456789",
            "५४३२१०९८७६",
            "a@example.com\r\nBcc: x@example.com",
            &long,
        ] {
            assert_eq!(normalized(given), None, "{given}");
        }
    }

    #[test]
    fn a_masked_identifier_shows_a_letter_or_four_digits() {
        for (text, masked) in [("asha.rao@example.com", "a…@example.com"), ("9876543210", "…3210")] {
            assert_eq!(Identifier::try_new(text).expect(text).masked(), masked);
        }
    }
}
