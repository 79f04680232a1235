//! One-time codes: six digits, valid once and for a few minutes.

domain::id_type! {
    /// Id of one request for a code.
    CodeId,
}

/// Number of different codes.
const CODE_COUNT: u32 = 1_000_000;

domain::text_enum! {
    /// Purpose of a code. A code for one purpose is invalid for another.
    pub enum Purpose {
        SignIn = "sign_in",
        SignUp = "sign_up",
        /// A new e-mail address or mobile number of a user.
        Change = "change",
    }
}

/// Derives six digits from 32 random bits, all codes equally likely. `None` for the values that would bias the result;
/// the caller then draws new bits.
pub(crate) fn code_from_random(random: u32) -> Option<String> {
    let unbiased_end = u32::MAX - u32::MAX % CODE_COUNT;
    (random < unbiased_end).then(|| format!("{:06}", random % CODE_COUNT))
}

/// The lifetime of a code in the message to its owner.
pub(crate) fn lifetime_text(minutes: i64) -> String {
    if minutes == 1 { "1 minute".to_owned() } else { format!("{minutes} minutes") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_codes_are_equally_likely() {
        assert_eq!(code_from_random(0).as_deref(), Some("000000"));
        assert_eq!(code_from_random(4_293_999_999).as_deref(), Some("999999"));
        for biased in [4_294_000_000, 4_294_000_001, u32::MAX] {
            assert_eq!(code_from_random(biased), None, "{biased}");
        }
    }

    #[test]
    fn one_minute_is_no_plural() {
        assert_eq!([1, 2, 10].map(lifetime_text), ["1 minute", "2 minutes", "10 minutes"]);
    }
}
