//! Referral codes: eight characters from an alphabet without look-alikes.

/// Capital letters and digits without 0, O, 1, I and L.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const CODE_CHARS: usize = 8;
/// Look-ups of referral codes from one client address in `LOOKUP_WINDOW_SECS`.
pub(crate) const MAX_LOOKUPS: u64 = 20;
pub(crate) const LOOKUP_WINDOW_SECS: u64 = 60;

/// A well-formed referral code, in upper case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReferralCode(String);

impl ReferralCode {
    /// Parses a code in any case, with spaces around it. `None` when it is malformed.
    pub(crate) fn try_new(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        (text.len() == CODE_CHARS && text.bytes().all(|b| ALPHABET.contains(&b))).then_some(Self(text))
    }

    /// Derives a code from random bytes, all characters equally likely. Skips bytes that would bias the result; `None`
    /// when too few remain.
    pub(crate) fn from_random(bytes: &[u8]) -> Option<Self> {
        let code: String = bytes
            .iter()
            .filter(|b| **b < 248)
            .filter_map(|b| ALPHABET.get(usize::from(b % 31)))
            .take(CODE_CHARS)
            .map(|b| char::from(*b))
            .collect();
        (code.len() == CODE_CHARS).then_some(Self(code))
    }

    /// The code in upper case.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_characters_are_equally_likely() {
        let all_bytes: Vec<u8> = (0..=255).collect();
        let drawn: String = all_bytes.chunks(8).filter_map(ReferralCode::from_random).map(|c| c.0).collect();
        for character in ALPHABET {
            assert_eq!(drawn.bytes().filter(|b| b == character).count(), 8, "{character}");
        }
        assert_eq!(ReferralCode::from_random(&[1; 7]), None);
        assert_eq!(ReferralCode::from_random(&[250; 32]), None);
    }

    #[test]
    fn a_code_is_parsed_in_any_case_and_with_spaces_around_it() {
        assert_eq!(ReferralCode::try_new(" abcd2345 ").map(|c| c.0).as_deref(), Some("ABCD2345"));
        for bad in ["", "ABCD234", "ABCD23456", "ABCD234O", "ABCD2340", "ABCD2341", "ABCD234I", "ABCD234L", "ABCD 345"]
        {
            assert_eq!(ReferralCode::try_new(bad), None, "{bad}");
        }
    }
}
