//! Bank accounts members are paid to.

use domain::{Timestamp, UserId};

domain::text_enum! {
    /// Where an account comes from.
    pub enum Source {
        /// From the member's approved KYC: verified with it.
        Kyc = "kyc",
        /// Added by the member: verified by staff.
        Member = "member",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("this account is on your list already")]
    Known,
    #[error("the account of your KYC stays as long as the KYC does")]
    OfKyc,
    #[error("nobody verifies their own account")]
    SelfVerification,
}

/// 9 to 18 digits.
pub fn is_account_number(text: &str) -> bool {
    (9..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Four letters, a zero, six letters or digits: `HDFC0001234`.
pub fn is_ifsc(text: &str) -> bool {
    let (Some(bank), Some(zero), Some(branch)) = (text.get(..4), text.get(4..5), text.get(5..)) else {
        return false;
    };
    bank.bytes().all(|b| b.is_ascii_uppercase())
        && zero == "0"
        && branch.len() == 6
        && branch.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether `by` may verify an account of `owner`; false where it is verified already.
pub fn verify(owner: UserId, verified_at: Option<Timestamp>, by: UserId) -> Result<bool, Refusal> {
    if by == owner {
        return Err(Refusal::SelfVerification);
    }
    Ok(verified_at.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_are_nine_to_eighteen_digits() {
        for (text, good) in [
            ("12345678", false),
            ("123456789", true),
            ("123456789012345678", true),
            ("1234567890123456789", false),
            ("12345678x", false),
            ("=12345678", false),
            ("१२३४५६७८९", false),
        ] {
            assert_eq!(is_account_number(text), good, "{text}");
        }
    }

    #[test]
    fn an_ifsc_is_a_bank_a_zero_and_a_branch() {
        for (text, good) in [
            ("HDFC0001234", true),
            ("SBIN0ABC123", true),
            ("HDFC1001234", false),
            ("hdfc0001234", false),
            ("HDFC000123", false),
            ("HDFC00012345", false),
            ("HDF€0001234", false),
            ("", false),
        ] {
            assert_eq!(is_ifsc(text), good, "{text}");
        }
    }
}
