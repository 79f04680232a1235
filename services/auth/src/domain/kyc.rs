//! Know your customer: what is asked for, how it is shown, and how an application is decided.

use super::person;
use domain::{KycStatus, Timestamp, UserId};

domain::id_type! {
    KycId,
    /// A file in the member's keeping with compliance.
    DocumentId,
}

/// A document that compliance keeps for a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upload {
    pub(crate) id: DocumentId,
    pub(crate) user_id: UserId,
    pub(crate) kind: String,
    pub(crate) uploaded_at: Timestamp,
}

const MAX_REASON: usize = 500;
pub(crate) const MAX_DOCUMENTS: usize = 10;

/// Tells only that it is there: personal numbers do not get into logs.
macro_rules! secret {
    ($($(#[$meta:meta])* $name:ident),+) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub(crate) struct $name(String);
        impl $name {
            pub(crate) fn reveal(&self) -> &str {
                &self.0
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}
secret! {
    /// Permanent account number: five letters, four digits, one letter.
    Pan,
    /// A bank account's number: 9 to 18 digits.
    AccountNumber
}

impl Pan {
    pub(crate) fn try_new(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let fits = text.len() == 10
            && text.bytes().enumerate().all(|(at, b)| match at {
                5..=8 => b.is_ascii_digit(),
                _ => b.is_ascii_uppercase(),
            });
        fits.then_some(Self(text))
    }
}

impl AccountNumber {
    pub(crate) fn try_new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (9..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| Self(text.to_owned()))
    }
}

/// Four letters of the bank, a zero, six characters of the branch.
pub(crate) fn is_ifsc(text: &str) -> bool {
    text.len() == 11
        && text.bytes().enumerate().all(|(at, b)| match at {
            0..=3 => b.is_ascii_uppercase(),
            4 => b == b'0',
            _ => b.is_ascii_uppercase() || b.is_ascii_digit(),
        })
}

/// Exactly the last four digits: the whole number must never reach us.
pub(crate) fn is_aadhaar_last4(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())
}

pub(crate) fn is_reason(text: &str) -> bool {
    person::is_line(text, MAX_REASON)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision<'a> {
    Approve,
    Reject { reason: &'a str },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KycRefused {
    #[error("an application is waiting to be reviewed")]
    Pending,
    #[error("the application is approved")]
    Approved,
    #[error("the application was decided otherwise")]
    Decided,
    #[error("nobody reviews their own application")]
    Own,
    #[error("this PAN is approved for another member")]
    PanTaken,
    #[error("a document is not among your own")]
    UnknownDocument,
}

/// Whether a member whose last application stands at `latest` may submit another.
pub(crate) fn may_submit(latest: KycStatus) -> Result<(), KycRefused> {
    match latest {
        KycStatus::None | KycStatus::Rejected => Ok(()),
        KycStatus::Pending => Err(KycRefused::Pending),
        KycStatus::Approved => Err(KycRefused::Approved),
    }
}

/// Whether `reviewer` may review what `subject` has submitted.
pub(crate) fn may_review(reviewer: UserId, subject: UserId) -> Result<(), KycRefused> {
    if reviewer == subject { Err(KycRefused::Own) } else { Ok(()) }
}

/// What a review comes to: the new status, or `None` where it was decided so before. `reason` is the one it was
/// rejected for: the member has been told it, so another changes something.
pub(crate) fn review(
    (status, reason): (KycStatus, Option<&str>),
    decision: Decision<'_>,
    reviewer: UserId,
    subject: UserId,
) -> Result<Option<KycStatus>, KycRefused> {
    may_review(reviewer, subject)?;
    match (status, decision) {
        (KycStatus::Pending, Decision::Approve) => Ok(Some(KycStatus::Approved)),
        (KycStatus::Pending, Decision::Reject { .. }) => Ok(Some(KycStatus::Rejected)),
        (KycStatus::Approved, Decision::Approve) => Ok(None),
        (KycStatus::Rejected, Decision::Reject { reason: again }) if Some(again) == reason => Ok(None),
        (KycStatus::Approved | KycStatus::Rejected | KycStatus::None, Decision::Reject { .. })
        | (KycStatus::Rejected | KycStatus::None, Decision::Approve) => Err(KycRefused::Decided),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_never_logged() {
        let pan = Pan::try_new(" abcde1234f ").expect("a PAN");
        assert_eq!((pan.reveal(), format!("{pan:?}").as_str()), ("ABCDE1234F", "Pan(…)"));
    }

    #[test]
    fn a_pan_is_five_letters_four_digits_and_a_letter() {
        for bad in ["", "ABCDE1234", "ABCDE12345", "ABCD11234F", "ABCDE1234FF", "ABCDE12 4F", "ÀBCDE123F"] {
            assert_eq!(Pan::try_new(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_account_number_has_nine_to_eighteen_digits() {
        for (length, holds) in [(8, false), (9, true), (18, true), (19, false)] {
            assert_eq!(AccountNumber::try_new(&"7".repeat(length)).is_some(), holds, "{length}");
        }
        assert_eq!(AccountNumber::try_new("12345678a"), None);
    }

    #[test]
    fn an_ifsc_has_a_zero_in_its_middle() {
        for (text, holds) in [
            ("HDFC0001234", true),
            ("SBIN0ABC123", true),
            ("HDFC1001234", false),
            ("HDF00001234", false),
            ("hdfc0001234", false),
            ("HDFC000123", false),
            ("HDFC00012345", false),
        ] {
            assert_eq!(is_ifsc(text), holds, "{text}");
        }
    }

    #[test]
    fn the_whole_aadhaar_number_is_refused() {
        for (text, holds) in [("1234", true), ("123", false), ("123456789012", false), ("12a4", false), ("", false)] {
            assert_eq!(is_aadhaar_last4(text), holds, "{text}");
        }
    }

    #[test]
    fn an_application_is_decided_once_and_by_somebody_else() {
        use Decision::Approve;
        use KycStatus::{Approved, None as Never, Pending, Rejected};
        let (blurred, expired) = (Decision::Reject { reason: "blurred" }, Decision::Reject { reason: "expired" });
        let (me, other) = (UserId::from(uuid::Uuid::from_u128(1)), UserId::from(uuid::Uuid::from_u128(2)));
        for (status, decision, outcome) in [
            (Pending, Approve, Ok(Some(Approved))),
            (Pending, blurred, Ok(Some(Rejected))),
            (Approved, Approve, Ok(None)),
            (Rejected, blurred, Ok(None)),
            (Rejected, expired, Err(KycRefused::Decided)),
            (Approved, blurred, Err(KycRefused::Decided)),
            (Rejected, Approve, Err(KycRefused::Decided)),
            (Never, Approve, Err(KycRefused::Decided)),
        ] {
            assert_eq!(review((status, Some("blurred")), decision, me, other), outcome);
            assert_eq!(review((status, Some("blurred")), decision, me, me), Err(KycRefused::Own));
        }
    }

    #[test]
    fn a_rejected_application_can_be_submitted_again() {
        assert_eq!(may_submit(KycStatus::None), Ok(()));
        assert_eq!(may_submit(KycStatus::Rejected), Ok(()));
        assert_eq!(may_submit(KycStatus::Pending), Err(KycRefused::Pending));
        assert_eq!(may_submit(KycStatus::Approved), Err(KycRefused::Approved));
    }
}
