//! Closed sets of words that several services use, and what texts of people may be.

/// A word that is not in the set it should be from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a {kind}")]
pub struct UnknownWord {
    pub kind: &'static str,
    pub word: String,
}

/// Whether people can read all of a text: line ends and tabs are the only control characters in it.
pub fn is_readable(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

crate::text_enum! {
    /// What a person may do. Staff work on members' requests; administrators also change the rules.
    pub enum Role { User = "user", Staff = "staff", Admin = "admin" }
}

impl Role {
    /// Staff and administrators.
    pub const fn is_staff(self) -> bool {
        matches!(self, Self::Staff | Self::Admin)
    }
}

crate::text_enum! {
    /// A leg of the binary tree.
    pub enum Side { Left = "left", Right = "right" }
}

impl Side {
    pub const fn opposite(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

crate::text_enum! {
    pub enum KycStatus { None = "none", Pending = "pending", Approved = "approved", Rejected = "rejected" }
}

crate::text_enum! {
    pub enum PaymentMethod {
        /// A gateway order, completed only by a verified webhook or signature.
        Online = "online",
        BankTransfer = "bank_transfer",
        Cash = "cash",
        /// From the member's wallet.
        Wallet = "wallet",
        /// Made by the platform from the member's EMI reserve.
        EmiDeduction = "emi_deduction",
    }
}

impl PaymentMethod {
    /// Money the member paid: counts for Active Buyer and for placement. A deduction from earnings does not.
    pub const fn is_members_money(self) -> bool {
        !matches!(self, Self::EmiDeduction)
    }

    /// Money new to the platform: the only kind that earns the referrer a bonus.
    pub const fn is_new_money(self) -> bool {
        matches!(self, Self::Online | Self::BankTransfer | Self::Cash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_to_read_has_lines_and_tabs_and_no_other_control_characters() {
        for text in ["", "one line", "two\r\nlines\tand a tab\n", "नमस्ते"] {
            assert!(is_readable(text), "{text:?}");
        }
        for text in ["\0", "a\u{7}", "\u{1b}[31mred", "a\u{7f}", "a\u{85}b"] {
            assert!(!is_readable(text), "{text:?}");
        }
    }
}
