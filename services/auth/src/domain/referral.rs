//! Referral codes: eight characters that cannot be mistaken for one another.

/// No 0, O, 1, I or L.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const LENGTH: usize = 8;

/// A well-formed referral code, in capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReferralCode(String);

impl ReferralCode {
    /// Reads a code as people type it: in any case, with spaces around it.
    pub(crate) fn try_new(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        (text.len() == LENGTH && text.bytes().all(|b| ALPHABET.contains(&b))).then_some(Self(text))
    }

    /// A code out of random bytes, each character as likely as any other; `None` when they do not suffice.
    pub(crate) fn from_random(bytes: &[u8]) -> Option<Self> {
        let code: String = bytes
            .iter()
            .filter(|b| **b < 248)
            .filter_map(|b| ALPHABET.get(usize::from(b % 31)))
            .take(LENGTH)
            .map(|b| char::from(*b))
            .collect();
        (code.len() == LENGTH).then_some(Self(code))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_as_likely_as_any_other() {
        let every: Vec<u8> = (0..=255).collect();
        let drawn: String = every.chunks(8).filter_map(ReferralCode::from_random).map(|c| c.0).collect();
        for character in ALPHABET {
            assert_eq!(drawn.bytes().filter(|b| b == character).count(), 8, "{character}");
        }
        assert_eq!(ReferralCode::from_random(&[1; 7]), None);
        assert_eq!(ReferralCode::from_random(&[250; 32]), None);
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        assert_eq!(ReferralCode::try_new(" abcd2345 ").map(|c| c.0).as_deref(), Some("ABCD2345"));
        for bad in ["", "ABCD234", "ABCD23456", "ABCD234O", "ABCD2340", "ABCD2341", "ABCD234I", "ABCD234L", "ABCD 345"]
        {
            assert_eq!(ReferralCode::try_new(bad), None, "{bad}");
        }
    }
}
