//! One-time codes: six digits, each good once and for a few minutes.

domain::id_type! {
    /// One request for a code.
    CodeId,
}

const CODES: u32 = 1_000_000;

domain::text_enum! {
    /// What a code proves. A code for one purpose is of no use for another.
    pub enum Purpose { SignIn = "sign_in", SignUp = "sign_up" }
}

/// Six digits out of 32 random bits, each code as likely as any other; `None` for the few bits that would
/// make some likelier, for which new ones have to be drawn.
pub(crate) fn code_from(random: u32) -> Option<String> {
    let fair = u32::MAX - u32::MAX % CODES;
    (random < fair).then(|| format!("{:06}", random % CODES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_as_likely_as_any_other() {
        assert_eq!(code_from(0).as_deref(), Some("000000"));
        assert_eq!(code_from(4_293_999_999).as_deref(), Some("999999"));
        for biased in [4_294_000_000, 4_294_000_001, u32::MAX] {
            assert_eq!(code_from(biased), None, "{biased}");
        }
    }
}
