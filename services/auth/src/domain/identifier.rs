//! What a person signs in by: an e-mail address or a mobile number, in one spelling each.

use domain::text::ascii_host;
use std::fmt;

/// Indian numbers may leave their country code out.
const HOME_CODE: &str = "91";
const MAX_EMAIL: usize = 254;
const MAX_LOCAL_PART: usize = 64;

/// An e-mail address (trimmed, lower case, its host in ASCII) or a mobile number (`+` and 8 to 15 digits).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Identifier {
    Email(String),
    Mobile(String),
}

impl Identifier {
    /// Reads whichever of the two `text` is.
    pub(crate) fn try_new(text: &str) -> Option<Self> {
        if text.contains('@') { Self::email(text) } else { Self::mobile(text) }
    }

    pub(crate) fn email(text: &str) -> Option<Self> {
        let (local, host) = text.trim().split_once('@')?;
        let (local, host) = (local.to_lowercase(), ascii_host(host)?);
        let local_fits = (1..=MAX_LOCAL_PART).contains(&local.len())
            && local.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-.".contains(&b))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_fits = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let host_fits = host.contains('.') && host.split('.').all(label_fits);
        let text = format!("{local}@{host}");
        (text.len() <= MAX_EMAIL && local_fits && host_fits).then_some(Self::Email(text))
    }

    pub(crate) fn mobile(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().filter(|c| !is_separator(*c)).collect();
        let (international, digits) = match text.strip_prefix('+').or_else(|| text.strip_prefix("00")) {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('0').unwrap_or(&text)),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let national = |digits: &str| digits.len() == 10 && digits.starts_with(['6', '7', '8', '9']);
        let full = match digits.strip_prefix(HOME_CODE).map(|rest| rest.strip_prefix('0').unwrap_or(rest)) {
            Some(rest) if national(rest) => format!("{HOME_CODE}{rest}"),
            _ if !international && national(digits) => format!("{HOME_CODE}{digits}"),
            _ if !international => return None,
            Some(_) => return None,
            None => digits.to_owned(),
        };
        let fits = (8..=15).contains(&full.len()) && !full.starts_with('0');
        fits.then(|| Self::Mobile(format!("+{full}")))
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Email(text) | Self::Mobile(text) => text,
        }
    }
    /// The channel that reaches it: `email` or `sms`.
    pub(crate) fn channel(&self) -> Channel {
        match self {
            Self::Email(_) => Channel::Email,
            Self::Mobile(_) => Channel::Sms,
        }
    }
}

/// What people put between the digits of a number.
fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '-' | '\u{2010}'..='\u{2013}' | '.' | '(' | ')')
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

domain::text_enum! {
    /// How a one-time code travels.
    pub enum Channel { Email = "email", Sms = "sms" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> Option<String> {
        Identifier::try_new(text).map(|i| i.to_string())
    }

    #[test]
    fn one_person_has_one_spelling() {
        for (given, kept) in [
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
            assert_eq!(spelled(given).as_deref(), Some(kept), "{given}");
        }
    }

    #[test]
    fn what_cannot_be_reached_is_refused() {
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
            assert_eq!(spelled(given), None, "{given}");
        }
    }
}
