//! Enums shared by several services: roles, sides, KYC states, payment methods.

/// A text that names no variant of the enum it was parsed as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {type_name}")]
pub struct UnknownVariant {
    /// Name of the enum.
    pub type_name: &'static str,
    /// The text that was parsed.
    pub text: String,
}

crate::text_enum! {
    /// Access role of a user. Staff handle members' requests; administrators also change plans and tax rules.
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
    /// The other leg.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

crate::text_enum! {
    /// Progress of a member's identity check.
    pub enum KycStatus { None = "none", Pending = "pending", Approved = "approved", Rejected = "rejected" }
}

crate::text_enum! {
    /// How a payment on a booking is made.
    pub enum PaymentMethod {
        /// A gateway order; only a verified webhook or signature completes it.
        Online = "online",
        /// A transfer that staff confirm.
        BankTransfer = "bank_transfer",
        /// Cash that staff confirm.
        Cash = "cash",
        /// From the member's wallet.
        Wallet = "wallet",
        /// Created by the platform from the member's EMI reserve.
        EmiDeduction = "emi_deduction",
    }
}

impl PaymentMethod {
    /// Whether the member paid the money: only such payments count for Active Buyer status and placement. A deduction
    /// from earnings does not.
    pub const fn is_paid_by_member(self) -> bool {
        !matches!(self, Self::EmiDeduction)
    }

    /// Whether the money is new to the platform, not from the member's wallet or reserve. Only such payments earn the
    /// referrer a bonus.
    pub const fn is_new_money(self) -> bool {
        matches!(self, Self::Online | Self::BankTransfer | Self::Cash)
    }
}
