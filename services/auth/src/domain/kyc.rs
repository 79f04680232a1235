//! KYC (know your customer): validation of applications, and the decision of a review.

use super::user;
use domain::{KycStatus, Timestamp, UserId};

domain::id_type! {
    /// Id of a KYC application.
    KycId,
    /// Id of a file that a member uploaded to compliance.
    DocumentId,
}

/// A document that a member uploaded to compliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UploadedDocument {
    pub(crate) id: DocumentId,
    pub(crate) user_id: UserId,
    pub(crate) kind: String,
    pub(crate) uploaded_at: Timestamp,
}

const MAX_REASON_CHARS: usize = 500;
/// Documents of one application.
pub(crate) const MAX_DOCUMENTS: usize = 10;

/// Defines a text type with a `Debug` output that hides the value, so that personal numbers do not get into logs.
macro_rules! secret {
    ($($(#[$meta:meta])* $name:ident),+) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub(crate) struct $name(String);
        impl $name {
            /// The value in plain text.
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
    /// Bank account number: 9 to 18 digits.
    AccountNumber
}

impl Pan {
    /// Parses a PAN in any case. `None` when it is malformed.
    pub(crate) fn try_new(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let is_valid = text.len() == 10
            && text.bytes().enumerate().all(|(at, b)| match at {
                5..=8 => b.is_ascii_digit(),
                _ => b.is_ascii_uppercase(),
            });
        is_valid.then_some(Self(text))
    }
}

impl AccountNumber {
    /// Parses an account number. `None` when it is malformed.
    pub(crate) fn try_new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_valid = (9..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_valid.then(|| Self(text.to_owned()))
    }
}

/// Whether `text` is an IFSC: four letters of the bank, a zero, six characters of the branch.
pub(crate) fn is_ifsc(text: &str) -> bool {
    text.len() == 11
        && text.bytes().enumerate().all(|(at, b)| match at {
            0..=3 => b.is_ascii_uppercase(),
            4 => b == b'0',
            _ => b.is_ascii_uppercase() || b.is_ascii_digit(),
        })
}

/// Whether `text` is exactly four digits. The whole Aadhaar number must never be stored.
pub(crate) fn is_aadhaar_last4(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether `text` is a valid reason of a rejection: 1 to 500 characters on one line.
pub(crate) fn is_reason(text: &str) -> bool {
    user::is_line(text, MAX_REASON_CHARS)
}

/// Decision of a reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KycDecision<'a> {
    Approve,
    Reject { reason: &'a str },
}

/// Reasons for which a submission or a review is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KycRefusal {
    #[error("an application is pending review")]
    Pending,
    #[error("an application is already approved")]
    Approved,
    #[error("the application was already decided differently")]
    DecidedDifferently,
    #[error("reviewing your own application is not allowed")]
    OwnApplication,
    #[error("the PAN is already approved for another member")]
    PanTaken,
    #[error("a document does not exist or belongs to another member")]
    UnknownDocument,
}

/// Checks that a member may submit an application, given the status of the latest one.
pub(crate) fn may_submit(latest: KycStatus) -> Result<(), KycRefusal> {
    match latest {
        KycStatus::None | KycStatus::Rejected => Ok(()),
        KycStatus::Pending => Err(KycRefusal::Pending),
        KycStatus::Approved => Err(KycRefusal::Approved),
    }
}

/// Refuses the review of one's own application.
pub(crate) fn may_review(reviewer: UserId, subject: UserId) -> Result<(), KycRefusal> {
    if reviewer == subject { Err(KycRefusal::OwnApplication) } else { Ok(()) }
}

/// Decides the new status of an application; `None` when the same decision was made before.
///
/// `reason` is that of an earlier rejection. The member has been notified of it, so a rejection with another reason is
/// a different decision and refused.
pub(crate) fn decide_review(
    (status, reason): (KycStatus, Option<&str>),
    decision: KycDecision<'_>,
    reviewer: UserId,
    subject: UserId,
) -> Result<Option<KycStatus>, KycRefusal> {
    may_review(reviewer, subject)?;
    match (status, decision) {
        (KycStatus::Pending, KycDecision::Approve) => Ok(Some(KycStatus::Approved)),
        (KycStatus::Pending, KycDecision::Reject { .. }) => Ok(Some(KycStatus::Rejected)),
        (KycStatus::Approved, KycDecision::Approve) => Ok(None),
        (KycStatus::Rejected, KycDecision::Reject { reason: repeated }) if Some(repeated) == reason => Ok(None),
        (KycStatus::Approved | KycStatus::Rejected | KycStatus::None, KycDecision::Reject { .. })
        | (KycStatus::Rejected | KycStatus::None, KycDecision::Approve) => Err(KycRefusal::DecidedDifferently),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_personal_numbers() {
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
        for (length, expected) in [(8, false), (9, true), (18, true), (19, false)] {
            assert_eq!(AccountNumber::try_new(&"7".repeat(length)).is_some(), expected, "{length}");
        }
        assert_eq!(AccountNumber::try_new("12345678a"), None);
    }

    #[test]
    fn an_ifsc_has_a_zero_as_its_fifth_character() {
        for (text, expected) in [
            ("HDFC0001234", true),
            ("SBIN0ABC123", true),
            ("HDFC1001234", false),
            ("HDF00001234", false),
            ("hdfc0001234", false),
            ("HDFC000123", false),
            ("HDFC00012345", false),
        ] {
            assert_eq!(is_ifsc(text), expected, "{text}");
        }
    }

    #[test]
    fn the_whole_aadhaar_number_is_refused() {
        for (text, expected) in [("1234", true), ("123", false), ("123456789012", false), ("12a4", false), ("", false)]
        {
            assert_eq!(is_aadhaar_last4(text), expected, "{text}");
        }
    }

    #[test]
    fn an_application_is_decided_once_and_not_by_its_applicant() {
        use KycDecision::Approve;
        use KycStatus::{Approved, None as Never, Pending, Rejected};
        let (blurred, expired) = (KycDecision::Reject { reason: "blurred" }, KycDecision::Reject { reason: "expired" });
        let (applicant, reviewer) = (UserId::from(uuid::Uuid::from_u128(1)), UserId::from(uuid::Uuid::from_u128(2)));
        for (status, decision, expected) in [
            (Pending, Approve, Ok(Some(Approved))),
            (Pending, blurred, Ok(Some(Rejected))),
            (Approved, Approve, Ok(None)),
            (Rejected, blurred, Ok(None)),
            (Rejected, expired, Err(KycRefusal::DecidedDifferently)),
            (Approved, blurred, Err(KycRefusal::DecidedDifferently)),
            (Rejected, Approve, Err(KycRefusal::DecidedDifferently)),
            (Never, Approve, Err(KycRefusal::DecidedDifferently)),
        ] {
            assert_eq!(decide_review((status, Some("blurred")), decision, reviewer, applicant), expected);
            assert_eq!(
                decide_review((status, Some("blurred")), decision, applicant, applicant),
                Err(KycRefusal::OwnApplication)
            );
        }
    }

    #[test]
    fn a_member_can_apply_again_after_a_rejection() {
        assert_eq!(may_submit(KycStatus::None), Ok(()));
        assert_eq!(may_submit(KycStatus::Rejected), Ok(()));
        assert_eq!(may_submit(KycStatus::Pending), Err(KycRefusal::Pending));
        assert_eq!(may_submit(KycStatus::Approved), Err(KycRefusal::Approved));
    }
}
